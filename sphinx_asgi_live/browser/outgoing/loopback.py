"""A request of the app to itself: answered by an ASGI cycle in the same interpreter, streaming, without a network."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sphinx_asgi_live.browser.messages import Headers
from sphinx_asgi_live.browser.outgoing.exchange import Broken

ROOM = 256 * 1024
"""Bytes that wait for the client before the app's `send` waits too."""


class Loopback:
    """The two ends of one response: for the cycle a transport, for the client a response.

    `close` calls `on_close` if the app is not done yet.
    """

    def __init__(self, url: str, body: bytes) -> None:
        self.url = url
        self.status = 0
        self.headers: Headers = []
        self.begun = asyncio.Event()
        self.on_close: Callable[[], None] = lambda: None
        self._request_body: list[bytes] = [body] if body else []
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._changed = asyncio.Event()
        self._over = False
        self._closed = False
        self._error: BaseException | None = None

    async def read_request(self) -> bytes | None:
        """Return the request's body, then None."""
        return self._request_body.pop() if self._request_body else None

    def start(self, status: int, headers: Headers) -> None:
        """Take the head of the response."""
        self.status, self.headers = status, headers
        self.begun.set()

    async def write(self, chunk: bytes) -> None:
        """Take a chunk, and wait while the client is behind; raise OSError once it has gone."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        self._notify()
        while self._size > ROOM and not self._closed:
            await self._changed.wait()
        if self._closed:
            raise OSError("The client of this response has gone.")

    def end(self) -> None:
        """Finish the response."""
        self._over = True
        self._notify()

    def fail(self, error: BaseException) -> None:
        """Break the response off."""
        self._error = error
        self.end()

    async def read(self) -> bytes | None:
        """Return the next chunk, None at the end; raise `Broken` if the app failed."""
        while not self._chunks and not self._over:
            await self._changed.wait()
        if self._chunks:
            chunk = self._chunks.popleft()
            self._size -= len(chunk)
            self._notify()
            return chunk
        if self._error is not None:
            raise Broken(f"The app's response to {self.url} broke off ({type(self._error).__name__}: {self._error}).")
        return None

    def close(self) -> None:
        """Tell the app that nobody listens any more."""
        if not self._over and not self._closed:
            self._closed = True
            self._notify()
            self.on_close()

    def _notify(self) -> None:
        """Wake whoever waits now, and let the next one wait anew."""
        self._changed.set()
        self._changed = asyncio.Event()
