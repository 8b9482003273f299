"""What the frameworks' apps answer in Chromium, through the worker, is what their own test clients get on the host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from sphinx_asgi_live.packing.lock import Lock
from tests.browser.console import Console
from tests.browser.engines import PROJECT
from tests.browser.live import Figure
from tests.frameworks import hosts, site
from tests.frameworks.compare import differences, normal
from tests.frameworks.framework import LOCK, Framework, frameworks
from tests.once import once
from tests.site_server import StaticSite

# As tests/frameworks/clients.py does it.
ASK = """async (requests) => {
    const captured = {};
    const filled = (text) => text.replace(/\\{(\\w+)\\}/g, (whole, name) => captured[name] ?? whole);
    const answers = [];
    for (const { method, path, headers, body, capture } of requests) {
        const sent = Object.entries(headers).map(([name, value]) => [name, filled(value)]);
        const bytes = Uint8Array.from(filled(body), (letter) => letter.charCodeAt(0));
        const response = await fetch(filled(path), { method, headers: sent, body: bytes.length ? bytes : undefined });
        let text = "";
        for (const byte of new Uint8Array(await response.arrayBuffer())) text += String.fromCharCode(byte);
        for (const [name, pattern] of Object.entries(capture)) {
            captured[name] = new RegExp(pattern).exec(text)?.[1] ?? captured[name];
        }
        const { status, url } = response;
        answers.push({ status, url, headers: Object.fromEntries(response.headers), body: text });
    }
    return { answers, captured };
}"""


@pytest.fixture(scope="module")
def built(testrun_uid: str) -> site.Built:
    folder = PROJECT / "build" / "frameworks"
    warnings = once(folder, testrun_uid, lambda: site.build(folder, frameworks().values()).warnings)
    return site.Built(folder / "html", warnings)


@pytest.fixture(scope="module")
def served(built: site.Built) -> Iterator[StaticSite]:
    with StaticSite(built.folder) as served:
        yield served


@pytest.fixture(scope="module")
def context(browsers: Callable[[str], Browser], served: StaticSite) -> Iterator[BrowserContext]:
    proxy: Any = {"server": served.origin, "bypass": served.host}
    context = browsers("chromium").new_context(proxy=proxy)
    console = Console()
    console.listen(context)
    yield context
    context.close()
    assert console.unexpected == []


def told_by_browser(context: BrowserContext, served: StaticSite, framework: Framework) -> hosts.Told:
    served.forget()
    page = context.new_page()
    page.goto(f"{served.url}{framework.name}.html")
    figure = Figure(page, framework.name).ready()
    answers = figure.frame.evaluate(ASK, [asdict(each) for each in framework.requests])
    page.close()
    return hosts.Told.from_json({"origin": f"{served.url}asgi-live/{framework.name}/app", **answers})


@pytest.mark.parametrize("name", frameworks())
def test_the_same_answers_as_on_the_host(
    name: str, context: BrowserContext, served: StaticSite, built: site.Built
) -> None:
    framework = frameworks()[name]
    assert not built.problem(framework), built.problem(framework)
    host = hosts.ask(framework, framework.locked(Lock.load(LOCK)))
    live = told_by_browser(context, served, framework)
    problems = []
    for request, here, there in zip(framework.requests, live.answers, host.answers, strict=True):
        ours, theirs = normal(here, request, live.root, live.captured), normal(there, request, host.root, host.captured)
        found = differences(request, ours, theirs)
        problems += [text for part, text in found.items() if part not in request.differs]
        gone = request.differs.keys() - found.keys()
        problems += [f"{request.method} {request.path}: {part} differs no longer; say so no more" for part in gone]
    assert not problems, "\n".join(problems)
    assert set(served.foreign) == set(framework.foreign)


def test_the_lock_held_all_that_was_built(built: site.Built) -> None:
    left = PROJECT / "build" / "frameworks" / "docs" / LOCK.name
    assert left.read_text() == LOCK.read_text(), "run `python -m tests.frameworks` and look at what changed"
