"""Where every outgoing request passes, whichever client sends it: into the app itself, or to the network.

Invariant: what a client gets looks as if it had spoken to the server itself, one redirect at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from sphinx_asgi_live.browser.asgi import is_below
from sphinx_asgi_live.browser.messages import Headers
from sphinx_asgi_live.browser.outgoing.exchange import Network, Refused, Request, Response, Waiter

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})
"""Where an app that is being written calls itself, on whatever port."""

# What clients send of their own accord and the browser sends in its own way. `user-agent` could be set, in some
# browsers, but at the price of a preflight that many servers refuse.
SENT_BY_CLIENTS = frozenset(
    b"accept-encoding connection content-length expect host keep-alive te transfer-encoding user-agent".split()
)

# What a browser lets nobody set: https://fetch.spec.whatwg.org/#forbidden-request-header
FORBIDDEN = frozenset(
    b"accept-charset access-control-request-headers access-control-request-method access-control-request-"
    b"private-network cookie cookie2 date dnt origin referer set-cookie trailer upgrade via".split()
)
FORBIDDEN_PREFIXES = (b"proxy-", b"sec-")

# Of the connection and the coding, which the browser has dealt with. `content-length` is that of the coded body.
OF_THE_WIRE = frozenset({b"connection", b"content-encoding", b"keep-alive", b"transfer-encoding"})

PATIENCE = 10.0
"""Seconds that a response waits for the client to follow the redirect to it."""

log = logging.getLogger("sphinx_asgi_live.outgoing")


@dataclass(slots=True)
class Redirect:
    """The redirect that the browser followed by itself and shows no more of than where it led."""

    status: int
    headers: Headers
    url: str

    async def read(self) -> bytes | None:
        """Return the end of a body that is empty."""
        return None

    def close(self) -> None:
        """Do nothing."""


@dataclass
class Gateway:
    """Sends requests; `root` is the app's path, percent-encoded, and `app` what answers the requests to it.

    Synchronous clients call `gateway.wait(gateway.send(...))`.
    """

    network: Network
    wait: Waiter
    app: Callable[[Request], Awaitable[Response]]
    origin: str
    root: str
    own_hosts: frozenset[str] = LOOPBACK
    held: dict[str, Response] = field(default_factory=dict)
    told: set[bytes] = field(default_factory=set)

    async def send(self, request: Request, timeout: float | None = None) -> Response:
        """Return the response once its head is there; raise `Refused`, or TimeoutError after `timeout` seconds."""
        async with asyncio.timeout(timeout):
            if self.is_own(request.url):
                return await self.app(request)
            if (held := self.held.pop(_key(request.url), None)) is not None:
                return held
            return await self._fetch(request)

    def is_own(self, url: str) -> bool:
        """Whether a URL is the app's: below its root, or on this machine, as where it was written."""
        parts = urlsplit(url)
        if parts.hostname in self.own_hosts:
            return True
        return f"{parts.scheme}://{parts.netloc}" == self.origin and is_below(self.root, parts.path)

    async def _fetch(self, request: Request) -> Response:
        scheme = urlsplit(request.url).scheme
        if scheme not in ("http", "https"):
            raise Refused(f"{request.url} cannot be fetched: a browser speaks HTTP, not {scheme}.")
        if request.body and request.method in ("GET", "HEAD"):
            raise Refused(f"{request.url}: a browser sends no body with {request.method}. Send it with POST.")
        headers = [header for header in request.headers if self._passes(header[0].lower())]
        response = await self.network.fetch(Request(request.method, request.url, headers, request.body))
        dropped = OF_THE_WIRE if request.method == "HEAD" else OF_THE_WIRE | {b"content-length"}
        response.headers = [header for header in response.headers if header[0] not in dropped]
        if _key(response.url) == _key(request.url):
            return response
        self._hold(response)
        # Whatever the real status was, the browser has repeated the method or not; the client only comes for the end.
        status = 302 if request.method in ("GET", "HEAD") else 303
        return Redirect(status, [(b"location", response.url.encode()), (b"content-length", b"0")], request.url)

    def _passes(self, name: bytes) -> bool:
        if name in SENT_BY_CLIENTS:
            return False
        if name not in FORBIDDEN and not name.startswith(FORBIDDEN_PREFIXES):
            return True
        if name not in self.told:
            self.told.add(name)
            log.warning("The header %r is not sent: a browser lets nobody set it.", name.decode("latin-1"))
        return False

    def _hold(self, response: Response) -> None:
        key = _key(response.url)
        self._drop(key, self.held.get(key))
        self.held[key] = response
        asyncio.get_running_loop().call_later(PATIENCE, self._drop, key, response)

    def _drop(self, key: str, response: Response | None) -> None:
        if response is not None and self.held.get(key) is response:
            del self.held[key]
            response.close()


def _key(url: str) -> str:
    """Return what two spellings of a URL have in common: clients spell the target of a redirect in their own way."""
    parts = urlsplit(url)
    return unquote(f"{parts.scheme}://{parts.netloc.lower()}{parts.path or '/'}?{parts.query}")
