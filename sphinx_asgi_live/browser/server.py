"""The app with what all its scopes have in common, and the jar of its cookies."""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sphinx_asgi_live.browser.asgi import http_scope
from sphinx_asgi_live.browser.cookies import Jar, Site, is_trustworthy
from sphinx_asgi_live.browser.messages import ASGIApp, Headers, Scope

CLIENT = ("127.0.0.1", 0)
"""A reader has no address: the app runs where the reader is."""


class Server:
    """One app at one place; `state` is what its lifespan left, `root` and `origin` are where its pages are."""

    def __init__(self, app: ASGIApp, state: dict[str, Any], mounted: bool, root: str, origin: str) -> None:
        parts = urlsplit(origin)
        self.app = app
        self.state = state
        self.mounted = mounted
        self.root = root
        self.scheme = parts.scheme
        self.address = _address(parts)
        host = self.address[0]
        self.secure = is_trustworthy(parts.scheme, host)
        self.jar = Jar(host, root)
        self.jar_kept = 0
        """The jar's `changes` when the worker last got its dump."""

    def scope(self, method: str, path: str, query: str, headers: Headers, base: str | None = None) -> Scope:
        """Describe a request to the app; with a `base` as a server at that address gets it, for a path of the app."""
        place = self.everywhere()
        if base:
            parts = urlsplit(base)
            place |= {"root_path": parts.path, "scheme": parts.scheme, "server": _address(parts)}
            path = parts.path + path
        return http_scope(method=method, url_path=path, query=query, headers=headers, **place)

    def everywhere(self) -> dict[str, Any]:
        """What all scopes have."""
        return {
            "root_path": self.root,
            "scheme": self.scheme,
            "server": self.address,
            "client": CLIENT,
            "state": self.state,
            "mounted": self.mounted,
        }

    def store_cookies(self, headers: Headers, path: str) -> None:
        """Put the cookies of a response to `path` into the jar, which no browser does for a worker's."""
        for name, value in headers:
            if name == b"set-cookie":
                self.store_cookie(value, path)

    def store_cookie(self, set_cookie: bytes, path: str, from_script: bool = False) -> None:
        """Put a cookie into the jar; say in the browser's console why, if it is refused."""
        problem = self.jar.store(set_cookie, path=path, secure=self.secure, now=time.time(), from_script=from_script)
        if problem:
            print(problem, file=sys.stderr)  # noqa: T201

    def cookie_header(self, path: str, site: Site) -> Headers:
        """Return a request's `cookie` header, if it has one."""
        value = self.jar.header(path=path, secure=self.secure, now=time.time(), site=site)
        return [] if value is None else [(b"cookie", value)]

    def visible_cookies(self, path: str) -> str:
        """Return what `document.cookie` is in the page at `path`."""
        return self.jar.visible_to_script(path, self.secure, time.time())

    def cookies_to_keep(self) -> str | None:
        """Return the dump of the jar if the worker has an older one."""
        if self.jar.changes == self.jar_kept:
            return None
        self.jar_kept = self.jar.changes
        return self.jar.dump()


def _address(parts: SplitResult) -> tuple[str, int]:
    return parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 80)
