"""The documentation's chat: one app in two frames, whose readers hear each other, and hear who leaves."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.live import Figure
from tests.site_server import StaticSite


def test_what_one_reader_says_the_other_reads(familiar_page: Page, site: StaticSite) -> None:
    familiar_page.goto(site.url + "howto/websocket.html")
    ada = Figure(familiar_page, "chat", 0).live()
    grace = Figure(familiar_page, "chat", 1).live()
    # Either frame may be the first.
    expect(ada.app.get_by_text("Ada has come in.")).to_be_visible()
    expect(grace.app.get_by_text("Grace has come in.")).to_be_visible()

    # `fill` goes unseen in Firefox.
    ada.app.get_by_label("Message", exact=True).press_sequentially("Hello Grace")
    ada.app.get_by_role("button", name="Send").click()
    expect(grace.app.get_by_text("Ada: Hello Grace", exact=True)).to_be_visible()
    expect(ada.app.locator("li.own")).to_have_text("Hello Grace")

    ada.evaluate("location.reload()")
    expect(grace.app.get_by_text("Ada has left.")).to_be_visible()
    expect(grace.app.get_by_text("Ada has come in.").last).to_be_visible()
    expect(ada.app.get_by_text("Ada has come in.")).to_be_visible()
