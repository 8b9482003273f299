"""Examples from five frameworks' documentation, embedded by the bare directive: no option, nothing by hand."""

from __future__ import annotations

from pathlib import Path

from tests.projects import Project
from tests.published import add_published


def test_examples_as_they_are_published_build_without_a_warning(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", root="published")
    lock = (docs.folder / "asgi-live.lock.json").read_text()
    add_published(docs)
    build = docs.build()
    assert (build.code, build.warnings) == (0, [])
    for app, shown in {
        "tutorial003": 'enctype="multipart/form-data"',
        "starlette-readme": '"hello": "world"',
        "litestar-readme": '"hello": "world"',
        "js-example": "Calculate",
        "mysite": "The install worked successfully!",
    }.items():
        assert shown in build.html(f"asgi-live/{app}/app/index.html"), app
    # All requirements were found as they are locked: FastAPI's with what its forms need, Flask's by a package.
    assert (docs.folder / "asgi-live.lock.json").read_text() == lock
