"""Time from a reader's click to the first JSON response of the live app: `python -m tests.bench.first_response`.

Cold is a fresh profile; warm is the same profile after the browser was closed and started again, so that nothing runs
and everything is stored. Prints medians and spread in milliseconds, and the bytes that went over the network.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Playwright, sync_playwright

from tests.browser import demo, engines
from tests.site_server import StaticSite

APPS = {
    "shop": ("index.html", "items/1"),
    "library": ("howto/datasette.html", "/library/books.json?_size=1"),
}
FETCH = "(url) => fetch(url).then((response) => response.ok && response.json())"


def main() -> None:
    """Measure both apps in both browsers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--browser", action="append", choices=engines.DRIVEN_BY_PLAYWRIGHT)
    options = parser.parse_args()
    with StaticSite(demo.shared_demo(f"bench-{os.getpid()}")) as site, sync_playwright() as playwright:
        for browser in options.browser or engines.DRIVEN_BY_PLAYWRIGHT:
            for app in APPS:
                measure(playwright, site, browser, app, options.runs)


def measure(playwright: Playwright, site: StaticSite, browser: str, app: str, runs: int) -> None:
    """Print one line for an app in a browser."""
    cold, warm, sent = [], [], 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as profile:
            site.forget()
            cold.append(first_response(playwright, site, browser, app, Path(profile)))
            sent = site.sent("asgi-live/*")
            warm.append(first_response(playwright, site, browser, app, Path(profile)))
    report = f"{browser:9} {app:8} cold {spread(cold)}  warm {spread(warm)}  {sent / 1e6:.2f} MB sent before it"
    print(report, flush=True)  # noqa: T201


def first_response(playwright: Playwright, site: StaticSite, browser: str, app: str, profile: Path) -> float:
    """Return the milliseconds from the click to the parsed JSON."""
    page_name, url = APPS[app]
    context = open_profile(playwright, site, browser, profile)
    try:
        page = context.new_page()
        page.goto(site.url + page_name, wait_until="load")
        figure = page.locator(f"figure[data-asgi-live={app}]").first
        button = figure.get_by_role("button", name="Run this app in your browser")
        button.wait_for()
        began = time.perf_counter()
        button.click()
        page.wait_for_selector(f"figure[data-asgi-live={app}][data-state=ready]", timeout=120_000)
        handle = figure.locator("iframe").element_handle()
        frame = handle.content_frame() if handle else None
        assert frame and frame.evaluate(FETCH, url)
        return (time.perf_counter() - began) * 1000
    finally:
        context.close()


def open_profile(playwright: Playwright, site: StaticSite, browser: str, profile: Path) -> BrowserContext:
    """Start the browser on a profile of its own."""
    engine = engines.find(playwright, browser)
    if browser == "firefox":
        return playwright.firefox.launch_persistent_context(
            profile,
            channel="moz-firefox" if engine.executable else None,
            executable_path=engine.executable,
            firefox_user_prefs=engines.FIREFOX_PREFERENCES,
        )
    return playwright.chromium.launch_persistent_context(
        profile, executable_path=engine.executable, chromium_sandbox=os.geteuid() != 0
    )


def spread(times: list[float]) -> str:
    """Format a median with its minimum and maximum, in milliseconds."""
    return f"{statistics.median(times):6.0f} ms ({min(times):.0f} to {max(times):.0f})"


if __name__ == "__main__":
    main()
