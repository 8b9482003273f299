"""Browsers that reach the test's own server and nothing else, one process of each for a whole test run.

The guarantee is the browser's network stack, not interception, which misses what service workers fetch
(Firefox) and turns the HTTP cache off (Chromium): the site is the browser's HTTP proxy, and hangs up on what is
not for itself. `test_drivers.py` holds the negative controls.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ProxySettings, expect, sync_playwright
from selenium.webdriver import WebKitGTK

from tests.browser import demo, engines, roaming, tiny, webkit
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.site_server import StaticSite

# A cold start of Python takes seconds, and more when two browsers do it at once.
PATIENCE_MS = 30_000


class NewContext(Protocol):
    """Open a fresh profile, closed after the test; `guarded=False` lets it reach other servers too."""

    def __call__(self, site: StaticSite, *, guarded: bool = True, **options: Any) -> BrowserContext: ...


class NewWebKit(Protocol):
    """Start WebKit with a fresh profile, ended after the module's tests; `guarded` as in `NewContext`."""

    def __call__(self, site: StaticSite, *, guarded: bool = True) -> WebKitGTK: ...


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        expect.set_options(timeout=PATIENCE_MS)
        yield running


@pytest.fixture(scope="session")
def browsers(playwright: Playwright) -> Iterator[Callable[[str], Browser]]:
    """The running browser with an engine, started when first asked for."""
    running: dict[str, Browser] = {}

    def browser(name: str) -> Browser:
        if name not in running:
            running[name] = engines.launch(playwright, engines.find(playwright, name))
        return running[name]

    yield browser
    for one in running.values():
        one.close()


@pytest.fixture(params=engines.DRIVEN_BY_PLAYWRIGHT)
def browser_name(request: pytest.FixtureRequest) -> str:
    """The engine of this test; a test that has it runs once in each."""
    return str(request.param)


@pytest.fixture
def browser(browsers: Callable[[str], Browser], browser_name: str) -> Browser:
    return browsers(browser_name)


@pytest.fixture
def console() -> Iterator[Console]:
    """What the pages of this test say; an uncaught error that was not expected fails the test."""
    console = Console()
    yield console
    assert console.unexpected == [], "uncaught in a page; all it said:\n" + "\n".join(console.lines)


def guard(site: StaticSite) -> ProxySettings:
    """Settings by which a browser reaches that site and nothing else."""
    # Firefox does not heed an exception with a port: there the site serves itself as a proxy.
    return {"server": site.origin, "bypass": site.host}


def open_context(browser: Browser, site: StaticSite, *, guarded: bool = True, **options: Any) -> BrowserContext:
    """Open a fresh profile, `guarded` as in `NewContext`."""
    if guarded:
        options["proxy"] = guard(site)
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    return context


@pytest.fixture
def new_context(browser: Browser, console: Console) -> Iterator[NewContext]:
    with ExitStack() as stack:

        def new_context(site: StaticSite, *, guarded: bool = True, **options: Any) -> BrowserContext:
            context = open_context(browser, site, guarded=guarded, **options)
            stack.callback(context.close)
            console.listen(context)
            return context

        yield new_context


@pytest.fixture(scope="session")
def demo_site(testrun_uid: str) -> Iterator[StaticSite]:
    with StaticSite(demo.shared_demo(testrun_uid)) as site:
        yield site


@pytest.fixture
def site(demo_site: StaticSite) -> StaticSite:
    """The built demo_docs under a deep path, with nothing on record and no faults."""
    demo_site.forget()
    return demo_site


@pytest.fixture
def context(new_context: NewContext, site: StaticSite) -> BrowserContext:
    """A fresh profile that reaches `site` only; `site.foreign` lists what else its pages asked for."""
    return new_context(site)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page of `context`."""
    return context.new_page()


@pytest.fixture(scope="session")
def familiar_contexts(
    browsers: Callable[[str], Browser], demo_site: StaticSite
) -> Iterator[Callable[[str], BrowserContext]]:
    """The one profile of an engine that has been on `site` before, opened when first asked for."""
    opened: dict[str, BrowserContext] = {}

    def familiar(name: str) -> BrowserContext:
        if name not in opened:
            opened[name] = open_context(browsers(name), demo_site)
        return opened[name]

    yield familiar
    for context in opened.values():
        context.close()


@pytest.fixture
def familiar_page(
    familiar_contexts: Callable[[str], BrowserContext], browser_name: str, site: StaticSite, console: Console
) -> Iterator[Page]:
    """An empty page of a profile that tests share: an app once started there may run (`Figure.live`), and has state.

    Most of a test's time is Python's start, so this is for all that a fresh profile adds nothing to.
    """
    context = familiar_contexts(browser_name)
    console.listen(context)
    yield context.new_page()
    for page in context.pages:
        page.close()
    console.leave(context)
    assert site.foreign == []


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny documentation, built; not to be changed."""
    folder = tmp_path_factory.mktemp("tiny")
    return tiny.build(tiny.tiny_project(folder / "docs"), folder / "out")


@pytest.fixture(scope="session")
def roaming_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    """The documentation with the app of `roaming.py`."""
    with StaticSite(roaming.build(tmp_path_factory.mktemp("roaming"))) as site:
        yield site


@pytest.fixture(scope="session", params=engines.DRIVEN_BY_PLAYWRIGHT)
def roaming_app(
    request: pytest.FixtureRequest, browsers: Callable[[str], Browser], roaming_site: StaticSite
) -> Iterator[Figure]:
    """That app, started once in each engine for all tests."""
    context = open_context(browsers(request.param), roaming_site)
    console = Console()
    console.listen(context)
    page = context.new_page()
    page.goto(roaming_site.url + "index.html")
    yield Figure(page, "roaming").start()
    context.close()
    assert console.unexpected == []


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    with webkit.display() as name:
        yield name


@pytest.fixture(scope="module")
def new_webkit(playwright: Playwright, screen: str) -> Iterator[NewWebKit]:
    with ExitStack() as stack:

        def new_webkit(site: StaticSite, *, guarded: bool = True) -> WebKitGTK:
            engine = engines.find(playwright, "webkit")
            return stack.enter_context(webkit.session(engine, screen, site if guarded else None))

        yield new_webkit


@pytest.fixture(scope="module")
def familiar_webkit(new_webkit: NewWebKit, demo_site: StaticSite) -> WebKitGTK:
    return new_webkit(demo_site)


@pytest.fixture(name="webkit")
def webkit_on_site(familiar_webkit: WebKitGTK, site: StaticSite) -> WebKitGTK:
    """WebKit, which reaches `site` only; as with `familiar_page`, an app once started there may run."""
    return familiar_webkit


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Print what the pages said below the report of a failed test."""
    report = yield
    console = getattr(item, "funcargs", {}).get("console")
    if report.failed and console is not None:
        report.sections.append(("browser console", "\n".join(console.lines) or "(nothing)"))
    return report
