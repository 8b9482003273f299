"""Between the worker's JavaScript and the ASGI core; with `outgoing.bridge` the only module that imports `pyodide`.

It keeps no JavaScript object longer than a request: what would outlive one could not be part of a memory snapshot.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from itertools import count
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pyodide.ffi import JsException, to_js

from sphinx_asgi_live.browser import freezing, limits, outgoing, threadless
from sphinx_asgi_live.browser.asgi import RequestResponseCycle, is_below
from sphinx_asgi_live.browser.cookies import Site
from sphinx_asgi_live.browser.errorpage import traceback_text
from sphinx_asgi_live.browser.lifespan import Lifespan, LifespanFailed
from sphinx_asgi_live.browser.loading import AppLoadError, load_app
from sphinx_asgi_live.browser.messages import Headers
from sphinx_asgi_live.browser.outgoing.bridge import BrowserNetwork, wait
from sphinx_asgi_live.browser.outgoing.exchange import Refused, Request
from sphinx_asgi_live.browser.outgoing.gateway import Gateway
from sphinx_asgi_live.browser.outgoing.loopback import Loopback
from sphinx_asgi_live.browser.outgoing.refusal import refuse_sockets
from sphinx_asgi_live.browser.server import Server
from sphinx_asgi_live.browser.websocket import WebSocketCycle, websocket_scope

LONG = 256
"""Characters of text from which on it is quicker to carry it as UTF-8; `websocket.js` has the same."""


class _Page:
    """The transport of one response: a JavaScript `Exchange`; `path` is that of its request.

    Cookies are stored if there are `credentials`, and given to the page as well if it `sees_cookies`.
    """

    def __init__(self, exchange: Any, path: str, credentials: bool, sees_cookies: bool) -> None:
        self.exchange = exchange
        self.path = path
        self.credentials = credentials
        self.hidden = b"" if sees_cookies else b"set-cookie"

    def start(self, status: int, headers: Headers) -> None:
        """Give status and headers to the page; a header is two lines, since neither part can hold a line break."""
        if self.credentials:
            _server.store_cookies(headers, self.path)
        lines = (part.decode("latin-1") for header in headers if header[0] != self.hidden for part in header)
        self.exchange.start(status, "\n".join(lines), _server.cookies_to_keep())

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


class _Wire:
    """The transport of one WebSocket: a JavaScript `Wire`; `path` is that of its handshake."""

    def __init__(self, wire: Any, path: str) -> None:
        self.wire = wire
        self.path = path
        # Looked up once: each look-up makes a proxy, and costs as much as the call.
        self.send_text, self.send_utf8, self.send_bytes = wire.sendText, wire.sendUTF8, wire.sendBytes

    def accept(self, subprotocol: str | None, headers: Headers) -> None:
        """Open the socket; its cookies go into the jar."""
        self.wire.accept(subprotocol or "", self._cookies(headers))

    def reject(self, status: int, headers: Headers) -> None:
        """Refuse the handshake; its cookies count all the same."""
        self.wire.reject(status, self._cookies(headers))

    def send(self, data: str | bytes) -> Any:
        """Pass a message on; return a promise for room if there is none."""
        if isinstance(data, bytes):
            return self.send_bytes(to_js(data))
        return self.send_text(data) if len(data) < LONG else self.send_utf8(to_js(data.encode()))

    def close(self, code: int, reason: str) -> None:
        """Close the socket."""
        self.wire.close(code, reason)

    def resume(self) -> None:
        """Say that the app reads again."""
        self.wire.resume()

    def pause(self) -> None:
        """Say that the app is behind with reading."""
        self.wire.pause()

    def _cookies(self, headers: Headers) -> str | None:
        _server.store_cookies(headers, self.path)
        return _server.cookies_to_keep()


Cycle = TypeVar("Cycle", RequestResponseCycle, WebSocketCycle)

limit_cpu = limits.limit_cpu

_gateway: Gateway | None = None
_server: Server
_lifespan: Lifespan
_cycles: dict[int, RequestResponseCycle] = {}
_sockets: dict[int, WebSocketCycle] = {}
_tasks: set[asyncio.Task[None]] = set()
_own_numbers = count(-1, -1)
"""Of the app's requests to itself; the worker numbers those of the pages."""


