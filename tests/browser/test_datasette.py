"""The full Datasette 1.0 alpha of demo_docs: its pages, its scripts, its plugin, SQL and writes as root."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Figure
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
