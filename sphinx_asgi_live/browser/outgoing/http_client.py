"""http.client, and with it urllib.request and xmlrpc: a connection gets the gateway for a socket.

https://docs.python.org/3/library/http.client.html
"""

from __future__ import annotations

from typing import Any

from sphinx_asgi_live.browser.outgoing import ignored
from sphinx_asgi_live.browser.outgoing.gateway import Gateway
from sphinx_asgi_live.browser.outgoing.sockets import GatewaySocket
from sphinx_asgi_live.browser.outgoing.wire import origin


def connect(gateway: Gateway, connection: Any, scheme: str) -> GatewaySocket:
    """Return what takes the place of a connection's socket; a proxy is passed by."""
    if connection._tunnel_host:
        ignored.proxy(connection.host)
    host, port = connection._tunnel_host or connection.host, connection._tunnel_port or connection.port
    return GatewaySocket(gateway, origin(scheme, host, port), connection.timeout)


def seam(gateway: Gateway, module: Any) -> None:
    """Connect to the gateway; `module` is http.client."""

    def connect_plain(self: Any) -> None:
        self.sock = connect(gateway, self, "http")

    def connect_tls(self: Any) -> None:
        self.sock = connect(gateway, self, "https")

    module.HTTPConnection.connect = connect_plain
    module.HTTPSConnection.connect = connect_tls
