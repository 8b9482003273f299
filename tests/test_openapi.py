"""Schemas as pages lay them out: types in words, examples that are allowed, and models that hold each other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sphinx_asgi_live.openapi import Field, Model, Named, Operation, Schema
from sphinx_asgi_live.spec import RequestSpec

NODE = {
    "type": "object",
    "description": "One of a tree.",
    "required": ["name", "parent", "children"],
    "properties": {
        "name": {"type": "string", "description": "What it is called."},
        "parent": {"$ref": "#/components/schemas/Node"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        "owner": {"anyOf": [{"$ref": "#/components/schemas/Person"}, {"type": "null"}]},
    },
}
COMPONENTS = {
    "schemas": {
        "Node": NODE,
        "Person": {"properties": {"knows": {"$ref": "#/components/schemas/Person"}}},
        "Colour": {"enum": ["red", "green"]},
        "Alone": {"type": "string"},
        "Ring": {"$ref": "#/components/schemas/Ring"},
        "a/b~": {"type": "integer"},
    },
    "parameters": {"Page": {"name": "page", "in": "query", "schema": {"type": "integer"}, "required": True}},
}


def schema(paths: Any, **more: Any) -> Schema:
    return Schema(
        json.dumps({"openapi": "3.1.0", "info": {"title": "T"}, "paths": paths, "components": COMPONENTS, **more})
    )


def one(operation: Any, path: str = "/", method: str = "get") -> Operation:
    [found] = schema({path: {method: operation}}).operations()
    return found


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_an_operation_with_all_that_is_said_of_it() -> None:
    operation = {
        "summary": "Add a node",
        "description": "To the tree.",
        "deprecated": True,
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "example": "a b/c"}},
            {"$ref": "#/components/parameters/Page"},
            {"name": "q", "in": "query", "schema": {"type": "string"}},
            {"name": "X-Key", "in": "header", "required": True, "example": "key"},
        ],
        "requestBody": {"content": {"application/json": {"schema": reference("Colour")}}},
        "responses": {
            "201": {"description": "Made", "content": {"application/json": {"schema": reference("Node")}}},
            "default": {},
        },
    }
    assert one(operation, "/trees/{id}/nodes", "post") == Operation(
        "POST",
        "/trees/{id}/nodes",
        "Add a node",
        "To the tree.",
        True,
        (
            Field("id", ("string",), "", True, "path"),
            Field("page", ("integer",), "", True, "query"),
            Field("q", ("string",), "", False, "query"),
            Field("X-Key", ("any",), "", True, "header"),
        ),
        (Field("application/json", (Named("Colour"),)),),
        (Field("201", (Named("Node"),), "Made"), Field("default", ())),
        RequestSpec(
            "POST",
            "/trees/a%20b%2Fc/nodes?page=1",
            (("X-Key", "key"), ("Content-Type", "application/json")),
            '"red"',
        ),
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"type": "string", "format": "date"}, "string (date)"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "array", "items": {"type": "array", "items": reference("Node")}}, "array of array of <Node>"),
        ({"anyOf": [{"type": "integer"}, reference("Node")]}, "integer or <Node>"),
        ({"allOf": [reference("Node"), reference("Person")]}, "<Node> and <Person>"),
        ({"enum": ["a", 1, None]}, 'one of "a", 1, null'),
        ({"const": "a"}, '"a"'),
        ({"properties": {}}, "object"),
        (reference("a~1b~0"), "<a~1b~0>"),
        (reference("Nowhere"), "any"),
        (reference("Ring"), "any"),
        ({"$ref": "https://elsewhere.example/x.json"}, "any"),
        ({}, "any"),
        (True, "any"),
        (None, "any"),
    ],
)
def test_types_in_words(given: Any, told: str) -> None:
    pieces = schema({}).kind(given)
    assert "".join(f"<{piece.name}>" if isinstance(piece, Named) else piece for piece in pieces) == told


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "format": "date-time"}, "2026-01-31T12:00:00Z"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "number", "exclusiveMinimum": 5}, 6),
        ({"type": "number", "exclusiveMinimum": True, "minimum": 2}, 1),
        ({"type": "integer", "maximum": 9, "minimum": -3}, 1),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "integer", "default": 7}, 7),
        ({"type": "integer", "examples": [8, 9], "default": None}, None),
        ({"examples": [8, 9]}, 8),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        (
            {
                "allOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}],
                "properties": {"b": {}},
                "required": ["b"],
            },
            {"a": 1, "b": "string"},
        ),
        (reference("Node"), {"name": "string", "parent": None, "children": []}),
        (reference("Ring"), "string"),
        ({"type": "null"}, None),
    ],
)
def test_examples(given: Any, value: Any) -> None:
    assert schema({}).example(given) == value


@pytest.mark.parametrize(
    ("content", "kind", "body"),
    [
        ({"text/csv": {}, "application/json": {"example": {"a": 1}}}, "application/json", '{"a": 1}'),
        ({"application/json": {"examples": {"one": {"value": [1]}}}}, "application/json", "[1]"),
        (
            {"application/x-www-form-urlencoded": {"example": {"a": 1, "b": "c d"}}},
            "application/x-www-form-urlencoded",
            "a=1&b=c+d",
        ),
        ({"text/plain": {"example": "words"}}, "text/plain", "words"),
        ({"multipart/form-data": {}}, "", ""),
    ],
)
def test_bodies(content: Any, kind: str, body: str) -> None:
    request = one({"requestBody": {"content": content}}, method="put").request
    assert (request.media_type, request.body) == (kind, body)


def test_what_is_said_of_a_path_counts_for_its_operations_unless_they_say_otherwise() -> None:
    said = {"name": "a", "in": "query", "description": "of the path"}
    path = {"parameters": [said], "get": {}, "post": {"parameters": [{**said, "description": "own"}]}}
    get, post = schema({"/x": path}).operations()
    assert [field.description for field in (*get.parameters, *post.parameters)] == ["of the path", "own"]


def test_operations_are_chosen_by_tag_and_path() -> None:
    paths = {
        "/a": {"get": {"tags": ["one"]}, "post": {"tags": ["two"]}, "summary": "no method"},
        "/a/{b}": {"get": {"tags": ["one", "two"]}},
        "/c": {"get": {}},
    }
    found = schema(paths)
    names = [operation.name for operation in found.operations()]
    assert names == ["GET /a", "POST /a", "GET /a/{b}", "GET /c"]
    assert [operation.name for operation in found.operations(tags=["two"])] == ["POST /a", "GET /a/{b}"]
    assert [operation.name for operation in found.operations(paths=["/a*"])] == names[:3]
    assert [operation.name for operation in found.operations(["one"], ["/c", "/a"])] == ["GET /a"]


def test_models_are_those_that_are_mentioned_each_once() -> None:
    found = schema({}).models(iter([(Named("Node"),), ("array of ", Named("Colour"))]))
    assert [model.name for model in found] == ["Colour", "Node", "Person"]
    assert found[0] == Model("Colour", "", ('one of "red", "green"',), ())
    assert found[1].description == "One of a tree."
    assert found[1].properties[1] == Field("parent", (Named("Node"),), "", True)
    assert found[1].properties[3] == Field("owner", (Named("Person"), " or ", "null"))


@pytest.mark.parametrize(
    "odd", [None, [], "text", 1, {"parameters": 1, "responses": [], "requestBody": "x", "tags": 3}]
)
def test_what_is_malformed_is_taken_for_nothing(odd: Any) -> None:
    operation = one(odd)
    assert (operation.parameters, operation.body, operation.responses) == ((), (), ())


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"swagger": "2.0", "paths": {}}', '{"openapi": "3.1.0"}', b"\xff"])
def test_what_is_no_schema(text: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"it is not JSON|it has no openapi"):
        Schema(text)
