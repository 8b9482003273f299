"""Two responses to one request, made comparable by the few rules below, and what differs between them all the same.

Not compared, and the documentation says so: `date` and `server`, which are a server's own and so missing here;
`set-cookie`, which no page ever sees, but what the cookies do; `x-frame-options`, which the worker drops so that the
documentation can show the app; the values of `etag`, `expires` and `last-modified`, which come from a clock;
`content-length` as long as it is right, since test clients add it where the app does not. A redirect is compared by
where it leads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from tests.frameworks.framework import Answer, Request

NOT_COMPARED = frozenset({"date", "server", "set-cookie", "x-frame-options"})
OF_THE_TIME = frozenset({"etag", "expires", "last-modified"})
VARIES = "{varies}"
UNORDERED = frozenset({"access-control-allow-headers", "access-control-allow-methods", "allow", "vary"})
"""Lists whose order says nothing, and which some frameworks make of sets."""


def differences(request: Request, live: Answer, host: Answer) -> dict[str, str]:
    """What differs between two normal answers, by part: status, url, body or a header's name; both values in words."""
    names = sorted((live.headers.keys() | host.headers.keys()) - NOT_COMPARED)
    parts = [(name, live.headers.get(name), host.headers.get(name)) for name in names]
    parts += [
        ("status", str(live.status), str(host.status)),
        ("url", live.url, host.url),
        ("body", live.body, host.body),
    ]
    where = f"{request.method} {request.path}"
    return {
        part: f"{where}: {part} in the browser {_shown(ours, theirs)}, on the host {_shown(theirs, ours)}"
        for part, ours, theirs in parts
        if ours != theirs
    }


def normal(answer: Answer, request: Request, root: str, captured: Mapping[str, str]) -> Answer:
    """The answer with addresses from the app's `root` on, and a word in braces for what no two answers have in common.

    `root` is absolute, without a slash at its end: both sides have one of their own.
    """

    def common(text: str) -> str:
        text = _without_root(text, root)
        for name, value in captured.items():
            text = text.replace(value, f"{{{name}}}")
        for pattern in request.varies:
            text = re.sub(pattern, VARIES, text)
        return text

    headers = {name: _normal_header(name, common(value)) for name, value in answer.headers.items()}
    body = "" if request.method == "HEAD" else answer.body  # some test clients let it through
    if request.method == "HEAD" or answer.headers.get("content-length") == str(len(body)):
        headers.pop("content-length", None)
    return replace(answer, url=common(answer.url), headers=headers, body=common(body))


def _without_root(text: str, root: str) -> str:
    parts = urlsplit(root)
    for prefix in filter(None, (root, f"{parts.scheme}://{parts.netloc}", parts.path)):
        text = text.replace(f"{prefix}/", "/").replace(prefix, "/")
    return text.replace(parts.netloc, "{host}")


def _normal_header(name: str, value: str) -> str:
    if name in OF_THE_TIME:
        return VARIES
    return ", ".join(sorted(part.strip() for part in value.split(","))) if name in UNORDERED else value


def _shown(text: str | None, other: str | None) -> str:
    """A text, or from its first difference on."""
    if text is None:
        return "missing"
    start = next((at for at, (a, b) in enumerate(zip(text, other or "", strict=False)) if a != b), 0)
    return repr(text[max(0, start - 40) : start + 160])
