"""Every way that leads out of the prefix stays in the app: what is followed, opened, framed, pushed and started."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.live import Figure
from tests.browser.roaming import visit
from tests.site_server import StaticSite

CLICK = "document.querySelector({!r}).click()"
DISPATCH = "document.querySelector({!r}).dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))"
# What a script does, by the name that the page it leads to shows.
IN_THE_FRAME = {
    "link": CLICK.format("#link"),
    "area": CLICK.format("#area"),
    "svg": DISPATCH.format("#svg"),
    "xlink": DISPATCH.format("#xlink"),
    "get": CLICK.format("#get button"),
    "post": CLICK.format("#post button"),
    "formaction": CLICK.format("#plain button"),
    "requestSubmit": "const form = document.querySelector('#get'); form.action = '/landed?x=1';"
    "form.elements.via.value = 'requestSubmit'; form.requestSubmit()",
    "submit": "document.querySelector('#get').elements.via.value = 'submit'; document.querySelector('#get').submit()",
    "clobbered": "document.querySelector('#post').setAttribute('action', '/landed?via=clobbered');"
    "document.querySelector('#post').submit()",
    "assigned": "location = '/landed?via=assigned'",
    "href": "location.href = '/landed?via=href'",
    "assign": "location.assign('/landed?via=assign')",
    "replace": "location.replace('/landed?via=replace')",
    "window.open": "window.open('/landed?via=window.open', '_self')",
    "navigate": "navigation.navigate('/landed?via=navigate')",
    "detached": "Object.assign(document.createElement('a'), {href: '/landed?via=detached'}).click()",
    "inside": "location = new URL('landed?via=inside', document.baseURI)",
    "relative": "document.querySelector('#here').href = 'landed?via=relative'; document.querySelector('#here').click()",
    "meta": "location = '/meta'",
    "header": "location = '/header'",
}
IN_A_NEW_TAB = {
    "blank": CLICK.format("#blank"),
    "newform": CLICK.format("#new button"),
    "opened": "window.open('/landed?via=opened')",
    "detached": "Object.assign(document.createElement('a'), {href: '/landed?via=detached', target: '_blank'}).click()",
}


@pytest.fixture
def app(roaming_app: Figure, roaming_site: StaticSite) -> Iterator[Figure]:
    """The app at its hub; none of its pages is ever asked of the docs' server."""
    visit(roaming_app, "hub")
    roaming_site.forget()
    yield roaming_app
    # A parser begins to load a frame before any script can turn it.
    asked = {request.path for request in roaming_site.requests if "landed" in request.path}
    assert asked <= {f"/landed?via={via}" for via in ("html", "made", "left")}


@pytest.fixture
def root(roaming_site: StaticSite) -> str:
    return roaming_site.prefix + "asgi-live/roaming/app"


def landed(app: Figure, via: str) -> str:
    """Wait for the page that says how it was come by; return its path."""
    expect(app.app.locator("h1")).to_have_text(via)
    return str(app.evaluate("location.pathname"))


def test_whatever_leads_out_of_the_prefix_leads_into_the_app(app: Figure, root: str) -> None:
    for via, script in IN_THE_FRAME.items():
        visit(app, "hub")
        app.evaluate(f"void setTimeout(() => {{ {script} }})")
        assert landed(app, via) == root + "/landed", via


def test_new_tabs_are_tabs_of_the_app(app: Figure, root: str) -> None:
    def opened(act: Any) -> tuple[str, str]:
        with app.page.context.expect_page() as tab:
            act()
        expect(tab.value.locator("h1")).not_to_be_empty()
        found = tab.value.locator("h1").inner_text(), str(tab.value.evaluate("location.pathname"))
        tab.value.close()
        return found

    for via, script in IN_A_NEW_TAB.items():
        assert opened(lambda script=script: app.evaluate(f"void ({script})")) == (via, root + "/landed"), via
    link = app.app.locator("#link")
    assert opened(lambda: link.click(modifiers=["ControlOrMeta"])) == ("link", root + "/landed")
    assert opened(lambda: link.click(button="middle")) == ("link", root + "/landed")
    # The page meets its own addresses again.
    assert app.evaluate("[...document.querySelectorAll('a')].map((link) => link.getAttribute('href'))")[:2] == [
        "/landed?via=link",
        "/landed?via=blank",
    ]