async def start(
    module: str, attribute: str, factory: bool, mounted: bool, root: str, origin: str, startup: bool = True
) -> str:
    """Import the app and run its `startup`; return what went wrong as text for the reader, empty if nothing did."""
    global _server, _lifespan
    prepare(root, origin)
    limits.survive(asyncio.get_running_loop())
    _lifespan = Lifespan()
    try:
        app = freezing.frozen_app or load_app(module, attribute, factory)
        if startup:
            await _lifespan.startup(app)
    except (AppLoadError, LifespanFailed) as error:
        return str(error)
    except BaseException as error:
        return traceback_text(error)
    if _lifespan.log:
        print(_lifespan.log, file=sys.stderr)  # noqa: T201
    if _lifespan.task and not _lifespan.task.done():
        _lifespan.task.add_done_callback(_lifespan_over)
    _server = Server(app, _lifespan.state, mounted, root, origin)
    return ""


def prepare(root: str, origin: str) -> None:
    """Make Python what an app expects of a server's; in an image that is done, and only the place is another one."""
    global _gateway
    if _gateway is None:
        threadless.install()
        _gateway = Gateway(BrowserNetwork(origin), wait, _ask_app, origin, root)
        outgoing.install(_gateway)
        refuse_sockets(type(asyncio.get_running_loop()))
    _gateway.network, _gateway.origin, _gateway.root = BrowserNetwork(origin), origin, root


def _lifespan_over(task: asyncio.Task[None]) -> None:
    """Tell the log what an app's lifespan raised after its startup; the app goes on, as under uvicorn."""
    if _lifespan.error:
        print(traceback_text(_lifespan.error), end="", file=sys.stderr)  # noqa: T201


def remount(mounted: bool) -> None:
    """Serve the app from now on with its root in every path, or without; the build finds out which one it needs."""
    _server.mounted = mounted


def load_cookies(dump: str) -> None:
    """Go on with the cookies of an earlier worker."""
    try:
        _server.jar.load(dump)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201


def cookies(path: str) -> str:
    """Return what `document.cookie` is in the page at `path`."""
    return _server.visible_cookies(path)


def set_cookie(path: str, text: str) -> str | None:
    """Set a cookie as a script of the page at `path` did; return the dump to keep, if that changed anything."""
    _server.store_cookie(text.encode(errors="replace"), path, from_script=True)
    return _server.cookies_to_keep()


def handle(
    number: int,
    method: str,
    path: str,
    query: str,
    headers: str,
    credentials: bool,
    exchange: Any,
    base: str | None = None,
) -> None:
    """Begin to answer the request of that number, by which `disconnect` ends it; the app runs until it first waits.

    `headers` are names and values, each on a line of its own. Without `credentials` cookies are neither sent nor set.
    With a `base` it is the request of a program to a server at that address: to a path of the app, with cookies of its
    own if it has some, and it gets all headers.
    """
    pairs = _pairs(headers)
    if credentials and b"cookie" not in dict(pairs):
        pairs += _server.cookie_header(path, _site(method, dict(pairs)))
    scope = _server.scope(method, path, query, pairs, base)
    page = _Page(exchange, path, credentials, sees_cookies=base is not None)
    cycle = _cycles[number] = RequestResponseCycle(scope, lambda: _read(exchange), page)
    _start(_run(_cycles, number, cycle))


