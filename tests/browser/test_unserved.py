"""What needs no server of its own: a page opened from disk says what to do, and a CDN's files come with the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import tiny
from tests.browser.live import Figure
from tests.site_server import StaticSite

APP = '''\
PAGE = """<!doctype html><html lang="en"><title>CDN</title><h1>CDN</h1><p>What is a number, and what is not?</p>
<script>var module = {}</script>
<script src="//unpkg.com/is-number@7.0.0/index.js"></script>
<script type="module">
  import { createRef } from "https://cdn.jsdelivr.net/npm/lit-html@3.3.1/directives/ref.js";
  document.querySelector("h1").textContent = `${module.exports(5)} ${typeof createRef().value}`;
</script>"""


async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": PAGE.encode()})
'''
INDEX = """\
Title
=====

.. asgi-live:: cdn:app
   :title: From a CDN
   :caption: A caption

.. asgi-live:: cdn:app
   :path: /second
"""
LISTEN = """() => { window.states = [];
addEventListener("asgi-live:state", ({ detail }) => states.push(detail), true); }"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unserved")
    project = tiny.tiny_project(folder / "docs")
    for page in tiny.PAGES:
        (project.folder / page).unlink()
    project.write("cdn.py", APP)
    project.write("index.rst", INDEX)
    return tiny.build(project, folder / "out ünï #1")


@pytest.fixture
def site(root: Path) -> Iterator[StaticSite]:
    with StaticSite(root) as site:
        yield site


def test_a_page_opened_from_disk_says_what_to_do(page: Page, root: Path) -> None:
    page.add_init_script(f"({LISTEN})()")
    page.goto((root / "index.html").as_uri())
    figures = page.locator("figure.asgi-live")
    expect(figures).to_have_count(2)
    for figure, title in zip(figures.all(), ("From a CDN", "cdn-app"), strict=True):
        expect(figure).to_have_attribute("data-state", "failed")
        expect(figure.locator(".asgi-live-toolbar")).to_have_text(f"{title} Not running")
        panel = figure.get_by_role("group", name=title)
        expect(panel).to_contain_text("This page was opened as a file, where browsers forbid service workers.")
        expect(panel).to_contain_text("python -m http.server")
        expect(panel).to_contain_text("sphinx-asgi-live serve")
        expect(panel).to_be_visible()
        expect(figure.frame_locator("iframe").get_by_text("What is a number, and what is not?")).to_be_visible()
    expect(figures.first.locator("figcaption")).to_have_text("A caption")
    assert page.evaluate("states") == [{"name": "cdn-app", "state": "failed", "reason": "file"}] * 2


def test_what_a_page_loads_from_a_cdn_comes_with_the_site(page: Page, site: StaticSite) -> None:
    """Without a scheme, as a served page asks over http, and what a module imports from beside it."""
    page.goto(f"{site.url}index.html")
    figure = Figure(page, "cdn-app").start()
    expect(figure.app.locator("h1")).to_have_text("true undefined")
    assert site.foreign == []
