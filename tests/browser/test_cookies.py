"""Cookies: a session in Starlette's own middleware, what scripts see of the jar, and what they set."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.browser import engines
from tests.browser.conftest import PATIENCE_MS, guard
from tests.browser.live import Figure, end_workers
from tests.site_server import StaticSite


@pytest.fixture
def session(page: Page, site: StaticSite) -> Figure:
    page.goto(site.url + "howto/sessions.html")
    page.evaluate("void (document.cookie = 'of_the_docs=1')")
    return Figure(page, "session").start()


def sign_in(session: Figure) -> None:
    session.app.get_by_label("Name").press_sequentially("Ada")
    session.app.get_by_role("button", name="Sign in").click()
    expect(session.app.locator("#hello")).to_have_text("Hello Ada")


def test_a_session_outlives_its_page_and_scripts_see_what_they_may(session: Figure, site: StaticSite) -> None:
    app = session.app
    expect(app.locator("#hello")).to_have_text("Hello stranger")
    sign_in(session)
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


def test_a_login_outlives_its_worker_and_its_browser(
    playwright: Playwright, browser_name: str, site: StaticSite, tmp_path: Path
) -> None:
    engine = engines.find(playwright, browser_name)
    for visit in ("first", "second"):
        site.forget()
        with closing(engines.launch_profile(playwright, engine, tmp_path, proxy=guard(site))) as context:
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.goto(site.url + "howto/sessions.html")
            session = Figure(page, "session").start()
            if visit == "first":
                sign_in(session)
                if browser_name == "chromium":
                    end_workers(context, page)
                    session.element.get_by_role("button", name="Reload the app's page").click()
            expect(session.app.locator("#hello")).to_have_text("Hello Ada")
    assert site.matching("asgi-live/shared/*.gzip") == site.matching("asgi-live/shared/*.zip") == []
