"""Readers get an app as the build has frozen it, but no chance of that run; without its image it starts too."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.browser import tiny
from tests.browser.conftest import NewContext
from tests.browser.console import Console
from tests.browser.live import Figure, end_workers
from tests.site_server import StaticSite

APP = '''\
import json
import os
import random
import secrets
import sys
import tempfile
import time
import uuid

JANUARY = 1767268800
TABLE = [bytes([number % 256]) * 4000 for number in range(1200)]


async def app(scope, receive, send):
    """Draws of every kind of chance, and what else is not frozen."""
    if scope["type"] != "http":
        return
    agent = dict(scope["headers"]).get(b"user-agent", b"") if scope["path"].endswith("/agent") else b""
    if scope["query_string"] or b"Mozilla" in agent:
        import wave
    drawn = {
        "random": random.random(),
        "shuffled": random.sample(range(10**6), 5),
        "bytes": os.urandom(8).hex(),
        "token": secrets.token_urlsafe(),
        "choice": secrets.choice(range(10**9)),
        "uuid": str(uuid.uuid4()),
        "file": tempfile.mkstemp()[1],
    }
    told = {"drawn": drawn, "env": os.environ.get("GREETING"), "seed": os.environ.get("PYTHONHASHSEED"),
            "imported": "wave" in sys.modules, "table": len(b"".join(TABLE)),
            "zone": time.timezone, "offset": time.localtime(JANUARY).tm_gmtoff}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
'''
PAGE = "Frozen\n======\n\n.. asgi-live:: frozen:app\n   :name: frozen\n   :env: GREETING=hello\n   :snapshot: app\n"
AGENT = ":orphan:\n\n" + PAGE.replace("\n   :env:", "\n   :path: /agent\n   :env:")
LISTEN = "addEventListener('asgi-live:state', ({ detail }) => (window.marks = detail.marks))"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("frozen")
    project = tiny.project_of(folder / "docs", {"frozen.py": APP, "index.rst": PAGE, "agent.rst": AGENT})
    with StaticSite(tiny.build(project, folder / "out")) as site:
        yield site


def digest(content: bytes) -> str:
    """As the manifest has it."""
    return hashlib.sha256(content).hexdigest()


def started(context: BrowserContext, site: StaticSite, page_name: str = "index") -> tuple[Figure, list[str]]:
    """Start the app as a reader does; return it and the stages of its start."""
    page = context.new_page()
    page.goto(f"{site.url}{page_name}.html")
    page.evaluate(LISTEN)
    figure = Figure(page, "frozen").start()
    return figure, sorted(page.evaluate("window.marks"))


def test_no_two_readers_share_what_an_app_draws_after_its_restore(
    new_context: NewContext, site: StaticSite, browser_name: str
) -> None:
    told = []
    for zone in ("America/New_York", "Asia/Tokyo"):
        figure, marks = started(new_context(site, timezone_id=zone), site)
        assert marks == ["app", "download", "restored"]
        told.append(json.loads(figure.fetch("x")["text"]))
    one, other = told
    assert [kind for kind, value in one["drawn"].items() if other["drawn"][kind] == value] == []
    for each in told:
        assert (each["env"], each["seed"], each["zone"]) == ("hello", None, -each["offset"])
        assert each["table"] == 4_800_000
    if browser_name == "chromium":  # Playwright's time zone does not reach Firefox's service workers
        assert (one["offset"], other["offset"]) == (-5 * 3600, 9 * 3600)


def test_an_app_is_up_before_all_of_its_files_are_there(
    new_context: NewContext, site: StaticSite, console: Console
) -> None:
    held = site.fail("asgi-live/shared/python-stdlib-*", hold=threading.Event())
    figure, marks = started(new_context(site), site)
    assert marks == ["app", "download", "restored"]
    # The build has not asked this: it waits, and finds everything in its place.
    figure.evaluate(
        "() => void (window.answer = fetch('x?import').then((answer) => (window.over = true, answer.json())))"
    )
    assert figure.evaluate("window.over") is None
    assert held.hold
    held.hold.set()
    assert figure.evaluate("window.answer")["imported"] is True
    assert [line for line in console.lines if "starts anew" in line] == []
    site.heal()


def test_an_app_that_looks_for_what_is_not_there_starts_anew_with_all_of_its_files(
    new_context: NewContext, site: StaticSite, console: Console, browser_name: str
) -> None:
    context = new_context(site)
    figure, _ = started(context, site, "agent")
    assert json.loads(figure.app.locator("body").inner_text())["imported"] is True
    assert json.loads(figure.fetch("x")["text"])["env"] == "hello"
    if browser_name == "chromium":
        what = r"frozen starts anew.*/lib/python314\.zip was looked into"
        assert [line for line in console.lines if re.search(what, line)], console.lines
        # The next worker knows.
        console.lines.clear()
        end_workers(context, figure.page)
        figure.page.reload()
        Figure(figure.page, "frozen").live()
        assert [line for line in console.lines if "starts anew" in line] == []


def test_an_image_that_is_damaged_is_told_of_and_not_needed(
    new_context: NewContext, site: StaticSite, console: Console, browser_name: str
) -> None:
    images = (site.root / "asgi-live" / "shared").glob("image-*.gzip")
    overlay = min(images, key=lambda path: path.stat().st_size)
    whole = overlay.read_bytes()
    flipped = whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:]
    strange = gzip.compress(re.sub(rb'("tableBefore":)\d', rb"\g<1>9", gzip.decompress(whole)))
    reasons = ["is not the file that was published", "broke off after", r"the table has \d+ entries, and the image"]
    # A worker's own lines are there in Chromium only, so in Firefox there is nothing to tell one reason from another.
    for reason in reasons if browser_name == "chromium" else reasons[:1]:
        site.forget()
        if "published" in reason:
            site.fail(f"*{overlay.name}", body=flipped)
        elif "broke" in reason:
            site.fail(f"*{overlay.name}", truncate=len(whole) // 2)
        else:
            worker = (site.root / "asgi-live" / "frozen" / "sw.js").read_text()
            for old, new in ((digest(whole), digest(strange)), (f'"size": {len(whole)}', f'"size": {len(strange)}')):
                worker = worker.replace(old, new)
            site.fail("*/frozen/sw.js", body=worker.encode())
            site.fail(f"*{overlay.name}", body=strange)
        figure, marks = started(new_context(site), site)
        assert marks == ["app", "download", "python"]
        assert json.loads(figure.fetch("x")["text"])["env"] == "hello"
        if browser_name == "chromium":
            told = {line for line in console.lines if re.search(f"frozen starts without its image.*{reason}", line)}
            assert len(told) == 1, console.lines
    site.forget()


def test_a_browser_that_cannot_unpack_is_told_so(context: BrowserContext, site: StaticSite) -> None:
    page = context.new_page()
    page.add_init_script("delete globalThis.DecompressionStream")
    page.goto(site.url + "index.html")
    assert "This browser cannot run the app" in Figure(page, "frozen").failed()
