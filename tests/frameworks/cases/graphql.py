"""GraphQL servers."""

from __future__ import annotations

import json
from typing import Any

from tests.frameworks.framework import BOUNDARY, Framework, Request, get, post_json


def ask(query: str, tried: str = "", **variables: Any) -> Request:
    """Send a query as GraphQL clients do."""
    return post_json("/", {"query": query, "variables": variables}, tried)


QUERIES = (
    ask("{ notes { number text length } }", "queries"),
    ask("query ($number: Int!) { note(number: $number) { text } }", "async resolvers", number=1),
    ask("mutation ($text: String!) { add(text: $text) { number } }", "mutations", text="Tea & trés bon"),
    ask("{ notes(limit: 2) { text } }"),
    ask("{ broken }", "errors"),
    ask("{ nothing }"),
    ask("{"),
    ask("{ __schema { types { name } } }", "introspection"),
    Request("DELETE", "/", "a method that is not allowed"),
)


def uploaded() -> Request:
    """https://github.com/jaydenseric/graphql-multipart-request-spec"""
    query = "mutation ($file: Upload!) { upload(file: $file) }"
    parts = {
        'name="operations"': json.dumps({"query": query, "variables": {"file": None}}),
        'name="map"': '{"0": ["variables.file"]}',
        'name="0"; filename="tea.txt"': "tea",
    }
    lines = [
        f"--{BOUNDARY}\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}\r\n" for head, body in parts.items()
    ]
    headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    return Request("POST", "/", "uploads", headers, "".join(lines) + f"--{BOUNDARY}--\r\n")


FRAMEWORKS = [
    Framework(
        title="Strawberry",
        packages=("strawberry-graphql", "graphql-core"),
        target="strawberry_app.main:app",
        requirements=("strawberry-graphql[asgi]",),
        client="starlette_without_lifespan",
        test_requires=("httpx2",),
        requests=(
            get("/", "GraphiQL", headers={"accept": "text/html"}),
            *QUERIES,
            uploaded(),
            Request(
                "POST",
                "/",
                "subscriptions over HTTP",
                {"content-type": "application/json", "accept": "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"},
                '{"query": "subscription { count }"}',
            ),
        ),
    ),
    Framework(
        title="Ariadne",
        packages=("ariadne", "graphql-core"),
        target="ariadne_app.main:app",
        requirements=("ariadne",),
        client="starlette_without_lifespan",
        test_requires=("httpx2",),
        note="Its GraphiQL loads a module that is in no npm package and is not shipped; ``explorer=ExplorerHttp405()`` "
        "leaves it out.",
        requests=(get("/"), *QUERIES),
    ),
]
