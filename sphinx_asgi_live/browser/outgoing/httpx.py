"""httpx and httpx2: their default transports send to the gateway, without httpcore.

https://www.python-httpx.org/advanced/transports/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from sphinx_asgi_live.browser.outgoing import ignored
from sphinx_asgi_live.browser.outgoing.exchange import Request, Response, next_chunk
from sphinx_asgi_live.browser.outgoing.gateway import Gateway


def seam(
    gateway: Gateway, module: Any, sync_name: str = "HTTPTransport", async_name: str = "AsyncHTTPTransport"
) -> None:
    """Send to the gateway; `module` has the two transports and names httpx's own models and exceptions."""
    for transport in (getattr(module, sync_name), getattr(module, async_name)):
        for name in ("__init__", "__enter__", "__exit__", "__aenter__", "__aexit__", "close", "aclose"):
            if name in vars(transport):
                delattr(transport, name)  # the base's do nothing, and there is no pool
        transport.__init__ = _init
    sync_stream, async_stream = _streams(gateway, module)

    def handle_request(self: Any, request: Any) -> Any:
        sent, timeout = _request(request, b"".join(request.stream)), _timeout(request)
        with _as_httpx(module, module.ConnectError, request):
            response = gateway.wait(gateway.send(sent, timeout))
        return _response(module, response, sync_stream(response, request))

    async def handle_async_request(self: Any, request: Any) -> Any:
        sent = _request(request, b"".join([part async for part in request.stream]))
        with _as_httpx(module, module.ConnectError, request):
            response = await gateway.send(sent, _timeout(request))
        return _response(module, response, async_stream(response, request))

    getattr(module, sync_name).handle_request = handle_request
    getattr(module, async_name).handle_async_request = handle_async_request


def _init(self: Any, verify: Any = True, cert: Any = None, *args: Any, proxy: Any = None, **options: Any) -> None:
    """Take all that the original takes; pools and protocols are the browser's."""
    if proxy is not None:
        ignored.proxy(getattr(proxy, "url", proxy))
    if verify is False or cert is not None:
        ignored.certificates()


def _streams(gateway: Gateway, module: Any) -> tuple[type, type]:
    class Stream(module.SyncByteStream):  # type: ignore[misc]
        def __init__(self, response: Response, request: Any) -> None:
            self.response, self.request = response, request

        def __iter__(self) -> Iterator[bytes]:
            timeout = _timeout(self.request)
            with _as_httpx(module, module.ReadError, self.request):
                while (chunk := gateway.wait(next_chunk(self.response, timeout))) is not None:
                    yield chunk

        def close(self) -> None:
            self.response.close()

    class AsyncStream(module.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, response: Response, request: Any) -> None:
            self.response, self.request = response, request

        async def __aiter__(self) -> AsyncIterator[bytes]:
            timeout = _timeout(self.request)
            with _as_httpx(module, module.ReadError, self.request):
                while (chunk := await next_chunk(self.response, timeout)) is not None:
                    yield chunk

        async def aclose(self) -> None:
            self.response.close()

    return Stream, AsyncStream


def _request(request: Any, body: bytes) -> Request:
    return Request(request.method, str(request.url).partition("#")[0], request.headers.raw, body)


def _response(module: Any, response: Response, stream: Any) -> Any:
    return module.Response(
        response.status, headers=response.headers, stream=stream, extensions={"http_version": b"HTTP/1.1"}
    )


def _timeout(request: Any) -> float | None:
    """Return the seconds that the other side may be silent: when a connection stands, only the browser knows."""
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    return timeout


@contextmanager
def _as_httpx(module: Any, kind: Any, request: Any) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise module.ReadTimeout(f"{request.url} did not answer in time.", request=request) from error
    except OSError as error:
        raise kind(str(error), request=request) from error