def _start(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a task at once, as far as it comes: the way through the event loop takes longer than many an answer.

    https://github.com/pyodide/pyodide/blob/main/src/py/pyodide/webloop.py, `call_later`, installs the hooks as well.
    """
    loop: Any = asyncio.get_running_loop()
    loop._install_asyncgen_hooks()
    task = asyncio.Task(coroutine, loop=loop, eager_start=True)  # type: ignore[call-arg]  # new in Python 3.12
    if not task.done():
        _hold(task)


def _hold(task: asyncio.Task[None]) -> None:
    """Keep a task alive until it is done: the event loop itself does not."""
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _ask_app(request: Request) -> Loopback:
    """Answer a request that the app makes to itself, with no cookies but those that it sends."""
    if "_server" not in globals():
        raise Refused(f"{request.url} is the app itself, which answers only after its startup.")
    parts = urlsplit(request.url)
    path = parts.path if is_below(_server.root, parts.path) else _server.root + parts.path
    response = Loopback(request.url, request.body)
    cycle = RequestResponseCycle(
        _server.scope(request.method, path, parts.query, request.headers), response.read_request, response
    )
    response.on_close = cycle.disconnect
    number = next(_own_numbers)
    _cycles[number] = cycle
    # Not at once: it may suspend a stack, and should have one of its own.
    _hold(asyncio.get_running_loop().create_task(_run(_cycles, number, cycle)))
    try:
        await response.begun.wait()
    except asyncio.CancelledError:
        cycle.disconnect()
        raise
    return response


def time_out(number: int, seconds: float) -> None:
    """Give up a request that has had no response for so long."""
    if cycle := _cycles.get(number):
        _hold(asyncio.get_running_loop().create_task(cycle.time_out(seconds)))


def disconnect(number: int) -> None:
    """Tell a request's app that its reader has gone."""
    if cycle := _cycles.get(number):
        cycle.disconnect()


def connect(number: int, path: str, query: str, headers: str, subprotocols: str, wire: Any) -> None:
    """Begin the handshake of a WebSocket, to which `deliver` and `disconnect_socket` refer by `number`.

    `headers` as in `handle`, `subprotocols` on a line each.
    """
    scope = websocket_scope(
        url_path=path,
        query=query,
        headers=_pairs(headers) + _server.cookie_header(path, "same"),
        subprotocols=subprotocols.split("\n") if subprotocols else [],
        **_server.everywhere(),
    )
    cycle = _sockets[number] = WebSocketCycle(scope, _Wire(wire, path))
    _hold(asyncio.get_running_loop().create_task(_run(_sockets, number, cycle)))


def deliver(number: int, data: Any, is_utf8: bool = False) -> None:
    """Give the app a message of its page: text, or a `Uint8Array`, which may be the UTF-8 of long text."""
    if cycle := _sockets.get(number):
        if not isinstance(data, str):
            data = data.to_bytes()
        cycle.deliver(data.decode() if is_utf8 else data)


def disconnect_socket(number: int, code: int, reason: str) -> None:
    """Tell the app of a WebSocket that its page has closed it, or has gone."""
    if cycle := _sockets.get(number):
        cycle.disconnect(code, reason)


def _pairs(headers: str) -> Headers:
    lines = headers.encode("latin-1").split(b"\n") if headers else []
    return list(zip(lines[::2], lines[1::2], strict=True))


def _site(method: str, headers: dict[bytes, bytes]) -> Site:
    """Tell from the fetch metadata who made a request."""
    if headers.get(b"sec-fetch-site") != b"cross-site":
        return "same"
    whole_tab = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    return "lax" if whole_tab and method in ("GET", "HEAD") else "cross"


async def _run(running: dict[int, Cycle], number: int, cycle: Cycle) -> None:
    try:
        await cycle.run_asgi(_server.app)
    finally:
        del running[number]
        if cycle.error:
            print(traceback_text(cycle.error), end="", file=sys.stderr)  # noqa: T201  (the log)
            cycle.error = None  # its frames refer to the cycle: garbage that only a collection would find


async def _read(exchange: Any) -> bytes | None:
    try:
        chunk = await exchange.read()
    except JsException as error:
        raise OSError("The client disconnected while it sent the request.") from error
    content: bytes | None = chunk and chunk.to_bytes()
    return content
