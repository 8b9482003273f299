"""A tiny documentation with apps that require nothing, so that they boot fast; built by the real extension."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests import sockets
from tests.projects import Build, Project

ECHO = '''\
import asyncio
import json
import uuid

VERSION = 1
INSTANCE = uuid.uuid4().hex
PAGE = """<!doctype html><html lang="en"><title>Echo</title><meta name="viewport" content="width=device-width">
<h1>Echo</h1><a href="/scope?plain">scope</a>"""
log = []
gate = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    path = scope["path"].removeprefix(scope["root_path"])
    log.append(path)
    routes = {"": show, "echo": echo, "stream": stream, "open": let_go, "endless": endless, "log": tell,
              "instance": instance, "status": status, "redirect": redirect}
    await routes.get(path.split("/")[1], describe)(scope, receive, send, path)


async def lifespan(receive, send):
    await receive()
    log.append("startup")
    await send({"type": "lifespan.startup.complete"})
    await receive()


async def answer(send, body=b"", status=200, **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def answer_json(send, value, content_type="application/json"):
    await answer(send, json.dumps(value).encode(), content_type=content_type)


async def show(scope, receive, send, path):
    await answer(send, PAGE.encode(), content_type="text/html; charset=utf-8")


async def body_of(receive):
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message["body"])
        if not message["more_body"]:
            break
    return b"".join(parts)


async def describe(scope, receive, send, path):
    body = await body_of(receive)
    headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
    told = {key: scope[key] for key in ("type", "http_version", "method", "scheme", "path", "root_path", "server")}
    raw = {key: scope[key].decode() for key in ("raw_path", "query_string")}
    # Firefox shows JSON in a viewer of its own, text as it is.
    kind = "text/plain" if raw["query_string"] == "plain" else "application/json"
    await answer_json(send, {**told, **raw, "headers": headers, "body": len(body)}, kind)


async def echo(scope, receive, send, path):
    await answer(send, await body_of(receive), content_type="application/octet-stream")


async def stream(scope, receive, send, path):
    """One chunk, and another only when somebody has asked for `/open`."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"first ", "more_body": True})
    await gate.wait()
    await send({"type": "http.response.body", "body": b"second", "more_body": False})


async def let_go(scope, receive, send, path):
    gate.set()
    await answer(send, b"open")


async def endless(scope, receive, send, path):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    while (message := await receive())["type"] == "http.request":
        pass
    log.append(message["type"])


async def tell(scope, receive, send, path):
    await answer_json(send, log)


async def instance(scope, receive, send, path):
    await answer_json(send, {"instance": INSTANCE, "version": VERSION, "startups": log.count("startup")})


async def status(scope, receive, send, path):
    await answer(send, b"" if path.endswith(("204", "304")) else b"0123456789", int(path.split("/")[2]), x_kept="yes")


async def redirect(scope, receive, send, path):
    """`/redirect/303/landed` sends to `/landed`: an app that ignores its root."""
    _, _, code, target = path.split("/")
    await answer(send, b"", int(code), location=f"/{target}")
'''

OTHER = """\
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<!doctype html><title>Other</title><h1>Other</h1>"})
"""

PAGES = {
    "echo.py": ECHO,
    "other.py": OTHER,
    "index.rst": """\
Tiny
====

.. toctree::

   both
   load
   visible
   plain

.. asgi-live:: echo:app
   :name: echo
   :title: First

.. asgi-live:: echo:app
   :name: echo
   :path: /scope?figure=2
   :title: Second
""",
    "both.rst": "Both\n====\n\n.. asgi-live:: echo:app\n   :name: echo\n\n.. asgi-live:: other:app\n   :name: other\n",
    "load.rst": "Load\n====\n\n.. asgi-live:: other:app\n   :name: other\n   :start: load\n",
    "visible.rst": "Visible\n=======\n\n.. raw:: html\n\n   <p style='height: 3000px'></p>\n\n"
    ".. asgi-live:: other:app\n   :name: other\n   :start: visible\n",
    "plain.rst": "Plain\n=====\n\nNo app here.\n",
}


def build(project: Project, out: Path) -> Path:
    """Build with warnings being errors and return the folder to serve."""
    built: Build = project.run("-W", out=out)
    assert built.code == 0, "\n".join([built.status, *built.warnings])
    return built.outdir


def tiny_project(folder: Path) -> Project:
    """The sources; `folder` must not exist. The lock comes with them: nothing is resolved."""
    return project_of(folder, PAGES)


def socket_project(folder: Path) -> Project:
    """The sources of a documentation with the WebSocket app of `tests/sockets.py`."""
    app = Path(sockets.__file__).read_text("utf-8")
    index = "Sockets\n=======\n\n.. asgi-live:: sockets:app\n   :name: sockets\n"
    project = project_of(folder, {"sockets.py": app, "index.rst": index})
    project.configure("asgi_live_cpu_limit = 3")
    return project


def project_of(folder: Path, files: Mapping[str, str]) -> Project:
    """The sources of a documentation that has these files, and the lock of apps that require nothing."""
    project = Project(folder, root="live")
    for left in ("index.rst", "markdown.md", "hello.py", "nested/deep/page.rst"):
        (folder / left).unlink()
    for name, text in files.items():
        project.write(name, text)
    return project
