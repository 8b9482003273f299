"""urllib3, and with it requests: its connections are those of http.client.

https://urllib3.readthedocs.io/en/stable/reference/urllib3.connection.html
"""

from __future__ import annotations

import ssl
from typing import Any

from sphinx_asgi_live.browser.outgoing import ignored
from sphinx_asgi_live.browser.outgoing.gateway import Gateway
from sphinx_asgi_live.browser.outgoing.http_client import connect


def seam(gateway: Gateway, module: Any) -> None:
    """Connect to the gateway; `module` is urllib3.connection."""

    def connect_plain(self: Any) -> None:
        if self.proxy:
            ignored.proxy(self.proxy)
        self.sock = connect(gateway, self, "http")

    def connect_tls(self: Any) -> None:
        if self.cert_reqs in (ssl.CERT_NONE, "CERT_NONE") or self.cert_file:
            ignored.certificates()
        self.sock = connect(gateway, self, "https")
        self.is_verified = True  # else urllib3 warns at each request

    module.HTTPConnection.connect = connect_plain
    module.HTTPSConnection.connect = connect_tls
