"""An HTTP request as authors write it: request line, headers, an empty line, body.

h11 judges each part, one at a time: of a whole request it would not tell the line that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import quote

import h11

from sphinx_asgi_live.spec import RequestSpec, shortened


class Malformed(ValueError):
    """A request cannot be read; `line` counts from 0, and the message names the value and the remedy."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


def parse(lines: Sequence[str]) -> RequestSpec:
    """Read a request; HTTP's version and the headers that tell of the connection may be left out.

    Raises `Malformed`, for a body as well that is no JSON although its content-type says so.
    """
    blank = next((number for number, line in enumerate(lines) if not line.strip()), len(lines))
    method, target = _request_line(lines[0] if blank else "")
    headers = tuple(_header(number, lines[number]) for number in range(1, blank))
    request = RequestSpec(method, target, headers, "\n".join(lines[blank + 1 :]).rstrip("\n"))
    if request.body and request.is_json:
        _check_json(request.body, blank + 1)
    return request


def _request_line(line: str) -> tuple[str, str]:
    method, _, rest = line.strip().partition(" ")
    target, _, version = rest.strip().partition(" ")
    example = "write for example GET /items?page=2"
    if not target or version.strip() not in ("", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3"):
        raise Malformed(0, f"{_quoted(line)} is not a request line; {example}")
    if not target.isascii():
        raise Malformed(0, f"{_quoted(target)} is not percent-encoded; write {quote(target, safe='/?&=%+:@,;!$*()~')}")
    if not target.startswith("/") or "#" in target:
        raise Malformed(0, f"{_quoted(target)} is not a path of the app, with a query if needed; {example}")
    try:
        h11.Request(method=method.upper(), target=target, headers=[("Host", "localhost")])
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise Malformed(0, f"{_quoted(line)} is not a request line: {_reason(error)}; {example}") from None
    return method.upper(), target


def _header(number: int, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name, value = name.rstrip(), value.strip()
    remedy = "write Name: value, and an empty line between the headers and the body"
    if not colon or not name or line[0].isspace():
        raise Malformed(number, f"{_quoted(line)} is not a header; {remedy}")
    try:
        # With another name, as h11 has ideas of its own about how some headers go together.
        h11.Request(method="GET", target="/", headers=[("Host", "localhost"), (f"X-{name}", value)])
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise Malformed(number, f"{_quoted(line)} is not a header: {_reason(error)}; {remedy}") from None
    return name, value


def _check_json(body: str, first: int) -> None:
    try:
        json.loads(body)
    except ValueError as error:
        line = getattr(error, "lineno", 1) - 1
        written = _quoted(body.splitlines()[line].strip()) if body.splitlines()[line:] else "its end"
        told = f"{getattr(error, 'msg', error)} at column {getattr(error, 'colno', 1)}"
        problem = (
            f"the body is not JSON, as its Content-Type says: {told} of {written}; correct it, or the Content-Type"
        )
        raise Malformed(first + line, problem) from None


def _reason(error: Exception) -> str:
    return "it has letters beyond ASCII" if isinstance(error, UnicodeError) else str(error).lower()


def _quoted(value: str) -> str:
    return repr(shortened(value))
