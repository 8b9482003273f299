"""urllib3's own way out of a browser, which is left out.

It goes by XMLHttpRequest, which a service worker lacks, or by a fetch that knows neither cookies nor chunked
bodies. https://urllib3.readthedocs.io/en/stable/reference/contrib/emscripten.html
"""

from __future__ import annotations

from typing import Any

from sphinx_asgi_live.browser.outgoing.gateway import Gateway


def seam(gateway: Gateway, module: Any) -> None:
    """Let urllib3 keep its connections; `module` is urllib3.contrib.emscripten, asked at the end of its import."""
    module.inject_into_urllib3 = lambda: None
