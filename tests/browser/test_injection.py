"""The script in the app's pages is the first to run, whatever the document is, and changes nothing else of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.live import Figure
from tests.browser.roaming import say, visit
from tests.site_server import StaticSite

ORACLES = Path(__file__).parent

# The document's own first script notes what it meets.
NOTE = """<script>document.documentElement.dataset.saw = document.cookie + "|" + document.scripts.length</script>"""


@pytest.fixture
def app(roaming_app: Figure) -> Figure:
    visit(roaming_app, "hub")
    roaming_app.evaluate("void (document.cookie = 'seen=größe')")
    roaming_app.evaluate("fetch('/file').then((answer) => answer.text())")
    return roaming_app


def module_of(site: StaticSite) -> str:
    [path] = site.root.glob("asgi-live/shared/js-*/injection.js")
    return site.url + path.relative_to(site.root).as_posix()


def test_the_browser_parses_the_rest_as_if_the_script_were_not_there(
    roaming_app: Figure, roaming_site: StaticSite
) -> None:
    wrong = roaming_app.page.evaluate((ORACLES / "oracle_html.js").read_text(), [module_of(roaming_site), 20_261, 4000])
    assert wrong[:5] == []


def test_so_does_its_xml_parser(roaming_app: Figure, roaming_site: StaticSite) -> None:
    assert roaming_app.page.evaluate((ORACLES / "oracle_xml.js").read_text(), [module_of(roaming_site)]) == []


UTF8, LATIN = "text/html; charset=utf-8", "text/html"
FILLER = "<!-- " + "x" * 700 + " -->"
DOCUMENTS: list[tuple[str, str, str, str, str]] = [
    ("a usual one", "<!doctype html><html><head>{}", "utf-8", UTF8, "UTF-8"),
    ("quirks", "<html>{}", "utf-8", UTF8, "UTF-8"),
    ("a fragment", "<p>one</p>{}", "utf-8", UTF8, "UTF-8"),
    ("a byte order mark", "\ufeff<!doctype html>{}", "utf-8", "text/html; charset=iso-8859-1", "UTF-8"),
    ("UTF-16 with a mark", "\ufeff<!doctype html>{}", "utf-16-le", LATIN, "UTF-16LE"),
    ("UTF-16 by its headers", "<!doctype html>{}", "utf-16-be", "text/html; charset=UTF-16BE", "UTF-16BE"),
    ("an old encoding", "<!doctype html>{}", "shift_jis", 'text/html; charset="Shift_JIS"', "Shift_JIS"),
    ("a meta element", "<!doctype html><head><meta charset=iso-8859-2>{}", "iso-8859-2", LATIN, "ISO-8859-2"),
    ("a late meta", FILLER + "<meta charset=big5>{}", "big5", LATIN, "Big5"),
    ("a false meta element", "<!-- <meta charset=big5> --><meta charset=koi8-r>{}", "koi8-r", LATIN, "KOI8-R"),
    ("a lie about UTF-16", "<!doctype html><meta charset=utf-16>{}", "utf-8", LATIN, "UTF-8"),
    ("XHTML", '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head>{}</head><body/></html>', "utf-8",
     "application/xhtml+xml", "UTF-8"),
]  # fmt: skip


def test_it_is_the_first_script_of_every_document_in_every_encoding(app: Figure) -> None:
    for name, text, encoding, kind, charset in DOCUMENTS:
        # Non-ASCII that the encoding has.
        sign = {"shift_jis": "日本", "big5": "中文", "iso-8859-2": "łódź", "koi8-r": "тест"}.get(encoding, "größe")
        visit(app, say(text.format(NOTE + f"<title>{sign}</title>"), encoding=encoding, content_type=kind))
        root = app.app.locator("html")
        expect(root).to_have_attribute("data-saw", "seen=größe|1")
        assert app.evaluate("[document.characterSet, document.title]") == [charset, sign], name


def test_documents_with_hardly_anything_in_them(app: Figure) -> None:
    for text, mode in (("", "BackCompat"), ("hello", "BackCompat"), ("<!doctype html>", "CSS1Compat")):
        visit(app, say(text, content_type=UTF8))
        assert app.evaluate("[document.cookie, document.scripts.length, document.compatMode]") == [
            "seen=größe",
            0,
            mode,
        ]


def test_untyped_html_is_a_page_too_and_other_text_is_not(app: Figure) -> None:
    visit(app, say("<!doctype html>" + NOTE, content_type=""))
    expect(app.app.locator("html")).to_have_attribute("data-saw", "seen=größe|1")
    visit(app, say("<!doctype html>" + NOTE, content_type="text/plain"))
    assert NOTE in app.evaluate("document.body.textContent")


def test_what_scripts_fetch_is_as_the_app_sent_it(app: Figure) -> None:
    answer = app.fetch("/based/deep")
    assert answer["text"].startswith("<!doctype html><title>Based</title>") and "data-root" not in answer["text"]


def test_what_comes_compressed_is_decoded(app: Figure) -> None:
    assert app.fetch("/deflate")["text"] == "deflated"
    twice = app.fetch("/twice")
    assert twice["text"] == "twice" and "content-encoding" not in twice["headers"]
    sized = """new Promise((resolve) => Object.assign(new Image(), {src: '/image.gzip.svg',
        onload() { resolve([this.naturalWidth, this.naturalHeight]) }, onerror() { resolve('broken') }}))"""
    assert app.evaluate(sized) == [7, 5]
    visit(app, "gzip")
    expect(app.app.locator("#ok")).to_have_text("unpacked")
    assert app.evaluate("document.cookie") == "seen=größe"


def test_isolation_that_an_app_asks_for_does_not_keep_it_out(app: Figure) -> None:
    isolated: dict[str, Any] = {
        "cross_origin_opener_policy": "same-origin",
        "cross_origin_embedder_policy": "require-corp",
        "cross_origin_resource_policy": "same-origin",
        "origin_agent_cluster": "?1",
        "x_frame_options": "DENY",
        "clear_site_data": '"*"',
    }
    visit(app, say(f"<!doctype html>{NOTE}<script src='/script.js'></script><img src='/image.svg'>", **isolated))
    expect(app.app.locator("html")).to_have_attribute("data-saw", "seen=größe|1")
    assert app.evaluate("[window.ran, document.images[0].naturalWidth]") == [1, 7]
    assert app.fetch("/file")["text"] == "content of the file"
