"""What the builders write: figures whose addresses lead to emitted files, words where nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from tests.projects import APP, Build, Project

EMBED = "Title\n=====\n\n.. asgi-live:: hello:app\n"
ORIGIN = "http://localhost/deep/"


class Elements(HTMLParser):
    """The elements of a page with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {key: value or "" for key, value in attrs}))

    def named(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("live") / "docs", "live")


@pytest.fixture(scope="module")
def page(live: Project) -> str:
    return live.build("html", warningiserror=True).html("index.html")


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    return Project(tmp_path / "docs", pages={"index.rst": EMBED, "hello.py": APP})


def pages(build: Build) -> Iterator[tuple[str, Elements]]:
    """The pages that have an app, by their path."""
    for path in build.outdir.rglob("*.html"):
        if not path.is_relative_to(build.outdir / "asgi-live") and "<iframe" in path.read_text("utf-8"):
            yield path.relative_to(build.outdir).as_posix(), Elements(path.read_text("utf-8"))


def served(build: Build, address: str) -> Path:
    """The file that a static server gives for an address."""
    path = build.outdir / unquote(urlsplit(address).path).removeprefix("/deep/")
    return path / "index.html" if path.is_dir() else path


@pytest.mark.parametrize(
    ("builder", "names"),
    [
        ("html", ["index.html", "markdown.html", "nested/deep/page.html"]),
        ("dirhtml", ["index.html", "markdown/index.html", "nested/deep/page/index.html"]),
        ("singlehtml", ["index.html"]),
    ],
)
def test_addresses_lead_to_emitted_files(live: Project, builder: str, names: list[str]) -> None:
    build = live.build(builder, warningiserror=True)
    assert build.warnings == []
    found = dict(pages(build))
    assert sorted(found) == names
    frames = 0
    for name, elements in found.items():
        base = ORIGIN + (name.removesuffix("index.html") if builder == "dirhtml" else name)
        [style] = [each for each in elements.named("link") if "asgi-live" in each["href"]]
        classic, module = (each for each in elements.named("script") if "asgi-live" in each.get("src", ""))
        assert "defer" in classic and "type" not in classic
        assert module["type"] == "module"
        addresses = [style["href"], classic["src"], module["src"], *(each["src"] for each in elements.named("iframe"))]
        frames += len(elements.named("iframe"))
        for address in addresses:
            assert not address.startswith(("/", "http:"))
            assert served(build, urljoin(base, address)).is_file()
        order = [tag for tag, each in elements.found if "asgi-live" in str(each)]
        assert order[:5] == ["link", "script", "script", "figure", "iframe"]
    assert frames == 4


def test_the_figure(page: str) -> None:
    elements = Elements(page)
    [figure] = elements.named("figure")
    assert figure == {
        "class": "asgi-live wide",
        "data-asgi-live": "hello",
        "data-state": "idle",
        "data-start": "click",
        "style": "--asgi-live-height: 400px",
        "id": "the-app",
    }
    [frame] = elements.named("iframe")
    assert frame == {"title": 'Says "hello" & more', "src": "asgi-live/hello/app/", "loading": "lazy"}
    assert '<figcaption>\n<p>The <em>whole</em> of <a class="reference internal" href="markdown.html">' in page
    assert '<a class="reference internal" href="#the-app">' in page


def test_query_and_fragment_stay(live: Project, page: str) -> None:
    assert page
    elements = Elements((live.folder / "_build" / "html" / "nested" / "deep" / "page.html").read_text("utf-8"))
    assert [frame["src"] for frame in elements.named("iframe")] == [
        "../../asgi-live/hello/app/docs/?q=1&r=2#top",
        "../../asgi-live/nested-deep-page-1/app/",
    ]
    assert [figure["data-start"] for figure in elements.named("figure")] == ["click", "load"]
    assert "style" not in elements.named("figure")[0]


def test_the_captions_of_both_markups_are_written_alike(live: Project, page: str) -> None:
    assert page
    markdown = (live.folder / "_build" / "html" / "markdown.html").read_text("utf-8")
    assert '<figcaption>\n<p>From <em>MyST</em>, see <a class="reference internal" href="index.html">' in markdown


