"""Frameworks of their own on ASGI."""

from __future__ import annotations

from tests.frameworks.framework import Framework, Request, get, post_json, upload
from tests.frameworks.notes import notes

FRAMEWORKS = [
    Framework(
        title="Litestar",
        packages=("litestar", "msgspec"),
        target="litestar_app.main:app",
        requirements=("litestar", "jinja2"),
        client="litestar",
        requests=(
            *notes(),
            get("/download", "file responses"),
            post_json("/json-notes", {"text": "More"}, "dataclasses"),
            post_json("/json-notes", {"urgent": "maybe"}, "validation errors"),
            Request("DELETE", "/notes/1", "dependencies"),
            get("/schema/openapi.json", "OpenAPI"),
            get("/broken", "an exception"),
        ),
    ),
    Framework(
        title="Quart",
        packages=("quart", "werkzeug"),
        target="quart_app.main:app",
        requirements=("quart<0.23",),
        client="quart",
        note="0.23 requires Python 3.13, and the host's is older.",
        requests=(*notes(), get("/broken", "an exception")),
    ),
    Framework(
        title="Falcon",
        packages=("falcon",),
        target="falcon_app.main:app",
        requirements=("falcon",),
        client="falcon",
        requests=(
            *notes(without=("sync", "head"), page={"tried": "HTML"}, login={"tried": "cookies"}),
            get("/events", "server-sent events"),
            get("/broken", "an exception"),
        ),
    ),
    Framework(
        title="BlackSheep",
        packages=("blacksheep",),
        target="blacksheep_app.main:app",
        requirements=("blacksheep",),
        client="blacksheep",
        requests=(
            *notes(page={"tried": "HTML"}),
            post_json("/json-notes", {"text": "More"}, "dataclasses"),
            post_json("/json-notes", {}, "bad requests"),
            get("/broken", "an exception"),
        ),
    ),
    Framework(
        title="Connexion",
        packages=("connexion", "jsonschema"),
        target="connexion_app.main:app",
        requirements=("connexion", "jsonschema<4.18"),
        client="connexion",
        test_requires=("httpx2",),
        path="/notes",
        note="Newer versions of jsonschema require rpds-py, which has no wheel for the browser: require "
        "``jsonschema<4.18``",
        requests=(
            get("/notes?limit=5&q=milk", "routing by an OpenAPI document"),
            get("/notes?limit=500", "validation errors"),
            post_json("/notes", {"text": "Tea"}, "JSON"),
            post_json("/notes", {"text": "T"}),
            get("/notes/2"),
            get("/notes/9", "an HTTP error"),
            get("/no/such/page", "an unknown path"),
            Request("DELETE", "/notes/1", "security"),
            Request("DELETE", "/notes/1", headers={"x-key": "open"}),
            Request("DELETE", "/notes/1", headers={"x-key": "sesame"}),
            upload("/upload", 2**20, "an upload of 1 MB"),
            get("/openapi.json", "OpenAPI", varies=(r'(?<="url": ")/?(?=")',)),
        ),
    ),
]
