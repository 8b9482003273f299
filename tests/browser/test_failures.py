"""What a reader is told when an app cannot run, each for the real reason; and that it runs once that is gone."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, Route, expect

from tests.browser import engines, tiny
from tests.browser.conftest import NewContext, guard, open_context
from tests.browser.live import Figure
from tests.site_server import StaticSite

# They hold in the engine of the build, and not in a browser.
AT_IMPORT = """\
import js
from other import app

def open_database():
    if hasattr(js, "ServiceWorkerGlobalScope"):
        raise RuntimeError("no database in <this> browser")

"""
APPS = {
    "at_import.py": AT_IMPORT + "open_database()\n",
    # As Starlette does it: an app that just raises at its lifespan has none, for any server.
    "at_startup.py": AT_IMPORT.replace("from other import app\n", "import traceback\n")
    + """\
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        try:
            open_database()
            await send({"type": "lifespan.startup.complete"})
        except RuntimeError:
            await send({"type": "lifespan.startup.failed", "message": traceback.format_exc()})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"started"})
""",
    "nowhere.py": "import module_that_nobody_has\nfrom other import app\n",
    "broken.rst": """\
Broken
======

.. asgi-live:: at_import:app

.. asgi-live:: at_startup:app

.. asgi-live:: nowhere:app
   :exclude: module-that-nobody-has
""",
    "index.rst": tiny.PAGES["index.rst"].replace("   plain", "   plain\n   broken"),
}
RETRY = "Try again"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny documentation with apps that fail, one of them already when it is built; not to be changed."""
    folder = tmp_path_factory.mktemp("failures")
    project = tiny.tiny_project(folder / "docs")
    for name, text in APPS.items():
        project.write(name, text)
    built = project.run(out=folder / "out")
    assert len(built.warnings) == 1 and "module_that_nobody_has" in built.warnings[0], built.warnings
    return built.outdir


@pytest.fixture
def site(root: Path) -> Iterator[StaticSite]:
    with StaticSite(root) as site:
        yield site


@pytest.fixture
def broken_site(root: Path, tmp_path: Path) -> Iterator[StaticSite]:
    """A copy of the site, to be broken."""
    shutil.copytree(root, tmp_path / "site")
    with StaticSite(tmp_path / "site") as site:
        yield site


def republish(site: StaticSite, pattern: str, content: bytes) -> None:
    """Replace the file of `echo` that matches, in its manifest too: a download that is complete and yet no good."""
    folder = site.root / "asgi-live"
    worker = folder / "echo" / "sw.js"
    (name,) = (path.name for path in (folder / "shared").glob(pattern))
    (folder / "shared" / name).write_bytes(content)
    head, _, rest = worker.read_text().partition("serve({ loadPyodide, createPyodideModule }, ")
    manifest = json.loads(rest.rpartition(");")[0])
    for entry in (manifest["wasm"], manifest["stdlib"], *manifest["archives"]):
        if entry["url"].endswith(name):
            entry |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    worker.write_text(f"{head}serve({{ loadPyodide, createPyodideModule }}, {json.dumps(manifest)});\n")


