"""Pages with requests, built: the same responses for every builder, and anew only where something has changed."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.projects import Build, Project

APP = """\
import json

teas = ["Sencha"]


async def app(scope, receive, send):
    assert scope["type"] == "http"
    status, said = 200, teas
    if scope["method"] == "POST":
        teas.append(json.loads((await receive())["body"])["name"])
        status, said = 201, {"added": teas[-1]}
    headers = [(b"content-type", b"application/json"), (b"x-tea", b"yes")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})
"""
PAGE = """\
Teas
====

.. asgi-live-request:: teas:app
   :name: teas
   :requirements:

   GET /

.. asgi-live-request::
   :title: Add one
   :status: 201
   :caption: Adds a *tea*.

   POST /
   Content-Type: application/json

   {"name": "Assam"}

.. asgi-live-request::
   :contains: Assam

   GET /?now
"""
OTHER = """\
:orphan:

Other
=====

.. asgi-live-request:: teas:app
   :name: teas

   GET /
"""
THREE = [
    'HTTP/1.1 200 OK\ncontent-type: application/json\nx-tea: yes\n\n[\n  "Sencha"\n]',
    'HTTP/1.1 201 Created\ncontent-type: application/json\nx-tea: yes\n\n{\n  "added": "Assam"\n}',
    'HTTP/1.1 200 OK\ncontent-type: application/json\nx-tea: yes\n\n[\n  "Sencha",\n  "Assam"\n]',
]


@pytest.fixture
def docs(tmp_path: Path) -> Project:
    docs = Project(tmp_path / "docs", pages={"index.rst": PAGE, "other.rst": OTHER, "teas.py": APP})
    docs.configure("asgi_live_check = 'request'")
    return docs


def text(build: Build, name: str = "index") -> str:
    lines = (build.outdir / f"{name}.txt").read_text("utf-8").splitlines()
    return "\n".join(line.removeprefix("   ") for line in lines)


def test_every_builder_shows_the_same_responses_and_no_change_writes_nothing(docs: Project) -> None:
    docs.configure("version = '1'")  # asked for by epub
    first = docs.build("text")
    assert first.warnings == []
    shown = text(first)
    assert [shown.index(each) for each in THREE] == sorted(shown.index(each) for each in THREE)
    assert 'POST / HTTP/1.1\nContent-Type: application/json\n\n{"name": "Assam"}' in shown
    assert "**Add one**" in shown and "Adds a *tea*." in shown and "curl" not in shown
    assert THREE[0] in text(first, "other")

    again = docs.build("text")
    assert "asking live apps" not in again.status and "0 source files" in again.status
    for builder in ("latex", "man", "texinfo", "epub", "html"):
        build = docs.build(builder)
        assert build.warnings == [], builder
        assert "asking live apps" not in build.status, builder
        files = [path for path in build.outdir.iterdir() if path.suffix in {".tex", ".1", ".texi", ".xhtml", ".html"}]
        written = "".join(path.read_text("utf-8") for path in files)
        assert all(word in written for word in ("Sencha", "Assam", "Created", "Add one")), builder
        assert ("curl" in written) == (builder == "html"), builder
    page = unescape(re.sub(r"<[^>]+>", "", docs.build("html").html("index.html")))
    assert [each for each in THREE if each not in page] == []
    for builder in ("gettext", "linkcheck", "pseudoxml", "json", "dummy"):
        assert docs.build(builder, freshenv=True).warnings == [], builder


def test_a_change_of_the_app_is_told_and_shown(docs: Project) -> None:
    docs.build("text", parallel=2)
    docs.write("teas.py", APP.replace('"Sencha"', '"Oolong"').replace("status, said = 201", "status, said = 202"))
    changed = docs.build("text")
    [warning] = changed.warnings
    assert warning.startswith(
        "index.rst:12: WARNING: asgi-live app 'teas' (teas:app): POST / was answered with status 202, not 201: "
        "HTTP/1.1 202 Accepted\n"
    )
    assert "Oolong" in text(changed) and "Oolong" in text(changed, "other")
    # What is wrong is told in each build, and writes no page anew.
    again = docs.build("text")
    assert again.warnings == changed.warnings and "writing output" not in again.status.split("\n\n")[-1]
    page = docs.write("index.rst", PAGE.replace(":status: 201", ":status: 202").replace("Assam\n", "Assam Bop\n"))
    [warning] = docs.build("text").warnings
    assert warning.startswith("index.rst:21: WARNING: ") and "GET /?now was not answered with 'Assam Bop'" in warning
    page.write_text(PAGE.replace(":status: 201", ":status: 202"))
    right = docs.build("text")
    assert right.warnings == [] and "202 Accepted" in text(right)


def test_nothing_is_recorded_where_nothing_is_to_be_tried(docs: Project) -> None:
    docs.configure("asgi_live_check = 'import'")
    build = docs.build("text")
    assert build.warnings == [] and "asking live apps" not in build.status
    assert "GET / HTTP/1.1" in text(build) and "200 OK" not in text(build)


def test_of_an_app_that_cannot_be_built_pages_say_why(docs: Project) -> None:
    docs.write("teas.py", "import no_such_library\napp = None")
    [warning] = docs.build("text").warnings
    assert warning.startswith("index.rst:4: WARNING: asgi-live app 'teas' (teas:app): the app does not start: ")
    build = docs.build("html")
    assert len(build.warnings) == 1  # told by the packing of the app
    page = build.html("index.html")
    assert page.count("This app could not be built with the documentation: the app does not start") == 3
    assert page.count(" data-unbuilt=") == 3
