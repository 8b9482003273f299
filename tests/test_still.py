"""A page made still: what it was shown with is inside, nothing is asked for, nothing runs, nothing leads anywhere."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_asgi_live.packing.references import of_page, of_style
from sphinx_asgi_live.packing.still import NOTICE, WORDS, still

URL = "http://localhost/asgi-live/shop/app/docs/list"
ROOT = "http://localhost/asgi-live/shop/app"
PNG = b"\x89PNG"
IMAGE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
FILES = {
    f"{ROOT}/docs/a.png": ("image/png", PNG),
    f"{ROOT}/a.png?v=1": ("image/png", PNG),
    "http://localhost/static/a.png": ("image/png", PNG),
    f"{ROOT}/docs/style.css": (
        "text/css",
        b'body { background: url("a.png") } @import "more.css"; b { x: url(no.png) }',
    ),
    f"{ROOT}/docs/more.css": ("text/css", b"@import url(style.css); i { color: red } /* </style> */"),
    "https://cdn.jsdelivr.net/npm/simple@1/simple.css": ("text/css", b"html { color: blue }"),
}


def body(page: str) -> str:
    """What became of a piece of markup."""
    found = still(f"<p>words to be seen, more than a few</p>{page}", URL, FILES)
    assert found
    begin = found.index("than a few</p>") + len("than a few</p>")
    return found[begin : found.rindex(f'\n<div id="{NOTICE}"')]


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ("<img src=a.png alt='A &amp; \"B\"'>", f'<img src="{IMAGE}" alt="A &amp; &quot;B&quot;">'),
        ("<img src='../a.png?v=1#x'/>", f'<img src="{IMAGE}"/>'),
        ("<img src=/static/a.png>", f'<img src="{IMAGE}">'),
        ("<img src=other.png srcset='a.png 2x' alt=''>", '<img alt="">'),
        ("<img src='data:,x'>", "<img src='data:,x'>"),
        ("<img src='http://[bad' alt=b>", '<img alt="b">'),
        ("<input type=image src=a.png>", f'<input type="image" src="{IMAGE}">'),
        ("<video src=a.mp4 poster=a.png autoplay>", f'<video poster="{IMAGE}">'),
        (
            "<svg><image href=a.png /><use href='#i'/><use href='s.svg#i'/></svg>",
            f"<svg><image href=\"{IMAGE}\"/><use href='#i'/><use/></svg>",
        ),
        ("<picture><source srcset=a.png><img src=a.png></picture>", f'<picture><img src="{IMAGE}"></picture>'),
        ("<iframe src=/inner srcdoc='<p>'></iframe><object data=x></object>", "<iframe></iframe><object></object>"),
        ("<p style='background: url(a.png)'>", f'<p style="background: url(&quot;{IMAGE}&quot;)">'),
        ("<p style='color: red'>", "<p style='color: red'>"),
        ("<style>p { background: url( 'no.png' ) }</style>", '<style>p { background: url("data:,") }</style>'),
        ("<link rel=icon href=a.png><link rel='alternate stylesheet' href=style.css>", ""),
        ("<link rel=StyleSheet href=none.css><link rel=preload as=style href=style.css>", ""),
        (
            "<link rel=stylesheet media='screen' href='//cdn.jsdelivr.net/npm/simple@1/simple.css'>",
            '<style media="screen">html { color: blue }</style>',
        ),
        # Nothing runs.
        ("<script>alert('</p>')</script><script src=x.js></script>!", "!"),
        ("<script src=x.js />alert(1)</script>!", "!"),
        ("<script>never closed", ""),
        ("<p onclick='x()' autofocus class=a>", '<p class="a">'),
        ("<meta http-equiv=refresh content='0;url=/x'><meta charset=latin1><base href=/b/>", ""),
        # Nothing leads anywhere.
        ("<a href=/items target=_top ping=/p>", f'<a href="#{NOTICE}">'),
        ("<a href='javascript:x()'>", f'<a href="#{NOTICE}">'),
        ("<a href='http://[bad'>", f'<a href="#{NOTICE}">'),
        (f"<a href='{URL}#part'><area href='#part'>", "<a href=\"#part\"><area href='#part'>"),
        ("<a href='https://example.org/?a&amp;b'>", "<a href='https://example.org/?a&amp;b'>"),
        ("<a href='mailto:a@example.org'>", "<a href='mailto:a@example.org'>"),
        ("<form action=/buy method=post><button formaction=/b>", '<form method="dialog"><button>'),
        # What is not to be changed stays as it was written.
        (
            "<P CLASS=a>&nbsp;&copy <!-- <a href=x> --><textarea>a</textarea>",
            "<P CLASS=a>&nbsp;&copy <!-- <a href=x> --><textarea>a</textarea>",
        ),
    ],
)
def test_what_becomes_of_an_element(written: str, becomes: str) -> None:
    assert body(written) == becomes


def test_style_sheets_are_inside_with_what_they_name() -> None:
    [style] = re.findall("<style>(body.*?)</style>", body("<link rel=stylesheet href=style.css>"))
    assert f'background: url("{IMAGE}")' in style
    assert 'b { x: url("data:,") }' in style
    [imported] = re.findall(r'@import url\("data:text/css;base64,(.*?)"\)', style)
    assert b"i { color: red }" in base64.b64decode(imported)


def test_a_style_cannot_end_its_element() -> None:
    assert "</style> */" not in body("<link rel=stylesheet href=more.css>")


def test_a_base_counts_for_references_and_not_for_the_recording() -> None:
    page = f"<base href='{ROOT}/docs/x/../'><img src=a.png>"
    assert of_page(page, "http://localhost/elsewhere") == [f"{ROOT}/docs/a.png"]
    assert body(f"<base href='{ROOT}/docs/'>{page}") == f'<img src="{IMAGE}">'


@pytest.mark.parametrize("begin", ["<!doctype html>", "<!-- first -->\n<!DOCTYPE html PUBLIC 'x'>", ""])
def test_the_policy_is_the_first_of_the_head_and_the_doctype_still_counts(begin: str) -> None:
    page = still(f"{begin}<html lang=de><head><title>T</title><body>Hallo", URL, {}) or ""
    assert page.startswith(f'{begin}<html data-asgi-live="recorded"><head><meta charset="utf-8">')
    assert "<html lang=de><head><title>T</title><body>Hallo\n" in page


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("<title>Swagger</title><div id=ui></div><script>start()</script><noscript>needs scripts</noscript>", False),
        ("<p>Loading…</p><script src=app.js></script>", False),
        (f"<p>{'x' * WORDS}</p><script src=app.js></script>", True),
        ("<input type=hidden><style>p {}</style><template>x</template>  \n", False),
        ("<input>", True),
        ("<img src=a.png>", True),
        ("<img src=none.png>", False),
        ("x", True),
        ("", False),
    ],
)
def test_a_page_that_shows_nothing_is_none(page: str, seen: bool) -> None:
    assert (still(page, URL, FILES) is not None) == seen


def test_references_are_found_in_order_and_not_where_nothing_is_shown() -> None:
    page = """<link rel=stylesheet href=one.css><noscript><img src=no.png></noscript><img src="/two.png#f">
        <style>@import 'three.css'; p { background: URL("four.png") }</style><p style="background:url(five.png)">
        <script src=no.js></script><img src="data:,"><template><img src=no.png></template><img src="https://x.org/six">"""
    assert [found.rpartition("/")[2] for found in of_page(page, URL)] == [
        "one.css", "two.png", "three.css", "four.png", "five.png", "six",
    ]  # fmt: skip
    assert of_style("a { b: url(#c) url(data:,) url() } @import url(x.css) screen;", URL) == [f"{ROOT}/docs/x.css"]


class Requests(HTMLParser):
    """What a browser might do on its own behalf, or at a click, with a page; our own head and foot apart."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[object] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "base", "link"):
            self.found.append(tag)
        for name, value in attrs:
            inert = (value or "").startswith(("data:", "#"))
            if name.startswith("on") or (name in ("src", "srcset", "href", "action", "data") and not inert and value):
                self.found.append((tag, name, value))


PIECES = st.lists(
    st.sampled_from(
        ["<img src=a.png>", "<a href='/x'>", "<script>x</script>", "<script src=y>", "</script>", "<style>", "</style>",
         "<link rel=stylesheet href=style.css>", "<base href=/b/>", "<p onclick=x>", "<form action=x>", "text", "<!--",
         "-->", "<noscript>", "</noscript>", "<title>", "</title>", "<", ">", "'", '"', "<iframe src=/x>", "\n", "&lt;"]
    ),
    max_size=12,
)  # fmt: skip


@given(PIECES)
def test_whatever_a_page_is_it_asks_for_nothing(pieces: list[str]) -> None:
    page = still("seen: " + "words " * WORDS + "".join(pieces), URL, FILES)
    if page:
        requests = Requests()
        requests.feed(page)
        requests.close()
        assert requests.found == []
