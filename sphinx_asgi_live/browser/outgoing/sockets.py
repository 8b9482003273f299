"""What stands in for a socket under synchronous HTTP clients: it carries their request to the gateway."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from typing import Any

from sphinx_asgi_live.browser.outgoing.exchange import Request, Response, next_chunk
from sphinx_asgi_live.browser.outgoing.gateway import Gateway
from sphinx_asgi_live.browser.outgoing.wire import RequestReader, ResponseWriter


class GatewaySocket:
    """What `http.client` uses of a connected socket, with a server behind it that is the gateway.

    The request goes out with its last byte, so what refuses it is raised where a connection would be refused;
    a late answer is waited for where it is read, as with a real socket.
    """

    def __init__(self, gateway: Gateway, origin: str, timeout: Any) -> None:
        self.gateway = gateway
        self.reader = RequestReader(origin)
        self.timeout: float | None = timeout if isinstance(timeout, int | float) else socket.getdefaulttimeout()
        self.method = "GET"
        self.sent_at = 0.0
        self.answer: asyncio.Task[Response] | None = None

    def settimeout(self, value: float | None) -> None:
        """Set the seconds that one operation may take."""
        self.timeout = value

    def gettimeout(self) -> float | None:
        """Return the seconds that one operation may take."""
        return self.timeout

    def setsockopt(self, *args: Any) -> None:
        """Do nothing: there are no options."""

    def sendall(self, data: Any) -> None:
        """Take bytes of the request, and send it if it is complete."""
        request = self.reader.feed(bytes(data))
        if request is not None:
            self.method = request.method
            self.sent_at = time.monotonic()
            self.gateway.wait(self._begin(request))

    async def _begin(self, request: Request) -> None:
        # Not returned: a task that passed through a promise would be awaited there.
        self.answer = asyncio.ensure_future(self.gateway.send(request))
        await asyncio.wait([self.answer], timeout=self.timeout)
        if self.answer.done():
            self.answer.result()

    async def response(self) -> Response:
        """Wait for the response as long as the timeout, which may have changed since, still allows."""
        if self.answer is None:
            raise ConnectionError("The request is not complete, so there is no response.")
        left = None if self.timeout is None else self.timeout - (time.monotonic() - self.sent_at)
        async with asyncio.timeout(left):
            return await self.answer

    def makefile(self, mode: str = "r", *args: Any, **options: Any) -> io.BufferedReader:
        """Return the response's bytes as a file."""
        return io.BufferedReader(_ResponseFile(self))

    def shutdown(self, how: int) -> None:
        """Do nothing: what is read later is still there."""

    def close(self) -> None:
        """Do nothing, as for a real socket as long as its file is open."""


class _ResponseFile(io.RawIOBase):
    def __init__(self, sock: GatewaySocket) -> None:
        self.sock = sock
        self.response: Response | None = None
        self.writer: ResponseWriter | None = None
        self.pending = memoryview(b"")
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.pending and not self.over:
            self.pending = memoryview(self.sock.gateway.wait(self._more()))
        taken = self.pending[: len(buffer)]
        self.pending = self.pending[len(taken) :]
        buffer[: len(taken)] = taken
        return len(taken)

    async def _more(self) -> bytes:
        if self.response is None or self.writer is None:
            self.response = await self.sock.response()
            self.writer = ResponseWriter(self.response, self.sock.method)
            return self.writer.head
        chunk = await next_chunk(self.response, self.sock.timeout) if self.writer.has_body else None
        if chunk is not None:
            return self.writer.chunk(chunk)
        self.over = True
        return self.writer.end

    def close(self) -> None:
        if self.response is not None and not self.over:
            self.over = True
            self.response.close()
        super().close()
