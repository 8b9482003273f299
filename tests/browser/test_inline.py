"""The apps that are written in a page show what the page says, without a framework and behind WSGI too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Figure
from tests.site_server import StaticSite


@pytest.fixture
def inline(familiar_page: Page, site: StaticSite) -> Page:
    familiar_page.goto(site.url + "howto/inline.html")
    return familiar_page


def test_the_apps_in_the_page_answer(inline: Page, site: StaticSite) -> None:
    headers, plain, wsgi = (Figure(inline, name).live() for name in ("headers", "plain", "wsgi"))
    mount = site.prefix + "asgi-live"
    expect(headers.app.locator("#line")).to_have_text(f"GET {mount}/headers/app/")
    expect(headers.app.get_by_role("row", name=f"host {site.host}")).to_be_visible()
    expect(plain.app.get_by_text("Hello from plain ASGI.")).to_be_visible()
    expect(wsgi.app.get_by_text(f"Hello from WSGI at {mount}/wsgi/app.")).to_be_visible()

    answer = wsgi.fetch("any/path?query", "{method: 'POST', body: 'unread'}")
    assert (answer["status"], answer["text"]) == (200, f"Hello from WSGI at {mount}/wsgi/app.")
    assert answer["headers"]["content-type"] == "text/plain; charset=utf-8"


def test_an_app_in_a_markdown_page_streams(familiar_page: Page, site: StaticSite) -> None:
    familiar_page.goto(site.url + "howto/inline-myst.html")
    expect(Figure(familiar_page, "stream").live().app.get_by_text("line 5")).to_be_visible()
