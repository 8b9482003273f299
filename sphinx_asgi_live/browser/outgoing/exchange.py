"""One outgoing request and its response, as clients, gateway and network pass them on, and what can go wrong.

Errors are OSErrors, as sockets raise them, so that each client wraps them as it always does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from sphinx_asgi_live.browser.messages import Headers

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request; `url` is absolute and has no fragment, names of headers are in any case."""

    method: str
    url: str
    headers: Headers
    body: bytes = b""


class Response(Protocol):
    """A response whose head has come; `url` is where it comes from, after all redirects."""

    status: int
    headers: Headers
    url: str

    async def read(self) -> bytes | None:
        """Return the next chunk of the body, never an empty one, or None at its end; raise `Broken`."""

    def close(self) -> None:
        """Let go of a body that nobody reads to its end."""


class Network(Protocol):
    """What reaches other servers."""

    async def fetch(self, request: Request) -> Response:
        """Send a request, follow redirects and decode the body, as a browser's fetch does; raise `Refused`."""


class Waiter(Protocol):
    """What synchronous code waits by."""

    def __call__(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine of the event loop to its end while everything else goes on; raise `CannotWait`."""


class Refused(ConnectionError):
    """There is no response: the network, the browser or the other server does not let the request through."""


class Broken(ConnectionError):
    """The response broke off in its body."""


class CannotWait(RuntimeError):
    """Synchronous code cannot wait here.

    No OSError: for a client that would look like the other server's fault, and it would try again.
    """


async def next_chunk(response: Response, timeout: float | None) -> bytes | None:
    """Read from a response; raise TimeoutError after so many seconds of silence."""
    async with asyncio.timeout(timeout):
        return await response.read()


def reason(status: int) -> str:
    """Return the phrase that goes with a status, empty for an unknown one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
