"""The browser's fetch as the gateway's network; with the package's other `bridge` the only one to import `js`."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from sphinx_asgi_live.browser.messages import Headers
from sphinx_asgi_live.browser.outgoing.exchange import Broken, CannotWait, Refused, Request, Result

SIMPLE_HEADERS = frozenset({b"accept", b"accept-language", b"content-language", b"range"})
"""What needs no leave of the other server: https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""


refused_waits = 0
"""How many synchronous requests could not be waited for."""


def wait(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Suspend the stack until the coroutine is done: https://pyodide.org/en/stable/usage/api/python-api/ffi.html."""
    global refused_waits
    from pyodide.ffi import can_run_sync, run_sync

    if can_run_sync():
        result: Result = run_sync(coroutine)
        return result
    refused_waits += 1
    coroutine.close()
    raise CannotWait(
        "A synchronous request cannot be waited for here: that takes JavaScript Promise Integration (JSPI), and this "
        "browser has none, or this call does not come from a request to the app. Use `await` in an `async def`, with "
        "httpx.AsyncClient or aiohttp."
    )


class BrowserNetwork:
    """Sends requests by fetch; `origin` is where the app runs, which other servers have to allow."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    async def fetch(self, request: Request) -> BrowserResponse:
        """Send a request; whatever the browser says against it becomes `Refused`."""
        from js import AbortController, Object, fetch
        from pyodide.ffi import JsException, to_js

        controller = AbortController.new()
        headers = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.headers]
        options = {
            "method": request.method,
            "headers": headers,
            "body": request.body or None,
            # As for any client of a server: what the reader's browser has cached is not asked.
            "cache": "no-store",
            "signal": controller.signal,
        }
        try:
            given = {name: value for name, value in options.items() if value is not None}
            answer = await fetch(request.url, to_js(given, dict_converter=Object.fromEntries))
        except JsException as error:
            raise Refused(self._refusal(request, error.message)) from None
        except asyncio.CancelledError:
            controller.abort()
            raise
        return BrowserResponse(answer, controller)

    def _refusal(self, request: Request, words: str) -> str:
        told = f"The browser did not fetch {request.url} ({words.rstrip('.')})."
        if self.origin.startswith("https:") and request.url.startswith("http:"):
            return f"{told} From a page with https it loads nothing by http: use https."
        special = sorted({name.decode("latin-1") for name, _ in request.headers if name.lower() not in SIMPLE_HEADERS})
        allow = f" and Access-Control-Allow-Headers for {', '.join(special)}" if special else ""
        return (
            f"{told} Either the server cannot be reached, or, as is likely, it does not let pages of {self.origin} ask "
            f"(CORS): it has to answer with Access-Control-Allow-Origin{allow}, or something has to stand in for it."
        )


class BrowserResponse:
    """A response of fetch whose head has come."""

    def __init__(self, answer: Any, controller: Any) -> None:
        self.status: int = answer.status
        self.headers: Headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.entries()
        ]
        self.url: str = answer.url
        self.controller = controller
        self.reader = answer.body.getReader() if answer.body else None

    async def read(self) -> bytes | None:
        """Return the next chunk."""
        from pyodide.ffi import JsException

        while self.reader is not None:
            try:
                piece = await self.reader.read()
            except JsException as error:
                raise Broken(f"The response of {self.url} broke off ({error.message}).") from None
            if piece.done:
                self.reader = None
            elif chunk := piece.value.to_bytes():
                content: bytes = chunk
                return content
        return None

    def close(self) -> None:
        """Abort what is still to come."""
        if self.reader is not None:
            self.reader = None
            with suppress(Exception):  # it may be over already
                self.controller.abort()
