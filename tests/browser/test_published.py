"""Published examples of five frameworks, embedded by the bare directive, run in the reader's browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser import tiny
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.projects import Project
from tests.published import add_published
from tests.site_server import StaticSite


def test_examples_as_they_are_published_run(tmp_path: Path, browsers: Callable[[str], Browser]) -> None:
    docs = Project(tmp_path / "docs", root="published")
    add_published(docs)
    console = Console()
    with StaticSite(tiny.build(docs, tmp_path / "html")) as site:
        context = browsers("chromium").new_context()
        console.listen(context)
        page = context.new_page()
        page.goto(site.url)
        # One after the other: five boots at a time take as long and more memory.
        uploads = Figure(page, "tutorial003").start()
        uploads.app.locator("[name=files]").last.set_input_files(
            {"name": "tea.txt", "mimeType": "text/plain", "buffer": b""}
        )
        uploads.app.get_by_role("button").last.click()
        expect(uploads.app.get_by_text('{"filenames":["tea.txt"]}')).to_be_visible()
        for name in ("starlette-readme", "litestar-readme"):
            answer = Figure(page, name).start().fetch("")
            assert (answer["status"], answer["text"]) == (200, '{"hello":"world"}')
        adder = Figure(page, "js-example").start()
        for each in "ab":
            adder.app.locator(f"[name={each}]").fill("21")
        adder.app.get_by_role("button", name="Calculate").click()
        expect(adder.app.locator("#result")).to_have_text("42")
        started = Figure(page, "mysite").start()
        expect(started.app.get_by_role("heading", name="The install worked successfully!")).to_be_visible()
        assert started.fetch("admin/login/")["status"] == 200
        context.close()
    assert console.unexpected == [], "\n".join(console.lines)
