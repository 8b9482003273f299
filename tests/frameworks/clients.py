"""Asks an app by its framework's own test client; runs in an environment that holds that framework and no more.

A task comes as JSON on standard input, `Framework.task`; the answers go as JSON to standard output. Redirects are
followed as browsers do it, and of cookies each client takes care itself.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.cookies import SimpleCookie
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

HOST = "testserver"
ORIGIN = f"http://{HOST}"

Reply: TypeAlias = tuple[int, Iterable[tuple[str, str]], bytes]
"""Status, headers and body."""

Send: TypeAlias = Callable[[str, str, dict[str, str], bytes], Reply]
"""Sends method, path with query, headers and body."""


def _httpx(client: Any) -> Send:
    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        # A worker does not see what codings its browser takes.
        headers = {"accept-encoding": "identity", **headers}
        response = client.request(method, path, headers=headers, content=body, follow_redirects=False)
        return response.status_code, response.headers.multi_items(), response.content

    return send


@contextmanager
def starlette(app: Any) -> Iterator[Send]:
    """https://www.starlette.io/testclient/"""
    from starlette.testclient import TestClient

    with TestClient(app, ORIGIN, raise_server_exceptions=False) as client:
        yield _httpx(client)


@contextmanager
def starlette_without_lifespan(app: Any) -> Iterator[Send]:
    """For apps that know nothing of it."""
    from starlette.testclient import TestClient

    yield _httpx(TestClient(app, ORIGIN, raise_server_exceptions=False))


@contextmanager
def werkzeug(app: Any) -> Iterator[Send]:
    """https://flask.palletsprojects.com/en/stable/testing/"""
    client = app.test_client()

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        response = client.open(path, base_url=ORIGIN, method=method, headers=headers, data=body)
        return response.status_code, list(response.headers), response.data

    yield send


@contextmanager
def litestar(app: Any) -> Iterator[Send]:
    """https://docs.litestar.dev/latest/usage/testing.html"""
    from litestar.testing import TestClient

    with TestClient(app, ORIGIN, raise_server_exceptions=False) as client:
        yield _httpx(client)


