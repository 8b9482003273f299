"""What a browser gives outgoing requests, on the host: a fetch over real sockets, and a way to wait for it.

As fetch does, it follows redirects by itself and decodes the body, but leaves the headers as they came.
"""

from __future__ import annotations

import asyncio
import http.client
import inspect
import socket
import threading
import zlib
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

from sphinx_asgi_live.browser.outgoing.exchange import Broken, Refused, Request, Result


class Connection(http.client.HTTPConnection):
    """One that the seams do not reach: it has a `connect` of its own."""

    def connect(self) -> None:
        self.sock = self.opened = socket.create_connection((self.host, self.port))


class HostNetwork:
    """Every method has to do with the loop's thread, except that sockets block in others."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.aborted = 0

    async def fetch(self, request: Request) -> HostResponse:
        self.requests.append(request)
        connection, answer, url = await asyncio.to_thread(self._open, request)
        return HostResponse(self, connection, answer, url)

    def _open(self, request: Request) -> tuple[Connection, http.client.HTTPResponse, str]:
        url, method, body = request.url, request.method, request.body
        while True:
            parts = urlsplit(url)
            connection = Connection(parts.hostname or "", parts.port)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
            try:
                connection.request(method, url.removeprefix(f"{parts.scheme}://{parts.netloc}"), body or None, headers)
                answer = connection.getresponse()
            except OSError as error:
                raise Refused(f"The browser did not fetch {url} ({error}).") from error
            location = answer.getheader("location")
            if location is None:
                return connection, answer, url
            answer.close()
            url = urljoin(url, location)
            if answer.status in (301, 302, 303) and method != "HEAD":
                method, body = "GET", b""


class HostResponse:
    def __init__(
        self, network: HostNetwork, connection: Connection, answer: http.client.HTTPResponse, url: str
    ) -> None:
        self.network, self.connection, self.answer, self.url = network, connection, answer, url
        self.status = answer.status
        self.headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.getheaders()]
        self.inflate = zlib.decompressobj(31) if answer.getheader("content-encoding") == "gzip" else None

    async def read(self) -> bytes | None:
        try:
            data = await asyncio.to_thread(self.answer.read1, 65536)
        except (OSError, http.client.HTTPException) as error:
            raise Broken(f"The response of {self.url} broke off ({error}).") from error
        if not data and self.answer.length:
            raise Broken(f"The response of {self.url} broke off.")
        decoded = self.inflate.decompress(data) if self.inflate else data
        return decoded or (await self.read() if data else None)

    def close(self) -> None:
        if not self.answer.isclosed():
            self.network.aborted += 1
            self.connection.opened.shutdown(socket.SHUT_RDWR)  # a thread may be reading
            self.answer.close()
            self.connection.close()


class LoopThread:
    """An event loop that runs beside the test, which can wait for it as Python in a browser can."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def wait(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        result = asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)
        assert not inspect.isawaitable(result), "in a browser it comes through a promise, which would await it"
        return result

    def end(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@contextmanager
def put_back(*classes: Any) -> Iterator[None]:
    """Undo at the end whatever was changed in the classes."""
    before = [(one, dict(vars(one))) for one in classes]
    try:
        yield
    finally:
        for one, attributes in before:
            for name in vars(one).keys() - attributes.keys():
                delattr(one, name)
            for name, value in attributes.items():
                if vars(one).get(name) is not value:
                    setattr(one, name, value)
