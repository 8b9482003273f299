"""All sockets that an app may try to connect: a browser opens none, and the error should say so."""

from __future__ import annotations

import socket
from typing import Any


def refuse_sockets(loop_type: Any) -> None:
    """Let whatever connects a socket, or asks an event loop of that type to, raise OSError with the reason."""
    loop_type.create_connection = _refuse_later
    loop_type.create_unix_connection = _refuse_later
    loop_type.create_datagram_endpoint = _refuse_later
    plain: Any = socket.socket
    plain.connect = plain.connect_ex = lambda self, address: _refuse(address)
    plain.sendto = lambda self, *args: _refuse(args[-1])
    module: Any = socket
    module.create_connection = lambda address, *args, **options: _refuse(address)


async def _refuse_later(loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> None:
    if host is None:
        _refuse(options.get("path") or options.get("remote_addr") or "another process")
    _refuse(host if port is None else (host, port))


def _refuse(address: Any) -> None:
    named = f"{address[0]}:{address[1]}" if isinstance(address, tuple) and len(address) >= 2 else address
    raise OSError(
        f"No connection to {named}: a browser opens no sockets. For HTTP use urllib, requests, urllib3, httpx or "
        "aiohttp, which go through its fetch; as a database, SQLite."
    )
