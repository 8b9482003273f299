"""A WSGI callable as an ASGI app: PEP 3333, run inline on the event loop's stack, since there are no threads.

Invariants: the app is called only after the whole body of the request is there; its result is closed however the
request ends; the event loop gets a turn after each chunk of the response, other requests and a disconnect included.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import unquote_to_bytes
from wsgiref.util import is_hop_by_hop

from sphinx_asgi_live.browser.messages import Headers, Message, Receive, Scope, Send, as_bytes, checked_header

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication, WSGIEnvironment

    from _typeshed import OptExcInfo

# Bytes of a request's body that are held in memory; what is longer goes to a file.
IN_MEMORY = 2**20


class WSGIAdapter:
    """The ASGI app that serves a WSGI `app`.

    It has no lifespan, which ASGI lets an app say by returning, and turns every WebSocket away.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what the app raises passes through, and so does the OSError of a `send`."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            if await _gather(receive, body):
                await _Response(send).run(self.app, environ(scope, cast(IO[bytes], body)))


async def _gather(receive: Receive, body: SpooledTemporaryFile[bytes]) -> bool:
    """Write the request's body to a file; return whether all of it came before the reader went."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        body.write(message.get("body", b""))
        more = message.get("more_body", False)
    return True


def environ(scope: Scope, body: IO[bytes]) -> WSGIEnvironment:
    """Describe a request whose whole `body` has been written, as PEP 3333 and CGI (RFC 3875) do.

    Text holds bytes as latin-1. SCRIPT_NAME is `root_path`, PATH_INFO what follows it in the path; a path
    outside `root_path` is a PATH_INFO as it is, like Starlette's routes take it.
    """
    root, path = scope.get("root_path", "").rstrip("/").encode(), _path(scope)
    inner = path.removeprefix(root) if path == root or path.startswith(root + b"/") else path
    host, port = scope.get("server") or ("localhost", 80)
    described: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.decode("latin-1"),
        "PATH_INFO": inner.decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        **_header_variables(scope["headers"]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        # The body ends where the file does: https://github.com/GrahamDumpleton/wsgi-extensions
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        described["REMOTE_ADDR"], described["REMOTE_PORT"] = scope["client"][0], str(scope["client"][1])
    # A page's fetch hides the length that it sends, and an app without one takes a body to be empty.
    size = body.tell()
    if size or "CONTENT_LENGTH" in described:
        described["CONTENT_LENGTH"] = str(size)
    body.seek(0)
    return described


def _path(scope: Scope) -> bytes:
    """Return the decoded path as bytes; the scope's text cannot hold those that are no UTF-8."""
    path: str = scope["path"]
    raw = unquote_to_bytes(scope.get("raw_path") or b"")
    return raw if raw.decode(errors="replace") == path else path.encode(errors="replace")


def _header_variables(headers: Headers) -> dict[str, str]:
    described: dict[str, str] = {}
    for name, value in headers:
        if b"_" in name:
            continue  # could pass for the name with hyphens, so gunicorn and Werkzeug drop it too
        key = name.decode("latin-1").upper().replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
        text = value.decode("latin-1")
        if key in described:
            text = f"{described[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        described[key] = text
    return described


class _Response:
    """One response: what the app tells `start_response` and `write`, and the chunks that it returns.

    Headers are sent with the first chunk that is not empty, or at the end. `write` cannot wait, so what it is given
    goes out when the app next returns to us, in order.
    """

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.started = False
        self.written: list[bytes] = []

    async def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Call the app and send its response; then, or at any error, close what it returned."""
        result = app(environ, self.start_response)
        try:
            for chunk in _iterator(result):
                await self._send_written()
                await self._send_chunk(as_bytes(chunk, "A chunk of a WSGI response"))
                await asyncio.sleep(0)
            await self._send_written()
            await self._send_chunk(b"", more_body=False)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None, /) -> Any:
        """Take status and headers; with `exc_info`, in the place of earlier ones that have not been sent.

        Returns `write`. Raises the exception of `exc_info` if they have, AssertionError for a second call without
        it and for a malformed status, TypeError for what should be `str`.
        """
        try:
            if self.start is not None and (self.started or self.written or not exc_info):
                if exc_info and exc_info[1] is not None:
                    raise exc_info[1].with_traceback(exc_info[2])
                raise AssertionError("Headers already set!")
        finally:
            exc_info = None  # its traceback refers to this frame
        self.start = {"type": "http.response.start", "status": _status_code(status), "headers": _headers(headers)}
        return self.write

    def write(self, data: bytes, /) -> None:
        """Send a chunk ahead of those that the app returns."""
        if data := as_bytes(data, "The argument of write()"):
            self.written.append(data)

    async def _send_written(self) -> None:
        while self.written:
            await self._send_chunk(self.written.pop(0))

    async def _send_chunk(self, chunk: bytes, more_body: bool = True) -> None:
        """Send a chunk; an empty one too, once the response has started: it finds out whether the reader has gone."""
        if not self.started:
            if not chunk and more_body:
                return
            if self.start is None:
                raise AssertionError("The WSGI app did not call start_response() before its response.")
            self.started = True
            await self.send(self.start)
        await self.send({"type": "http.response.body", "body": chunk, "more_body": more_body})


def _iterator(result: Any) -> Iterator[Any]:
    if not isinstance(result, str | bytes):
        with suppress(TypeError):
            iterator: Iterator[Any] = iter(result)
            return iterator
    raise TypeError(
        f"A WSGI app should return an iterable of bytes, not {type(result).__name__}: {result!r:.80}. "
        "Return a list, such as [b'Hello']."
    )


def _status_code(status: Any) -> int:
    """Return the number of a status such as `404 Not Found`, refused in wsgiref's words."""
    status = _text(status, "The status")
    if len(status) < 4:
        raise AssertionError(f"Status must be at least 4 characters: {status!r}")
    if not (status[:3].isascii() and status[:3].isdigit()):
        raise AssertionError(f"Status message must begin w/3-digit code: {status!r:.80}")
    if status[3] != " ":
        raise AssertionError(f"Status message must have a space after code: {status!r:.80}")
    return int(status[:3])


def _headers(headers: Any) -> Headers:
    """Return the response's headers as bytes, without those of the connection, which are the server's own."""
    if not isinstance(headers, list | tuple):
        raise TypeError(f"Headers should be a list of tuples, not {type(headers).__name__}: {headers!r:.80}.")
    found = []
    for header in headers:
        if not isinstance(header, list | tuple) or len(header) != 2:
            raise TypeError(f"A header should be a tuple of name and value, not {header!r:.80}.")
        name, value = _text(header[0], "A header's name"), _text(header[1], f"The value of the header {header[0]!r}")
        if not is_hop_by_hop(name):
            found.append(checked_header(_latin1(name), _latin1(value)))
    return found


def _text(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{what} should be a str, not {type(value).__name__}: {value!r:.80}.")


def _latin1(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"A header can hold latin-1 characters only, not {text!r:.80}. "
            "Percent-encode it, or use `.encode().decode('latin-1')` for UTF-8."
        ) from error
