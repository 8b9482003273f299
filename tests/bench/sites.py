"""What the benches of requests share: one docs page with the live app, the floor and the broker, measured in turns.

`floor` is a worker that answers without Python; `broker` hands each request through the page to a web worker that runs
the same app with the same bridge. Times depend on the machine and on what else it does; their ratios in one run do not.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Frame, Page, expect, sync_playwright

from tests.browser import engines
from tests.browser.live import Figure
from tests.projects import Project
from tests.site_server import StaticSite

WORKERS = Path(__file__).parent / "workers"
FRAME = "<!doctype html><title>Frame</title>"
APP = """\
import asyncio
import json

CHUNK = b"x" * 65536


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    action = scope["path"].rpartition("/")[2]
    await {"json": tiny, "down": down, "up": up, "sleep": sleep}.get(action, page)(scope, receive, send)


async def start(send, kind=b"application/json"):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})


async def answer(send, value):
    await start(send)
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


async def page(scope, receive, send):
    await start(send, b"text/html")
    await send({"type": "http.response.body", "body": b"<!doctype html><title>Bench</title>"})


async def tiny(scope, receive, send):
    await answer(send, {"hello": "world"})


async def down(scope, receive, send):
    await start(send, b"application/octet-stream")
    for _ in range(int(scope["query_string"])):
        await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def up(scope, receive, send):
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message["body"])
        more = message["more_body"]
    await answer(send, size)


async def sleep(scope, receive, send):
    await asyncio.sleep(float(scope["query_string"]))
    await answer(send, "slept")
"""

BOTH_MORE = """async (live) => {
    const frame = async (name) => {
        const {installing, waiting, active} = await navigator.serviceWorker.register(`${live}/${name}/sw.js`);
        const worker = installing ?? waiting ?? active;
        while (worker.state !== "activated")
            await new Promise((resolve) => worker.addEventListener("statechange", resolve, {once: true}));
        const element = document.createElement("iframe");
        element.name = name;
        element.src = `${live}/${name}/app/index.html`;
        document.body.append(element);
        await new Promise((resolve) => (element.onload = resolve));
    };
    await frame("floor");
    await frame("broker");
    const script = document.createElement("script");
    script.src = `${live}/broker/page.js`;
    document.body.append(script);
    await new Promise((resolve) => (script.onload = resolve));
    await window.backendReady;
}"""

# In a frame: the milliseconds of so many requests, one after the other.
SERIAL = """async ([url, count, size]) => {
    const options = size ? {method: "POST", body: new Uint8Array(size)} : {};
    const times = [];
    for (let at = 0; at < count; at++) {
        const began = performance.now();
        await (await fetch(url, options)).arrayBuffer();
        times.push(performance.now() - began);
    }
    return times;
}"""

# In a frame: requests, so many at a time; the milliseconds from the beginning to the end of each.
AT_ONCE = """async ([url, count, width]) => {
    const began = performance.now();
    const times = [];
    let left = count;
    const lane = async () => {
        while (left-- > 0) {
            await (await fetch(url)).arrayBuffer();
            times.push(performance.now() - began);
        }
    };
    await Promise.all(Array.from({length: width}, lane));
    return times;
}"""


class Trio:
    """The three frames of the page; each answers `json`, `down?<chunks of 64 KB>` and `up`."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: dict[str, Frame] = {"live": Figure(page, "bench").start().frame}
        page.evaluate(BOTH_MORE, "asgi-live")
        for name in ("floor", "broker"):
            found = page.frame(name)
            assert found
            self.frames[name] = found

    def serial(self, name: str, url: str, count: int, size: int = 0) -> float:
        """The median milliseconds of a request; with `size`, of a POST of so many bytes."""
        times: list[float] = self.frames[name].evaluate(SERIAL, [f"do/{url}", count, size])
        return statistics.median(times)

    def at_once(self, name: str, url: str, count: int, width: int) -> list[float]:
        """The milliseconds after which each of `count` requests was answered, `width` of them at a time."""
        times: list[float] = self.frames[name].evaluate(AT_ONCE, [f"do/{url}", count, width])
        return sorted(times)


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options of all benches."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--runs", type=int, default=15)
    made.add_argument("--browser", choices=engines.DRIVEN_BY_PLAYWRIGHT, default="chromium")
    return made


@contextmanager
def trio(browser: str) -> Iterator[Trio]:
    """Build the docs, open them in that browser and start all three."""
    with tempfile.TemporaryDirectory() as folder, StaticSite(build(Path(folder))) as site, sync_playwright() as driver:
        running = engines.launch(driver, engines.find(driver, browser))
        context = running.new_context()
        # Longer than any start on a busy machine.
        expect.set_options(timeout=120_000)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.on("pageerror", lambda error: print(error))  # noqa: T201
        page.goto(site.url + "index.html")
        yield Trio(page)
        running.close()


def build(folder: Path) -> Path:
    """Build a page with the live app, and put the other two workers beside its own."""
    project = Project(folder / "docs", root="live")
    for left in ("markdown.md", "hello.py", "nested/deep/page.rst"):
        (project.folder / left).unlink()
    project.write("bench.py", APP)
    project.write("index.rst", "Bench\n=====\n\n.. asgi-live:: bench:app\n   :name: bench\n")
    built = project.run("-W", out=folder / "out")
    assert built.code == 0, "\n".join([built.status, *built.warnings])
    live = built.outdir / "asgi-live"
    (shared,) = {path.parent.name for path in live.glob("shared/js-*/python.js")}
    generated = (live / "bench" / "sw.js").read_text("utf-8")
    in_a_web_worker = generated.replace(f"../shared/{shared}/worker.js", "./backend.js")
    backend = (WORKERS / "backend.js").read_text("utf-8").replace("SHARED", f"../shared/{shared}")
    write(live / "floor", {"sw.js": (WORKERS / "floor.js").read_text("utf-8")})
    page, broker = ((WORKERS / name).read_text("utf-8") for name in ("page.js", "broker.js"))
    write(live / "broker", {"sw.js": broker, "page.js": page, "worker.js": in_a_web_worker, "backend.js": backend})
    return built.outdir


def write(folder: Path, files: dict[str, str]) -> None:
    """Write a worker's folder, with a page below it to be its frame."""
    (folder / "app").mkdir(parents=True)
    for name, text in {**files, "app/index.html": FRAME}.items():
        (folder / name).write_text(text, encoding="utf-8")


def in_turns(runs: int, measures: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Take each measure once to warm up and `runs` times in turns, so that what else the machine does falls on all."""
    for measure in measures.values():
        measure()
    taken = [{name: measure() for name, measure in measures.items()} for _ in range(runs)]
    return {name: [each[name] for each in taken] for name in measures}


def report(what: str, figures: Sequence[float], unit: str) -> None:
    """Print the median and the range."""
    span = f"({min(figures):.2f} to {max(figures):.2f})"
    print(f"{what:28} {statistics.median(figures):8.2f} {unit:6} {span}", flush=True)  # noqa: T201


def ratios(first: Sequence[float], second: Sequence[float]) -> list[float]:
    """The ratios of what was measured in the same turns."""
    return [one / other for one, other in zip(first, second, strict=True)]
