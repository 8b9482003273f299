"""An app's own schema on a page: operations with a request each, models, index, inventory and references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from docutils import nodes
from sphinx import addnodes

from sphinx_asgi_live.domain import AsgiLiveDomain
from tests.projects import Project

TREE = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "up": {"$ref": "#/components/schemas/Tree"}},
}
SCHEMA = {
    "openapi": "3.1.0",
    "info": {"title": "Trees"},
    "paths": {
        "/trees": {
            "get": {
                "summary": "List trees",
                "description": "Of the `forest`.\n\nAll of them.",
                "tags": ["read"],
                "responses": {
                    "200": {
                        "description": "Trees",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "tags": ["write"],
                "deprecated": True,
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}},
            },
        },
        "/hidden": {"get": {}},
    },
    "components": {"schemas": {"Tree": TREE}},
}
APP = f"""\
import json

trees = []
SCHEMA = {json.dumps(json.dumps(SCHEMA))}


async def app(scope, receive, send):
    assert scope["type"] == "http"
    if scope["method"] == "POST":
        trees.append(json.loads((await receive())["body"]))
    said = SCHEMA if scope["path"] == "/schema" else json.dumps(trees)
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}})
    await send({{"type": "http.response.body", "body": said.encode()}})
"""
PAGE = """\
Forest
======

.. asgi-live-request:: forest:app
   :requirements:
   :openapi: /schema
   :paths: /trees*
   :headers: none

See :asgi-live:operation:`GET /trees`, :asgi-live:model:`a tree <Tree>` and :any:`POST /trees`.

.. toctree::

   more
"""
MORE = """\
# More

```{asgi-live-request} forest:app
:requirements:
:openapi: /schema
:tags: write, other
```
"""


@pytest.fixture
def docs(tmp_path: Path) -> Project:
    docs = Project(tmp_path / "docs", pages={"index.rst": PAGE, "more.md": MORE, "forest.py": APP})
    docs.configure("asgi_live_check = 'request'")
    return docs


def test_a_schema_is_laid_out_with_its_requests_and_can_be_referred_to(docs: Project) -> None:
    docs.configure("nitpicky = True")
    build = docs.build("text")
    assert build.warnings == []
    text = (build.outdir / "index.txt").read_text("utf-8")
    assert text.startswith(
        'Forest\n******\n\nGET /trees\n\n   **List trees**\n\n   Of the "forest".\n\n   All of them.\n\n'
        '   Responses:\n      * **200**: array of "Tree" \N{EN DASH} Trees\n\n'
        "      GET /trees HTTP/1.1\n\n      HTTP/1.1 200 OK\n\n      []\n"
    )
    assert 'POST /trees\n\n   *Deprecated.*\n\n   Body:\n      * **application/json**: "Tree"\n' in text
    assert 'HTTP/1.1 200 OK\n\n      [\n        {\n          "name": "string"\n        }\n      ]' in text
    assert 'model Tree\n\n   * **name**: string (required)\n\n   * **up**: "Tree"\n' in text
    assert "/hidden" not in text
    more = (build.outdir / "more.txt").read_text("utf-8")
    assert "POST /trees" in more and "GET /trees" not in more and "model Tree" in more

    with docs.sphinx("dummy") as app:
        app.build()
        objects = {found[:1] + found[2:5] for found in AsgiLiveDomain.of(app.env).get_objects()}
        doctree = app.env.get_and_resolve_doctree("index", app.builder)
    inside = [node["refid"] for node in doctree.findall(nodes.reference) if node.astext() == "Tree"]
    assert inside == ["asgi-live-model-Tree"] * 3
    assert objects >= {
        ("GET /trees", "operation", "index", "asgi-live-operation-GET-trees"),
        ("Tree", "model", "index", "asgi-live-model-Tree"),
        ("POST /trees", "operation", "more", "asgi-live-operation-POST-trees"),
    }
    assert ("single", "Trees; GET /trees", "asgi-live-operation-GET-trees", "", None) in [
        entry for index in doctree.findall(addnodes.index) for entry in index["entries"]
    ]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (":openapi: /schema", ":openapi: /none", "is no OpenAPI schema: it has no openapi: 3.… and paths"),
        (
            ":paths: /trees*",
            ":paths: /tree",
            "no operation of the app's schema has these :tags: and :paths:; correct them",
        ),
        (
            ":openapi: /schema",
            ":title: T",
            ":paths: is of a schema; leave it out, or add :openapi:; there is no request",
        ),
        (":headers: none", ":status: 200", ":status: is of one request; leave it out with :openapi:"),
        ("none\n", "none\n\n   GET /trees\n", "a request is given and :openapi: as well; keep one of them"),
    ],
)
def test_what_is_wrong_is_one_warning_at_its_line(docs: Project, old: str, new: str, told: str) -> None:
    (docs.folder / "more.md").unlink()
    docs.write("index.rst", PAGE.partition("See")[0].replace(old, new))
    [warning] = docs.build("dummy").warnings
    assert warning.startswith("index.rst:4: WARNING: asgi-live app 'forest-app' (forest:app): ")
    assert told in warning


def test_without_a_trial_the_operations_are_not_known(docs: Project) -> None:
    (docs.folder / "more.md").unlink()
    docs.write("index.rst", PAGE.partition("See")[0])
    docs.configure("asgi_live_check = 'import'")
    [warning] = docs.build("dummy").warnings
    assert "its operations are not known with asgi_live_check = 'import'" in warning
