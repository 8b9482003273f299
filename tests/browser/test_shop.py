"""The FastAPI shop of demo_docs, used as a reader uses it, with every foreign request refused."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Figure
from tests.site_server import StaticSite


@pytest.fixture
def shop(familiar_page: Page, site: StaticSite) -> Figure:
    familiar_page.goto(site.url + "index.html")
    return Figure(familiar_page, "shop").live()


def test_the_page_its_script_and_its_api_are_answered_by_python(shop: Figure, site: StaticSite) -> None:
    expect(shop.app.get_by_role("heading", name="Tea shop")).to_be_visible()
    expect(shop.app.locator("#fetched")).to_have_text("3 items fetched: Darjeeling, Earl Grey, Sencha")

    answer = shop.fetch("items/1")

    assert answer["status"] == 200
    assert answer["headers"]["content-type"] == "application/json"
    assert json.loads(answer["text"]) == {"id": 1, "name": "Darjeeling", "price": "8.40", "stock": 12}
    assert site.foreign == []
    assert not [request for request in site.requests if "/asgi-live/shop/app/items" in request.path]


def test_validation_and_errors_are_the_frameworks_own(shop: Figure) -> None:
    headers = '{"content-type": "application/json"}'
    refused = shop.fetch("items", f"{{method: 'POST', headers: {headers}, body: '{{\"name\": \"\"}}'}}")
    assert refused["status"] == 422
    assert json.loads(refused["text"])["detail"][0]["loc"][0] == "body"
    assert shop.fetch("items/99")["status"] == 404
    assert shop.fetch("items/1", "{method: 'PATCH'}")["status"] == 405


def test_a_form_post_is_followed_to_its_303_page(shop: Figure) -> None:
    stock = stock_of(shop, "Earl Grey")
    shop.app.get_by_label("Item").select_option(label="Earl Grey")
    quantity = shop.app.get_by_label("Quantity")
    quantity.press("ControlOrMeta+a")  # Firefox's `fill` adds to what is there
    quantity.press_sequentially("3")
    shop.app.get_by_role("button", name="Order").click()

    expect(shop.app.locator("#ordered")).to_have_text("3 \N{MULTIPLICATION SIGN} Earl Grey, together 17.70")
    shop.app.get_by_role("link", name="Back to the shop").click()
    expect(shop.app.get_by_role("row", name="Earl Grey")).to_contain_text(str(stock - 3))


def stock_of(shop: Figure, name: str) -> int:
    (stock,) = (item["stock"] for item in json.loads(shop.fetch("items")["text"]) if item["name"] == name)
    return int(stock)


def test_lifespan_ran_once_and_state_outlives_pages(shop: Figure, site: StaticSite) -> None:
    before = json.loads(shop.fetch("starts")["text"])
    assert before["starts"] == 1
    after = {"starts": 1, "orders": before["orders"] + 1}
    shop.app.get_by_role("button", name="Order").click()
    expect(shop.app.locator("#ordered")).to_be_visible()

    shop.page.goto(site.url + "howto/several.html")
    again = Figure(shop.page, "shop").ready()
    assert json.loads(again.fetch("starts")["text"]) == after

    tab = shop.page.context.new_page()
    tab.goto(site.url + "asgi-live/shop/app/?tab")
    shown = "fetch('starts').then((answer) => answer.json())"
    assert tab.evaluate(shown) == after


def test_swagger_ui_renders_and_executes_without_its_cdn(familiar_page: Page, site: StaticSite) -> None:
    familiar_page.goto(site.url + "howto/fastapi.html")
    shop = Figure(familiar_page, "shop").live()

    operation = shop.app.locator("#operations-default-read_item_items__item_id__get")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("item_id").press_sequentially("2")
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    expect(operation.locator(".live-responses-table")).to_contain_text("Earl Grey")
    assert site.foreign == []


def test_a_running_app_needs_no_server(shop: Figure, site: StaticSite) -> None:
    site.fail("*", status=503)
    shop.app.get_by_role("link", name="API documentation").click()
    expect(shop.app.locator("#swagger-ui .info")).to_be_visible()
    asked = {request.path for request in site.requests if request.status == 503}
    # The browser itself looks for a new deploy of the worker's scripts; nothing of the app's pages is asked for.
    assert not [path for path in asked if "/app/" in path or path.endswith(("inside.js", ".gzip", ".zip"))]


def test_a_second_figure_of_the_app_is_live_at_once(shop: Figure, site: StaticSite) -> None:
    shop.page.goto(site.url + "howto/fastapi.html")
    expect(Figure(shop.page, "shop").ready().app.locator("#swagger-ui .info")).to_be_visible()


def test_apps_on_one_page_do_not_see_each_other(familiar_page: Page, site: StaticSite) -> None:
    familiar_page.goto(site.url + "howto/several.html")
    shop = Figure(familiar_page, "shop").live()
    counter = Figure(familiar_page, "counter").live()

    counter.app.get_by_role("button", name="Add one").click()
    expect(counter.app.locator("#count")).to_have_text("1")
    assert shop.fetch("count")["status"] == 404
    assert counter.fetch("items")["status"] == 404


def test_the_docs_pages_are_not_the_workers(shop: Figure) -> None:
    assert shop.page.evaluate("navigator.serviceWorker.controller") is None
    scopes = shop.page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => all.map((one) => new URL(one.scope).pathname))"
    )
    own = shop.evaluate("location.pathname").removesuffix("shop/app/")
    assert own + "shop/" in scopes
    # Each app's worker has that app's own folder, and no more.
    assert all(re.fullmatch(rf"{re.escape(own)}[\w-]+/", scope) for scope in scopes)