@contextmanager
def connexion(app: Any) -> Iterator[Send]:
    """https://connexion.readthedocs.io/en/latest/testing.html"""
    with app.test_client(base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield _httpx(client)


@contextmanager
def webtest(app: Any) -> Iterator[Send]:
    """https://bottlepy.org/docs/dev/recipes.html#functional-testing-bottle-applications"""
    from webtest import TestApp

    app.catchall = True
    client = TestApp(app, lint=False)

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        headers = {"host": HOST, **headers}
        response = client.request(path, method=method, headers=headers, body=body, expect_errors=True)
        return response.status_code, response.headerlist, response.body

    yield send


@contextmanager
def quart(app: Any) -> Iterator[Send]:
    """https://quart.palletsprojects.com/en/latest/how_to_guides/testing/"""
    client = app.test_client()
    with asyncio.Runner() as runner:

        def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
            asked = client.open(path, method=method, headers={"host": HOST, **headers}, data=body)
            response = runner.run(asked)
            return response.status_code, list(response.headers), runner.run(response.get_data())

        runner.run(app.startup())
        yield send
        runner.run(app.shutdown())


@contextmanager
def falcon(app: Any) -> Iterator[Send]:
    """https://falcon.readthedocs.io/en/stable/api/testing.html"""
    from falcon.testing import TestClient

    client, jar = TestClient(app), Jar()

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        path, _, query = path.partition("?")
        sent = {**headers, **jar.sent()}
        asked = {"headers": sent, "body": body, "query_string": query, "host": HOST}
        response = client.simulate_request(method, path, **asked)
        pairs = response.headers.items()
        jar.received(f"{name}={cookie.value}" for name, cookie in response.cookies.items())
        return response.status_code, pairs, response.content

    yield send


@contextmanager
def blacksheep(app: Any) -> Iterator[Send]:
    """https://www.neoteroi.dev/blacksheep/testing/"""
    from blacksheep.contents import StreamedContent
    from blacksheep.testing import TestClient

    jar = Jar()
    with asyncio.Runner() as runner:
        runner.run(app.start())
        client = TestClient(app)

        async def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
            path, _, query = path.partition("?")
            sent = {**headers, **jar.sent(), "host": HOST}
            kind = headers.get("content-type", "").encode()

            async def chunks() -> AsyncIterator[bytes]:
                yield body

            content = {"content": StreamedContent(kind, chunks)} if body else {}
            response = await getattr(client, method.lower())(path, headers=sent, query=query.encode(), **content)
            jar.received(cookie.decode() for cookie in response.headers.get(b"set-cookie"))
            pairs = [(name.decode(), value.decode("latin-1")) for name, value in response.headers]
            return response.status, pairs, await response.read() or b""

        yield lambda *request: runner.run(answer(*request))
        runner.run(app.stop())


@contextmanager
def datasette(app: Any) -> Iterator[Send]:
    """https://docs.datasette.io/en/stable/testing_plugins.html"""
    with asyncio.Runner() as runner:

        async def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
            response = await app.client.request(method, path, headers={"host": HOST, **headers}, content=body)
            return response.status_code, response.headers.multi_items(), response.content

        runner.run(app.invoke_startup())
        yield lambda *request: runner.run(answer(*request))


@contextmanager
def django(app: Any) -> Iterator[Send]:
    """https://docs.djangoproject.com/en/stable/topics/testing/tools/"""
    from django.test import AsyncClient

    client = AsyncClient(enforce_csrf_checks=True, raise_request_exception=False)
    with asyncio.Runner() as runner:

        async def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
            kind = headers.pop("content-type", "application/octet-stream")
            response = await client.generic(method, path, body, kind, headers=headers)
            content = b"".join([chunk async for chunk in response]) if response.streaming else response.content
            return response.status_code, list(response.items()), content

        yield lambda *request: runner.run(answer(*request))


@contextmanager
def drf(app: Any) -> Iterator[Send]:
    """https://www.django-rest-framework.org/api-guide/testing/"""
    from rest_framework.test import APIClient

    client = APIClient(enforce_csrf_checks=True, raise_request_exception=False)

    def send(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        kind = headers.pop("content-type", "application/octet-stream")
        response = client.generic(method, path, body, kind, headers=headers)
        return response.status_code, list(response.items()), response.content

    yield send


@contextmanager
def channels(app: Any) -> Iterator[Send]:
    """https://channels.readthedocs.io/en/stable/topics/testing.html"""
    from channels.testing import HttpCommunicator

    with asyncio.Runner() as runner:

        async def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
            sent = [(name.encode(), value.encode()) for name, value in headers.items()]
            response = await HttpCommunicator(app, method, path, body, sent).get_response()
            pairs = [(name.decode(), value.decode("latin-1")) for name, value in response["headers"]]
            return response["status"], pairs, response["body"]

        yield lambda *request: runner.run(answer(*request))


class Jar:
    """Keeps cookies for the clients that do not."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}

    def sent(self) -> dict[str, str]:
        """The header to send."""
        pairs = [f"{name}={value}" for name, value in self.cookies.items() if value]
        return {"cookie": "; ".join(pairs)} if pairs else {}

    def received(self, set_cookies: Iterable[str]) -> None:
        """Take what an app set."""
        for each in set_cookies:
            self.cookies |= {name: morsel.coded_value for name, morsel in SimpleCookie(each).items()}


CLIENTS: dict[str, Callable[[Any], AbstractContextManager[Send]]] = {
    each.__name__: each
    for each in (
        blacksheep,
        channels,
        connexion,
        datasette,
        django,
        drf,
        falcon,
        litestar,
        quart,
        starlette,
        starlette_without_lifespan,
        webtest,
        werkzeug,
    )
}


def ask(send: Send, request: dict[str, Any], captured: dict[str, str]) -> dict[str, Any]:
    """Make a request and return where it led to."""

    def filled(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: captured.get(found[1], found[0]), text)

    method, url, body = request["method"], urljoin(ORIGIN, filled(request["path"])), filled(request["body"])
    headers = {name: filled(value) for name, value in request["headers"].items()}
    if method not in ("GET", "HEAD"):
        headers["origin"] = ORIGIN  # as browsers do
    while True:
        path = urlsplit(url)._replace(scheme="", netloc="", fragment="").geturl()
        status, pairs, content = send(method, path, headers, body.encode("latin-1"))
        received: dict[str, str] = {}
        for name, value in pairs:
            name = name.lower()
            received[name] = f"{received[name]}, {value}" if name in received else value
        if status not in (301, 302, 303, 307, 308) or "location" not in received:
            break
        url = urljoin(url, received["location"])
        # https://fetch.spec.whatwg.org/#concept-http-redirect-fetch
        if method != "HEAD" and (status == 303 or (status in (301, 302) and method == "POST")):
            method, headers, body = "GET", {}, ""
    text = content.decode("latin-1")
    for name, pattern in request["capture"].items():
        if found := re.search(pattern, text):
            captured[name] = found[1]
    return {"status": status, "url": url, "headers": received, "body": text}


def main() -> None:
    """Do the task."""
    # What the app prints is no part of the answer.
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)
        task = json.load(sys.stdin)
        module, _, attribute = task["target"].partition(":")
        app = getattr(importlib.import_module(module), attribute)
        captured: dict[str, str] = {}
        with CLIENTS[task["client"]](app) as send:
            answers = [ask(send, request, captured) for request in task["requests"]]
        json.dump({"origin": ORIGIN, "answers": answers, "captured": captured}, output)


if __name__ == "__main__":
    main()
