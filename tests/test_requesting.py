"""The directive of a request, in both markups: which app it is for, and at which line something is wrong with it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from sphinx_asgi_live.spec import AppSpec, Call, RequestSpec
from tests.test_directives import MARKUPS, TITLE, Page


def markup(kind: str, target: str = "", options: tuple[str, ...] = (), body: str = "") -> str:
    """The directive from the fourth line of a page on, its body after an empty line."""
    if kind == "md":
        lines = [f"```{{asgi-live-request}} {target}".rstrip(), *options, "", *body.splitlines(), "```", ""]
        return "\n".join(lines)
    lines = [f".. asgi-live-request:: {target}".rstrip(), *(f"   {option}" for option in options)]
    return "\n".join([*lines, "", textwrap.indent(body, "   "), ""])


def embedded(kind: str, target: str, *options: str) -> str:
    if kind == "md":
        return "\n".join([f"```{{asgi-live}} {target}", *options, "```", "", ""])
    return "\n".join([f".. asgi-live:: {target}", *(f"   {option}" for option in options), "", ""])


@pytest.fixture(params=MARKUPS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_request_with_all_that_can_be_said_of_it(tmp_path: Path, kind: str) -> None:
    options = (
        ":name: shop",
        ":status: 201",
        ":contains: Assam, or so",
        ":headers: Content-Type, Location",
        ":requirements: fastapi",
        ":env: A=b",
        ":factory:",
    )
    body = 'POST /items HTTP/1.1\nContent-Type: application/json\n\n{\n  "a": 1\n}'
    page = Page(tmp_path / "docs", kind, markup(kind, "shop.main:app", options, body))
    assert page.warnings == []
    [embed] = page.embeds
    assert embed.spec == AppSpec("shop", "shop.main:app", requirements=("fastapi",), env=(("A", "b"),), factory=True)
    line = 4 if kind == "rst" else 3
    name = f"{page.docs.folder / page.name}"
    request = RequestSpec("POST", "/items", (("Content-Type", "application/json"),), '{\n  "a": 1\n}')
    places = (("status", f"{name}:{line + 2}"), ("contains", f"{name}:{line + 3}"))
    assert embed.call == Call(request, 201, ("Assam, or so",), ("content-type", "location"), places)
    assert (embed.path, embed.title, embed.location) == ("", "shop", f"{name}:{line}")


def test_several_texts_and_no_headers(tmp_path: Path, kind: str) -> None:
    contains = [":contains: |", "  a", "  b"] if kind == "md" else [":contains:", "   a", "   b"]
    options = ("---", *(each.lstrip(":").replace(":", ": ", 1) if each[0] == ":" else each for each in contains))
    options = (*options, "headers: none", "---") if kind == "md" else (*contains, ":headers: none")
    page = Page(tmp_path / "docs", kind, markup(kind, "shop.main:app", tuple(options), "GET /"))
    assert page.warnings == []
    [embed] = page.embeds
    assert embed.call and embed.call.contains == ("a", "b")
    assert embed.call.headers == ()


@pytest.mark.parametrize("target", ["", "shop.main:app"])
def test_it_is_for_the_app_above_it_that_fits(tmp_path: Path, kind: str, target: str) -> None:
    above = embedded(kind, "shop.main:app", ":name: shop", ":requirements: fastapi")
    text = above + embedded(kind, "other:app") * (target != "") + markup(kind, target, (), "GET /")
    page = Page(tmp_path / "docs", kind, text)
    assert page.warnings == []
    assert page.embeds[-1].spec == AppSpec("shop", "shop.main:app", requirements=("fastapi",))
    assert page.embeds[-1].spec is not None and page.embeds[-1].call


def test_the_name_chooses_among_the_apps_above(tmp_path: Path, kind: str) -> None:
    above = embedded(kind, "a:app", ":name: one") + embedded(kind, "b:app", ":name: two")
    page = Page(tmp_path / "docs", kind, above + markup(kind, "", (":name: one",), "GET /"))
    assert page.warnings == []
    assert page.embeds[-1].spec.target == "a:app"


def test_another_target_or_other_options_make_another_app(tmp_path: Path, kind: str) -> None:
    above = embedded(kind, "a:app", ":name: one")
    below = markup(kind, "b:app", (), "GET /") + "\n" + markup(kind, "a:app", (":env: A=b",), "GET /")
    page = Page(tmp_path / "docs", kind, above + below)
    assert page.warnings == []
    assert [embed.spec.name for embed in page.embeds] == ["one", "b-app", "a-app"]


@pytest.mark.parametrize(
    ("target", "options", "body", "below", "told"),
    [
        ("", (), "GET /", 0, "no app is named, and none above on the page fits; write module:attribute behind '::'"),
        ("a:app", (), "", 0, "there is no request; write it as the body, beginning with a line such as GET /items"),
        ("a:app", (), "GET", 2, "'GET' is not a request line"),
        ("a:app", (":status: 200", ":title: T"), "GET /\nA: b\n\u00fc: 1", 6, "'\u00fc: 1' is not a header"),
        (
            "a:app",
            (":status: 200",),
            'POST /\nContent-Type: application/json\n\n{\n  "a" 1\n}',
            7,
            "the body is not JSON, as its Content-Type says: Expecting ':' delimiter at column 7 of '\"a\" 1'",
        ),
        ("a:app", (":status: created",), "GET /", 0, ":status: 'created' is not the status of a response"),
        ("a:app", (":status: 101",), "GET /", 0, ":status: '101' is not the status of a response"),
        ("a:app", (":contains:",), "GET /", 0, ":contains: needs a value"),
        ("a:app", (":height: 9",), "GET /", 0, "there is no option :height:; the options are name, status, contains"),
        ("a:app", (":statu: 200",), "GET /", 0, "there is no option :statu: (did you mean :status:?)"),
    ],
)
def test_what_is_wrong_is_one_warning_at_its_line(
    tmp_path: Path, kind: str, target: str, options: tuple[str, ...], body: str, below: int, told: str
) -> None:
    page = Page(tmp_path / "docs", kind, markup(kind, target, options, body))
    [warning] = page.warnings
    line = len(TITLE[kind].splitlines()) + 1 + below
    assert warning.startswith(f"{page.name}:{line}: WARNING: asgi-live app ")
    assert told in warning
    assert page.embeds == []
    assert "This app could not be built with the documentation" in page.doctree.astext()


def test_a_line_inside_other_directives_and_of_an_included_file(tmp_path: Path) -> None:
    wrong = markup("rst", "a:app", (":status: 200",), "GET /\nbad")
    (tmp_path / "part.txt").write_text(f"Some words.\n\n{wrong}")
    inside = f".. note::\n\n{textwrap.indent(wrong, '   ')}\n\n.. include:: ../part.txt\n"
    page = Page(tmp_path / "docs", "rst", inside)
    assert [warning.partition(": WARNING")[0] for warning in page.warnings] == [
        "index.rst:10",
        f"{tmp_path}/part.txt:7",
    ]
