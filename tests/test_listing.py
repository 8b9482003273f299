"""The source of an app on the page: shown where it is asked for, and problems at its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import APP, Project

OPENINGS = {
    "rst": ("Title\n=====\n\n.. asgi-live::\n   :name: shop\n", "   ", "\n"),
    "md": ("# Title\n\n```{asgi-live}\n:name: shop\n", "", "\n```\n"),
    "yaml": ("# Title\n\n```{asgi-live}\n---\nname: shop\n---\n", "", "\n```\n"),
}


def inline(kind: str, source: str, *options: str) -> tuple[str, int]:
    """A page with an app in it, and the line where its source begins."""
    opening, indent, end = OPENINGS[kind]
    head = opening + "".join(f"{indent}{option}\n" for option in options) + "\n"
    return head + "".join(f"{indent}{line}".rstrip() + "\n" for line in source.splitlines()) + end, head.count("\n") + 1


@pytest.mark.parametrize("kind", OPENINGS)
def test_problems_of_a_source_in_the_page_are_at_its_lines(tmp_path: Path, kind: str) -> None:
    docs = Project(tmp_path / "docs")
    docs.configure("extensions.append('myst_parser')\nasgi_live_check = 'import'")
    page = f"index.{'rst' if kind == 'rst' else 'md'}"
    for source, wrong, told in (
        ("import os\n\ndef app(:\n", 3, f"{page}:{{}}: invalid syntax"),
        (
            f"\n{APP}\ndef rates():\n    return 1 / 0\n\n\nTABLE = rates()\n",
            7,
            f'File "{docs.folder}/{page}", line {{}}',
        ),
    ):
        text, begin = inline(kind, source)
        # The blank line that begins a source is none of it.
        line = begin + wrong - 1 + source.startswith("\n")
        docs.write(page, text)
        [warning] = docs.build().warnings
        assert warning.startswith(f"{page}:{line}: WARNING: asgi-live app 'shop' (source in the page): "), warning
        assert told.format(line).replace(f"{docs.folder}/", "") in warning
        assert text.splitlines()[line - 1].strip() in ("def app(:", "return 1 / 0")
        assert "/home/web" not in warning


def test_a_source_is_shown_where_it_is_asked_for(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages={"shop/__init__.py": "", "shop/main.py": APP})
    shown = "".join(
        f"\n.. asgi-live:: shop\n   :source: {each}\n   :name: {each}\n" for each in ("show", "beside", "hide")
    )
    docs.write("index.rst", inline("rst", APP, ":source: show", ":caption: Mine")[0] + shown)
    build = docs.build()
    assert build.warnings == []
    page = build.html("index.html")
    assert page.count('class="asgi-live-source') == 3
    assert page.count("<figure") == 4
    assert page.count("shop/main.py") == 2
    assert page.count('<div class="asgi-live-beside docutils container">') == 1
    assert page.index("Mine") < page.index("asgi-live-source")
    assert "Answers everything" in docs.build("text").outdir.joinpath("index.txt").read_text()
    docs.configure("asgi_live_source = 'show'")
    assert docs.build().html("index.html").count('class="asgi-live-source') == 3


def test_another_word_for_the_source_is_refused(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages={"index.rst": inline("rst", APP, ":source: edit")[0]})
    [warning] = docs.build("dummy").warnings
    assert ":source: 'edit' is unknown; write one of hide, show, beside" in warning
