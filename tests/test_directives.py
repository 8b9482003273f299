"""Every option of the directive, in both markups; what is wrong is one warning at its line, and told on the page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sphinx_asgi_live.domain import AsgiLiveDomain, Embed
from sphinx_asgi_live.nodes import asgi_live
from sphinx_asgi_live.spec import AppSpec
from tests.projects import APP, Project

TITLE = {"rst": "Title\n=====\n\n", "md": "# Title\n\n"}
MARKUPS = ("rst", "md")


def markup(kind: str, target: str = "", options: Sequence[str] = (), body: str = "", indent: str = "   ") -> str:
    """The directive in reStructuredText or MyST, from its fourth line on in a page that begins with `TITLE`."""
    if kind == "md":
        return "\n".join([f"```{{asgi-live}} {target}".rstrip(), *options, *body.splitlines(), "```", ""])
    lines = [f".. asgi-live:: {target}".rstrip(), *(f"   {option}" for option in options)]
    return "\n".join([*lines, "", textwrap.indent(body, indent), ""])


class Page:
    """A project of one page with one directive, read by Sphinx."""

    def __init__(self, folder: Path, kind: str, text: str) -> None:
        self.docs = Project(folder, pages={f"index.{kind}": TITLE[kind] + text})
        self.name = f"index.{kind}"
        with self.docs.sphinx("dummy") as app:
            app.build()
            self.warnings = self.docs.lines(app.warning.getvalue())
            self.embeds: list[Embed] = app.env.get_domain("asgi-live").data["embeds"].get("index", [])
            self.doctree = app.env.get_doctree("index")

    @property
    def spec(self) -> AppSpec:
        [embed] = self.embeds
        return embed.spec

    @property
    def node(self) -> Any:
        [node] = self.doctree.findall(asgi_live)
        return node


@pytest.fixture(params=MARKUPS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_target_alone(tmp_path: Path, kind: str) -> None:
    page = Page(tmp_path / "docs", kind, markup(kind, "shop.main:app"))
    assert page.warnings == []
    assert page.embeds == [Embed("index", page.embeds[0].location, "/", "shop-main-app", page.spec)]
    assert page.spec == AppSpec("shop-main-app", "shop.main:app")
    assert page.spec.is_bare
    attributes = {key: page.node[key] for key in ("name", "path", "title", "start", "style", "classes")}
    expected = {"name": "shop-main-app", "path": "/", "title": "shop-main-app", "start": "click"}
    assert attributes == {**expected, "style": {}, "classes": []}
    assert not page.node.children


def test_every_option(tmp_path: Path, kind: str) -> None:
    options = [
        ":name: shop",
        ":path: /docs?a=1#b",
        ":start: visible",
        ":height: 30rem",
        ":width: 80%",
        ":aspect: 16/9",
        ":title: The shop",
        ":caption: All *of* it",
        ":class: wide Framed",
        ":requirements: uvicorn, fastapi[all]>=0.1,<1",
        ":exclude: uvloop httptools",
        ":files: templates/*.html, data",
        ":env: B=2, A=1 and more",
        ":factory:",
        ":snapshot: dependencies",
    ]
    page = Page(tmp_path / "docs", kind, markup(kind, "shop.main:make", options))
    assert page.warnings == []
    assert page.spec == AppSpec(
        name="shop",
        target="shop.main:make",
        requirements=("fastapi[all]>=0.1,<1", "uvicorn"),
        exclude=("httptools", "uvloop"),
        files=("data", "templates/*.html"),
        env=(("A", "1 and more"), ("B", "2")),
        factory=True,
        snapshot="dependencies",
    )
    assert (page.embeds[0].path, page.embeds[0].title) == ("/docs?a=1#b", "The shop")
    assert page.node["style"] == {"height": "30rem", "width": "80%", "aspect": "16 / 9"}
    assert (page.node["start"], page.node["classes"]) == ("visible", ["wide", "framed"])
    [caption] = page.node.children
    assert caption.astext() == "All of it"
    assert caption.rawsource == "All *of* it"


def test_options_with_several_lines(tmp_path: Path) -> None:
    """MyST has its own form for them, a YAML block."""
    rst = ":requirements:\n   fastapi\n   uvicorn\n:env:\n   A=1, 2\n   B="
    md = "---\nrequirements: |\n    fastapi\n    uvicorn\nenv: |\n    A=1, 2\n    B=\n---"
    specs = {
        Page(tmp_path / "rst", "rst", markup("rst", "a:b", rst.splitlines())).spec,
        Page(tmp_path / "md", "md", markup("md", "a:b", md.splitlines())).spec,
    }
    assert specs == {AppSpec("a-b", "a:b", requirements=("fastapi", "uvicorn"), env=(("A", "1, 2"), ("B", "")))}


def test_a_body_is_the_source_with_a_name_from_the_page(tmp_path: Path, kind: str) -> None:
    page = Page(tmp_path / "docs", kind, markup(kind, body=f"\n{APP}\n\n"))
    assert page.warnings == []
    assert page.spec == AppSpec("index-1", source=APP)
    assert not page.spec.is_bare


def test_a_body_after_options(tmp_path: Path, kind: str) -> None:
    page = Page(tmp_path / "docs", kind, markup(kind, options=[":name: inline", ":requirements:"], body=f"\n{APP}"))
    assert page.spec == AppSpec("inline", source=APP, requirements=())


def test_apps_of_a_page_are_numbered_but_for_those_with_a_name(tmp_path: Path, kind: str) -> None:
    bodies = [markup(kind, options=options, body=f"\n{APP}") for options in ([], [":name: own"], [])]
    page = Page(tmp_path / "docs", kind, "\n\n".join(bodies))
    assert [embed.spec.name for embed in page.embeds] == ["index-1", "own", "index-2"]


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        (":height: 400", {"height": "400px"}),
        (":height: 0.5em", {"height": "0.5em"}),
        (":width: 60vw", {"width": "60vw"}),
        (":aspect: 16 : 9", {"aspect": "16 / 9"}),
        (":aspect: 1.5", {"aspect": "1.5 / 1"}),
    ],
)
def test_sizes(tmp_path: Path, option: str, expected: dict[str, str]) -> None:
    assert Page(tmp_path / "docs", "rst", markup("rst", "a:b", [option])).node["style"] == expected


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/docs/", "/a%20b/%23%3F", "/café/日本", "/~me/a:b;c=d", "/?q=" + "x" * 4996, "/docs#/items/get"],
)
def test_paths_that_a_frame_opens(tmp_path: Path, path: str) -> None:
    page = Page(tmp_path / "docs", "rst", markup("rst", "a:b", [f":path: {path}"]))
    assert page.warnings == []
    assert page.embeds[0].path == path


# What is wrong

BAD = {
    "unknown": (":hieght: 3", "there is no option :hieght: (did you mean :height:?)"),
    "far off": (":qqq: 3", "there is no option :qqq:; the options are name, path, start,"),
    "name": (":name: Shop 1", ":name: 'Shop 1' cannot name an app's folder; use"),
    "name shared": (":name: shared", ":name: 'shared' cannot name an app's folder; use"),
    "name dots": (":name: ../up", ":name: '../up' cannot name an app's folder; use"),
    "name empty": (":name:", ":name: '' cannot name an app's folder; use"),
    "name long": (":name: " + "n" * 300, "cannot name an app's folder; use at most 200"),
    "path relative": (":path: docs", ":path: 'docs' is not a path of the app; begin it with one '/'"),
    "path host": (":path: //example.org/", ":path: '//example.org/' is not a path of the app"),
    "path url": (":path: javascript:alert(1)", ":path: 'javascript:alert(1)' is not a path of the app"),
    "path bracket": (":path: //[", ":path: '//[' is not a path of the app"),
    "path up": (":path: /a/../../b", ":path: '/a/../../b' is not a path of the app"),
    "path up, encoded": (":path: /%2e%2E/b", ":path: '/%2e%2E/b' is not a path of the app"),
    "path up, hidden": (":path: /a%2F..%2Fb", ":path: '/a%2F..%2Fb' is not a path of the app"),
    "path space": (":path: /a b", ":path: '/a b' is not a path of the app"),
    "path backslash": (r":path: /a%5Cb", ":path: '/a%5Cb' is not a path of the app"),
    "path NUL": (":path: /a%00b", ":path: '/a%00b' is not a path of the app"),
    "path control": (":path: /a\x01b", r":path: '/a\x01b' is not a path of the app"),
    "path control, encoded": (":path: /a%1Bb", ":path: '/a%1Bb' is not a path of the app"),
    "path long": (":path: /" + "a/" * 2500, "…' is too long for a folder's name"),
    "path long part": (":path: /" + "é" * 101, "is too long for a folder's name"),
    "start": (":start: later", ":start: 'later' is unknown; write one of click, visible, load"),
    "start empty": (":start:", ":start: '' is unknown; write one of"),
    "height": (":height: tall", ":height: 'tall' is not a length; write for example 400px"),
    "height digits": (":height: ४४४px", ":height: '४४४px' is not a length"),
    "height style": (":height: 1px; color: red", ":height: '1px; color: red' is not a length"),
    "width": (":width: -4px", ":width: '-4px' is not a length"),
    "aspect": (":aspect: 16x9", ":aspect: '16x9' is not an aspect ratio; write for example 16/9"),
    "aspect zero": (":aspect: 0/9", ":aspect: '0/9' is not an aspect ratio"),
    "title": (":title:", ":title: needs a value; write some words"),
    "caption": (":caption:", ":caption: needs a value; write some words"),
    "class": (":class: !!!", ":class: '!!!' cannot be made into class names"),
    "env": (":env: DEBUG", ":env: 'DEBUG' is not an environment variable; write NAME=value"),
    "env name": (":env: 1A=b", ":env: '1A=b' is not an environment variable"),
    "factory": (":factory: maybe", ":factory: takes no value, and has 'maybe'"),
    "snapshot": (":snapshot: all", ":snapshot: 'all' is unknown; write one of app, dependencies, off"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_option_is_one_warning_and_a_note_on_the_page(tmp_path: Path, kind: str, case: str) -> None:
    option, told = BAD[case]
    if kind == "md":
        # Its options are YAML, in which these values need quotes.
        key, _, value = option.removeprefix(":").partition(": ")
        option = f":{key}: '{value}'" if value else option
        if case == "path control":
            option = ':path: "/a\\u0001b"'
    page = Page(tmp_path / "docs", kind, markup(kind, "shop.main:app", [option]))
    [warning] = page.warnings
    name = "" if case.startswith("name") else "shop-main-app"
    assert re.match(rf"index\.{kind}:[34]: WARNING: asgi-live app '{name}", warning)
    assert "(shop.main:app): " in warning
    assert told in warning
    assert warning.endswith("[asgi-live]")
    assert len(warning) < 500
    assert page.embeds == []
    assert "could not be built with the documentation: " in page.doctree.astext()
    assert told in page.doctree.astext()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([":name: a", ":path: /", ":name: b"], 'duplicate option "name"'),
        ([":name: a", ":path /"], "invalid option block"),
    ],
)
def test_what_docutils_refuses_is_told_on_the_page_too(tmp_path: Path, options: list[str], told: str) -> None:
    page = Page(tmp_path / "docs", "rst", markup("rst", "shop.main:app", options))
    [warning] = page.warnings
    assert warning.startswith('index.rst:4: ERROR: Error in "asgi-live" directive:')
    assert ".. asgi-live:: shop.main:app" in warning
    assert told in warning
    assert page.embeds == []
    shown = " ".join(page.doctree.astext().split())
    assert "could not be built with the documentation: " in shown
    assert f"{told}; give each option once, on a line of its own as :name: value" in shown


@pytest.mark.parametrize(
    "written",
    [
        "```{asgi-live} shop.main:app\n:name: a\n:path: /\n:name: b\n```\n",
        "```{asgi-live} shop.main:app\n---\nname: a\nenv: |\n  name: c\nname: b\n---\n```\n",
        "- item\n\n  ```{asgi-live} shop.main:app\n  :name: a\n  :name: b\n  ```\n",
    ],
)
def test_an_option_given_twice_in_myst(tmp_path: Path, written: str) -> None:
    page = Page(tmp_path / "docs", "md", written)
    [warning] = page.warnings
    assert re.match(r"index\.md:\d: WARNING: asgi-live app 'b' \(shop\.main:app\): ", warning)
    assert "duplicate option :name:; give each option once" in warning
    assert page.embeds == []


def test_what_only_looks_like_an_option_given_twice(tmp_path: Path) -> None:
    body = 'DOC = """\n:name: a\n:name: b\n"""\napp = DOC\n'
    page = Page(tmp_path / "docs", "md", markup("md", "", [":name: shop", ""], body))
    assert page.warnings == []
    assert page.spec.source == body


def test_all_that_is_wrong_is_in_one_warning(tmp_path: Path, kind: str) -> None:
    page = Page(tmp_path / "docs", kind, markup(kind, "a:b", [":start: now", ":hight: 3", ":aspect: 1"]))
    [warning] = page.warnings
    assert ":start: 'now' is unknown" in warning
    assert ":hight: (did you mean :height:?)" in warning
    assert ":aspect:" not in warning


@pytest.mark.parametrize(
    ("target", "body", "told"),
    [
        ("", "", "neither a target nor a source is given; write module:attribute"),
        ("a:b", "\nx = 1", "both a target and a source are given; keep one of them"),
    ],
)
def test_a_target_or_a_body(tmp_path: Path, kind: str, target: str, body: str, told: str) -> None:
    page = Page(tmp_path / "docs", kind, markup(kind, target, body=body))
    [warning] = page.warnings
    assert told in warning
    assert told in page.doctree.astext()


def test_a_body_without_an_empty_line_before_it(tmp_path: Path) -> None:
    page = Page(tmp_path / "docs", "rst", f".. asgi-live::\n{textwrap.indent(APP, '   ')}")
    [warning] = page.warnings
    assert "leave an empty line before it" in warning


def test_names_of_inline_apps_stay_when_another_one_is_wrong(tmp_path: Path, kind: str) -> None:
    wrong = markup(kind, options=[":start: now"], body=f"\n{APP}")
    page = Page(tmp_path / "docs", kind, f"{wrong}\n\n{markup(kind, body=APP)}")
    assert [embed.spec.name for embed in page.embeds] == ["index-2"]


# Where it is

PLACES = {
    "rst": """\
