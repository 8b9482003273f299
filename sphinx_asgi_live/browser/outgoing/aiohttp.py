"""aiohttp: its connector gets connections whose transport is the gateway; its own timeouts and pools stay.

https://docs.aiohttp.org/en/stable/client_reference.html#connectors
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from sphinx_asgi_live.browser.outgoing import ignored
from sphinx_asgi_live.browser.outgoing.gateway import Gateway
from sphinx_asgi_live.browser.outgoing.wire import RequestReader, ResponseWriter, origin


def seam(gateway: Gateway, module: Any) -> None:
    """Connect to the gateway; `module` is aiohttp.connector."""

    async def create_connection(self: Any, request: Any, traces: Any, timeout: Any) -> Any:
        if request.proxy:
            ignored.proxy(request.proxy)
        if request.ssl is not True:
            ignored.certificates()
        protocol = self._factory()
        url = request.url
        protocol.connection_made(GatewayTransport(gateway, origin(url.scheme, url.host, url.port), protocol))
        return protocol

    module.TCPConnector._create_connection = create_connection


class GatewayTransport(asyncio.Transport):
    """A connection that carries one request to the gateway and its response back."""

    def __init__(self, gateway: Gateway, origin: str, protocol: Any) -> None:
        super().__init__()
        self.gateway = gateway
        self.protocol = protocol
        self.reader = RequestReader(origin)
        self.reading = asyncio.Event()
        self.reading.set()
        self.task: asyncio.Task[None] | None = None
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes of the request, and send it if it is complete."""
        request = self.reader.feed(bytes(data))
        if request is not None:
            self.task = asyncio.ensure_future(self._answer(request))

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Take bytes of the request, and send it if it is complete."""
        self.write(b"".join(list_of_data))

    async def _answer(self, request: Any) -> None:
        response = None
        problem: Exception | None = None
        try:
            response = await self.gateway.send(request)
            writer = ResponseWriter(response, request.method)
            await self._give(writer.head)
            while writer.has_body and (chunk := await response.read()) is not None:
                await self._give(writer.chunk(chunk))
            await self._give(writer.end)
        except OSError as error:
            problem = error
        finally:
            if response is not None:
                response.close()
            self.closing = True
            self.protocol.connection_lost(problem)

    async def _give(self, data: bytes) -> None:
        await self.reading.wait()
        if data:
            self.protocol.data_received(data)

    def pause_reading(self) -> None:
        """Hold the response until `resume_reading`."""
        self.reading.clear()

    def resume_reading(self) -> None:
        """Go on with the response."""
        self.reading.set()

    def is_closing(self) -> bool:
        """Whether the connection is over."""
        return self.closing

    def close(self) -> None:
        """End the connection, and the request if it is still under way."""
        if self.closing:
            return
        self.closing = True
        if self.task is None:
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)
        else:
            self.task.cancel()

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return nothing: there is no socket."""
        return default

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait: none, they are with the gateway."""
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: the request is small or in memory anyway."""
