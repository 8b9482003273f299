"""What a reader meets on a docs page, from the first look to a later deploy, with tiny apps."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import tiny
from tests.browser.conftest import NewContext
from tests.browser.live import Figure, end_workers
from tests.site_server import StaticSite

# Notes each event at the window, so that one that does not bubble is missed.
LISTEN = """window.heard = [];
addEventListener("asgi-live:state", ({target, detail}) => {
    const figures = [...document.querySelectorAll("figure")];
    const marks = Object.values(detail.marks ?? {}).every((value) => value >= 0) && Object.keys(detail.marks ?? {});
    heard.push([figures.indexOf(target), target.dataset.state, detail.name, detail.state, marks]);
});"""
PROGRESS = "() => document.querySelector('progress')?.value ?? 0"
# How many pixels the figure's parts reach beyond the text that they stand in.
OVERFLOW = """(() => {
    const parts = document.querySelectorAll("figure, figure > *, .asgi-live-panel *, .asgi-live-toolbar *");
    const {right} = document.querySelector("figure").parentElement.getBoundingClientRect();
    return Math.max(...[...parts].map((one) => one.getBoundingClientRect().right - right));
})()"""
FORGET_WORKERS = """async () => {
    for (const one of await navigator.serviceWorker.getRegistrations()) await one.unregister();
}"""
# Another project of the same origin, with a worker and a cache of its own, named like ours but for its root.
SETTLE = """async () => {
    const other = await caches.open("asgi-live:/another/project/");
    await other.put("/another/project/asgi-live/shared/kept.gz", new Response("kept"));
    await navigator.serviceWorker.register("foreign/sw.js", {scope: "foreign/"});
}"""
INHABITANTS = """async () => {
    const registrations = await navigator.serviceWorker.getRegistrations();
    const stored = {};
    for (const name of await caches.keys()) {
        const keys = await (await caches.open(name)).keys();
        stored[name] = keys.map(({url}) => url.split("/").at(-1)).sort();
    }
    return {scopes: registrations.map(({scope}) => new URL(scope).pathname).sort(), stored};
}"""
GONE = """async ([name, file]) => {
    const there = async () => (await (await caches.open(name)).keys()).some(({url}) => url.endsWith(file));
    while (await there()) await new Promise(requestAnimationFrame);
}"""


@pytest.fixture(scope="module")
def next_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after its author has changed the app."""
    folder = tmp_path_factory.mktemp("next")
    project = tiny.tiny_project(folder / "docs")
    project.write("echo.py", tiny.ECHO.replace("VERSION = 1", "VERSION = 2"))
    return tiny.build(project, folder / "out")


@pytest.fixture
def site(tiny_root: Path) -> Iterator[StaticSite]:
    with StaticSite(tiny_root) as site:
        yield site


def downloaded(site: StaticSite) -> set[str]:
    """The projects' names of the archives that were asked for."""
    names = {request.path.rpartition("/")[2] for request in site.matching("asgi-live/shared/*-*.*")}
    names = {name for name in names if "-recorded-" not in name}
    return {name.rpartition("-")[0] for name in names if name.endswith((".gz", ".gzip", ".zip"))}


def instance(figure: Figure) -> dict[str, Any]:
    """Which Python answers: its id, the version of the app, how often its lifespan began."""
    told: dict[str, Any] = json.loads(figure.fetch("/instance")["text"])
    return told


def test_a_start_by_keyboard_with_progress_and_one_event_a_change(page: Page, site: StaticSite) -> None:
    wasm = site.fail("asgi-live/shared/*.wasm.*", hold=threading.Event())
    stdlib = site.fail("asgi-live/shared/*.zip", hold=threading.Event())
    page.add_init_script(LISTEN)
    page.goto(site.url + "index.html")
    first, second = Figure(page, "echo"), Figure(page, "echo", nth=1)
    for figure in (first, second):
        expect(figure.button).to_be_visible()
        expect(figure.element).to_have_attribute("data-state", "idle")
    assert downloaded(site) == set() and page.evaluate("heard") == []

    second.button.focus()
    page.keyboard.press("Enter")
    for figure in (first, second):
        expect(figure.element).to_have_attribute("data-state", "starting")
        expect(figure.panel).to_contain_text(re.compile(r"Downloading 0\.[1-9] of \d\.\d MB"))
    expect(second.panel).to_be_focused()
    assert 0 < page.evaluate(PROGRESS) < 0.1
    assert wasm.hold and stdlib.hold
    wasm.hold.set()
    # The worker tells it by itself, before the page asks a worker that is silent for 15 s.
    page.wait_for_function(f"({PROGRESS})() > 0.2", timeout=10_000)
    assert page.evaluate(PROGRESS) < 1
    stdlib.hold.set()
    first.ready()
    second.ready()

    expect(second.element.locator("iframe")).to_be_focused()
    expect(second.element.get_by_role("status")).to_have_text("Second: Live")
    marks = ["download", "python", "app"]
    heard = page.evaluate("heard")
    assert [event[:4] for event in heard] == [
        [figure, state, "echo", state] for state in ("starting", "ready") for figure in (0, 1)
    ]
    assert {tuple(event[4]) for event in heard} == {(), tuple(marks)}

    assert instance(first) == instance(second)
    assert instance(first)["startups"] == 1
    assert page.evaluate("navigator.serviceWorker.controller") is None
    assert second.evaluate("location.pathname + location.search").endswith("/asgi-live/echo/app/scope?figure=2")
    first.element.get_by_role("button", name="Reload the app's page").focus()
    page.keyboard.press("Tab")
    expect(first.element.get_by_role("link", name="Open in a new tab")).to_be_focused()
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    expect(opened.value.get_by_role("heading", name="Echo")).to_be_visible()


