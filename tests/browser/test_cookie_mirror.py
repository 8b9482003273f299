"""The app's cookies as its pages' scripts see them: in order, at once, through both of the browser's interfaces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.live import Figure
from tests.browser.roaming import visit
from tests.site_server import StaticSite

SET_THEN_FETCH = """async () => {
    const missed = [];
    for (let at = 0; at < 100; at++) {
        document.cookie = `at=${at}`;
        const sent = await (await fetch('/cookie')).text();
        if (!sent.split('; ').includes(`at=${at}`)) missed.push([at, sent]);
        document.cookie = `at=x${at}`;
        const request = new XMLHttpRequest();
        request.open('GET', '/cookie');
        request.send();
        await new Promise((resolve) => request.onload = resolve);
        if (!request.responseText.split('; ').includes(`at=x${at}`)) missed.push([at, request.responseText]);
    }
    return missed;
}"""
SET_THEN_NAVIGATE = """async () => {
    const frame = document.createElement('iframe');
    frame.src = 'cookie?';
    const loaded = () => new Promise((resolve) => frame.onload = resolve);
    document.body.append(frame);
    await loaded();
    const missed = [];
    for (let at = 0; at < 30; at++) {
        const act = ['location.reload()', `location = 'cookie?${at}'`, `location.replace('cookie?r${at}')`][at % 3];
        const next = loaded();
        frame.contentWindow.eval(`document.cookie = 'on=${at}'; ${act}`);
        await next;
        const sent = frame.contentDocument.body.textContent;
        if (!sent.split('; ').includes(`on=${at}`)) missed.push([at, sent]);
    }
    return missed;
}"""
FETCH_THEN_READ = """async () => {
    const missed = [];
    for (let at = 0; at < 50; at++) {
        await fetch(`/cookie?set=by_app=${at}`);
        if (!document.cookie.split('; ').includes(`by_app=${at}`)) missed.push([at, document.cookie]);
    }
    return missed;
}"""
STORE = """async () => {
    const changes = [];
    cookieStore.addEventListener('change', ({changed, deleted}) =>
        changes.push([changed.map(({name, value}) => [name, value]), deleted.map(({name}) => name)]));
    const told = [];
    await cookieStore.set('taste', 'sweet');
    told.push(await cookieStore.get('taste'), document.cookie.includes('taste=sweet'));
    told.push((await (await fetch('/cookie')).text()).includes('taste=sweet'));
    await cookieStore.set({name: 'taste', value: 'sour', expires: Date.now() + 60000});
    told.push((await cookieStore.getAll({name: 'taste'})).map(({value}) => value));
    await cookieStore.delete('taste');
    told.push(await cookieStore.get('taste'), await cookieStore.get('unseen'), await cookieStore.get('of_the_docs'));
    await fetch('/cookie?set=fresh=1');
    told.push((await cookieStore.getAll()).map(({name}) => name).includes('fresh'));
    told.push(await cookieStore.set('bad;name', '1').catch(({name}) => name));
    return [told, changes];
}"""


# Expires what scripts see, whatever path it has; the last test's, since other files' tests share the app.
FORGET = """async () => {
    const folders = location.pathname.split('/');
    for (const pair of document.cookie.split('; '))
        for (let end = 1; end <= folders.length; end++)
            document.cookie = `${pair.split('=')[0]}=; max-age=0; path=${folders.slice(0, end).join('/') || '/'}`;
    await fetch('/cookie');
    return document.cookie;
}"""


@pytest.fixture
def app(roaming_app: Figure, roaming_site: StaticSite) -> Iterator[Figure]:
    visit(roaming_app, "hub")
    roaming_app.page.evaluate("void (document.cookie = 'of_the_docs=1')")
    yield roaming_app
    # What `cookieStore` sets has the path of the whole site.
    assert set(roaming_app.page.evaluate("document.cookie").split("; ")) == {"of_the_docs=1"}


def test_a_request_carries_the_cookie_that_was_set_before_it(app: Figure) -> None:
    assert app.frame.evaluate(SET_THEN_FETCH) == []
    assert app.frame.evaluate(SET_THEN_NAVIGATE) == []


def test_a_script_that_has_an_answer_sees_the_cookies_it_set(app: Figure) -> None:
    assert app.frame.evaluate(FETCH_THEN_READ) == []
    app.evaluate("fetch('/cookie').then((answer) => answer.text())")
    sent = app.fetch("/cookie")["text"]
    assert "unseen=1" in sent and "unseen" not in app.evaluate("document.cookie")


def test_frames_without_a_page_of_their_own_see_the_same(app: Figure) -> None:
    app.evaluate("void (document.cookie = 'mine=1', document.body.append(document.createElement('iframe')))")
    seen = "[frames[0].document.cookie, document.implementation.createHTMLDocument().cookie]"
    inner, none = app.evaluate(f"Promise.resolve().then(() => {seen})")
    assert "mine=1" in inner and "of_the_docs" not in inner and none == ""


def test_the_cookie_store_is_the_apps(app: Figure) -> None:
    told, changes = app.frame.evaluate(STORE)
    assert told[0] == {"name": "taste", "value": "sweet"}
    assert told[1:] == [True, True, ["sour"], None, None, None, True, "TypeError"]
    assert changes == [[[["taste", "sweet"]], []], [[["taste", "sour"]], []], [[], ["taste"]], [[["fresh", "1"]], []]]

    app.evaluate("void (window.changes = 0, cookieStore.onchange = () => changes++)")
    app.page.evaluate("cookieStore.set('of_the_docs', '2').then(() => cookieStore.set('of_the_docs', '1'))")
    app.page.evaluate("cookieStore.get('of_the_docs')")
    assert app.evaluate(
        "cookieStore.getAll().then((all) => [changes, all.some(({name}) => name === 'of_the_docs')])"
    ) == [0, False]


def test_what_expires_is_gone(app: Figure) -> None:
    assert app.evaluate("document.cookie") != ""
    assert app.evaluate(f"({FORGET})()") == ""
