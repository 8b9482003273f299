"""The HTTP requests that an app sends itself: through the browser's fetch, or straight back into the app.

One seam for each family of clients, applied as its package is first imported; the gateway behind them is one.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from sphinx_asgi_live.browser.importhook import SeamFinder
from sphinx_asgi_live.browser.outgoing.gateway import Gateway

# The module to be changed, and the module here that changes it by its function `seam`.
SEAMS = {
    "aiohttp.connector": "aiohttp",
    "http.client": "http_client",
    "httpx._transports.default": "httpx",
    "httpx2._transports.default": "httpx",
    "httpx2_jsfetch": "httpx2",
    "urllib3.connection": "urllib3",
    "urllib3.contrib.emscripten": "urllib3_emscripten",
}


def install(gateway: Gateway) -> None:
    """Put the seams in place."""
    sys.meta_path.insert(0, SeamFinder(seams(gateway)))


def seams(gateway: Gateway) -> dict[str, Callable[[Any], None]]:
    """Return what changes each module; nothing of it is imported before it is called."""
    return {name: _seam(gateway, own) for name, own in SEAMS.items()}


def _seam(gateway: Gateway, name: str) -> Callable[[Any], None]:
    def seam(module: Any) -> None:
        importlib.import_module(f"{__name__}.{name}").seam(gateway, module)

    return seam
