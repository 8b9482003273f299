"""What apps answer, in words: in books, texts and manual pages, where nothing runs, and for the search."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import Project

PAGE = """\
Title
=====

.. asgi-live:: tea:app
   :title: Teas
   :caption: All of them

.. asgi-live:: tea:app
   :path: /teas

.. asgi-live:: tea:app
   :path: /broken
"""
APP = '''\
PAGE = """<!doctype html><title>Tea</title><script>never()</script>
<h1>Teas</h1><table><tr><th>name<th>stock<tr><td>Assam<td>12</table>""" + "<p>more" * 100


async def app(scope, receive, send):
    path = scope["path"].removeprefix(scope["root_path"])
    if path == "/broken":
        raise ValueError("no tea")
    kind, body = (b"application/json", '[{"name":"Assam"}]') if path == "/teas" else (b"text/html", PAGE)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body.encode()})
'''


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Project:
    docs = Project(tmp_path_factory.mktemp("answers") / "docs", pages={"index.rst": PAGE, "tea.py": APP})
    docs.configure('asgi_live_check = "request"\nhtml_baseurl = "https://docs.example.org/en/"')
    return docs


def written(docs: Project, builder: str) -> str:
    build = docs.build(builder, confoverrides={"version": "1"})
    [warning] = build.warnings
    assert warning.startswith("index.rst:11: WARNING: asgi-live app 'tea-app' (tea:app): the app answers /broken with")
    assert "ValueError: no tea" in warning
    assert not (build.outdir / "asgi-live").exists()
    files = [path for path in Path(build.outdir).rglob("*") if path.suffix in {".txt", ".tex", ".texi", ".1", ".xhtml"}]
    return "\n".join(path.read_text("utf-8") for path in files)


def test_a_text_page_has_the_answers_and_says_where_the_app_is_live(docs: Project) -> None:
    text = written(docs, "text")
    assert "*[Teas: a live app, in the online version of this page: https://docs.example.org/en/index.html]*" in (
        " ".join(text.split())
    )
    assert "   name   stock\n   Assam  12\n" in text
    assert '   [\n     {\n       "name": "Assam"\n     }\n   ]\n' in text
    # A long page is cut, and its scripts are nobody's words.
    assert text.count("more") < 100
    assert "[…]" in text
    assert "never" not in text
    assert text.index("Assam  12") < text.index("All of them")


@pytest.mark.parametrize("builder", ["latex", "man", "texinfo", "epub"])
def test_every_book_has_them(docs: Project, builder: str) -> None:
    book = written(docs, builder)
    assert "Assam" in book
    # Manual pages say where an address may be broken.
    assert "docs.example.org/en/index.html" in book.replace("\\:", "")


def test_the_search_finds_what_an_app_answers(docs: Project) -> None:
    build = docs.build("html")
    assert "assam" in (build.outdir / "searchindex.js").read_text("utf-8")
    assert "Assam" not in build.html("index.html")


def test_a_page_is_written_anew_when_its_app_answers_another_way(tmp_path: Path) -> None:
    page = "Title\n=====\n\n.. asgi-live:: tea:app\n   :path: /teas\n"
    docs = Project(
        tmp_path / "docs", pages={"index.rst": page, "tea.py": APP, "other.rst": ":orphan:\n\nOther\n=====\n"}
    )
    docs.configure('asgi_live_check = "request"')
    assert "Assam" in docs.build("text").html("index.txt")
    again = docs.build("text")
    assert "trying" not in again.status
    docs.write("tea.py", APP.replace("Assam", "Keemun"))
    changed = docs.build("text")
    assert "Keemun" in changed.html("index.txt")
