"""One HTTP request through an ASGI app: its scope, and the cycle of messages until the response is over.

Invariants: `transport.start` is called at most once, `write` only after it, and then exactly one of `end`
and `fail`, unless the reader went first. No more than one chunk of the request body is held at a time.
Nothing that an app raises, `KeyboardInterrupt` and `SystemExit` included, escapes from `run_asgi`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import unquote

from sphinx_asgi_live.browser import errorpage
from sphinx_asgi_live.browser.limits import AnswerTimeout, waiting_at
from sphinx_asgi_live.browser.messages import (
    ASGIApp,
    Headers,
    Message,
    Scope,
    as_bytes,
    checked_header,
    content_length,
)

# What `new Response` refuses a body for: https://fetch.spec.whatwg.org/#null-body-status
NULL_BODY_STATUSES = frozenset({204, 205, 304})

# All that Starlette and FastAPI tell of an exception, before they raise it anew for the server's log.
# https://www.starlette.io/exceptions/#errors-and-handled-exceptions
BARE_500 = b"Internal Server Error"


DISCONNECT_NAMES = frozenset({"ClientDisconnect", "WebSocketDisconnect"})
"""What Starlette raises, which need not be there to be imported."""


class ClientDisconnected(OSError):
    """Raised by `send` after the reader has gone, as ASGI 2.4 asks."""


class Transport(Protocol):
    """Where the response goes; the bridge makes one of a JavaScript stream."""

    def start(self, status: int, headers: Headers) -> None:
        """Give the status (200 to 599) and the headers (names in lower case, duplicates kept, in order)."""

    async def write(self, chunk: bytes) -> None:
        """Pass on a chunk, never an empty one; return once there is room for another.

        Raises OSError if the reader has gone, while it waits for room too.
        """

    def end(self) -> None:
        """Finish the response."""

    def fail(self, error: BaseException) -> None:
        """Break the stream of a response that has started."""


def http_scope(
    *,
    method: str,
    url_path: str,
    query: str,
    headers: Headers,
    root_path: str,
    scheme: str,
    server: tuple[str, int],
    client: tuple[str, int],
    state: dict[str, Any],
    mounted: bool,
) -> Scope:
    """Describe one request as uvicorn would.

    `url_path` and `root_path` are percent-encoded, as in `URL.pathname`, the former with the latter in
    front; `query` has no question mark. A `mounted` app gets `root_path` and a `path` that begins with it, as
    from `uvicorn --root-path`; one that ignores `root_path` gets an empty one and a `path` without it. A path
    outside `root_path` stays as it is. `state` is what the lifespan left; the request gets a shallow copy.
    """
    root_path = root_path.rstrip("/")
    inner = _below(root_path, url_path)
    if inner is not None:
        url_path = url_path[: len(url_path) - len(inner)] + inner if mounted else inner
        url_path = url_path if inner else url_path + "/"  # no server ever sees an empty path
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": _spec_version(method)},
        "http_version": "1.1",
        "server": server,
        "client": client,
        "scheme": scheme,
        "method": method.upper(),
        "root_path": unquote(root_path) if mounted else "",
        "path": unquote(url_path),
        "raw_path": url_path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower(), value) for name, value in headers],
        "state": state.copy(),
    }


def _below(root_path: str, url_path: str) -> str | None:
    """Return what follows `root_path` in `url_path`, None if it is elsewhere; `%41` and `A` are the same."""
    root, path = root_path.split("/"), url_path.split("/")
    if [unquote(part) for part in path[: len(root)]] != [unquote(part) for part in root]:
        return None
    return "".join(f"/{part}" for part in path[len(root) :])


def is_below(root_path: str, url_path: str) -> bool:
    """Whether a percent-encoded path is `root_path` or lies below it."""
    return _below(root_path, url_path) is not None


def _spec_version(method: str) -> str:
    """Return the version of the ASGI HTTP specification that serves a request of this method best.

    From 2.4 on Starlette leaves it to a failing `send` to notice that the reader went, so a stream that waits
    for its next event is never closed; below, it listens for `http.disconnect`, but in doing so takes chunks
    of the request's body away from the app. uvicorn says 2.3 to all; without a body that has no drawback.
    https://github.com/encode/starlette/blob/main/starlette/responses.py, `StreamingResponse.__call__`
    """
    return "2.3" if method.upper() in {"GET", "HEAD"} else "2.4"


class RequestResponseCycle:
    """The messages of one request and its response, with uvicorn's rules and uvicorn's words for each misuse.

    `read` gives the next chunk of the request's body, None at its end, and raises OSError if the reader went.
    `error` holds what went wrong in the app, for the log, once `run_asgi` is done.
    """

    def __init__(self, scope: Scope, read: Callable[[], Awaitable[bytes | None]], transport: Transport) -> None:
        self.scope = scope
        self.read = read
        self.transport = transport
        self.error: BaseException | None = None

        # Connection state
        self.disconnected = False
        self.task: asyncio.Task[Any] | None = None
        self.over = asyncio.Event()

        # Request state
        self.body_ahead: bytes | None = None
        self.body_begun = False
        self.body_in_the_making = any(name == b"transfer-encoding" for name, _ in scope["headers"])
        self.body_received = False
        self.reading: asyncio.Task[Message] | None = None

        # Response state
        self.response_started = False
        self.response_complete = False
        self.body_allowed = True
        self.bare_500: Headers | None = None
        self.expected_content_length: int | None = None

    async def run_asgi(self, app: ASGIApp) -> None:
        """Run the app until it returns, background work included; whatever it raises ends up in `error`.

        Only the cancellation of the very task that runs this is passed on.
        """
        self.task = asyncio.current_task()
        try:
            result = await app(self.scope, self.receive, self.send)
        except (GeneratorExit, asyncio.CancelledError) as error:
            task = asyncio.current_task() if isinstance(error, asyncio.CancelledError) else None
            if task is not None and not task.cancelling():
                await self._broken(error)  # the app's own doing
                return
            self._fail(error)
            raise
        except BaseException as error:
            if not (self.disconnected and tells_of_disconnect(error)):
                await self._broken(error)
        else:
            if result is not None:
                await self._broken(RuntimeError(f"ASGI callable should return None, but returned '{result}'."))
            elif not self.response_started and not self.disconnected:
                await self._broken(RuntimeError("ASGI callable returned without starting response."))
            elif not self.response_complete and not self.disconnected:
                await self._broken(RuntimeError("ASGI callable returned without completing response."))
            elif self.bare_500 is not None and not self.disconnected:
                await self._send_bare_500(self.bare_500)
        finally:
            self.task = None
            self._close()

    def disconnect(self) -> None:
        """Note that the reader has gone: `receive` says so from now on, and `send` raises."""
        self.disconnected = True
        self._close()

    async def time_out(self, seconds: float) -> None:
        """Answer in the place of an app that has not begun to in so many seconds, and have it stop."""
        if self.disconnected or (self.response_started and self.bare_500 is None):
            return
        error = AnswerTimeout(f"The app sent nothing for {seconds:g} s, and was cancelled where it waited.")
        await self._broken(error.with_traceback(waiting_at(self.task and self.task.get_coro())))
        self.disconnect()
        if self.task:
            self.task.cancel()

    async def send(self, message: Message) -> None:
        """Take a message of the app.

        Raises RuntimeError for a message that is out of turn or malformed, TypeError for text where the
        specification wants bytes, ClientDisconnected after the reader has gone.
        """
        kind = message["type"]
        if self.response_complete:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent, after response already completed.")
        if self.disconnected:
            raise ClientDisconnected("The client has disconnected; the response has no reader any more.")
        expected = "http.response.body" if self.response_started else "http.response.start"
        if kind != expected:
            raise RuntimeError(f"Expected ASGI message '{expected}', but got '{kind}'.")
        if self.response_started:
            # uvicorn minds no None either.
            body = as_bytes(message.get("body") or b"", "The body of 'http.response.body'")
            await self._send_body(body, bool(message.get("more_body", False)))
        else:
            self._send_start(message["status"], message.get("headers", ()))

    async def receive(self) -> Message:
        """Give the app the next chunk of the request's body, later `http.disconnect`, and wait for either.

        A chunk is passed on once it is known whether another follows, so a body of one chunk is one message; of a
        body that is still being made, as `transfer-encoding` tells, at once.
        """
        while not self.over.is_set():
            if self.body_received:
                await self.over.wait()
                break
            if self.reading is None:
                self.reading = asyncio.ensure_future(self._next_request_message())
            reading = self.reading
            # Not awaited itself: a `receive` that is cancelled must not take its chunk with it.
            await asyncio.wait([reading])
            if self.reading is reading and not self.over.is_set():
                self.reading = None
                return self._taken(reading)
        return {"type": "http.disconnect"}

    def _taken(self, reading: asyncio.Task[Message]) -> Message:
        try:
            message = reading.result()
        except OSError:
            self.disconnect()
            return {"type": "http.disconnect"}
        self.body_received = not message["more_body"]
        return message

    async def _next_request_message(self) -> Message:
        if self.body_in_the_making:
            chunk = await self._next_chunk()
            return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}
        if not self.body_begun:
            self.body_begun = True
            self.body_ahead = await self._next_chunk()
        chunk, self.body_ahead = self.body_ahead, None
        if chunk is not None:
            self.body_ahead = await self._next_chunk()
        return {"type": "http.request", "body": chunk or b"", "more_body": self.body_ahead is not None}

    async def _next_chunk(self) -> bytes | None:
        while (chunk := await self.read()) is not None:
            if chunk:
                return chunk
        return None

    def _send_start(self, status: Any, headers: Iterable[Iterable[Any]]) -> None:
        if not isinstance(status, int) or not 200 <= status <= 599:
            raise RuntimeError(f"Response status should be an integer from 200 to 599, not {status!r}.")
        checked = [checked_header(name, value) for name, value in headers]
        length = content_length(checked)
        if self.scope["method"] == "HEAD" or status == 205:
            self.body_allowed = False
        else:
            self.expected_content_length = 0 if status in NULL_BODY_STATUSES else length
        self.response_started = True
        if status == 500 and self.expected_content_length == len(BARE_500):
            self.bare_500 = checked
        else:
            self.transport.start(int(status), checked)

    async def _send_body(self, body: bytes, more_body: bool) -> None:
        if self.bare_500 is not None:
            if body == BARE_500 and not more_body:
                self.response_complete = True
                return
            self.transport.start(500, self.bare_500)
            self.bare_500 = None
        if not self.body_allowed:
            body = b""
        if self.expected_content_length is not None:
            if len(body) > self.expected_content_length:
                raise RuntimeError("Response content longer than Content-Length")
            self.expected_content_length -= len(body)
        too_short = not more_body and bool(self.expected_content_length)
        # Before the wait for room: another task of the app may send meanwhile, and must meet the new state.
        self.response_complete = not more_body and not too_short
        if body:
            await self._write(body)
        if too_short:
            raise RuntimeError("Response content shorter than Content-Length")
        if not more_body:
            self.transport.end()
            self._close()

    async def _send_bare_500(self, headers: Headers) -> None:
        """Send what was held back, now that no exception came after it to make a better page of."""
        self.bare_500 = None
        self.transport.start(500, headers)
        with suppress(ClientDisconnected):
            await self._send_body(BARE_500, more_body=False)

    async def _write(self, chunk: bytes) -> None:
        try:
            await self.transport.write(chunk)
        except OSError as error:
            self.disconnect()
            raise ClientDisconnected("The client disconnected while the response was sent.") from error

    async def _broken(self, error: BaseException) -> None:
        """Tell the reader of an error: by a page of its own, or by breaking off a response that has begun."""
        self.error = error
        if self.bare_500 is not None:
            self.bare_500 = None
            self.response_started = self.response_complete = False
        if self.disconnected or self.response_complete:
            return
        if self.response_started:
            self._fail(error)
            return
        content_type, page = errorpage.render(error, self.scope)
        self._send_start(errorpage.status_of(error), [(b"content-type", content_type), (b"cache-control", b"no-store")])
        with suppress(ClientDisconnected):
            await self._send_body(page, more_body=False)

    def _fail(self, error: BaseException) -> None:
        if self.response_started and not self.response_complete and not self.disconnected:
            self.response_complete = True
            self.transport.fail(error)

    def _close(self) -> None:
        """Wake whoever waits in `receive`, and read no further."""
        self.over.set()
        if self.reading is not None:
            if not self.reading.cancel() and not self.reading.cancelled():
                self.reading.exception()  # seen, so that asyncio does not report it as lost
            self.reading = None


def tells_of_disconnect(error: BaseException) -> bool:
    """Whether an error only says that the reader went: ours, or what Starlette makes of it."""
    if isinstance(error, BaseExceptionGroup):
        return all(tells_of_disconnect(each) for each in error.exceptions)
    return isinstance(error, ClientDisconnected) or type(error).__name__ in DISCONNECT_NAMES
