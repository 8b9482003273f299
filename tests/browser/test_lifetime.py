"""How apps end and go on: Python that runs away, that keeps a reader waiting, and that ends altogether."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser import engines, tiny
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.projects import Project
from tests.site_server import StaticSite

CPU_LIMIT = 2
ANSWER_LIMIT = 3

APP = '''\
import asyncio
import json
import os
import sys
import uuid

INSTANCE = uuid.uuid4().hex
log = []


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    path = scope["path"].removeprefix(scope["root_path"]).strip("/")
    answer = await {"spin": spin, "group": group, "detached": detached, "never": never, "exit": end, "late": late,
                    "task-exit": end_in_task, "crash": crash, "overflow": overflow, "after": after,
                    "quick": quick, "open": let_go}.get(path, tell)(receive, send)
    if answer is not None:
        await begin(send)
        await send({"type": "http.response.body", "body": answer.encode()})


async def lifespan(receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await bell.wait()
    raise RuntimeError("the lifespan gave up")


bell = asyncio.Event()
gate = asyncio.Event()


async def begin(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})


async def tell(receive, send):
    return json.dumps({"instance": INSTANCE, "log": log})


async def quick(receive, send):
    return "quick"


async def spin(receive, send):
    while True:
        pass


async def group(receive, send):
    """As in a framework's middleware."""
    async with asyncio.TaskGroup() as group:
        group.create_task(spin(receive, send))


async def detached(receive, send):
    """A task that nobody awaits: the interrupt is its own business."""
    task = asyncio.create_task(spin(receive, send), name="detached")
    await asyncio.wait([task])
    return repr(task.exception())


async def after(receive, send):
    await begin(send)
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await gate.wait()
    await spin(receive, send)


async def let_go(receive, send):
    gate.set()
    return "open"


async def never(receive, send):
    try:
        await forever()
    except asyncio.CancelledError:
        while (message := await receive())["type"] == "http.request":
            pass
        log.append(f"cancelled, {message['type']}")
        raise


async def forever():
    await asyncio.Event().wait()


async def end(receive, send):
    print("the last words", flush=True)
    os._exit(3)


async def end_in_task(receive, send):
    async def leave():
        sys.exit("no reason to go on")

    task = asyncio.create_task(leave())
    await forever()


async def crash(receive, send):
    os.abort()


async def overflow(receive, send):
    sys.setrecursionlimit(10**9)

    def deeper(value):
        return [*map(deeper, [value])]

    deeper(1)


async def late(receive, send):
    """The lifespan's own task fails, long after its startup: the app goes on."""
    bell.set()
    return "late"
