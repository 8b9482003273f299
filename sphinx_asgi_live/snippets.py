"""A request as code that sends it: for curl, httpx, requests and fetch."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sphinx_asgi_live.spec import RequestSpec

WIDTH = 60
"""Characters of a value that stay on one line."""
FORM = "application/x-www-form-urlencoded"
WITH_BODY = ("patch", "post", "put")
SHORTCUTS = (*WITH_BODY, "delete", "get", "head", "options")
"""Methods that httpx and requests have functions for, some of which take a body."""


def snippets(request: RequestSpec, base: str) -> Iterator[tuple[str, str, str]]:
    """Yield the way's name, its language as Pygments calls it, and code, for each way that can send this request.

    `base` is the address of a server, without a slash at its end.
    """
    yield "curl", "bash", _curl(request, base)
    yield "httpx", "python", _python("httpx", request, base)
    yield "requests", "python", _python("requests", request, base)
    if not request.body or request.method not in ("GET", "HEAD"):
        yield "fetch", "javascript", _fetch(request, base)


def _sent_body(request: RequestSpec) -> str:
    """Return the body as it is sent, CR LF between the lines of a multipart one; `call.js` has the same."""
    if request.media_type.startswith("multipart/"):
        return request.body.replace("\n", "\r\n") + "\r\n"
    return request.body


def _curl(request: RequestSpec, base: str) -> str:
    body = _sent_body(request)
    # Left to itself, curl says GET, or POST with a body.
    implied = request.method == ("POST" if body else "GET")
    method = "--head" if request.method == "HEAD" else f"--request {shlex.quote(request.method)}"
    parts = [" ".join(["curl", *([] if implied else [method]), shlex.quote(base + request.target)])]
    parts += [f"--header {shlex.quote(_curl_header(*each))}" for each in request.headers]
    if body:
        if not request.media_type:
            parts.append("--header 'Content-Type:'")
        parts.append(f"--data-raw {_shell(body)}")
    return " \\\n  ".join(parts)


def _curl_header(name: str, value: str) -> str:
    # With a colon and nothing behind it, curl would leave the header out.
    return f"{name}: {value}" if value else f"{name};"


def _shell(value: str) -> str:
    if "\r" not in value:
        return shlex.quote(value)
    escapes = {"\\": r"\\", "'": r"\'", "\r": r"\r", "\n": r"\n"}
    return "$'" + "".join(escapes.get(each, each) for each in value) + "'"


def _python(library: str, request: RequestSpec, base: str) -> str:
    method = request.method.lower()
    has_function = method in (WITH_BODY if request.body else SHORTCUTS)
    arguments = [] if has_function else [_literal(request.method)]
    arguments.append(_literal(base + request.target))
    tells_type, body = _python_body(library, request)
    headers = [each for each in request.headers if not (tells_type and each[0].lower() == "content-type")]
    if headers:
        arguments.append(f"headers={_literal(_header_argument(library, headers))}")
    arguments += body
    call = f"{library}.{method if has_function else 'request'}"
    written = f"({', '.join(arguments)})"
    if len(arguments) > 1 + (not has_function):
        written = "(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
    return f"import {library}\n\nresponse = {call}{written}\nprint(response.status_code, response.text)"


def _python_body(library: str, request: RequestSpec) -> tuple[bool, list[str]]:
    """Return whether the library itself tells the body's type, and the argument for the body if there is one."""
    if not request.body:
        return False, []
    if request.is_json and (value := _faithful(request.body)) is not None:
        return request.media_type == "application/json", [f"json={_literal(value)}"]
    if request.media_type == FORM:
        pairs = parse_qsl(request.body, keep_blank_values=True)
        if urlencode(pairs) == request.body and len(dict(pairs)) == len(pairs):
            return True, [f"data={_literal(dict(pairs))}"]
    return False, [f"{'content' if library == 'httpx' else 'data'}={_literal(_sent_body(request))}.encode()"]


def _header_argument(library: str, headers: list[tuple[str, str]]) -> object:
    names = [name.lower() for name, _ in headers]
    if len(set(names)) == len(names):
        return dict(headers)
    if library == "httpx":
        return headers
    # requests takes no more than one of a name; a list in one header says the same.
    return {name: ", ".join(value for each, value in headers if each.lower() == name) for name in names}


def _fetch(request: RequestSpec, base: str) -> str:
    options = [] if request.method == "GET" else [f"method: {_literal(request.method)}"]
    if request.headers:
        names = {name.lower() for name, _ in request.headers}
        headers = dict(request.headers) if len(names) == len(request.headers) else request.headers
        options.append(f"headers: {json.dumps(headers, ensure_ascii=False)}")
    if request.is_json and _faithful(request.body) is not None:
        options.append(f"body: JSON.stringify({_indented(_faithful(request.body), '  ')})")
    elif request.body:
        text = json.dumps(_sent_body(request), ensure_ascii=False)
        # Of text that has no type, fetch says that it is text/plain.
        options.append(f"body: {text}" if request.media_type else f"body: new TextEncoder().encode({text})")
    url = json.dumps(base + request.target)
    given = ", {\n" + "".join(f"  {each},\n" for each in options) + "}" if options else ""
    return f"const response = await fetch({url}{given});\nconsole.log(response.status, await response.text());"


def _indented(value: object, indent: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    return flat if len(flat) <= WIDTH else json.dumps(value, ensure_ascii=False, indent=2).replace("\n", f"\n{indent}")


def _faithful(body: str) -> Any:
    """Return the value of JSON if writing it anew says the same, else None."""
    try:
        value = json.loads(body, object_pairs_hook=_without_repeats) if body else None
        json.dumps(value, allow_nan=False)
    except ValueError:
        return None
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("one key has two values")
    return dict(pairs)


def _literal(value: object, indent: str = "    ") -> str:
    """Return Python for what JSON can hold, with double quotes and, where it is long, a line for each item."""
    flat = _flat(value)
    if len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    deeper = indent + "    "
    if isinstance(value, dict):
        items = [f"{_flat(key)}: {_literal(item, deeper)}" for key, item in value.items()]
        return "{\n" + "".join(f"{deeper}{item},\n" for item in items) + indent + "}"
    return "[\n" + "".join(f"{deeper}{_literal(item, deeper)},\n" for item in value) + indent + "]"


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(key)}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        inside = ", ".join(map(_flat, value))
        return f"({inside})" if isinstance(value, tuple) else f"[{inside}]"
    # JSON's escapes are Python's as well.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
