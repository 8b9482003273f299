"""What most apps here are asked: each is the same small book of notes, written as its framework's manual does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.frameworks.framework import Request, form, get, upload

UPLOADED = 3 * 2**20
"""Bytes: more than any framework here keeps in memory, so that its temporary files are tried too."""

OUR_500 = {"body": "an exception shows the reader its traceback", "cache-control": ""}
"""What a framework's bare page for an exception becomes, for `Request.differs`."""

REQUESTS: Mapping[str, Request] = {
    "page": get("/", "templates"),
    "head": Request("HEAD", "/", "``HEAD``"),
    "form": form("/notes", {"text": "Tea & <cake>, trés bon"}, "a form answered by a redirect"),
    "note": get("/notes/1", "JSON"),
    "query": get("/notes/2?shout=%C3%A9+%26", "query strings"),
    "missing": get("/notes/99", "an HTTP error"),
    "nowhere": get("/no/such/page", "an unknown path"),
    "method": Request("DELETE", "/notes", "a method that is not allowed"),
    "login": form("/login", {"name": "ada"}, "sessions"),
    "whoami": get("/whoami"),
    "logout": form("/logout", {}),
    "upload": upload("/upload", UPLOADED, "an upload of 3 MB"),
    "lines": get("/lines", "a streamed response"),
    "style": get("/static/style.css", "static files"),
    "unmodified": Request("GET", "/static/style.css", "", {"if-none-match": "*"}),
    "sync": get("/sync", "a ``def`` handler"),
    "async": get("/async", "an ``async def`` handler"),
}


def notes(*, without: tuple[str, ...] = (), **changes: Mapping[str, Any]) -> tuple[Request, ...]:
    """The requests, but those named in `without`, and with these changes of others."""
    return tuple(replace(each, **changes.get(key, {})) for key, each in REQUESTS.items() if key not in without)