Title
=====

.. note::

   Words.

   .. asgi-live:: a:one
      :start: now

.. tab-set::

   .. tab-item:: One

      Words.

      .. asgi-live:: a:two
         :start: now

* A list

  .. asgi-live:: a:three
     :start: now

.. include:: included.txt

.. asgi-live:: a:five
   :start: now
""",
    "md": """\
# Title

:::{note}
Words.

```{asgi-live} a:one
:start: now
```
:::

::::{tab-set}
:::{tab-item} One
Words.

```{asgi-live} a:two
:start: now
```
:::
::::

* A list

  ```{asgi-live} a:three
  :start: now
  ```

```{include} included.txt
```

```{asgi-live} a:five
:start: now
```
""",
}
INCLUDED = {
    "rst": "Included.\n\n.. asgi-live:: a:four\n   :start: now\n",
    "md": "Included.\n\n```{asgi-live} a:four\n:start: now\n```\n",
}


@pytest.mark.parametrize("wrong", [True, False])
def test_lines_are_right_wherever_the_directive_stands(tmp_path: Path, kind: str, wrong: bool) -> None:
    """Both of a warning at once and of one after the build, whose place is in the domain."""
    start = "now" if wrong else "load"
    docs = Project(tmp_path / "docs", "empty")
    docs.configure("extensions += ['sphinx_design']")
    text = PLACES[kind].replace("now", start)
    docs.write(f"index.{kind}", text)
    docs.write("included.txt", INCLUDED[kind].replace("now", start))
    with docs.sphinx("dummy") as app:
        app.build()
        warnings = docs.lines(app.warning.getvalue())
        places = [embed.location for embed in AsgiLiveDomain.of(app.env).embeds()]
    if wrong:
        assert all("is unknown; write one of" in warning for warning in warnings)
        places = [warning.partition(": WARNING")[0] for warning in warnings]
    lines = text.splitlines()
    expected = [
        f"index.{kind}:{1 + next(number for number, line in enumerate(lines) if each in line)}"
        for each in ("a:one", "a:two", "a:three", "a:five")
    ]
    expected.insert(3, "included.txt:3")
    places = [place.replace(f"{docs.folder}/", "") for place in places]
    # MyST-Parser 5 counts one line too many in a directive within two others, in its own warnings too.
    assert places[:1] + places[2:] == expected[:1] + expected[2:]
    assert places[1] in (expected[1], "index.md:16")


def test_the_place_is_right_in_a_build_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with an app is told from the environment of an earlier build, which read the page."""
    docs = Project(tmp_path / "docs", pages={"index.rst": "Title\n=====\n\n.. include:: a/included.txt\n"})
    docs.write("a/included.txt", ".. asgi-live:: missing:app\n")
    for folder in (docs.folder, tmp_path):
        monkeypatch.chdir(folder)
        [warning] = docs.build().warnings
        assert warning.startswith("a/included.txt:1: WARNING: asgi-live app 'missing-app' (missing:app): ")
