"""What a reader sees of an app before it runs, and where it cannot: a recording, in which nothing leads anywhere."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewContext
from tests.browser.live import Figure, end_workers
from tests.site_server import StaticSite

NOTICE = "Recorded when this documentation was built."


@pytest.fixture
def tiny_site(tiny_root: Path) -> Iterator[StaticSite]:
    with StaticSite(tiny_root) as site:
        yield site


def test_without_javascript_the_recorded_table_is_there(new_context: NewContext, site: StaticSite) -> None:
    # Firefox runs modules all the same when Playwright forbids it scripts.
    site.fail("asgi-live/shared/*.js", status=404)
    page = new_context(site, java_script_enabled=False).new_page()
    page.goto(site.url + "howto/datasette.html")
    library = Figure(page, "library")
    expect(library.app.locator("table.rows-and-columns tbody tr")).to_have_count(34)
    expect(library.app.get_by_role("note")).to_contain_text(NOTICE)
    # As Datasette's own style sheet has it.
    expect(library.app.locator("header.hd")).to_have_css("color", "rgba(255, 255, 244, 0.9)")

    asked = len(site.requests)
    library.app.get_by_role("link", name="Jane Austen").first.click()
    expect(library.app.locator("#asgi-live-recorded:target")).to_be_visible()
    library.app.get_by_role("button", name="Apply filters").click()
    expect(library.app.get_by_role("heading", name="books", exact=True)).to_be_visible()
    assert len(site.requests) == asked
    assert site.foreign == []


def test_what_is_asked_of_a_recorded_page_points_at_the_start(page: Page, site: StaticSite) -> None:
    page.goto(site.url + "howto/datasette.html")
    library = Figure(page, "library")
    table = library.app.locator("table.rows-and-columns tbody tr")
    expect(table).to_have_count(34)
    expect(table.first).to_be_visible()
    expect(library.panel).to_contain_text("This page is a recording.")
    weight = r"About \d\d MB to download, once(, and [\d.]+ .B more while it runs)?\."
    expect(library.panel).to_contain_text(re.compile(weight))
    expect(library.app.get_by_role("note")).to_have_count(0)
    asked = len(site.requests)
    asking = library.app.get_by_role("link", name="Jane Austen").first, library.app.get_by_role("button", name="Apply")
    for each in asking:
        page.locator("h1").first.click()
        each.click()
        expect(library.button).to_be_focused()
    library.app.locator("input[name=_search]").press("Enter")
    expect(library.button).to_be_focused()
    assert len(site.requests) == asked
    assert library.element.get_attribute("data-state") == "idle"


def test_the_recording_stays_until_the_app_is_live(new_context: NewContext, tiny_site: StaticSite) -> None:
    held = tiny_site.fail("asgi-live/shared/*.zip", hold=threading.Event())
    page = new_context(tiny_site).new_page()
    page.goto(tiny_site.url + "index.html")
    first, second = Figure(page, "echo"), Figure(page, "echo", nth=1)
    expect(second.app.locator("pre")).to_contain_text('"method": "GET"')
    first.button.click()
    expect(first.panel).to_contain_text("Downloading")
    expect(first.app.get_by_role("heading", name="Echo")).to_be_visible()
    expect(first.app.locator("html[data-asgi-live=recorded]")).to_have_count(1)
    assert held.hold
    held.hold.set()
    first.ready()
    expect(first.app.locator("html[data-asgi-live]")).to_have_count(0)
    expect(first.panel).to_be_hidden()


@pytest.mark.parametrize("browser_name", ["chromium"])
def test_a_worker_that_was_ended_answers_with_the_recording(new_context: NewContext, tiny_site: StaticSite) -> None:
    context = new_context(tiny_site)
    page = context.new_page()
    page.goto(tiny_site.url + "index.html")
    Figure(page, "echo").start()
    end_workers(context, page)
    # Not even the static pages are needed for it.
    tiny_site.forget()
    tiny_site.fail("asgi-live/echo/app/*", status=500)
    page.reload()
    for figure, text in ((Figure(page, "echo"), "Echo"), (Figure(page, "echo", nth=1), '"figure=2"')):
        expect(figure.app.locator("body")).to_contain_text(text)
        expect(figure.app.locator("html")).to_have_attribute("data-asgi-live", "recorded")
        expect(figure.element).to_have_attribute("data-state", "idle")
        expect(figure.panel).not_to_contain_text("to download")
    assert tiny_site.matching("asgi-live/echo/app/*") == []
    # What two apps share is here already.
    page.goto(tiny_site.url + "both.html")
    expect(Figure(page, "other").panel).to_contain_text(re.compile(r"About \d+ kB to download, once\."))
