"""A figure on a docs page, as a reader uses it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect


class Figure:
    """The first embedded app of that name on the page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name
        self.element: Locator = page.locator(f"figure[data-asgi-live={name}]").first

    @property
    def app(self) -> FrameLocator:
        """The app's page, in the frame."""
        return self.element.frame_locator("iframe")

    def start(self) -> Figure:
        """Press the start button, and wait until the frame shows an answer of the live app."""
        self.element.get_by_role("button", name="Run this app in your browser").click()
        return self.ready()

    def ready(self) -> Figure:
        """Wait until the app is live; a failure ends the waiting at once, with what the figure says."""
        expect(self.element).to_have_attribute("data-state", "ready")
        return self

    def failed(self) -> str:
        """Wait until the figure says that the app failed; return what it says."""
        expect(self.element).to_have_attribute("data-state", "failed")
        return self.element.inner_text()

    def evaluate(self, script: str) -> Any:
        """Run a script in the app's page."""
        handle = self.element.locator("iframe").element_handle()
        frame = handle.content_frame() if handle else None
        assert frame
        return frame.evaluate(script)

    def fetch(self, url: str, options: str = "{}") -> dict[str, Any]:
        """Fetch from the app's page: status, final url, headers and text."""
        script = """([url, options]) => fetch(url, options).then(async (response) => ({
            status: response.status, url: response.url, redirected: response.redirected,
            headers: Object.fromEntries(response.headers), text: await response.text() }))"""
        handle = self.element.locator("iframe").element_handle()
        frame = handle.content_frame() if handle else None
        assert frame
        answer: dict[str, Any] = frame.evaluate(f"(async () => ({script})([{url!r}, {options}]))()")
        return answer