def archive(name: str, text: str) -> bytes:
    """An archive of one file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(text.encode())
        tar.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(stream.getvalue())


@contextmanager
def firefox(playwright: Playwright, site: StaticSite, **preferences: bool | int) -> Iterator[Page]:
    """A page of a Firefox of its own with these preferences, `__` in them being a dot; nothing foreign is reached."""
    named: engines.Preferences = {name.replace("__", "."): value for name, value in preferences.items()}
    browser = engines.launch(playwright, engines.find(playwright, "firefox"), named)
    try:
        yield open_context(browser, site).new_page()
    finally:
        browser.close()


def expect_failure(figure: Figure, what: str, todo: str) -> None:
    """The figure says what is wrong and what to do, and no longer that it starts."""
    expect(figure.element).to_have_attribute("data-state", "failed")
    expect(figure.panel).to_contain_text(what)
    expect(figure.panel).to_contain_text(todo)
    expect(figure.element.get_by_role("status")).to_have_text(re.compile(f": Not running: .*{re.escape(what)}"))


def test_downloads_that_fail_and_heal(page: Page, site: StaticSite) -> None:
    page.goto(site.url + "index.html")
    figure = Figure(page, "echo")

    def fails(pattern: str, said: str, *, status: int | None = None, cut: int | None = None, body: bytes = b"") -> None:
        site.heal()
        site.fail(pattern, status=status, truncate=cut, body=body or None)
        figure.panel.get_by_role("button").click()
        expect(figure.panel).to_contain_text(re.compile(said))
        expect_failure(figure, "A part of the app could not be downloaded.", "Check the connection, then try again.")

    (package,) = (path.stat() for path in (site.root / "asgi-live/shared").glob("tzdata-*"))
    fails("asgi-live/echo/sw.js", r"/asgi-live/echo/sw\.js: the web server answered 404", status=404)
    fails("asgi-live/shared/tzdata-*", r"/shared/tzdata-\S+ was answered with status 404", status=404)
    # Of the other files, those that came are kept: they are not asked for again.
    fails("asgi-live/shared/tzdata-*", r"/shared/tzdata-\S+ broke off after \d+ of \d+ bytes", cut=100_000)
    fails("asgi-live/shared/tzdata-*", r"/shared/tzdata-\S+ (could not be fetched|broke off after 0 of)", cut=0)
    fails("asgi-live/shared/tzdata-*", r"broke off after 6 of \d+ bytes", body=b"<html>")
    fails("asgi-live/shared/tzdata-*", r"is longer than \d+ bytes", body=bytes(package.st_size + 1))
    fails("asgi-live/shared/tzdata-*", r"tzdata-\S+ is not the file that was published", body=bytes(package.st_size))

    site.heal()
    figure.element.get_by_role("button", name=RETRY).click()
    expect(figure.ready().app.get_by_role("heading", name="Echo")).to_be_visible()


def test_a_module_that_is_missing(page: Page, site: StaticSite) -> None:
    site.fail("asgi-live/shared/js-*/worker.js", status=500)
    page.clock.install()
    page.goto(site.url + "index.html")
    figure = Figure(page, "echo")
    figure.button.click()
    expect(figure.panel).to_contain_text("Preparing")
    # Firefox takes a minute to refuse such a worker; the page looks for itself sooner.
    page.clock.run_for(6_000)
    expect_failure(figure, "A part of the app could not be downloaded.", "Check the connection, then try again.")
    expect(figure.panel).to_contain_text("/worker.js: the web server answered 500")


def test_a_download_that_stands_still_is_told_and_goes_on_by_itself(page: Page, site: StaticSite) -> None:
    held = site.fail("asgi-live/shared/*.wasm.*", hold=threading.Event())
    page.clock.install()
    page.goto(site.url + "index.html")
    figure = Figure(page, "echo")
    figure.button.click()
    expect(figure.panel).to_contain_text("Downloading")
    # In steps, in between of which the worker's answers arrive.
    deadline = time.monotonic() + 25
    while time.monotonic() < deadline and figure.element.get_attribute("data-state") != "failed":
        page.clock.run_for(5_000)
        page.evaluate("() => fetch(location.href).then((answer) => answer.text())")
    expect_failure(figure, "A part of the app could not be downloaded.", "Check the connection, then try again.")
    expect(figure.panel).to_contain_text("No data has arrived for 60 seconds")
    page.clock.resume()
    assert held.hold
    held.hold.set()
    expect(figure.element).to_have_attribute("data-state", "ready")


@pytest.mark.parametrize("broken", ["wasm", "stdlib", "bridge"])
def test_python_that_does_not_start(new_context: NewContext, broken_site: StaticSite, broken: str) -> None:
    if broken == "wasm":
        republish(broken_site, "pyodide-*.wasm.*", gzip.compress(b"\0asm is not what this is"))
    elif broken == "stdlib":
        republish(broken_site, "python-stdlib-*", b"PK\5\6" + bytes(18))
    else:
        raising = "def load():\n    raise RuntimeError('the bridge is out')\n\nload()\n"
        republish(broken_site, "sphinx_asgi_live-*", archive("sphinx_asgi_live/browser/bridge.py", raising))
    page = new_context(broken_site).new_page()
    page.goto(broken_site.url + "index.html")
    figure = Figure(page, "echo")
    figure.button.click()

    expect_failure(figure, "Python could not be started in this browser.", "use a newer browser")
    expect(figure.element.get_by_role("button", name=RETRY)).to_be_visible()
    details = figure.panel.locator("details")
    if not details.evaluate("(one) => one.open"):
        details.locator("summary").click()
    told = {
        "wasm": r"CompileError|WebAssembly",
        "stdlib": r"encodings|init_fs_encoding|[Ff]atal",
        "bridge": r'bridge\.py", line 2, in load\s+raise RuntimeError.*\s+RuntimeError: the bridge is out',
    }
    expect(figure.panel.get_by_role("region")).to_have_text(re.compile(told[broken], re.DOTALL))


def test_apps_that_fail_here_and_one_that_failed_to_build(page: Page, site: StaticSite) -> None:
    page.goto(site.url + "broken.html")
    unbuilt = Figure(page, "nowhere-app")
    expect_failure(unbuilt, "This app could not be built with the documentation.", "the warnings of the build")
    expect(unbuilt.panel).to_contain_text("module_that_nobody_has")
    assert unbuilt.panel.get_by_role("button").count() == 0

    for name, file in (("at-import-app", "at_import.py"), ("at-startup-app", "at_startup.py")):
        figure = Figure(page, name)
        figure.button.click()
        expect_failure(figure, "Python runs, but the app could not be started.", "report the details to the authors")
        expect(figure.element.get_by_role("button", name=RETRY)).to_be_visible()
        traceback = figure.panel.get_by_role("region", name="Details")
        expect(traceback).to_be_hidden()
        figure.panel.locator("summary").press("Enter")
        expect(traceback).to_contain_text(re.compile(rf"{file}\", line \d+, in open_database"))
        expect(traceback).to_contain_text("RuntimeError: no database in <this> browser")


def test_an_insecure_origin(new_context: NewContext, site: StaticSite) -> None:
    def serve(route: Route) -> None:
        file = site.root / urlsplit(route.request.url).path.lstrip("/")
        route.fulfill(path=file / "index.html" if file.is_dir() else file)

    context = new_context(site)
    context.route("http://docs.test/**", serve)
    page = context.new_page()
    page.goto("http://docs.test/index.html")
    assert not page.evaluate("isSecureContext")
    figure = Figure(page, "echo")
    expect_failure(figure, "This page is served over http://docs.test, where", "over https, or on localhost")
    assert figure.panel.get_by_role("button").count() == 0


def test_service_workers_switched_off(playwright: Playwright, site: StaticSite) -> None:
    with firefox(playwright, site, dom__serviceWorkers__enabled=False) as page:
        page.goto(site.url + "index.html")
        figure = Figure(page, "echo")
        expect_failure(figure, "This browser cannot run the app.", "use a current Chrome, Edge, Firefox or Safari")


def test_firefox_that_blocks_site_data(playwright: Playwright, site: StaticSite) -> None:
    with firefox(playwright, site, network__cookie__cookieBehavior=2) as page:
        page.goto(site.url + "index.html")
        expect_blocked(Figure(page, "echo"), site)


def test_chromium_that_blocks_site_data(playwright: Playwright, site: StaticSite, tmp_path: Path) -> None:
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "profile" / "Default").mkdir(parents=True)
    (tmp_path / "profile" / "Default" / "Preferences").write_text(json.dumps(blocked))
    chromium = engines.find(playwright, "chromium")
    with closing(engines.launch_profile(playwright, chromium, tmp_path / "profile", proxy=guard(site))) as context:
        page = context.new_page()
        page.goto(site.url + "index.html")
        expect_blocked(Figure(page, "echo"), site)


def expect_blocked(figure: Figure, site: StaticSite) -> None:
    """The figure says that service workers are not allowed here, before or after it was told to start."""
    figure.button.click()
    what = "The browser does not allow a service worker on this page."
    expect_failure(figure, what, f"or allow site data for {site.host}, then try again.")
    expect(figure.element.get_by_role("button", name=RETRY)).to_be_visible()


@pytest.mark.parametrize("browser_name", ["chromium"])
def test_a_frame_that_was_asked_for_past_its_worker(context: BrowserContext, page: Page, site: StaticSite) -> None:
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setBypassServiceWorker", {"bypass": True})
    page.goto(site.url + "index.html")
    figure = Figure(page, "echo")
    figure.button.click()
    expect_failure(figure, "past the service worker that runs it.", "Now reload the page normally.")

    devtools.send("Network.setBypassServiceWorker", {"bypass": False})
    figure.element.get_by_role("button", name="Reload this page").click()
    # The app runs already: its page is live at once.
    expect(figure.element).to_have_attribute("data-state", "ready")


def test_a_hard_reload_in_firefox_is_made_good(playwright: Playwright, site: StaticSite) -> None:
    with firefox(playwright, site) as page:
        page.goto(site.url + "index.html")
        Figure(page, "echo").start()
        site.requests.clear()
        # What Shift and the reload button do: the frame's page is asked for past its worker, and nothing is cached.
        with page.expect_navigation():
            page.evaluate("void setTimeout(() => location.reload(true))")
        figure = Figure(page, "echo").ready()
        assert [request.status for request in site.matching("asgi-live/echo/app/")] == [200]
        expect(figure.app.get_by_role("heading", name="Echo")).to_be_visible()
        assert json.loads(figure.fetch("/instance")["text"])["startups"] == 1


def test_a_private_window_of_firefox(playwright: Playwright, site: StaticSite) -> None:
    # The other tests cover Chromium's: a context that is opened for a test is off the record there.
    with firefox(playwright, site, browser__privatebrowsing__autostart=True) as page:
        page.goto(site.url + "index.html")
        expect(Figure(page, "echo").start().app.get_by_role("heading", name="Echo")).to_be_visible()
        page.reload()
        Figure(page, "echo").ready()


def test_without_scripts_the_frame_says_what_belongs_there(
    new_context: NewContext, browser_name: str, playwright: Playwright, site: StaticSite
) -> None:
    with ExitStack() as stack:
        if browser_name == "firefox":
            # It does not take the option through WebDriver BiDi.
            page = stack.enter_context(firefox(playwright, site, javascript__enabled=False))
        else:
            page = new_context(site, java_script_enabled=False).new_page()
        page.goto(site.url + "index.html")
        # No waiting for a state here: that takes scripts too.
        said = page.frame_locator("iframe").first.locator("body").inner_text()
        assert said.startswith("Echo") and "with JavaScript switched on" in said
        assert page.get_by_role("button", name="Run this app in your browser").count() == 0
