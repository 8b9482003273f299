"""One WebSocket through an ASGI app: its scope, and the cycle of messages until it is closed.

Invariants: one of `transport.accept` and `transport.reject` is called, once, unless the page went first; `send` only
after `accept`, and nothing after `close` or `reject`. Nothing that an app raises, `KeyboardInterrupt` and `SystemExit`
included, escapes from `run_asgi`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, Literal, Protocol

from sphinx_asgi_live.browser.asgi import ClientDisconnected, http_scope, tells_of_disconnect
from sphinx_asgi_live.browser.mailbox import Mailbox
from sphinx_asgi_live.browser.messages import ASGIApp, Headers, Message, Scope, as_bytes, checked_header

# What a close frame may carry: https://www.rfc-editor.org/rfc/rfc6455#section-7.4 and IANA's registry.
CLOSE_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})
REASON_LIMIT = 123
"""Bytes of UTF-8 that a close frame has room for."""

NO_CODE, LOST, BROKEN = 1005, 1006, 1011
"""What a socket is closed with that was closed without a code, was lost, or whose app raised an exception."""

ROOM = 256 * 1024
"""Bytes that may wait for the app before the page is told that they wait; about what a network has room for."""


class SocketTransport(Protocol):
    """Where a WebSocket leads; the bridge makes one of a JavaScript port."""

    def accept(self, subprotocol: str | None, headers: Headers) -> None:
        """Open the socket."""

    def reject(self, status: int, headers: Headers) -> None:
        """Refuse the handshake by an HTTP response; no page ever sees a body of it."""

    def send(self, data: str | bytes) -> Awaitable[Any] | None:
        """Pass a message on; return what to wait for before there is room for another, None if there is.

        The wait ends as well when the socket is closed, or the page has gone.
        """

    def close(self, code: int, reason: str) -> None:
        """Close the socket; with 1006 the page sees a connection that broke."""

    def pause(self) -> None:
        """Say that the app is behind with reading; what comes is kept all the same."""

    def resume(self) -> None:
        """Say that the app reads again."""


def websocket_scope(*, subprotocols: list[str], scheme: str, **request: Any) -> Scope:
    """Describe one WebSocket as uvicorn would; `scheme` is that of the page, the rest is as in `http_scope`."""
    scope = http_scope(method="GET", scheme={"http": "ws", "https": "wss"}.get(scheme, scheme), **request)
    del scope["method"]
    return {
        **scope,
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "subprotocols": subprotocols,
        "extensions": {"websocket.http.response": {}},
    }


class WebSocketCycle:
    """The messages of one WebSocket, with uvicorn's rules and uvicorn's words for each misuse.

    `error` holds what went wrong in the app, for the log, once `run_asgi` is done.
    """

    def __init__(self, scope: Scope, transport: SocketTransport) -> None:
        self.scope = scope
        self.transport = transport
        self.error: BaseException | None = None

        # What the app has sent: "response" is a rejection of which more is to come.
        self.state: Literal["connecting", "response", "open", "closed"] = "connecting"
        self.rejection: tuple[int, Headers] = (403, [])

        # What the page has sent
        self.disconnected = False
        self.queue: Mailbox[Message] = Mailbox()
        self.queue.put({"type": "websocket.connect"})
        self.left = False
        self.held = 0
        self.full = False

    async def run_asgi(self, app: ASGIApp) -> None:
        """Run the app until it returns; whatever it raises ends up in `error`, and closes the socket with 1011.

        Only the cancellation of the very task that runs this is passed on.
        """
        try:
            result = await app(self.scope, self.receive, self.send)
        except (GeneratorExit, asyncio.CancelledError) as error:
            task = asyncio.current_task() if isinstance(error, asyncio.CancelledError) else None
            if task is not None and not task.cancelling():
                self._broken(error)  # the app's own doing
                return
            self._finish(BROKEN)
            raise
        except BaseException as error:
            if not (self.disconnected and tells_of_disconnect(error)):
                self._broken(error)
        else:
            if self.state in ("connecting", "response") and not self.disconnected:
                self._broken(RuntimeError("ASGI callable returned without completing handshake."))
            elif result is not None:
                self._broken(RuntimeError(f"ASGI callable should return None, but returned '{result}'."))
        finally:
            # Neither accepted nor closed by now is neither ever: uvicorn hangs up, without a close frame.
            self._finish(LOST)

    def deliver(self, data: str | bytes) -> None:
        """Give a message of the page to the app; if it waits for one, it runs on before this returns."""
        if self.left:
            return
        self.held += len(data)
        if self.held > ROOM and not self.full:
            self.full = True
            self.transport.pause()
        self.queue.put({"type": "websocket.receive", "text" if isinstance(data, str) else "bytes": data})

    def disconnect(self, code: int, reason: str = "") -> None:
        """Note that the page has closed the socket, or has gone: `send` raises from now on."""
        self.disconnected = True
        self._leave(code, reason)

    async def receive(self) -> Message:
        """Give the app `websocket.connect`, then the page's messages, and at last `websocket.disconnect`, for ever."""
        message = await self.queue.get()
        kind = message["type"]
        if kind == "websocket.disconnect":
            self.queue.put(message)
        elif kind == "websocket.receive":
            self.held -= len(message["text"] if "text" in message else message["bytes"])
            if self.full and self.held <= ROOM:
                self.full = False
                self.transport.resume()
        return message

    async def send(self, message: Message) -> None:
        """Take a message of the app.

        Raises RuntimeError for a message that is out of turn or malformed, TypeError for data of a wrong type,
        ClientDisconnected after the page has closed the socket or gone.
        """
        kind = message["type"]
        if self.state == "closed":
            raise RuntimeError(f"Unexpected ASGI message '{kind}', after sending 'websocket.close'.")
        if self.disconnected:
            raise ClientDisconnected("The page has closed the WebSocket, or has gone.")
        if self.state == "open":
            await self._send_open(kind, message)
        elif self.state == "connecting":
            self._send_handshake(kind, message)
        elif kind == "websocket.http.response.body":
            as_bytes(message.get("body", b""), "The body of 'websocket.http.response.body'")
            if not message.get("more_body", False):
                self._reject()
        else:
            raise RuntimeError(f"Expected ASGI message 'websocket.http.response.body' but got '{kind}'.")

    async def _send_open(self, kind: str, message: Message) -> None:
        if kind == "websocket.send":
            room = self._send_data(message.get("bytes"), message.get("text"))
            if room is not None:
                await room
                if self.disconnected:
                    raise ClientDisconnected("The page closed the WebSocket, or went, while a message was sent.")
        elif kind == "websocket.close":
            code, reason = checked_close(message.get("code", 1000), message.get("reason"))
            self._finish(code, reason)
        else:
            raise RuntimeError(f"Expected ASGI message 'websocket.send' or 'websocket.close', but got '{kind}'.")

    def _send_data(self, data: Any, text: Any) -> Awaitable[Any] | None:
        if data is not None:
            return self.transport.send(as_bytes(data, "The bytes of 'websocket.send'"))
        if text is None:
            return None
        if not isinstance(text, str):
            raise TypeError(f"The text of 'websocket.send' should be str, not {type(text).__name__}: {text!r:.80}.")
        if not text.isascii():
            text.encode()  # raises for a lone surrogate, which UTF-8 cannot carry
        return self.transport.send(text)

    def _send_handshake(self, kind: str, message: Message) -> None:
        if kind == "websocket.accept":
            subprotocol = message.get("subprotocol")
            if subprotocol is not None and not isinstance(subprotocol, str):
                raise TypeError(
                    f"The subprotocol of 'websocket.accept' should be str or None, not {subprotocol!r:.80}."
                )
            headers = _checked(message.get("headers", ()))
            self.state = "open"
            self.transport.accept(subprotocol, headers)
        elif kind == "websocket.close":
            self._reject()
        elif kind == "websocket.http.response.start":
            status = message["status"]
            if not isinstance(status, int) or not 100 <= status < 600:
                raise RuntimeError(f"Invalid HTTP status code '{status}' in response.")
            self.rejection = (int(status), _checked(message.get("headers", ())))
            self.state = "response"
        else:
            raise RuntimeError(
                "Expected ASGI message 'websocket.accept', 'websocket.close' "
                f"or 'websocket.http.response.start' but got '{kind}'."
            )

    def _reject(self) -> None:
        self.state = "closed"
        self._leave(LOST, "")
        self.transport.reject(*self.rejection)

    def _broken(self, error: BaseException) -> None:
        """Tell the page of an error: by status 500 before the app has accepted, else by a code of its own."""
        self.error = error
        self._finish(BROKEN)

    def _finish(self, code: int, reason: str = "") -> None:
        """End what has not ended yet."""
        if self.state == "closed":
            return
        if self.state != "open":
            self.rejection = (500, [])
        accepted, self.state = self.state == "open", "closed"
        if self.disconnected:
            return
        self._leave(code if accepted else LOST, reason)
        if accepted:
            self.transport.close(code, reason)
        else:
            self.transport.reject(*self.rejection)

    def _leave(self, code: int, reason: str) -> None:
        """Queue the last message; the first one counts."""
        if not self.left:
            self.left = True
            self.queue.put({"type": "websocket.disconnect", "code": code, "reason": reason})


def checked_close(code: Any, reason: Any) -> tuple[int, str]:
    """Return code and reason of a close frame; raises RuntimeError for what none can carry."""
    if code is None and not reason:
        return NO_CODE, ""
    if code not in CLOSE_CODES:
        raise RuntimeError(
            f"invalid status code: {code!r} cannot close a WebSocket; 1000 can, other standard codes "
            "(1001 to 1003, 1007 to 1014), and 3000 to 4999 for codes of your own."
        )
    reason = reason or ""
    if not isinstance(reason, str):
        raise TypeError(f"The reason of 'websocket.close' should be str, not {type(reason).__name__}: {reason!r:.80}.")
    size = len(reason.encode())
    if size > REASON_LIMIT:
        raise RuntimeError(
            f"control frame too long: the reason {reason!r:.40} has {size} bytes, {REASON_LIMIT} at most."
        )
    return int(code), reason


def _checked(headers: Iterable[Iterable[Any]]) -> Headers:
    return [checked_header(*header) for header in headers]
