"""An OpenAPI schema as what a page lays out of it: operations, the models they name, and a request to try for each.

Invariant: a model that is named is never written out in the place of its name, and in an example no more than once
within itself; so a schema whose models hold each other ends.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from sphinx_asgi_live.spec import RequestSpec

JSON: TypeAlias = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
MODELS = "#/components/schemas/"
FORM = "application/x-www-form-urlencoded"
WIDTH = 60
"""Characters of a body that stay on one line."""
SAMPLES = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "email": "someone@example.org",
    "time": "12:00:00",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


@dataclass(frozen=True, slots=True)
class Named:
    """A model, in a type that mentions it."""

    name: str


Kind: TypeAlias = tuple[str | Named, ...]
"""A type in words, with the models among them."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, a property of a model, or a response; `place` is where a parameter is."""

    name: str
    kind: Kind
    description: str = ""
    required: bool = False
    place: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, and a request to it that the schema allows; `body` has media types for names."""

    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    responses: tuple[Field, ...]
    request: RequestSpec

    @property
    def name(self) -> str:
        """How it is called elsewhere."""
        return f"{self.method} {self.path}"

    @property
    def kinds(self) -> Iterator[Kind]:
        """All types that it mentions."""
        return (field.kind for field in (*self.parameters, *self.body, *self.responses))


@dataclass(frozen=True, slots=True)
class Model:
    """A named schema: its properties, or what it is if it has none."""

    name: str
    description: str
    kind: Kind
    properties: tuple[Field, ...]


class Schema:
    """What an app says of itself; raises `ValueError`, with a message for the author, if that is no OpenAPI 3."""

    def __init__(self, text: bytes | str) -> None:
        try:
            self.root = _mapping(json.loads(text))
        except ValueError as error:
            raise ValueError(f"it is not JSON: {error}") from None
        if not str(self.root.get("openapi", "")).startswith("3.") or not isinstance(self.root.get("paths"), dict):
            raise ValueError("it has no openapi: 3.… and paths")

    @property
    def title(self) -> str:
        """What the app calls itself."""
        return str(_mapping(self.root.get("info")).get("title", ""))

    def operations(self, tags: Sequence[str] = (), paths: Sequence[str] = ()) -> Iterator[Operation]:
        """Yield the operations that have one of the tags, and a path like one of these, in the schema's order."""
        for path, item in self.root["paths"].items():
            described = self.resolved(item)
            if paths and not any(fnmatchcase(path, each) for each in paths):
                continue
            for method in (each for each in described if each in METHODS):
                operation = _mapping(described[method])
                if not tags or set(tags) & set(map(str, _list(operation.get("tags")))):
                    yield self._operation(method.upper(), path, _list(described.get("parameters")), operation)

    def models(self, kinds: Iterator[Kind]) -> list[Model]:
        """Return the models that are mentioned, and those that they mention in turn, in the order of their names."""
        found: dict[str, Model] = {}
        waiting = [piece.name for kind in kinds for piece in kind if isinstance(piece, Named)]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            model = found[name] = self._model(name, self.resolved({"$ref": MODELS + name}))
            mentioned = [model.kind, *(field.kind for field in model.properties)]
            waiting += [piece.name for kind in mentioned for piece in kind if isinstance(piece, Named)]
        return [found[name] for name in sorted(found)]

    def resolved(self, value: Any) -> JSON:
        """Return an object of the schema, or the one that it refers to; an empty one if that leads nowhere."""
        seen: set[str] = set()
        while isinstance(reference := _mapping(value).get("$ref"), str):
            if reference in seen or not reference.startswith("#/"):
                return {}
            seen.add(reference)
            value = self.root
            for part in reference[2:].split("/"):
                value = _mapping(value).get(part.replace("~1", "/").replace("~0", "~"))
        return _mapping(value)

    def kind(self, schema: Any) -> Kind:
        """Return a type in words."""
        given = _mapping(schema)
        reference = given.get("$ref")
        if isinstance(reference, str):
            named = reference.startswith(MODELS) and self.resolved(given)
            return (Named(reference.removeprefix(MODELS)),) if named else ("any",)
        for key, word in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
            if several := _list(given.get(key)):
                return _joined([self.kind(each) for each in several], word)
        if "enum" in given:
            return ("one of " + ", ".join(json.dumps(each, ensure_ascii=False) for each in _list(given["enum"])),)
        if "const" in given:
            return (json.dumps(given["const"], ensure_ascii=False),)
        kinds = given.get("type", "object" if "properties" in given else "any")
        if kinds == "array":
            return ("array of ", *self.kind(given.get("items")))
        told = " or ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds)
        return (f"{told} ({given['format']})" if "format" in given else told,)

    def example(self, schema: Any, seen: frozenset[str] = frozenset()) -> Any:
        """Return a value of a type: the first example of its own, else a plain one with what is required."""
        given = _mapping(schema)
        reference = given.get("$ref")
        if isinstance(reference, str):
            return None if reference in seen else self.example(self.resolved(given), seen | {reference})
        for key in ("example", "default", "const"):
            if key in given:
                return given[key]
        for key in ("examples", "enum"):
            if listed := _list(given.get(key)):
                return listed[0]
        if several := _list(given.get("anyOf")) or _list(given.get("oneOf")):
            return self.example(next((each for each in several if _mapping(each).get("type") != "null"), {}), seen)
        if parts := _list(given.get("allOf")):
            found = [self.example(each, seen) for each in (*parts, {**given, "allOf": []})]
            merged = {key: value for each in found if isinstance(each, dict) for key, value in each.items()}
            return merged or found[0]
        return self._plain(given, seen)

    def _plain(self, given: JSON, seen: frozenset[str]) -> Any:
        kind = given.get("type", "object" if "properties" in given else "string")
        if isinstance(kind, list):
            kind = next((each for each in kind if each != "null"), "null")
        match kind:
            case "object":
                properties, required = _mapping(given.get("properties")), _list(given.get("required"))
                return {key: self.example(properties[key], seen) for key in properties if key in required}
            case "array":
                item = self.example(given.get("items"), seen)
                return [] if item is None else [item]
            case "integer" | "number":
                least = given.get("exclusiveMinimum", given.get("minimum", 1))
                above = "exclusiveMinimum" in given and not isinstance(least, bool)
                return max(1, least + above) if isinstance(least, int | float) else 1
            case "boolean":
                return True
            case "null":
                return None
        return SAMPLES.get(str(given.get("format")), "string")

    def _operation(self, method: str, path: str, shared: list[Any], given: JSON) -> Operation:
        listed = [self.resolved(each) for each in (*shared, *_list(given.get("parameters")))]
        # What an operation says of a parameter counts, not what the path says.
        parameters = list({(each.get("name"), each.get("in")): each for each in listed if each.get("name")}.values())
        content = _mapping(self.resolved(given.get("requestBody")).get("content"))
        responses = {str(status): self.resolved(each) for status, each in _mapping(given.get("responses")).items()}
        return Operation(
            method=method,
            path=path,
            summary=str(given.get("summary", "")),
            description=str(given.get("description", "")),
            deprecated=given.get("deprecated") is True,
            parameters=tuple(map(self._parameter, parameters)),
            body=tuple(Field(kind, self.kind(_mapping(each).get("schema"))) for kind, each in content.items()),
            responses=tuple(self._response(status, each) for status, each in responses.items()),
            request=self._request(method, path, parameters, content),
        )

    def _parameter(self, given: JSON) -> Field:
        required = given.get("required") is True
        kind = self.kind(given.get("schema"))
        return Field(str(given["name"]), kind, str(given.get("description", "")), required, str(given.get("in", "")))

    def _response(self, status: str, given: JSON) -> Field:
        kinds = [self.kind(_mapping(each).get("schema")) for each in _mapping(given.get("content")).values()]
        return Field(status, _joined(list(dict.fromkeys(kinds)), " or "), str(given.get("description", "")))

    def _model(self, name: str, given: JSON) -> Model:
        required = _list(given.get("required"))
        properties = tuple(
            Field(key, self.kind(each), str(_mapping(each).get("description", "")), key in required)
            for key, each in _mapping(given.get("properties")).items()
        )
        return Model(name, str(given.get("description", "")), self.kind(given), properties)

    def _request(self, method: str, path: str, parameters: Sequence[JSON], content: Mapping[str, Any]) -> RequestSpec:
        query = []
        headers = []
        for each in parameters:
            name, place = str(each["name"]), each.get("in")
            value = _text(self._given_example(each))
            if place == "path":
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            elif place == "query" and each.get("required") is True:
                query.append((name, value))
            elif place == "header" and each.get("required") is True and value.isascii() and value.isprintable():
                headers.append((name, value))
        kind, body = self._body(content)
        if body:
            headers.append(("Content-Type", kind))
        target = quote(path, safe="/%:@!$&'()*+,;=~") + (f"?{urlencode(query)}" if query else "")
        return RequestSpec(method, target, tuple(headers), body)

    def _body(self, content: Mapping[str, Any]) -> tuple[str, str]:
        for kind in sorted(content, key=lambda each: (each != "application/json", each != FORM)):
            value = self._given_example(_mapping(content[kind]))
            if kind == "application/json" or kind.endswith("+json"):
                flat = json.dumps(value, ensure_ascii=False)
                return kind, flat if len(flat) <= WIDTH else json.dumps(value, ensure_ascii=False, indent=2)
            if kind == FORM and isinstance(value, dict):
                return kind, urlencode({key: _text(each) for key, each in value.items()})
            if kind.startswith("text/"):
                return kind, _text(value)
        return "", ""

    def _given_example(self, given: JSON) -> Any:
        """Return the example of a parameter or a body, which may have one beside its schema."""
        if "example" in given:
            return given["example"]
        named = [self.resolved(each) for each in _mapping(given.get("examples")).values()]
        return named[0]["value"] if named and "value" in named[0] else self.example(given.get("schema"))


def _joined(kinds: Sequence[Kind], word: str) -> Kind:
    return tuple(piece for number, kind in enumerate(kinds) for piece in ((word, *kind) if number else kind))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _mapping(value: Any) -> JSON:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
