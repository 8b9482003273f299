"""FastAPI, and what is made for it."""

from __future__ import annotations

from tests.frameworks.framework import Framework, Request, form, get, post_json, upload
from tests.frameworks.notes import OUR_500, UPLOADED, notes

JSON = {"content-type": "application/json"}

SERVERS = {"body": "its OpenAPI names the folder that it is served from, as behind a proxy"}

FRAMEWORKS = [
    Framework(
        title="FastAPI",
        packages=("fastapi", "pydantic"),
        target="fastapi_app.main:app",
        requirements=("fastapi", "jinja2", "python-multipart", "aiosqlite"),
        client="starlette",
        test_requires=("httpx2",),
        requests=(
            *notes(without=("login", "logout")),
            form("/login", {"username": "ada", "password": "x"}, "cookies"),
            get("/whoami"),
            Request("PUT", "/notes/1", "pydantic models", JSON, '{"text": "Buy oats", "mood": "sad"}'),
            Request("PUT", "/notes/1", "validation errors", JSON, '{"text": "", "mood": "mad"}'),
            Request("PUT", "/notes/one", "", JSON, "{"),
            get("/notes/1?shout=far-too-long"),
            upload("/async-upload", UPLOADED, "``UploadFile``"),
            get("/download", "``FileResponse``"),
            get("/bearer", "security"),
            get("/bearer", headers={"authorization": "Bearer token"}),
            get("/basic"),
            get("/basic", headers={"authorization": "Basic YWRhOng="}),
            get("/openapi.json", "OpenAPI", differs=SERVERS),
            get("/docs"),
            get("/broken", "an exception", differs=OUR_500),
            get("/log", "``yield`` dependencies, background tasks, aiosqlite, executors"),
        ),
    ),
    Framework(
        title="SQLModel",
        packages=("sqlmodel", "sqlalchemy"),
        target="sqlmodel_app.main:app",
        requirements=("fastapi", "sqlmodel"),
        client="starlette",
        test_requires=("httpx2",),
        path="/heroes/",
        requests=(
            post_json("/heroes/", {"name": "Ada", "secret_name": "Countess", "age": 36}, "models, sessions"),
            post_json("/heroes/", {"name": "Grace", "secret_name": "Admiral"}),
            post_json("/heroes/", {"name": "Nobody", "age": "old"}, "validation errors"),
            get("/heroes/?offset=1&limit=5", "queries"),
            get("/heroes/1"),
            Request("PATCH", "/heroes/1", "updates", JSON, '{"age": 37}'),
            Request("DELETE", "/heroes/2", "deletes"),
            get("/heroes/2", "an HTTP error"),
            get("/heroes/"),
            get("/teams/1", "relationships"),
            get("/openapi.json", "OpenAPI", differs=SERVERS),
        ),
    ),
]
