"""Between the worker's JavaScript and the ASGI core: the only module that imports `pyodide`.

It keeps no JavaScript object longer than a request: what would outlive one could not be part of a memory snapshot.
"""

from __future__ import annotations

import asyncio
import sys
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from pyodide.ffi import to_js

from sphinx_asgi_live.browser import threadless
from sphinx_asgi_live.browser.asgi import RequestResponseCycle, http_scope
from sphinx_asgi_live.browser.errorpage import traceback_text
from sphinx_asgi_live.browser.lifespan import Lifespan, LifespanFailed
from sphinx_asgi_live.browser.loading import AppLoadError, load_app

CLIENT = ("127.0.0.1", 0)
"""A reader has no address: the app runs where the reader is."""


class _Server:
    """The app and what its scopes have in common."""

    def __init__(self, app: Any, state: dict[str, Any], mounted: bool, root: str, origin: str) -> None:
        parts = urlsplit(origin)
        self.app = app
        self.state = state
        self.mounted = mounted
        self.root = root
        self.scheme = parts.scheme
        self.address = (parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 80))


class _Page:
    """The transport of one response: a JavaScript `Exchange`."""

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange

    def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Give status and headers to the page; a header is two lines, since neither part can hold a line break."""
        lines = (part.decode("latin-1") for header in headers for part in header)
        self.exchange.start(status, "\n".join(lines))

    async def write(self, chunk: bytes) -> None:
        """Give a chunk to the page, and wait while its reader is behind."""
        room = self.exchange.write(to_js(chunk))
        if room is not None:
            await room

    def end(self) -> None:
        """Close the response's stream."""
        self.exchange.end()

    def fail(self, error: BaseException) -> None:
        """Break the response's stream."""
        self.exchange.fail(f"{type(error).__name__}: {error}")


_server: _Server
_lifespan: Lifespan
_cycles: dict[int, RequestResponseCycle] = {}
_tasks: set[asyncio.Task[None]] = set()
_ids = count(1)


async def start(module: str, attribute: str, factory: bool, mounted: bool, root: str, origin: str) -> str:
    """Import the app and run its startup; return what went wrong as text for the reader, empty if nothing did."""
    global _server, _lifespan
    threadless.install()
    _lifespan = Lifespan()
    try:
        app = load_app(module, attribute, factory)
        await _lifespan.startup(app)
    except (AppLoadError, LifespanFailed) as error:
        return str(error)
    except BaseException as error:
        return traceback_text(error)
    if _lifespan.log:
        print(_lifespan.log, file=sys.stderr)  # noqa: T201
    _server = _Server(app, _lifespan.state, mounted, root, origin)
    return ""


def remount(mounted: bool) -> None:
    """Serve the app from now on with its root in every path, or without; the build finds out which one it needs."""
    _server.mounted = mounted


def handle(method: str, path: str, query: str, headers: str, exchange: Any) -> int:
    """Begin to answer a request; return the number by which `disconnect` ends it.

    `headers` are names and values, each on a line of its own.
    """
    number = next(_ids)
    lines = headers.encode("latin-1").split(b"\n") if headers else []
    scope = http_scope(
        method=method,
        url_path=path,
        query=query,
        headers=list(zip(lines[::2], lines[1::2], strict=True)),
        root_path=_server.root,
        scheme=_server.scheme,
        server=_server.address,
        client=CLIENT,
        state=_server.state,
        mounted=_server.mounted,
    )
    cycle = _cycles[number] = RequestResponseCycle(scope, lambda: _read(exchange), _Page(exchange))
    task = asyncio.get_running_loop().create_task(_run(number, cycle))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return number


def disconnect(number: int) -> None:
    """Tell a request's app that its reader has gone."""
    if cycle := _cycles.get(number):
        cycle.disconnect()


async def _run(number: int, cycle: RequestResponseCycle) -> None:
    try:
        await cycle.run_asgi(_server.app)
    finally:
        del _cycles[number]
        if cycle.error:
            print(traceback_text(cycle.error), file=sys.stderr)  # noqa: T201  (the browser's console)


async def _read(exchange: Any) -> bytes | None:
    chunk = await exchange.read()
    content: bytes | None = chunk and chunk.to_bytes()
    return content
