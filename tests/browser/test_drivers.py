"""The browsers are driven as other tests assume: workers run, and nothing leaves the test's own server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, expect
from selenium.webdriver import WebKitGTK
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import engines
from tests.browser.conftest import NewContext, NewWebKit
from tests.browser.console import Console
from tests.site_server import StaticSite

# A docs page, and an app in its own folder with a module worker that answers it, as this project lays them
# out; the page, the app's page and the worker also ask the server OTHER.
INDEX = """<!doctype html><title>docs</title><link rel="icon" href="data:,"><output></output>
<iframe src="asgi-live/tiny/app/"></iframe>
<script type="module">
  const registration = await navigator.serviceWorker.register("asgi-live/tiny/sw.js", {type: "module"});
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  const activated = () => worker.state === "activated";
  if (!activated()) {
    await new Promise((resolve) => worker.addEventListener("statechange", () => activated() && resolve()));
  }
  const frame = document.querySelector("iframe");
  frame.contentWindow.location.replace(frame.src + "live");
  const answer = await fetch("OTHER/page").then((response) => response.text(), () => "refused");
  document.querySelector("output").textContent = `page: ${answer}`;
</script>
"""
WORKER = """import {answer} from "../shared/answer.js";
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => event.respondWith(answer(event.request)));
"""
ANSWER = """const PAGE = `<!doctype html><title>app</title><h1>live</h1><iframe src="OTHER/frame"></iframe>
<p></p><p></p>
<script>
  const [app, worker] = document.querySelectorAll("p");
  for (const [shown, url] of [[app, "OTHER/app"], [worker, "worker"]]) {
    fetch(url).then((response) => response.text(), () => "refused")
      .then((answer) => { shown.textContent = url.split("/").pop() + ": " + answer; });
  }
</script>`;
export async function answer(request) {
  const url = new URL(request.url);
  if (url.pathname.endsWith("/worker")) {
    return new Response(await fetch("OTHER/worker").then((response) => response.text(), () => "refused"));
  }
  return url.origin === location.origin
    ? new Response(PAGE, {headers: {"content-type": "text/html"}})
    : fetch(request);
}
"""
ASKED = ("app", "frame", "page", "worker")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[StaticSite]:
    """Another server, on another port, that lets every page read its answers."""
    root = tmp_path / "other"
    root.mkdir()
    for name in ASKED:
        (root / name).write_text("reached")
    with StaticSite(root, prefix="/", headers={"Access-Control-Allow-Origin": "*"}) as other:
        yield other


@pytest.fixture
def tiny(tmp_path: Path, other: StaticSite) -> Iterator[StaticSite]:
    root = tmp_path / "tiny"
    for name, text in {
        "index.html": INDEX,
        "asgi-live/tiny/sw.js": WORKER,
        "asgi-live/shared/answer.js": ANSWER,
        "asgi-live/tiny/app/index.html": "<title>placeholder</title>",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.replace("OTHER", other.origin))
    with StaticSite(root) as tiny:
        yield tiny


@pytest.mark.parametrize("guarded", [True, False])
def test_nothing_leaves_the_site_unless_unguarded(
    new_context: NewContext, tiny: StaticSite, other: StaticSite, guarded: bool
) -> None:
    page = new_context(tiny, guarded=guarded).new_page()
    page.goto(tiny.url)
    answer = "refused" if guarded else "reached"
    app = page.frame_locator("iframe")
    expect(page.get_by_text(f"page: {answer}")).to_be_visible()
    expect(app.get_by_role("heading", name="live")).to_be_visible()
    expect(app.get_by_text(f"app: {answer}")).to_be_visible()
    expect(app.get_by_text(f"worker: {answer}")).to_be_visible()
    assert_reached(tiny, other, guarded)


@pytest.mark.parametrize("guarded", [True, False])
def test_nothing_leaves_the_site_unless_unguarded_in_webkit(
    new_webkit: NewWebKit, tiny: StaticSite, other: StaticSite, guarded: bool
) -> None:
    driver = new_webkit(tiny, guarded=guarded)
    driver.get(tiny.url)
    answer = "refused" if guarded else "reached"
    wait = WebDriverWait(driver, 30)
    wait.until(lambda _: f"page: {answer}" in driver.execute_script("return document.body.innerText"))
    wait.until(lambda _: {"live", f"app: {answer}", f"worker: {answer}"} <= set(frame_text(driver).splitlines()))
    assert_reached(tiny, other, guarded)


def frame_text(driver: WebKitGTK) -> str:
    driver.switch_to.default_content()
    driver.switch_to.frame(0)
    return str(driver.execute_script("return document.body ? document.body.innerText : ''"))


def assert_reached(tiny: StaticSite, other: StaticSite, guarded: bool) -> None:
    """All four askers were refused and are on record, or all four were served."""
    urls = {f"{other.origin}/{name}" for name in ASKED}
    reached = {other.origin + request.path for request in other.requests}
    assert (reached, set(tiny.foreign)) == ((set(), urls) if guarded else (urls, set()))


def test_names_of_other_hosts_never_reach_a_resolver(new_context: NewContext, tiny: StaticSite) -> None:
    page = new_context(tiny).new_page()
    page.goto(tiny.url)
    for url in ("http://foreign.test/x", "https://foreign.test/x", "ws://foreign.test/x"):
        opens = "new Promise((ok) => { new WebSocket(url).onerror = () => ok('refused') })"
        asks = "fetch(url, {mode: 'no-cors'}).catch(() => 'refused')"
        assert page.evaluate(f"(url) => {opens if url.startswith('ws') else asks}", url) == "refused"
    wanted = {url for url in tiny.foreign if "foreign.test" in url}
    assert wanted == {"http://foreign.test/x", "https://foreign.test:443", "https://foreign.test:80"}


def test_profiles_are_fresh_and_workers_survive_a_reload(new_context: NewContext, tiny: StaticSite) -> None:
    page = new_context(tiny).new_page()
    page.goto(tiny.url)
    expect(page.frame_locator("iframe").get_by_role("heading", name="live")).to_be_visible()
    assert page.evaluate("isSecureContext")
    page.goto(tiny.url + "asgi-live/tiny/app/")
    expect(page.get_by_role("heading", name="live")).to_be_visible()
    stranger = new_context(tiny).new_page()
    stranger.goto(tiny.url + "asgi-live/tiny/app/")
    assert stranger.title() == "placeholder"


def test_console_keeps_lines_and_uncaught_errors_of_pages_and_frames(
    new_context: NewContext, tiny: StaticSite, console: Console
) -> None:
    page = new_context(tiny).new_page()
    page.goto(tiny.url + "asgi-live/tiny/app/")
    page.evaluate("console.warn('look')")
    page.evaluate("fetch('http://foreign.test/').catch(() => 'caught')")
    page.evaluate("document.body.append(Object.assign(document.createElement('iframe'), {src: location.href}))")
    page.wait_for_function("frames[0]?.document.title")
    for frame in page.frames:
        frame.evaluate("void setTimeout(() => { throw new TypeError('thrown') })")
    with page.expect_event("pageerror", lambda error: "rejected" in str(error)):
        page.evaluate("void Promise.reject(new Error('rejected'))")
    assert "warning: look" in console.lines
    assert len(console.unexpected) == 3
    console.expect("thrown")
    assert len(console.unexpected) == 1
    console.expect("rejected")


def test_a_recorded_choice_holds_while_its_program_exists(
    playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "RECORD", tmp_path / "build" / "browsers.json")
    without_record = engines.find(playwright, "chromium")
    program = tmp_path / "my-chromium"
    program.touch()
    engines.record([engines.Engine("chromium", str(program))])
    assert json.loads(engines.RECORD.read_text()) == [{"name": "chromium", "executable": str(program)}]
    assert engines.find(playwright, "chromium").executable == str(program)
    program.unlink()
    assert engines.find(playwright, "chromium") == without_record


def test_a_missing_browser_is_an_error_with_the_remedy(
    playwright: Playwright, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "RECORD", tmp_path / "none")
    monkeypatch.setattr(engines, "own", lambda name: ())
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in engines.NAMES:
        with pytest.raises(engines.NoBrowser, match=rf"'{name}' .*run `python .ci/browsers.py`"):
            engines.find(playwright, name)


def test_one_process_serves_all_tests(browsers: Callable[[str], Browser], browser: Browser) -> None:
    assert browsers(browser.browser_type.name) is browser
