"""Requests on a docs page: sent to the very app of the page's frame, edited, reset, shown and copied as code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.live import Figure
from tests.site_server import StaticSite


class Request:
    """A request on the page, by its title."""

    def __init__(self, page: Page, title: str) -> None:
        self.element: Locator = page.get_by_role("group", name=title, exact=True)
        self.news = self.element.locator(".asgi-live-response-bar").get_by_role("status")
        self.response = self.element.locator(".asgi-live-response pre")
        self.editor = self.element.get_by_role("textbox", name="Request to send")

    def button(self, name: str) -> Locator:
        return self.element.get_by_role("button", name=name, exact=True)

    def way(self, name: str) -> Locator:
        return self.element.get_by_role("radio", name=name, exact=True)

    def send(self, status: str) -> str:
        """Send it, wait for that status, and return the response."""
        self.button("Send").click()
        expect(self.news).to_contain_text(status)
        expect(self.element.get_by_text("live, from Python in your browser")).to_be_visible()
        return self.text

    @property
    def text(self) -> str:
        return self.response.inner_text().strip()


def body(text: str) -> Any:
    return json.loads(text.split("\n\n", 1)[1])


@pytest.fixture
def opened(page: Page, site: StaticSite) -> Page:
    page.goto(site.url + "howto/requests.html")
    return page


def test_what_is_sent_is_answered_as_it_was_recorded_by_the_app_of_the_frame(opened: Page, site: StaticSite) -> None:
    titles = ("Find items", "Add an item", "List all items")
    requests = [Request(opened, title) for title in titles]
    expect(opened.get_by_text("recorded when this page was built")).to_have_count(3)
    recorded = [request.text for request in requests]
    assert [text.split("\n")[0] for text in recorded] == ["HTTP/1.1 200 OK", "HTTP/1.1 201 Created", "HTTP/1.1 200 OK"]
    assert len(body(recorded[2])) == 4

    live = [requests[0].send("200 OK"), requests[1].send("201 Created"), requests[2].send("200 OK")]
    assert live == recorded
    assert site.foreign == []
    shop = Figure(opened, "shop").ready()
    shop.evaluate("location.reload()")
    expect(shop.app.get_by_role("row", name="Assam")).to_be_visible()

    # An edited request, by the keyboard alone; what the app refuses is an answer too.
    adding = requests[1]
    adding.button("Edit").press("Enter")
    expect(adding.editor).to_be_focused()
    adding.editor.fill('post /items\ncontent-type: application/json\nCookie: a=b\n\n{"name": ""}')
    expect(adding.way("curl")).to_be_disabled()
    adding.editor.press("Control+Enter")
    expect(adding.news).to_contain_text("422")
    assert {each["loc"][-1] for each in body(adding.text)["detail"]} >= {"price"}
    adding.button("Done").click()
    expect(adding.editor).to_be_hidden()
    expect(adding.element.locator(".asgi-live-way pre").first).to_contain_text('{"name": ""}')

    adding.button("Reset").click()
    expect(adding.button("Send")).to_be_focused()
    expect(adding.button("Reset")).to_be_hidden()
    expect(adding.news).to_have_text("")
    assert adding.text == recorded[1]

    # A mistake is told, and pointed at, before anything is sent; what is shown stays.
    assert adding.send("201 Created").replace('"id": 5', '"id": 4') == recorded[1]
    answered = adding.text
    adding.button("Edit").click()
    adding.editor.fill("GET /items\nno header")
    adding.button("Send").click()
    expect(adding.element.get_by_role("alert")).to_contain_text("“no header” is not a header")
    expect(adding.editor).to_be_focused()
    assert adding.editor.evaluate("each => each.value.slice(each.selectionStart, each.selectionEnd)") == "no header"
    assert adding.text == answered != recorded[1]


@pytest.mark.parametrize("browser_name", ["chromium"])
def test_code_is_chosen_for_all_and_the_next_page_and_copied_as_it_is_shown(
    opened: Page, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    first, adding = Request(opened, "Find items"), Request(opened, "Add an item")
    adding.button("Copy").click()
    expect(adding.element.get_by_text("Copied")).to_be_attached()
    assert opened.evaluate("navigator.clipboard.readText()").startswith("POST /items HTTP/1.1\nContent-Type: app")

    first.way("HTTP").focus()
    first.way("HTTP").press("ArrowRight")
    expect(first.element.get_by_text("curl 'http://localhost:8000/items?search=gr'")).to_be_visible()
    expect(adding.element.get_by_text("--data-raw")).to_be_visible()
    opened.reload()
    expect(adding.way("curl")).to_be_checked()
    expect(adding.element.get_by_text("POST /items HTTP/1.1")).to_be_hidden()
    adding.way("httpx").check()
    adding.button("Copy").click()
    opened.wait_for_function("navigator.clipboard.readText().then((text) => text.startsWith('import httpx'))")

    opened.add_init_script("Object.defineProperty(Navigator.prototype, 'serviceWorker', { get: () => undefined })")
    opened.reload()
    expect(first.button("Send")).to_be_disabled()
    expect(first.element.get_by_text("This browser cannot run the app.")).to_be_visible()
    expect(first.element.get_by_text("What is shown is the recording.")).to_be_visible()
    assert first.text.startswith("HTTP/1.1 200 OK")
