"""Cookies: a session in Starlette's own middleware, what scripts see of the jar, and what they set."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Figure
from tests.site_server import StaticSite


@pytest.fixture
def session(page: Page, site: StaticSite) -> Figure:
    page.goto(site.url + "howto/sessions.html")
    page.evaluate("void (document.cookie = 'of_the_docs=1')")
    return Figure(page, "session").start()


def test_a_session_outlives_its_page_and_scripts_see_what_they_may(session: Figure, site: StaticSite) -> None:
    app = session.app
    expect(app.locator("#hello")).to_have_text("Hello stranger")
    app.get_by_label("Name").press_sequentially("Ada")
    app.get_by_role("button", name="Sign in").click()
    expect(app.locator("#hello")).to_have_text("Hello Ada")
    expect(app.locator("#seen")).to_have_text("colour=green")

    session.evaluate("void (document.cookie = 'colour=blue')")
    assert session.evaluate("document.cookie") == "colour=blue"
    session.page.goto(site.url + "howto/several.html")
    session.page.goto(site.url + "howto/sessions.html")
    again = Figure(session.page, "session").ready().app
    expect(again.locator("#hello")).to_have_text("Hello Ada")
    expect(again.locator("#seen")).to_have_text("colour=blue")

    docs = session.page.evaluate("document.cookie")
    assert docs == "of_the_docs=1"
    stored = session.page.evaluate(
        """async () => {
          const [name] = (await caches.keys()).filter((name) => name.startsWith("asgi-live:"));
          const [note] = (await (await caches.open(name)).keys()).filter(({ url }) => url.includes("cookies"));
          return (await (await caches.open(name)).match(note)).text();
        }"""
    )
    assert "session" in stored and "colour" in stored
