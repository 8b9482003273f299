"""A figure on a docs page, as a reader uses it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page, expect


class Figure:
    """An embedded app of that name on the page: the first, unless `nth` says otherwise."""

    def __init__(self, page: Page, name: str, nth: int = 0) -> None:
        self.page = page
        self.name = name
        self.element: Locator = page.locator(f"figure[data-asgi-live={name}]").nth(nth)

    @property
    def app(self) -> FrameLocator:
        """The app's page, in the frame."""
        return self.element.frame_locator("iframe")

    @property
    def frame(self) -> Frame:
        """The frame itself, as it is now."""
        handle = self.element.locator("iframe").element_handle()
        frame = handle.content_frame()
        assert frame
        return frame

    @property
    def button(self) -> Locator:
        """What starts the app."""
        return self.element.get_by_role("button", name="Run this app in your browser")

    @property
    def panel(self) -> Locator:
        """What lies over the frame until the app is live."""
        return self.element.locator(".asgi-live-panel")

    def start(self) -> Figure:
        """Press the start button, and wait until the frame shows an answer of the live app."""
        self.button.click()
        return self.ready()

    def live(self) -> Figure:
        """Wait until the app is live, having started it if it does not run yet."""
        told = self.page.locator("figure:not([data-state=idle])")
        expect(self.button.or_(self.element.and_(told)).first).to_be_visible()
        return self.start() if self.button.is_visible() else self.ready()

    def ready(self) -> Figure:
        """Wait until the app is live; a failure ends the waiting at once, with what the figure says."""
        expect(self.element).to_have_attribute("data-state", re.compile("ready|failed"))
        assert self.element.get_attribute("data-state") == "ready", self.element.inner_text()
        return self

    def failed(self) -> str:
        """Wait until the figure says that the app failed; return what it says."""
        expect(self.element).to_have_attribute("data-state", "failed")
        return self.element.inner_text()

    def evaluate(self, script: str) -> Any:
        """Run a script in the app's page."""
        return self.frame.evaluate(script)

    def fetch(self, url: str, options: str = "{}") -> dict[str, Any]:
        """Fetch from the app's page: status, final url, headers and text."""
        script = """([url, options]) => fetch(url, options).then(async (response) => ({
            status: response.status, url: response.url, redirected: response.redirected,
            headers: Object.fromEntries(response.headers), text: await response.text() }))"""
        answer: dict[str, Any] = self.frame.evaluate(f"(async () => ({script})([{url!r}, {options}]))()")
        return answer


def end_workers(context: BrowserContext, page: Page) -> None:
    """End all service workers of the profile as a browser does that needs the memory; Chromium only."""
    session = context.new_cdp_session(page)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    session.detach()