def test_what_a_page_handles_itself_it_sees_as_it_wrote_it(app: Figure, root: str) -> None:
    handled = """new Promise((resolve) => {
        const link = document.querySelector('#spa a');
        link.parentNode.addEventListener('click', (event) => {
            event.preventDefault();
            resolve([event.target.getAttribute('href'), location.pathname]);
        });
        link.click();
    })"""
    assert app.evaluate(handled) == ["/landed?via=spa", root + "/hub"]


def test_what_is_pushed_can_be_loaded_again(app: Figure, root: str) -> None:
    pushed = app.evaluate("history.pushState({page: 1}, '', '/landed?via=pushed'), [location.pathname, history.state]")
    assert pushed == [root + "/landed", {"page": 1}]
    app.evaluate("void setTimeout(() => location.reload())")
    assert landed(app, "pushed") == root + "/landed"
    assert (
        app.evaluate("history.replaceState(null, ''), history.replaceState(null, '', '?a=1'), location.search")
        == "?a=1"
    )


def test_a_base_at_the_root_means_the_apps_root(app: Figure, root: str) -> None:
    visit(app, "based/deep")
    assert app.evaluate("window.ran") == 1
    app.evaluate("void setTimeout(() => document.querySelector('#based').click())")
    assert landed(app, "based") == root + "/landed"
    visit(app, "based/deep")
    app.evaluate("void setTimeout(() => document.querySelector('#fragment').click())")
    assert landed(app, "hub") == root + "/"
    assert app.evaluate("location.hash") == "#x"


def frame_of(app: Figure, selector: str) -> Any:
    handle = app.frame.wait_for_selector(selector, state="attached")
    assert handle
    return handle.content_frame()


def test_nested_frames_show_the_app(app: Figure, root: str) -> None:
    visit(app, "frames")
    expect(app.app.frame_locator("#html").locator("h1")).to_have_text("html")
    app.evaluate("void (document.querySelector('#html').src = '/landed?via=script')")
    expect(app.app.frame_locator("#html").locator("h1")).to_have_text("script")
    app.evaluate("""() => {
        const frame = document.createElement('iframe');
        frame.id = 'made';
        frame.src = '/landed?via=made';
        document.body.append(frame);
        document.querySelector('#empty').contentDocument.write('<a href="/landed?via=written">go</a>');
        document.querySelector('#empty').contentDocument.close();
    }""")
    expect(app.app.frame_locator("#made").locator("h1")).to_have_text("made")
    for selector, via in (("#srcdoc", "srcdoc"), ("#empty", "written")):
        app.app.frame_locator(selector).locator("a").click()
        expect(app.app.frame_locator(selector).locator("h1")).to_have_text(via)
    visit(app, "framed/set")
    expect(app.app.frame_locator("#left").locator("h1")).to_have_text("left")


def test_workers_streams_and_beacons_are_the_apps(app: Figure, root: str) -> None:
    started = """async () => {
        const worker = new Worker('/worker.js');
        const own = new Promise((resolve) => worker.onmessage = ({data}) => resolve(data));
        const { port } = new SharedWorker('/shared.js');
        const shared = new Promise((resolve) => port.onmessage = ({data}) => resolve(data));
        const events = new EventSource('/events');
        const event = new Promise((resolve) => events.onmessage = ({data}) => (events.close(), resolve(data)));
        const kept = [worker instanceof Worker, worker.constructor === Worker, Worker.name];
        return [await own, await shared, await event, navigator.sendBeacon('/beacon', 'x'), kept];
    }"""
    assert app.frame.evaluate(started) == [
        root + "/worker.js",
        root + "/shared.js",
        "hello",
        True,
        [True, True, "Worker"],
    ]
    noticed = "fetch('/log').then((answer) => answer.json()).then((log) => log.includes('POST /beacon'))"
    app.frame.wait_for_function(f"() => {noticed}")
    refused = app.evaluate("navigator.serviceWorker.register('/worker.js').catch((error) => error.message)")
    assert "cannot register a service worker" in refused


def test_a_tab_of_the_app_itself_works_the_same(app: Figure, root: str, roaming_site: StaticSite) -> None:
    tab: Page = app.page.context.new_page()
    tab.goto(roaming_site.origin + root + "/hub")
    for via in ("link", "post", "assigned"):
        tab.evaluate(f"void setTimeout(() => {{ {IN_THE_FRAME[via]} }})")
        expect(tab.locator("h1")).to_have_text(via)
        tab.goto(roaming_site.origin + root + "/hub")
    assert (
        json.loads(tab.evaluate("JSON.stringify(Object.keys(window).filter((name) => /asgi|strayed/i.test(name)))"))
        == []
    )
    tab.close()
