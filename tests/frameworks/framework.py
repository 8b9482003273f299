"""What is asked of a framework's app, and how both sides answered: records that travel as JSON."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.packing.lock import DependencySet, Lock

FOLDER = Path(__file__).parent
APPS = FOLDER / "apps"
LOCK = FOLDER / "asgi-live.lock.json"
BOUNDARY = "a-boundary-that-is-in-no-file"


@dataclass(frozen=True, slots=True)
class Request:
    """One request, in the order of which an app's requests are made: cookies and state go on.

    `tried` says in the table's words what it shows, nothing if another request says so. `body` is bytes as latin-1.
    `capture` names patterns whose first group is taken from the response's body: `{name}` in later paths, headers
    and bodies stands for it, and in the comparison too. `varies` are patterns of what differs between any two
    responses. `differs` says in the table's words how the browser's response differs from the host's, by the part
    that does: status, url, body, or a header's name.
    """

    method: str
    path: str
    tried: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    capture: Mapping[str, str] = field(default_factory=dict)
    varies: tuple[str, ...] = ()
    differs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """The response that a request led to, redirects followed: header names in lower case, the body as latin-1."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Framework:
    """An app in `apps/`, what it requires, its framework's test client in `clients.py` and what both are asked.

    `packages` are those whose versions the table gives, the framework first; `test_requires` is what the test client
    needs besides, and `tested` is what it takes, if that is not the app;
    `foreign` are the servers that its page asks for what is not shipped; `note` says what a user has to know, as
    reStructuredText.
    """

    title: str
    packages: tuple[str, ...]
    target: str
    requirements: tuple[str, ...]
    client: str
    requests: tuple[Request, ...]
    exclude: tuple[str, ...] = ()
    test_requires: tuple[str, ...] = ()
    tested: str = ""
    path: str = "/"
    foreign: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """The app's name in the documentation, made of its package's: `django_rest_app` gives `django-rest`."""
        return self.target.partition(".")[0].removesuffix("_app").replace("_", "-")

    @property
    def folder(self) -> Path:
        """The app's files."""
        return APPS / self.target.partition(".")[0]

    def locked(self, lock: Lock) -> DependencySet:
        """The app's packages; KeyError if the lock has none."""
        found = lock.get(self.requirements, (*self.exclude, *LiveConfig().exclude))
        if found is None:
            raise KeyError(f"{LOCK} holds nothing for {self.requirements}: run `python -m tests.frameworks`")
        return found

    def task(self) -> str:
        """What `clients.py` is told, as JSON."""
        requests = [asdict(each) for each in self.requests]
        return json.dumps({"client": self.client, "target": self.tested or self.target, "requests": requests})


@cache
def frameworks() -> Mapping[str, Framework]:
    """All that `cases/` declares, by name, in the order of the table."""
    from tests.frameworks import cases

    modules = [
        importlib.import_module(f"{cases.__name__}.{each.name}") for each in pkgutil.iter_modules(cases.__path__)
    ]
    found: list[Framework] = [each for module in modules for each in module.FRAMEWORKS]
    return {each.name: each for each in sorted(found, key=lambda each: each.title.lower())}


def get(path: str, tried: str = "", **more: Any) -> Request:
    """Ask for a page."""
    return Request("GET", path, tried, **more)


def form(
    path: str, fields: Mapping[str, str], tried: str = "", *, headers: Mapping[str, str] | None = None, **more: Any
) -> Request:
    """Send a form as a page does."""
    headers = {"content-type": "application/x-www-form-urlencoded", **(headers or {})}
    # A brace stands for a captured value and is no data.
    return Request("POST", path, tried, headers, urlencode(fields, safe="{}"), **more)


def post_json(
    path: str, data: Any, tried: str = "", *, headers: Mapping[str, str] | None = None, **more: Any
) -> Request:
    """Send JSON."""
    headers = {"content-type": "application/json", **(headers or {})}
    return Request("POST", path, tried, headers, json.dumps(data), **more)


def upload(path: str, size: int, tried: str = "", *, field: str = "file", **more: Any) -> Request:
    """Send a file of `size` bytes, all values of a byte among them, as a multipart form."""
    content = (bytes(range(256)) * (size // 256 + 1))[:size].decode("latin-1")
    part = (
        f'content-disposition: form-data; name="{field}"; filename="tea.bin"\r\ncontent-type: application/octet-stream'
    )
    body = f"--{BOUNDARY}\r\n{part}\r\n\r\n{content}\r\n--{BOUNDARY}--\r\n"
    return Request("POST", path, tried, {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}, body, **more)
