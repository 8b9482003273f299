"""Examples as frameworks' own documentation has them, and what FastAPI runs in threads: all in one Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, FrameLocator, Page, expect

from tests.browser import engines, tiny
from tests.browser.conftest import NewWebKit
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.browser.test_webkit import Live
from tests.projects import Project
from tests.site_server import StaticSite


@pytest.fixture(scope="module")
def examples_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("examples")
    with StaticSite(tiny.build(Project(folder / "source", root="examples"), folder / "html")) as site:
        yield site


@pytest.fixture(scope="module", params=engines.DRIVEN_BY_PLAYWRIGHT)
def app(
    request: pytest.FixtureRequest, browsers: Callable[[str], Browser], examples_site: StaticSite
) -> Iterator[Figure]:
    """The running apps, one boot in each browser for all tests here."""
    console = Console()
    context = browsers(request.param).new_context()
    console.listen(context)
    page = context.new_page()
    page.goto(examples_site.url)
    yield Figure(page, "examples").start()
    context.close()
    assert console.unexpected == [], "\n".join(console.lines)


def serve(app: Figure, name: str) -> FrameLocator:
    """Have that example answer from now on, and its first page in the frame."""
    app.frame.goto(root(app) + "serve/" + name)
    return app.app


def root(app: Figure) -> str:
    return app.page.url.rpartition("/")[0] + "/asgi-live/examples/app/"


def say(page: FrameLocator | Page | Frame, text: str) -> None:
    page.locator("#messageText").press_sequentially(text)
    page.get_by_role("button", name="Send").click()


def test_fastapi_echo(app: Figure) -> None:
    page = serve(app, "fastapi_echo")
    # It sends without asking; as behind any server, that takes an open socket.
    app.frame.wait_for_function("ws.readyState === 1")
    say(page, "hello")
    say(page, "again")
    expect(page.locator("li")).to_have_text(["Message text was: hello", "Message text was: again"])


def test_fastapi_dependencies(app: Figure) -> None:
    page = serve(app, "fastapi_depends")
    connect = page.get_by_role("button", name="Connect")
    connect.click()
    token = ["Session cookie or query token value is: some-key-token", "Message text was: hello, for item ID: foo"]
    expect(page.locator("li")).to_have_text(token)
    page.locator("#token").evaluate("(field) => (field.value = '')")
    connect.click()
    refused = "closed with 1006"
    expect(page.locator("li")).to_have_text([*token, refused])
    app.evaluate("void (document.cookie = 'session=from-a-cookie')")
    connect.click()
    cookie = ["Session cookie or query token value is: from-a-cookie", "Message text was: hello, for item ID: foo"]
    expect(page.locator("li")).to_have_text([*token, refused, *cookie])


def test_fastapi_chat_of_two_pages(app: Figure) -> None:
    first = serve(app, "fastapi_chat")
    second = app.page.context.new_page()
    second.goto(root(app) + "#second")
    second.wait_for_function("ws.readyState === 1")
    say(second, "good day")
    expect(second.locator("li")).to_have_text(["You wrote: good day", "Client second says: good day"])
    expect(first.locator("li")).to_have_text(["Client second says: good day"])
    second.close()
    expect(first.locator("li")).to_have_text(["Client second says: good day", "Client second left the chat"])


def test_starlette_endpoint(app: Figure) -> None:
    page = serve(app, "starlette_endpoint")
    page.get_by_role("link").click()
    expect(page.locator("#said")).to_have_text("Message text was: Hello From Client")


def test_channels_chat(app: Figure) -> None:
    first = serve(app, "channels_chat")
    second, other = (app.page.context.new_page() for _ in range(2))
    second.goto(root(app))
    other.goto(root(app) + "#elsewhere")
    for page in (other, second):
        page.wait_for_function("chatSocket.readyState === 1")
        page.locator("#chat-message-input").fill("from " + page.url.rpartition("#")[2][:9])
        page.locator("#chat-message-submit").click()
    expect(first.locator("#chat-log")).to_have_value(f"from {second.url[:9]}\n")
    expect(other.locator("#chat-log")).to_have_value("from elsewhere\n")
    for page in (second, other):
        page.close()


def fetch_json(app: Figure, path: str) -> Any:
    answer = app.fetch(path)
    assert answer["status"] == 200, answer["text"]
    return json.loads(answer["text"])


# Two requests that wait in a `def` endpoint at once, let go in either order; each asks the app itself twice.
OVERLAP = """async ([first, second]) => {
    const gate = (name) => `http://localhost/gate/${name}`;
    const answers = ["a", "b"].map((name) => fetch(`/fetch?url=${gate(name)}`).then((answer) => answer.text()));
    const asked = async (...names) => {
        const all = await fetch("/asked").then((answer) => answer.json());
        return names.every((name) => all.includes(name)) || asked(...names);
    };
    const letGo = (name) => fetch(`/gate/${name}`, { method: "POST" });
    await asked("a", "b");
    for (const name of [first, second]) await letGo(name);
    await asked("a-again", "b-again");
    for (const name of [first, second]) {
        await letGo(name + "-again");
        await answers["ab".indexOf(name)];
    }
    return Promise.all(answers);
}"""


def test_def_endpoints_and_dependencies_wait_for_other_servers(app: Figure) -> None:
    serve(app, "servers")
    for order in (["a", "b"], ["b", "a"]):
        app.evaluate("fetch('/forget', { method: 'POST' }).then(() => 0)")
        answers = app.frame.evaluate(OVERLAP, order)
        assert [json.loads(each) for each in answers] == [
            [{"gate": name}, {"gate": name + "-again"}, "from thread"] for name in "ab"
        ]


def test_what_is_sent_as_set_cookie_with_the_acceptance(app: Figure) -> None:
    serve(app, "servers")
    script = """new Promise((done) => {
        const socket = new WebSocket('/ws/cookie');
        socket.onmessage = () => done(document.cookie);
    })"""
    assert "socket=baked" in app.evaluate(script)
    assert "hidden" not in app.evaluate("document.cookie")
    assert app.evaluate("fetch('/cookies').then((answer) => answer.json())") == {"socket": "baked", "hidden": "1"}


def test_a_middleware_that_compresses(app: Figure) -> None:
    serve(app, "servers")
    large = app.fetch("/large")
    assert large["text"] == "large " * 100_000
    # Nothing goes over a wire: browsers' worker requests name no coding, and the app sees as much.
    assert "content-encoding" not in large["headers"]
    assert large["headers"]["vary"] == "Accept-Encoding"


# Reads one chunk of a response without end, then asks how much was sent until that stands still, and goes.
SLOW = """async () => {
    const reader = (await fetch("/lines")).body.getReader();
    await reader.read();
    const sent = () => fetch("/sent").then((answer) => answer.json());
    let last = -1, now = await sent();
    while (now !== last && now < 256 * 1024 ** 2) {
        await new Promise((resolve) => setTimeout(resolve, 200));
        [last, now] = [now, await sent()];
    }
    await reader.cancel();
    return now / 1024 ** 2;
}"""


@pytest.mark.parametrize("app", ["chromium"], indirect=True)  # Firefox takes all that a worker has
def test_a_slow_reader_holds_the_app_back(app: Figure) -> None:
    serve(app, "servers")
    megabytes = app.frame.evaluate(SLOW)
    # Chromium itself takes some 55 MB ahead of the page, of any worker's stream.
    assert megabytes < 80, f"{megabytes} MB were sent to a reader that took one chunk"


def test_in_webkit_sockets_work_and_waiting_says_what_it_takes(
    new_webkit: NewWebKit, examples_site: StaticSite
) -> None:
    driver = new_webkit(examples_site)
    driver.get(examples_site.url)
    app = Live(driver, "examples").live()
    app.shows("typeof ws", "object")
    app.shows("ws.readyState", 1)
    app.script("document.querySelector('#messageText').value = 'hello'; document.forms[0].requestSubmit()")
    app.shows("document.querySelector('li')?.textContent", "Message text was: hello")

    # This engine has no JavaScript Promise Integration.
    app.fetch("/serve/servers")
    status, told = app.fetch("/fetch?url=http://localhost/gate/a")
    assert status == 500
    assert "A synchronous request cannot be waited for here" in told