def test_every_label_before_a_figure_is_a_target(empty: Project) -> None:
    text = f".. _one:\n.. _two:\n\n{EMBED.partition('.. ')[1]}asgi-live:: hello:app\n\n:ref:`a <one>` :ref:`b <two>`\n"
    empty.write("index.rst", f"Title\n=====\n\n{text}")
    html = empty.build("html").html("index.html")
    for name in ("one", "two"):
        assert f'id="{name}"' in html
        assert f'href="#{name}"' in html


def test_absurd_titles_stay_text(empty: Project) -> None:
    empty.write("index.rst", EMBED + "   :title: \"><script>alert('é')</script>\n   :caption: <b>&\n")
    empty.configure("asgi_live_check = 'import'")
    build = empty.build("html")
    html = build.html("index.html")
    assert Elements(html).named("iframe")[0]["title"] == "\"><script>alert('é')</script>"
    assert "<p>&lt;b&gt;&amp;</p>" in html
    placeholder = build.html("asgi-live/hello-app/app/index.html")
    assert "<script>" not in placeholder
    assert "alert(&#39;é&#39;)" in placeholder


ELSEWHERE = ("text", "latex", "man", "texinfo", "epub", "gettext", "linkcheck", "xml", "pseudoxml", "json", "pickle")
"""Builders whose pages no browser opens from a server."""

HELP = ("qthelp", "htmlhelp", "devhelp", "applehelp")
"""So do these, whose HTML is shown in other programs."""


@pytest.mark.parametrize("builder", [*ELSEWHERE, *HELP, "dummy", "changes", "doctest"])
def test_every_builder_passes_with_warnings_as_errors(live: Project, builder: str) -> None:
    options = {"version": "1.0"} if builder in ("epub", "changes") else {}
    if builder == "doctest":
        options = {"extensions": "sphinx_asgi_live,myst_parser,sphinx.ext.doctest"}
    if builder == "applehelp":
        options = {"applehelp_bundle_id": "org.example.live", "applehelp_disable_external_tools": "1"}
    build = live.build(builder, warningiserror=True, confoverrides={"nitpicky": True, **options}, freshenv=True)
    assert build.warnings == []
    assert build.code == 0
    assert not (build.outdir / "asgi-live").exists()
    if builder in ELSEWHERE and builder not in ("gettext", "linkcheck"):
        files = [
            path for path in build.outdir.rglob("*") if path.is_file() and b"live app, in the" in path.read_bytes()
        ]
        assert files
        written = b"".join(path.read_bytes() for path in files)
        assert b"whole" in written
        assert b"<iframe" not in written


def test_the_words_of_a_text_page(live: Project) -> None:
    text = live.build("text").html("index.txt")
    told = '*[Says "hello" & more: a live app, in the online version of this page]* /asgi-live/hello/app/ The *whole*'
    assert told in " ".join(text.split())


def test_captions_are_translated(empty: Project) -> None:
    empty.write("index.rst", f"{EMBED}   :caption: The *whole* of it\n")
    template = empty.build("gettext").html("index.pot")
    assert 'index.rst:4\nmsgid "The *whole* of it"' in template
    translated = template.replace('"The *whole* of it"\nmsgstr ""', '"The *whole* of it"\nmsgstr "*Alles* davon"')
    empty.write("locales/de/LC_MESSAGES/index.po", translated)
    empty.configure("language, locale_dirs = 'de', ['locales']")
    assert "\n*Alles* davon\n" in empty.build("text", freshenv=True).html("index.txt")
    assert "<p><em>Alles</em> davon</p>" in empty.build("html", freshenv=True).html("index.html")


@pytest.mark.parametrize("builder", ["html", "text", "latex", "man", "texinfo", "epub"])
def test_every_builder_says_that_an_app_is_not_there(empty: Project, builder: str) -> None:
    empty.write("index.rst", f"{EMBED}   :start: 'now'\n")
    build = empty.build(builder, confoverrides={"version": "1"})
    [warning] = build.warnings
    assert ":start:" in warning
    written = b"".join(path.read_bytes() for path in build.outdir.rglob("*") if path.is_file())
    assert b"could not be built" in b" ".join(written.split())
