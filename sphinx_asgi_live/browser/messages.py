"""The shapes that an ASGI application and its server exchange, named as in the specification.

https://asgi.readthedocs.io/en/latest/specs/main.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

Headers: TypeAlias = list[tuple[bytes, bytes]]
Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[Any]]

# RFC 9110, section 5: a name is a token; a value has no control character but the tab.
HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE_REFUSED = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def as_bytes(value: Any, what: str) -> bytes:
    """Return a part of a message as bytes; raise TypeError, naming it as `what`, if it is anything else."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    raise TypeError(f"{what} should be bytes, not {type(value).__name__}: {value!r:.80}. Encode it first.")


def checked_header(name: Any, value: Any) -> tuple[bytes, bytes]:
    """Return a response's header with its name in lower case; raise RuntimeError if HTTP cannot carry it."""
    name, value = as_bytes(name, "A header's name"), as_bytes(value, "A header's value")
    if not HEADER_NAME.fullmatch(name):
        raise RuntimeError(f"Invalid HTTP header name: {name!r:.80}.")
    if HEADER_VALUE_REFUSED.search(value):
        raise RuntimeError(f"Invalid HTTP header value: {value!r:.80} (of {name.decode()!r}).")
    return name.lower(), value


def content_length(headers: Headers) -> int | None:
    """Return the number of bytes that the headers promise, None if they promise none; raise RuntimeError for nonsense.

    As in HTTP, a length beside `transfer-encoding: chunked` does not count.
    """
    if any(name == b"transfer-encoding" and value.strip().lower() == b"chunked" for name, value in headers):
        return None
    lengths = [value.strip() for name, value in headers if name == b"content-length"]
    for length in lengths:
        if not length.isdigit():
            raise RuntimeError(f"Invalid HTTP header value: {length!r:.80} (of 'content-length').")
        if int(length) != int(lengths[0]):
            raise RuntimeError(
                f"Invalid HTTP header value: {length!r:.80} (of a second 'content-length', after {lengths[0]!r:.80})."
            )
    return int(lengths[0]) if lengths else None
