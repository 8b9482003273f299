"""The full Datasette 1.0 alpha of demo_docs: its pages, its scripts, its plugin, SQL and writes as root."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import demo, tiny
from tests.browser.conftest import NewContext
from tests.browser.live import Figure
from tests.projects import Project
from tests.site_server import StaticSite


@pytest.fixture
def library(familiar_page: Page, site: StaticSite) -> Figure:
    familiar_page.goto(site.url + "howto/datasette.html")
    return Figure(familiar_page, "library").live()


def test_a_table_is_shown_and_the_plugins_script_has_run(library: Figure, site: StaticSite) -> None:
    expect(library.app.get_by_role("heading", name="books", exact=True)).to_be_visible()
    expect(library.app.locator("table.rows-and-columns tbody tr")).to_have_count(34)
    expect(library.app.locator("html")).to_have_attribute("data-plugin", "ran")
    expect(library.app.locator("#badge svg")).to_be_visible()
    assert site.foreign == []


def test_links_that_ignore_the_prefix_stay_in_the_app(library: Figure, site: StaticSite) -> None:
    library.app.get_by_role("link", name="Jane Austen").first.click()
    expect(library.app.locator("body.row")).to_be_visible()
    library.app.get_by_role("link", name="home").first.click()
    expect(library.app.locator("body.index")).to_be_visible()
    library.evaluate("void (location.href = '/library/loans')")
    expect(library.app.get_by_role("heading", name="loans", exact=True)).to_be_visible()
    assert library.evaluate("location.pathname").endswith("/asgi-live/library/app/library/loans")
    assert not [request for request in site.requests if request.status == 404 and "library" in request.path]


def test_a_filter_form_that_ignores_the_prefix_is_answered(library: Figure) -> None:
    library.app.locator("input[name=_search]").fill("emma")
    library.app.get_by_role("button", name="Apply filters").click()
    expect(library.app.locator("table.rows-and-columns tbody tr")).to_have_count(1)


def test_sql_is_run(library: Figure) -> None:
    library.evaluate("void (location.href = '/library/-/query?sql=select+count(*)+as+n+from+books')")
    expect(library.app.locator("td.col-n")).to_have_text("34")


def test_root_inserts_a_row(library: Figure) -> None:
    options = """{method: 'POST', headers: {'content-type': 'application/json'},
        body: JSON.stringify({row: {name: 'Ursula K. Le Guin', born: 1929}})}"""
    answer = library.fetch("/library/authors/-/insert", options)
    assert answer["status"] == 201, answer["text"]

    found = library.fetch("/library/authors.json?name__startswith=Ursula&_shape=array")
    assert [row["name"] for row in json.loads(found["text"])] == ["Ursula K. Le Guin"]


def test_root_writes_through_a_form(library: Figure) -> None:
    # The page forbids being framed (CSP frame-ancestors); the docs frame it all the same.
    sql = "insert+into+authors+(name,+born)+values+('Zadie+Smith',+1975)"
    library.evaluate(f'void (location.href = "/library/-/execute-write?sql={sql}")')
    library.app.get_by_role("button", name="Execute", exact=False).first.click()
    library.app.get_by_text("row affected", exact=False).first.wait_for()

    found = library.fetch("/library/authors.json?name=Zadie+Smith&_shape=array")
    assert [row["born"] for row in json.loads(found["text"])] == [1975]


BASED = """\
# /// script
# dependencies = ["datasette>=1.0a41"]
# ///
import os

from datasette.app import Datasette

datasette = Datasette(memory=True, settings={"base_url": os.environ["BASE"]})
app = datasette.app()
"""
EMBEDDED = """
.. asgi-live:: based:app
   :name: {name}
   :env: BASE={base}
   :exclude: pip, setuptools, hupper, uvicorn
   :start: load
"""


@pytest.mark.parametrize("browser_name", ["chromium"])
def test_a_base_url_of_any_kind(new_context: NewContext, tmp_path: Path) -> None:
    # Where the author knows it to be deployed, and where a proxy of theirs has it.
    bases = {"deployed": "/some/deep/path/asgi-live/deployed/app/", "elsewhere": "/db/"}
    pages = "".join(EMBEDDED.format(name=name, base=base) for name, base in bases.items())
    project: Project = tiny.project_of(tmp_path / "docs", {"based.py": BASED, "index.rst": f"Based\n=====\n{pages}"})
    project.write("asgi-live.lock.json", (demo.SOURCE / "asgi-live.lock.json").read_text("utf-8"))
    with StaticSite(tiny.build(project, tmp_path / "out")) as site:
        page = new_context(site).new_page()
        page.goto(site.url + "index.html")
        for name in bases:
            app = Figure(page, name).ready()
            app.app.get_by_role("link", name="_memory", exact=True).click()
            # The database's page has an editor, whose form leads to the answer.
            app.app.get_by_role("button", name="Run SQL").click()
            expect(app.app.get_by_role("cell").first).to_have_text(re.compile(r"3\.\d+"))
            assert "/asgi-live/" + name + "/app/" in app.evaluate("location.pathname")
        assert not [request for request in site.requests if request.status == 404 and "/asgi-live/" in request.path]
        assert site.foreign == []