'''

PENDING = """async (path) => {
    const text = (response) => response.text().then((text) => [response.status, text]);
    const waiting = fetch("never").then(text);
    const answers = await Promise.all([waiting, fetch(path).then(text)]);
    return answers;
}"""
STREAM = """async () => {
    const reader = (await fetch("after")).body.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    await fetch("open");
    return [first, await reader.read().then(() => "went on", (error) => "broke")];
}"""
QUICK_WHILE_SPINNING = """() => Promise.all(["spin", "quick"].map((path) =>
    fetch(path).then(async (response) => [response.status, await response.text()])))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("lifetime")
    project = Project(folder / "docs", pages={"index.rst": "Life\n====\n\n.. asgi-live:: life:app\n   :name: life\n"})
    project.write("life.py", APP)
    project.configure(f"asgi_live_cpu_limit = {CPU_LIMIT}")
    root = tiny.build(project, folder / "out")
    shorten(root / "asgi-live" / "life" / "sw.js")
    with StaticSite(root) as site:
        yield site


def shorten(worker: Path) -> None:
    """Have requests given up sooner than four minutes."""
    text, changes = re.subn(r'"answer": 240\b', f'"answer": {ANSWER_LIMIT}', worker.read_text())
    assert changes == 1
    worker.write_text(text)


@pytest.fixture(scope="module", params=engines.DRIVEN_BY_PLAYWRIGHT)
def life(request: pytest.FixtureRequest, browsers: Callable[[str], Browser], site: StaticSite) -> Iterator[Figure]:
    """The app, started once for all tests of this module, some of which end it."""
    proxy: Any = {"server": site.origin, "bypass": site.host}
    context: BrowserContext = browsers(request.param).new_context(proxy=proxy)
    context.set_default_timeout(30_000)
    console = Console()
    console.listen(context)
    page = context.new_page()
    page.goto(site.url + "index.html")
    yield Figure(page, "life").start()
    context.close()


def instance(figure: Figure) -> str:
    """Which run of Python answers."""
    return str(json.loads(figure.fetch("state")["text"])["instance"])


def test_python_that_runs_away_is_interrupted_and_the_app_goes_on(life: Figure) -> None:
    before = instance(life)
    (spun, told), quick = life.evaluate(QUICK_WHILE_SPINNING)
    assert (spun, quick) == (503, [200, "quick"])
    assert "CpuLimitExceeded: Python ran for 2 s without a pause" in told
    assert "(asgi_live_cpu_limit = 2)" in told
    assert re.search(r'life\.py", line \d+, in spin', told)

    grouped = life.fetch("group")
    assert grouped["status"] == 503 and "in spin" in grouped["text"]
    assert "CpuLimitExceeded('Python ran for 2 s" in life.fetch("detached")["text"]
    assert life.evaluate(STREAM) == ["begun", "broke"]
    assert instance(life) == before


def test_a_page_tells_of_the_interrupt(life: Figure) -> None:
    life.frame.goto(life.frame.url.rpartition("/")[0] + "/spin")
    expect(life.app.locator("p")).to_contain_text("503 Service Unavailable: the app was interrupted")
    expect(life.app.locator("p code").last).to_have_text("spin")


def test_a_request_without_an_answer_is_given_up(life: Figure) -> None:
    answer = life.fetch("never")
    assert answer["status"] == 504
    assert "AnswerTimeout: The app sent nothing for 3 s, and was cancelled where it waited." in answer["text"]
    assert re.search(r'life\.py", line \d+, in forever', answer["text"])
    assert "cancelled, http.disconnect" in json.loads(life.fetch("state")["text"])["log"]


def test_a_lifespan_that_fails_later_takes_nothing_with_it(life: Figure) -> None:
    before = instance(life)
    assert life.fetch("late")["text"] == "late"
    assert instance(life) == before


ENDS = {
    "exit": "The app ended Python, with exit code 3",
    "task-exit": "The app ended Python, with exit code 1",
    "crash": "Python crashed: ",
    "overflow": "The app's calls went deeper than the browser allows",
}


@pytest.mark.parametrize("way", ENDS)
def test_python_that_ends_is_told_and_started_anew(life: Figure, way: str) -> None:
    before = instance(life)
    for status, text in life.evaluate(PENDING.replace("(path)", f"(path = {way!r})")):
        assert status == 500
        assert "Python has ended, and this request with it." in text
        assert ENDS[way] in text
    expect(life.element).to_have_attribute("data-state", "failed")
    expect(life.panel).to_contain_text("Python has ended while the app was running.")
    expect(life.panel.get_by_role("region", name="Details", include_hidden=True)).to_contain_text(ENDS[way])
    life.element.get_by_role("button", name="Try again").click()
    life.ready()
    assert instance(life) != before


def test_the_next_request_starts_python_anew(life: Figure) -> None:
    """Of a page of the app that asks again by itself: the figure goes live with it."""
    before = instance(life)
    assert life.fetch("exit")["status"] == 500
    assert instance(life) != before
    life.frame.goto(life.frame.url.rpartition("/")[0] + "/exit")
    expect(life.app.locator("pre")).to_contain_text("The next request starts the app anew")
