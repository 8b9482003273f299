"""Files of the app: saved by links and by navigations, played in parts, and asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.live import Figure
from tests.browser.roaming import say, visit
from tests.site_server import StaticSite

LINK = """([href, name]) => void setTimeout(() => {
    const link = document.createElement('a');
    link.href = href;
    link.download = name;
    document.body.append(link);
    link.click();
    window.clicked = [link.getAttribute('href'), link.download];
})"""
SOUND = """async () => {
    const sound = new Audio('/sound.wav');
    sound.muted = true;
    const next = (type) => new Promise((resolve, reject) => {
        sound.addEventListener(type, resolve, {once: true});
        sound.addEventListener('error', () => reject(new Error(sound.error.message)), {once: true});
    });
    sound.preload = 'auto';
    sound.load();
    await next('canplay');
    sound.currentTime = 90;
    await next('seeked');
    return [sound.currentTime, Math.round(sound.duration)];
}"""


@pytest.fixture
def app(roaming_app: Figure, roaming_site: StaticSite) -> Iterator[Figure]:
    """The app at its hub, where it also is afterwards; nothing was asked of the docs' server."""
    visit(roaming_app, "hub")
    roaming_site.forget()
    yield roaming_app
    expect(roaming_app.app.locator("h1")).to_have_text("hub")
    # The browser itself looks for a newer worker.
    assert {
        request.path for request in roaming_site.requests if ".gzip" in request.path or "/app/" in request.path
    } == set()


@pytest.mark.parametrize(
    ("href", "name", "saved", "content"),
    [
        ("/file", "x y.txt", "x y.txt", "content of the file"),
        ("file", "größe → neu.txt", "größe → neu.txt", "content of the file"),
        ("/gr%C3%B6%C3%9Fe.txt", "", "größe.txt", "large"),
        ("/attached", "other.txt", "größe →.txt", "attached"),
        ("/hub?x=1&y=2#z", "hub.html", "hub.html", None),
        ("data:text/plain,data", "data.txt", "data.txt", "data"),
    ],
)
def test_a_link_saves_what_it_points_at(app: Figure, href: str, name: str, saved: str, content: str | None) -> None:
    with app.page.expect_download() as download:
        app.frame.evaluate(LINK, [href, name])
    assert download.value.suggested_filename == saved
    text = Path(download.value.path()).read_text()
    assert text == content if content else text.startswith("<!doctype html><html lang") and "data-root" not in text
    assert app.evaluate("window.clicked") == [href, name]


def test_an_attachment_is_saved_as_it_is(app: Figure) -> None:
    for script, saved, content in (
        ("location = '/attached'", "größe →.txt", "attached"),
        ("location.href = 'report.html'", "report.html", "<!doctype html><p>to be saved as it is"),
    ):
        with app.page.expect_download() as download:
            app.evaluate(f"void setTimeout(() => {{ {script} }})")
        # Firefox counts the files of one name.
        assert download.value.suggested_filename.replace("(1)", "") == saved
        assert Path(download.value.path()).read_text() == content


def test_what_is_not_there_is_not_saved(app: Figure) -> None:
    app.frame.evaluate(LINK, ["/missing", "x.txt"])
    app.frame.wait_for_function(
        "() => fetch('/log').then((answer) => answer.json()).then((log) => log.includes('GET /missing'))"
    )
    assert app.evaluate("location.pathname").endswith("/hub")


def test_a_player_asks_for_the_part_it_plays(app: Figure) -> None:
    assert app.frame.evaluate(SOUND) == [90, 100]
    log = app.evaluate("fetch('/log').then((answer) => answer.json())")
    assert "bytes=0-" in log


def test_what_is_known_already_is_not_sent_again(app: Figure) -> None:
    first = app.fetch("/etag")
    assert (first["status"], first["text"], first["headers"]["etag"]) == (200, "tagged", '"one"')
    again = app.fetch("/etag", "{headers: {'if-none-match': '\"one\"'}}")
    assert (again["status"], again["text"]) == (304, "")
    # A browser keeps no answer of a worker, and so has nothing to ask with by itself.
    assert app.fetch("/etag", "{cache: 'no-cache'}")["status"] == 200
    path = say("", status=302, location="/file")
    manual = app.evaluate(f"fetch('/{path}', {{redirect: 'manual'}}).then(({{type, status}}) => [type, status])")
    assert manual == ["opaqueredirect", 0]
