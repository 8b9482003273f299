"""What a reader sees of an app besides its start: `python -m tests.bench.next_page`.

`next page`: the app runs, and another page of the documentation shows it: the first answer to its frame, compared with
the same request from a frame that is there already; at most 2 times that. `recorded`: with an empty profile, from the
end of the docs page's own load to the first paint of the recorded answer in the frame, in milliseconds; below 100.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.bench.sites import parser, ratios, report
from tests.browser import demo, engines
from tests.browser.live import Figure
from tests.site_server import StaticSite

PAGES = ("index.html", "howto/several.html")
# In the frame: the milliseconds from the begin of its navigation to the first byte of the answer.
ANSWERED = "performance.getEntriesByType('navigation')[0].responseStart"
PAINTED = """() => new Promise((resolve) => {
    const look = () => {
        const found = performance.getEntriesByName("first-contentful-paint")[0];
        if (found) resolve(performance.timeOrigin + found.startTime);
        else requestAnimationFrame(look);
    };
    look();
})"""
LOADED = """() => new Promise((resolve) => {
    const look = () => {
        const {loadEventEnd} = performance.getEntriesByType("navigation")[0];
        if (loadEventEnd) resolve(performance.timeOrigin + loadEventEnd);
        else requestAnimationFrame(look);
    };
    look();
})"""


def main() -> None:
    """Measure both."""
    options = parser(__doc__).parse_args()
    with StaticSite(demo.shared_demo(f"bench-{os.getpid()}")) as site, sync_playwright() as driver:
        engine = engines.find(driver, options.browser)
        with tempfile.TemporaryDirectory() as profile:
            context = engines.launch_profile(driver, engine, Path(profile))
            next_pages(context.new_page(), site, options.runs)
            context.close()
        painted = []
        for _ in range(options.runs):
            with tempfile.TemporaryDirectory() as profile:
                context = engines.launch_profile(driver, engine, Path(profile))
                painted.append(recorded(context.new_page(), site))
                context.close()
        report("recorded page painted after", painted, "ms")


def next_pages(page: Page, site: StaticSite, runs: int) -> None:
    """Go to and fro between two pages with one app that runs."""
    page.goto(site.url + PAGES[0])
    Figure(page, "shop").start()
    first, again = [], []
    for run in range(runs):
        page.goto(site.url + PAGES[(run + 1) % 2])
        figure = Figure(page, "shop").ready()
        first.append(float(figure.evaluate(ANSWERED)))
        with page.expect_event("framenavigated"):
            figure.evaluate("void location.reload()")
        again.append(float(figure.frame.evaluate(ANSWERED)))
    report("first answer on the next page", first, "ms")
    report("a normal answer", again, "ms")
    report("next page", ratios(first, again), "times")


def recorded(page: Page, site: StaticSite) -> float:
    """Return the milliseconds between the docs page's load and the paint of its frame, below zero if that was first."""
    page.goto(site.url + PAGES[0], wait_until="load")
    loaded: float = page.evaluate(LOADED)
    painted: float = Figure(page, "shop").frame.evaluate(PAINTED)
    return painted - loaded


if __name__ == "__main__":
    main()