def test_on_a_narrow_screen_an_app_starts_when_it_is_seen(new_context: NewContext, site: StaticSite) -> None:
    held = site.fail("asgi-live/shared/*.zip", hold=threading.Event())
    page = new_context(site, viewport={"width": 375, "height": 667}).new_page()
    page.goto(site.url + "visible.html")
    figure = Figure(page, "other")
    expect(figure.button).to_be_attached()
    assert site.matching("*sw.js") == [] and page.evaluate(OVERFLOW) <= 0

    figure.element.scroll_into_view_if_needed()
    expect(figure.panel).to_contain_text("Downloading")
    assert page.evaluate(OVERFLOW) <= 0
    assert held.hold
    held.hold.set()
    expect(figure.ready().app.get_by_role("heading", name="Other")).to_be_visible()
    assert page.evaluate(OVERFLOW) <= 0


def test_an_app_starts_with_its_page_if_its_author_says_so(page: Page, site: StaticSite) -> None:
    site.fail("asgi-live/shared/*.zip", hold=threading.Event())
    page.goto(site.url + "load.html")
    expect(Figure(page, "other").element).to_have_attribute("data-state", "starting")


def test_what_was_downloaded_is_never_asked_for_again(page: Page, site: StaticSite) -> None:
    page.goto(site.url + "index.html")
    Figure(page, "echo").start()
    shared = {"pyodide", "python-stdlib", "sphinx_asgi_live", "tzdata-2026.6"}
    assert downloaded(site) == shared | {"echo"}

    page.goto(site.url + "plain.html")
    page.evaluate(FORGET_WORKERS)
    site.forget()
    page.goto(site.url + "both.html")
    echo = Figure(page, "echo").start()
    assert downloaded(site) == set()

    expect(Figure(page, "other").element).to_have_attribute("data-state", "idle")
    Figure(page, "other").start()
    assert downloaded(site) == {"other"}
    assert instance(echo)["startups"] == 1


@pytest.mark.parametrize("browser_name", ["chromium"])
def test_an_app_whose_worker_was_ended_comes_back(context: BrowserContext, page: Page, site: StaticSite) -> None:
    page.goto(site.url + "index.html")
    figure = Figure(page, "echo").start()
    before = instance(figure)
    end_workers(context, page)
    after = instance(figure)
    assert before["instance"] != after["instance"]
    assert after["startups"] == 1
    figure.ready()

    # An ended worker also leaves a later visit as it was: it waits for its reader.
    end_workers(context, page)
    page.reload()
    expect(figure.button).to_be_visible()
    expect(figure.element).to_have_attribute("data-state", "idle")


def test_a_new_deploy_takes_over_and_leaves_no_old_files(
    page: Page, site: StaticSite, tiny_root: Path, next_root: Path, tmp_path: Path
) -> None:
    for number, root in enumerate((tiny_root, next_root)):
        shutil.copytree(root, tmp_path / str(number), symlinks=True)
        (tmp_path / str(number) / "foreign").mkdir()
        (tmp_path / str(number) / "foreign" / "sw.js").write_text("// another project's\n")
    site.root = tmp_path / "0"
    page.goto(site.url + "index.html")
    page.evaluate(SETTLE)
    assert instance(Figure(page, "echo").start())["version"] == 1
    own = f"asgi-live:{site.prefix}"
    first = page.evaluate(INHABITANTS)
    assert first["scopes"] == [site.prefix + "asgi-live/echo/", site.prefix + "foreign/"]
    assert set(first["stored"]) == {own, "asgi-live:/another/project/"}

    site.root = tmp_path / "1"
    page.reload()
    page.evaluate(GONE, [own, next(name for name in first["stored"][own] if name.startswith("echo-"))])
    page.reload()
    figure = Figure(page, "echo")
    expect(figure.button.or_(figure.element.get_by_text("Live"))).to_be_visible()
    if figure.button.is_visible():
        figure.button.click()
    assert instance(figure.ready())["version"] == 2

    then = page.evaluate(INHABITANTS)
    assert then["scopes"] == first["scopes"]
    assert then["stored"]["asgi-live:/another/project/"] == ["kept.gz"]
    changed = set(then["stored"][own]) ^ set(first["stored"][own])
    assert len(changed) == 2 and all(name.startswith("echo-") for name in changed)
