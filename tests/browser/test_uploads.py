"""Bodies on their way to the app: length, pieces, senders that go on while the app reads, and pages that leave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import engines, tiny
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.projects import Project
from tests.site_server import StaticSite

SIZE = 30_000_000

APP = """\
import asyncio
import json

import pyodide_js

log = []
gate = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"].rpartition("/")[2]
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    told = {name: headers[name] for name in headers if "length" in name or "encoding" in name or "asgi" in name}
    if path == "take":
        heap = pyodide_js._module.HEAP8.length
        sizes = [size async for size in pieces(receive)]
        told |= {"size": sum(sizes), "largest": max(sizes), "grown": pyodide_js._module.HEAP8.length - heap}
    elif path == "slow":
        async for size in pieces(receive):
            log.append(size)
            await gate.wait()
        told |= {"size": sum(log)}
    elif path == "log":
        told = log
    elif path == "wait":
        log.append("asked")
        while (await receive())["type"] != "http.disconnect":
            pass
        log.append("left")
        return
    elif path == "open":
        gate.set()
    elif path == "forget":
        log.clear(), gate.clear()
    kind = b"application/json" if path else b"text/html"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})


async def pieces(receive):
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            log.append("gone")
            return
        more = message["more_body"]
        yield len(message["body"])
"""

FORM = """async () => {
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(SIZE)]), "name.bin");
    const wanted = (await new Response(form).arrayBuffer()).byteLength;
    const told = await (await fetch("take", {method: "POST", body: form})).json();
    return {wanted, ...told};
}""".replace("SIZE", str(SIZE))

PRODUCER = """
    const ask = async (path) => (await fetch(path)).json();
    await ask("forget");
    const send = (body) => fetch(new Request("slow", {method: "POST", body, duplex: "half"}));
"""
FIRST = f"""async () => {{{PRODUCER}
    let sender;
    const sent = send(new ReadableStream({{start: (controller) => void (sender = controller)}}));
    sender.enqueue(new Uint8Array(1000));
    while ((await ask("log")).length === 0);
    sender.enqueue(new Uint8Array(2000));
    sender.close();
    await ask("open");
    return (await sent).json();
}}"""
PRESSURE = f"""async () => {{{PRODUCER}
    const pieces = 60, size = 2 ** 20;
    let made = 0;
    const pull = (controller) => made++ < pieces ? controller.enqueue(new Uint8Array(size)) : controller.close();
    const sent = send(new ReadableStream({{pull}}, {{highWaterMark: 0}}));
    while ((await ask("log")).length === 0);
    for (let before = -1; before < made; await ask("log")) before = made;
    const ahead = made;
    await ask("open");
    return {{ahead, size: (await (await sent).json()).size / size}};
}}"""
LEAVE = f"""async () => {{{PRODUCER}
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.src = "log";
    await new Promise((loaded) => frame.onload = loaded);
    frame.contentWindow.fetch("wait").catch(() => {{}});
    while (!(await ask("log")).includes("asked"));
    frame.remove();
    while (!(await ask("log")).includes("left")) await new Promise(requestAnimationFrame);
}}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("uploads")
    page = "Uploads\n=======\n\n.. asgi-live:: uploads:app\n   :name: uploads\n"
    project = Project(folder / "docs", pages={"index.rst": page})
    project.write("uploads.py", APP)
    with StaticSite(tiny.build(project, folder / "out")) as site:
        yield site


@pytest.fixture(scope="module", params=engines.DRIVEN_BY_PLAYWRIGHT)
def app(request: pytest.FixtureRequest, browsers: Callable[[str], Browser], site: StaticSite) -> Iterator[Figure]:
    """The app, started once for all tests of this module."""
    proxy: Any = {"server": site.origin, "bypass": site.host}
    context = browsers(request.param).new_context(proxy=proxy)
    context.set_default_timeout(30_000)
    console = Console()
    console.listen(context)
    page = context.new_page()
    page.goto(site.url + "index.html")
    yield Figure(page, "uploads").start()
    context.close()
    assert console.unexpected == []


def streams(app: Figure) -> bool:
    """Whether this browser can send what is still being made."""
    return bool(app.evaluate("'duplex' in Request.prototype"))


def test_a_large_form_arrives_in_pieces_with_its_length(app: Figure) -> None:
    told = app.evaluate(FORM)
    assert told["size"] == int(told["content-length"])
    # The boundary of the form differs each time, in Firefox in its length as well: it is made of numbers.
    assert abs(told["size"] - told["wanted"]) < 60
    assert told["largest"] <= 2**21
    assert told["grown"] < SIZE / 2


def test_a_body_that_is_still_being_made_reaches_the_app(app: Figure) -> None:
    if streams(app):
        told = app.evaluate(FIRST)
        assert (told["transfer-encoding"], told["size"]) == ("chunked", 3000) and "content-length" not in told
    else:
        # Firefox sends the name of the object: the day that it does not, this is to be looked at.
        sent = app.fetch("take", "{method: 'POST', body: new ReadableStream(), duplex: 'half'}")
        assert json.loads(sent["text"])["size"] == len("[object ReadableStream]")


def test_a_sender_waits_for_the_app(app: Figure) -> None:
    if streams(app):
        told = app.evaluate(PRESSURE)
        assert told["ahead"] < 20 and told["size"] == 60


def test_a_page_that_leaves_before_the_headers_is_noticed(app: Figure) -> None:
    app.evaluate(LEAVE)


def test_small_bodies_have_their_length(app: Figure) -> None:
    for body, size in (("'größe'", 7), ("new Uint8Array(3)", 3), ("new URLSearchParams({a: 'b'})", 3), ("''", 0)):
        told = json.loads(app.fetch("take", f"{{method: 'POST', body: {body}}}")["text"])
        assert (told["content-length"], told["size"]) == (str(size), size)
    assert json.loads(app.fetch("take", "{method: 'POST'}")["text"])["content-length"] == "0"
