"""The two apps of demo_docs on the host, under a root_path as in the browser."""

from __future__ import annotations

import importlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from starlette.testclient import TestClient

DEMO_DOCS = Path(__file__).parent.parent / "demo_docs"
ORIGIN = "https://docs.example"
ROOT_PATH = "/some/deep/path/asgi-live/shop/app"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.syspath_prepend(DEMO_DOCS)
    app = importlib.import_module("shop.main").app
    with TestClient(app, base_url=ORIGIN + ROOT_PATH, root_path=ROOT_PATH) as client:
        yield client


@pytest.fixture(scope="module")
def library_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The library's module, imported from a copy, since the tests write to its database."""
    home = tmp_path_factory.mktemp("home")
    for folder in ("library", "data"):
        shutil.copytree(DEMO_DOCS / folder, home / folder, ignore=shutil.ignore_patterns("__pycache__"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(home)
        module = importlib.import_module("library.app")
        yield module
        module.pm.unregister(module.badge)


@pytest.fixture(scope="module")
def library(library_app: ModuleType) -> Iterator[TestClient]:
    with TestClient(library_app.app, base_url=ORIGIN) as client:
        yield client


def test_an_item_is_json(shop: TestClient) -> None:
    response = shop.get("items/1")
    assert response.json() == {"id": 1, "name": "Darjeeling", "price": "8.40", "stock": 12}
    assert shop.get("items/99").json() == {"detail": "There is no item 99."}


def test_items_are_searched(shop: TestClient) -> None:
    assert [item["name"] for item in shop.get("items", params={"search": "EARL"}).json()] == ["Earl Grey"]


def test_a_new_item_is_validated_and_kept(shop: TestClient) -> None:
    refused = shop.post("items", json={"name": "", "price": "-1"})
    assert refused.status_code == 422
    assert [error["loc"] for error in refused.json()["detail"]] == [["body", "name"], ["body", "price"]]
    added = shop.post("items", json={"name": "Rooibos", "price": "4.20", "stock": 3})
    assert added.status_code == 201
    assert shop.get(f"items/{added.json()['id']}").json() == added.json()


def test_the_order_form_redirects_to_its_page(shop: TestClient) -> None:
    answer = shop.post("orders", data={"item_id": "1", "quantity": "2"}, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{ORIGIN}{ROOT_PATH}/orders/1"
    page = shop.get(answer.headers["location"])
    assert '<p id="ordered">2 &times; Darjeeling, together 16.80</p>' in page.text
    assert shop.get("items/1").json()["stock"] == 10


def test_an_order_beyond_the_stock_is_refused(shop: TestClient) -> None:
    answer = shop.post("orders", data={"item_id": "3", "quantity": "8"})
    assert (answer.status_code, answer.json()) == (409, {"detail": "Only 7 of Sencha are left."})


def test_the_pages_hold_relative_addresses_only(shop: TestClient) -> None:
    page = shop.get("").text
    assert 'fetch("items")' in page
    assert re.findall(r'(?:href|action|src)="(?:/|\w+:)[^"]*"', page) == []


def test_the_documentation_page_asks_below_the_root_path(shop: TestClient) -> None:
    assert f"url: '{ROOT_PATH}/openapi.json'" in shop.get("docs").text
    assert shop.get("openapi.json").json()["servers"] == [{"url": ROOT_PATH}]


def test_each_start_fills_the_stock_once(shop: TestClient) -> None:
    before = shop.get("starts").json()
    shop.post("orders", data={"item_id": "2", "quantity": "1"})
    assert shop.get("starts").json() == {"starts": before["starts"], "orders": 1}
    assert [item["stock"] for item in shop.get("items").json()] == [12, 29, 7]


def test_the_committed_database_is_what_its_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DEMO_DOCS / "data")
    importlib.import_module("make").make(tmp_path / "library.db")

    def dump(path: Path) -> list[str]:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return list(connection.iterdump())

    assert dump(DEMO_DOCS / "data" / "library.db") == dump(tmp_path / "library.db")


def test_datasette_shows_a_table_with_its_foreign_keys_and_search(library: TestClient) -> None:
    page = library.get("/library/books").text
    assert '<a href="/library/authors/1">Jane Austen</a>' in page
    found = library.get("/library/books.json", params={"_search": "war", "_shape": "array"}).json()
    assert [row["title"] for row in found] == ["War and Peace", "The War of the Worlds"]


def test_datasette_runs_sql(library: TestClient) -> None:
    sql = "select country, count(*) as authors from authors group by country order by authors desc limit 1"
    rows = library.get("/library/-/query.json", params={"sql": sql, "_shape": "array"}).json()
    assert rows == [{"country": "United Kingdom", "authors": 7}]


def test_root_inserts_a_row_from_the_same_origin_only(library: TestClient) -> None:
    body = {"row": {"name": "Emily Brontë", "born": 1818, "country": "United Kingdom"}}
    insert = "/library/authors/-/insert"
    assert library.get("/-/actor.json").json()["actor"] == {"id": "root"}
    assert library.post(insert, json=body, headers={"origin": "https://other.example"}).status_code == 403
    answer = library.post(insert, json=body, headers={"origin": ORIGIN})
    assert (answer.status_code, answer.json()["rows"][0]["name"]) == (201, "Emily Brontë")
    rows = library.get("/library/authors.json", params={"born": 1818, "_shape": "array"}).json()
    assert [row["name"] for row in rows] == ["Emily Brontë"]


def test_the_plugin_brings_its_script(library: TestClient) -> None:
    address = "/-/static-plugins/library.badge/badge.js"
    assert f'<script type="module" src="{address}"' in library.get("/library/books").text
    script = library.get(address)
    assert script.headers["content-type"].startswith(("text/javascript", "application/javascript"))
    assert 'dataset.plugin = "ran"' in script.text
