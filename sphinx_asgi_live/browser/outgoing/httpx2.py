"""httpx2 in a browser, whose default transports are in a package of their own, httpx2-jsfetch."""

from __future__ import annotations

from typing import Any

from sphinx_asgi_live.browser.outgoing import httpx
from sphinx_asgi_live.browser.outgoing.gateway import Gateway


def seam(gateway: Gateway, module: Any) -> None:
    """Send to the gateway: redirects, the app itself and messages of refusals are beyond the package's own."""
    httpx.seam(gateway, module, "JavascriptFetchTransport", "AsyncJavascriptFetchTransport")
