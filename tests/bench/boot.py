"""Time to an app's first responses, against a boot by the book and against the floor: `python -m tests.bench.boot`.

The first response is to the page that the figure embeds, the second to a request for JSON that the build has not tried,
which a first visit answers when all files are there.

First visit: an empty profile. Second visit: the same profile after the browser was closed and started again, so that
nothing runs and everything is stored. `stock` is a web worker that unpacks the wheels at each start, `floor` only
loads Pyodide's modules, instantiates its wasm and copies a heap of the stock's size. All take turns in one run, and the
ratios are those of the medians.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Playwright, sync_playwright
from selenium.webdriver import WebKitGTK

from tests.bench.boot_sites import CASES, Case, build
from tests.browser import engines, webkit
from tests.site_server import StaticSite

MB = 1e6
# From the click on the start button to the live app's page, and on to its JSON.
LIVE = """async ({path}) => {
    const figure = document.querySelector("figure.asgi-live");
    const button = () => figure.querySelector("button.asgi-live-button");
    while (!button()) await new Promise((resolve) => setTimeout(resolve, 10));
    const began = performance.now();
    const ready = new Promise((resolve, reject) => figure.addEventListener("asgi-live:state", ({detail}) => {
        if (detail.state === "ready") resolve();
        if (detail.state === "failed") reject(new Error(detail.reason));
    }));
    button().click();
    await ready;
    const frame = figure.querySelector("iframe").contentWindow;
    await (await frame.fetch(frame.location.href)).text();
    const page = performance.now() - began;
    const root = frame.location.pathname.match(/^.*?\\/asgi-live\\/[^/]+\\/app/)[0];
    const answer = await (await frame.fetch(root + path)).json();
    return {milliseconds: performance.now() - began, page, answer};
}"""
# The same from the start of the web worker.
RECIPE = """async ({script, ...job}) => {
    const began = performance.now();
    const worker = new Worker(script, {type: "module"});
    const told = await new Promise((resolve, reject) => {
        worker.onmessage = ({data}) => resolve(data);
        worker.onerror = ({message}) => reject(new Error(message));
        worker.postMessage(job);
    });
    worker.terminate();
    return {milliseconds: performance.now() - began, ...told};
}"""
# Until the browser has stored all that a worker keeps, as it has after some seconds of reading.
STORED = """async (script) => {
    const names = (await (await fetch(script)).text()).match(/[^/"]+-[0-9a-f]{16}[^/"]*(?=")/g);
    const stored = async () => {
        const [name] = await caches.keys();
        return (await (await caches.open(name)).keys()).map(({url}) => url.split("/").at(-1));
    };
    for (;;) {
        const there = new Set(await stored());
        if (names.every((name) => there.has(name))) return;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}"""
IN_WEBKIT = """const done = arguments[arguments.length - 1];
({script})({job}).then(done, (error) => done({{error: String(error)}}));"""


class Bench:
    """One app in one browser."""

    def __init__(self, site: StaticSite, driver: Playwright, browser: str, case: Case) -> None:
        self.site = site
        self.driver = driver
        self.browser = browser
        self.case = case
        spec = case.spec
        self.stock = {"script": f"stock/{spec.name}/stock.js", "module": spec.module, "attribute": spec.attribute}
        self.floor = {"script": f"stock/{spec.name}/floor.js", "heap": 0}

    def turn(self) -> Iterator[tuple[str, float]]:
        """Measure each once: pairs of what was measured and its milliseconds or bytes."""
        for kind, script, job in (
            ("stock", RECIPE, {**self.stock, "path": self.case.path}),
            ("floor", RECIPE, self.floor),
            ("live", LIVE, {"path": self.case.path}),
        ):
            with tempfile.TemporaryDirectory() as profile:
                # WebKit's driver gives each session a profile of its own.
                for visit in ("first",) if self.browser == "webkit" else ("first", "second"):
                    self.site.forget()
                    told = self._visit(Path(profile), script, job)
                    self.floor["heap"] = max(self.floor["heap"], told.get("heap", 0))
                    yield f"{visit} {kind}", told["milliseconds"]
                    if "page" in told:
                        yield f"{visit} page", told["page"]
                    yield f"{visit} {kind} bytes", self.site.sent("*")

    def _visit(self, profile: Path, script: str, job: dict[str, Any]) -> dict[str, Any]:
        address = f"{self.site.url}{self.case.spec.name}.html"
        engine = engines.find(self.driver, self.browser)
        if self.browser != "webkit":
            context = engines.launch_profile(self.driver, engine, profile)
            page = context.new_page()
            page.goto(address, wait_until="load")
            told: dict[str, Any] = page.evaluate(script, job)
            if script == LIVE:
                page.evaluate(STORED, f"asgi-live/{self.case.spec.name}/sw.js")
            context.close()
            return told
        with webkit.display() as screen, webkit.session(engine, screen) as browser:
            return _in_webkit(browser, address, script, job)


def _in_webkit(browser: WebKitGTK, address: str, script: str, job: dict[str, Any]) -> dict[str, Any]:
    browser.get(address)
    browser.set_script_timeout(120)
    told: dict[str, Any] = browser.execute_async_script(IN_WEBKIT.format(script=script, job=json.dumps(job)))
    assert "error" not in told, told
    return told


def main() -> None:
    """Print figures and ratios of each app in each browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--browser", action="append", choices=engines.NAMES)
    parser.add_argument("--app", action="append", choices=CASES)
    options = parser.parse_args()
    with served() as site, sync_playwright() as driver:
        for browser in options.browser or engines.NAMES:
            for app in options.app or CASES:
                bench = Bench(site, driver, browser, CASES[app])
                turns = [dict(bench.turn()) for _ in range(options.runs)]
                report(browser, app, {name: [turn[name] for turn in turns] for name in turns[0]})


@contextmanager
def served() -> Iterator[StaticSite]:
    """The built docs on a local server."""
    with tempfile.TemporaryDirectory() as folder, StaticSite(build(Path(folder))) as site:
        yield site


def report(browser: str, app: str, figures: dict[str, list[float]]) -> None:
    """Print a line for each visit."""
    for visit in ("first", "second"):
        if f"{visit} live" not in figures:
            continue
        stock, floor = figures[f"{visit} stock"], figures[f"{visit} floor"]
        sent = statistics.median(figures[f"{visit} live bytes"]) / MB
        told = f"stock {spread(stock)}  floor {spread(floor)}  {sent:.2f} MB in all"
        print(f"{browser:8} {app:7} {visit:6} visit: {told}")  # noqa: T201
        for name, kind in (("page", "page"), ("JSON", "live")):
            times = figures[f"{visit} {kind}"]
            of_stock, of_floor = (statistics.median(times) / statistics.median(other) for other in (stock, floor))
            print(f"    {name} {spread(times)}: {of_stock:.2f} of stock, {of_floor:.2f} of the floor", flush=True)  # noqa: T201


def spread(times: list[float]) -> str:
    """A median with its minimum and maximum, in milliseconds."""
    return f"{statistics.median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})"


if __name__ == "__main__":
    main()
