"""What an app gets to see of a request and what the page gets of its response, over the one running tiny app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import engines, tiny
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.site_server import StaticSite

SEND = """async ([size]) => {
    const sent = new Uint8Array(size).map((_, at) => (at * 31 + (at >> 8)) % 256);
    const response = await fetch("echo", {method: "POST", body: sent});
    const got = new Uint8Array(await response.arrayBuffer());
    return [response.status, got.length, got.every((byte, at) => byte === sent[at])];
}"""
STREAM = """async () => {
    const reader = (await fetch("stream")).body.getReader();
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    const first = await next();
    await fetch("open");
    return [first, await next(), (await reader.read()).done];
}"""
ABORT = """async () => {
    const abort = new AbortController();
    const reader = (await fetch("endless", {signal: abort.signal})).body.getReader();
    await reader.read();
    abort.abort();
    const log = async () => (await fetch("log")).json();
    while (!(await log()).includes("http.disconnect")) await new Promise(requestAnimationFrame);
    return "noticed";
}"""


@pytest.fixture(scope="module")
def tiny_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("http")
    with StaticSite(tiny.build(tiny.tiny_project(folder / "docs"), folder / "out")) as site:
        yield site


@pytest.fixture(scope="module", params=engines.DRIVEN_BY_PLAYWRIGHT)
def echo(request: pytest.FixtureRequest, browsers: Callable[[str], Browser], tiny_site: StaticSite) -> Iterator[Figure]:
    """The app, started once for all tests of this module."""
    proxy: Any = {"server": tiny_site.origin, "bypass": tiny_site.host}
    context = browsers(request.param).new_context(proxy=proxy)
    console = Console()
    console.listen(context)
    page = context.new_page()
    page.goto(tiny_site.url + "index.html")
    yield Figure(page, "echo").start()
    context.close()
    assert console.unexpected == []


@pytest.fixture
def root(tiny_site: StaticSite) -> str:
    """The path under which the app is served."""
    tiny_site.forget()
    return tiny_site.prefix + "asgi-live/echo/app"


def told(figure: Figure, url: str, options: str = "{}") -> dict[str, Any]:
    """What the app saw of that request."""
    answer = figure.fetch(url, options)
    assert answer["status"] == 200, answer
    seen: dict[str, Any] = json.loads(answer["text"])
    return seen


def test_the_scope_is_what_a_server_would_give(echo: Figure, root: str, tiny_site: StaticSite) -> None:
    seen = told(echo, "scope/a%2Fb/%C3%A9%20x/+?q=%20%C3%A9&r=a+b&s")
    assert (seen["type"], seen["http_version"], seen["method"], seen["scheme"]) == ("http", "1.1", "GET", "http")
    assert seen["server"] == ["127.0.0.1", int(tiny_site.host.partition(":")[2])]
    assert seen["root_path"] == root
    assert seen["path"] == root + "/scope/a/b/é x/+"
    assert seen["raw_path"] == root + "/scope/a%2Fb/%C3%A9%20x/+"
    assert seen["query_string"] == "q=%20%C3%A9&r=a+b&s"


def test_headers_that_a_worker_cannot_read_are_supplied(echo: Figure, root: str, tiny_site: StaticSite) -> None:
    headers = told(echo, "scope", "{headers: {'x-own': 'tea', 'accept': 'text/tea'}}")["headers"]
    assert headers["host"] == tiny_site.host
    assert headers["referer"] == f"{tiny_site.origin}{root}/"
    assert headers["user-agent"] == echo.evaluate("navigator.userAgent")
    assert headers["accept-language"].split(",")[0] == echo.evaluate("navigator.languages[0]")
    assert (headers["accept"], headers["x-own"]) == ("text/tea", "tea")
    fetched = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
    assert fetched.items() <= headers.items()
    assert "origin" not in headers

    posted = told(echo, "scope", "{method: 'POST', body: new URLSearchParams({a: 'é'})}")
    assert posted["headers"]["origin"] == tiny_site.origin
    assert posted["headers"]["content-length"] == "8" and posted["body"] == 8
    assert posted["headers"]["content-type"].startswith("application/x-www-form-urlencoded")


@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_bodies_arrive_byte_for_byte(echo: Figure, size: int) -> None:
    assert echo.frame.evaluate(SEND, [size]) == [200, size, True]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_reach_the_app(echo: Figure, method: str) -> None:
    assert told(echo, "scope", f"{{method: '{method}', body: 'x'}}")["method"] == method


def test_responses_without_a_body(echo: Figure) -> None:
    head = echo.fetch("status/200", "{method: 'HEAD'}")
    assert (head["status"], head["text"], head["headers"]["x-kept"]) == (200, "", "yes")
    for status in (204, 304):
        answer = echo.fetch(f"status/{status}")
        assert (answer["status"], answer["text"], answer["headers"]["x-kept"]) == (status, "", "yes")
    assert echo.fetch("status/418")["text"] == "0123456789"


@pytest.mark.parametrize(("code", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirects_are_followed_inside_the_app(echo: Figure, root: str, code: int, method: str) -> None:
    answer = echo.fetch(f"redirect/{code}/landed", "{method: 'POST', body: 'twelve bytes'}")
    seen = json.loads(answer["text"])
    assert answer["redirected"] and answer["url"].endswith(root + "/landed")
    assert (seen["path"], seen["method"]) == (root + "/landed", method)
    assert seen["body"] == (12 if method == "POST" else 0)


def test_chunks_arrive_as_they_are_sent(echo: Figure) -> None:
    assert echo.frame.evaluate(STREAM) == ["first ", "second", True]


def test_an_abort_reaches_the_app(echo: Figure) -> None:
    assert echo.frame.evaluate(ABORT) == "noticed"


def test_a_path_outside_the_prefix_reaches_the_app(echo: Figure, root: str, tiny_site: StaticSite) -> None:
    assert told(echo, "/scope?outside")["path"] == root + "/scope"
    assert told(echo, tiny_site.prefix + "index.html")["path"] == root + tiny_site.prefix + "index.html"
    # But what the documentation keeps beside the app is the documentation's own.
    served = echo.fetch(tiny_site.prefix + "asgi-live/other/sw.js")
    assert served["headers"]["content-type"].startswith("text/javascript")
    # The browser may look for a new deploy meanwhile, which reads the worker's own modules.
    asked = {tiny_site.below(request.path) or "" for request in tiny_site.requests}
    assert "asgi-live/other/sw.js" in asked
    assert all(path.startswith("asgi-live/") for path in asked)


def test_what_the_app_wants_of_other_servers_is_not_the_workers(echo: Figure, root: str, tiny_site: StaticSite) -> None:
    refused = "fetch('http://foreign.test/scope').then((answer) => answer.text(), () => 'refused')"
    assert echo.evaluate(refused) == "refused"
    # Firefox asks more than once when it is hung up on.
    assert set(tiny_site.foreign) == {"http://foreign.test/scope"}


def test_navigations_are_followed_and_the_first_page_comes_back(echo: Figure, root: str) -> None:
    shown = echo.element.locator(".asgi-live-path")
    echo.app.get_by_role("link", name="scope").click()
    expect(shown).to_have_text("/scope?plain")
    headers = json.loads(echo.app.locator("pre").inner_text())["headers"]
    assert (headers["sec-fetch-mode"], headers["sec-fetch-dest"]) == ("navigate", "iframe")
    echo.element.get_by_role("button", name="Back to the first page").click()
    expect(echo.app.get_by_role("heading", name="Echo")).to_be_visible()
    expect(shown).to_have_text("/")
