"""The least that answers one GET of an ASGI app in Pyodide.

What needs threads runs inline, by this project's module for it: the apps could not start otherwise.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from typing import Any

sys.path.insert(0, "/app")
from sphinx_asgi_live.browser import threadless

threadless.install()


async def first_response(module: str, attribute: str, path: str) -> str:
    """Import the app, start its lifespan, and return the body of what it answers."""
    app = getattr(importlib.import_module(module), attribute)
    await _startup(app)
    parts: list[bytes] = []
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 50000),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(parts).decode()


async def _startup(app: Any) -> None:
    events: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    await events.put({"type": "lifespan.startup"})
    started = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        started.set()

    task = asyncio.ensure_future(app({"type": "lifespan", "asgi": {"version": "3.0"}}, events.get, send))
    task.add_done_callback(lambda _: started.set())
    await started.wait()
