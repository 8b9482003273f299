"""The shop's routes: a JSON API, two pages and a form."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from shop import pages
from shop.models import Item, NewItem, Order, OrderForm

FIRST_STOCK = (("Darjeeling", "8.40", 12), ("Earl Grey", "5.90", 30), ("Sencha", "9.75", 7))

items: dict[int, Item] = {}
orders: dict[int, Order] = {}
starts = 0


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Fill the stock once, when the server starts."""
    global starts
    starts += 1
    for number, (name, price, stock) in enumerate(FIRST_STOCK, start=1):
        items[number] = Item(id=number, name=name, price=Decimal(price), stock=stock)
    yield
    items.clear()
    orders.clear()


app = FastAPI(title="Tea shop", version="1.0", lifespan=lifespan)


def stocked(item_id: int) -> Item:
    """The item of that id, or a 404."""
    if item_id not in items:
        raise HTTPException(404, f"There is no item {item_id}.")
    return items[item_id]


@app.get("/items")
async def list_items(search: str = "") -> list[Item]:
    """List the items whose name contains `search`."""
    return [item for item in items.values() if search.lower() in item.name.lower()]


@app.get("/items/{item_id}")
def read_item(item_id: int) -> Item:
    """Give one item. A plain `def`: FastAPI would run it in a thread."""
    return stocked(item_id)


@app.post("/items", status_code=201)
async def add_item(new: NewItem) -> Item:
    """Add an item to the stock."""
    item = Item(id=max(items, default=0) + 1, **new.model_dump())
    items[item.id] = item
    return item


@app.get("/starts")
async def count_starts() -> dict[str, int]:
    """Tell how often the shop has been started, and how many orders it has taken since."""
    return {"starts": starts, "orders": len(orders)}


@app.get("/", response_class=HTMLResponse, include_in_schema=False)
def show_shelf() -> str:
    return pages.shelf(items.values())


@app.post("/orders", include_in_schema=False)
def place_order(request: Request, form: Annotated[OrderForm, Form()]) -> RedirectResponse:
    """Take an order from the form and send the browser to its page."""
    item = stocked(form.item_id)
    if form.quantity > item.stock:
        raise HTTPException(409, f"Only {item.stock} of {item.name} are left.")
    item.stock -= form.quantity
    order = Order(number=len(orders) + 1, item=item, quantity=form.quantity)
    orders[order.number] = order
    return RedirectResponse(request.url_for("show_order", number=order.number), status_code=303)


@app.get("/orders/{number}", response_class=HTMLResponse, include_in_schema=False)
def show_order(number: int) -> str:
    if number not in orders:
        raise HTTPException(404, f"There is no order {number}.")
    return pages.receipt(orders[number])
