"""The shop's HTML. Every link is relative, so the pages work under any root_path."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from shop.models import Item, Order

STYLE = """
:root { color-scheme: light dark; --line: #8884; --accent: #0b6e4f; --on-accent: #fff }
@media (prefers-color-scheme: dark) { :root { --accent: #5cc8a0; --on-accent: #10241c } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 1.5rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line) }
.number { text-align: right; font-variant-numeric: tabular-nums }
form { display: flex; flex-wrap: wrap; gap: .75rem; align-items: end; margin: 1.25rem 0 }
label { display: grid; gap: .2rem; font-size: .85rem }
input, select, button { font: inherit; padding: .35rem .6rem }
input, select, button { border: 1px solid var(--line); border-radius: .3rem }
button { background: var(--accent); color: var(--on-accent); border-color: transparent; cursor: pointer }
a { color: var(--accent) }
"""

SCRIPT = """
const response = await fetch("items");
const items = await response.json();
document.querySelector("#fetched").textContent =
  `${items.length} items fetched: ${items.map((item) => item.name).join(", ")}`;
"""


def page(title: str, body: str) -> str:
    """A whole HTML document; `title` is escaped, `body` is HTML."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""


def shelf(items: Iterable[Item]) -> str:
    """The start page: what is in stock, an order form, and a script that asks the JSON API."""
    items = list(items)
    rows = "\n".join(
        f'<tr><td><a href="items/{item.id}">{escape(item.name)}</a></td>'
        f'<td class="number">{item.price}</td><td class="number">{item.stock}</td></tr>'
        for item in items
    )
    options = "\n".join(f'<option value="{item.id}">{escape(item.name)}</option>' for item in items)
    return page(
        "Tea shop",
        f"""<table>
<thead><tr><th>Item</th><th class="number">Price</th><th class="number">In stock</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<form method="post" action="orders">
<label>Item <select name="item_id">{options}</select></label>
<label>Quantity <input name="quantity" type="number" min="1" max="99" value="2" required></label>
<button>Order</button>
</form>
<p id="fetched" role="status">Asking the API …</p>
<p><a href="docs">API documentation</a></p>
<script type="module">{SCRIPT}</script>""",
    )


def receipt(order: Order) -> str:
    """The page that follows an order."""
    return page(
        f"Order {order.number}",
        f"""<p id="ordered">{order.quantity} &times; {escape(order.item.name)}, together {order.total}</p>
<p><a href="../">Back to the shop</a></p>""",
    )
