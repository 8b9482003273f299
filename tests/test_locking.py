"""`sphinx-asgi-live lock`: what is missing is added, what is left over goes, and `--check` changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sphinx_asgi_live.cli import main
from sphinx_asgi_live.packing.lock import Lock
from tests.handmade import wheel
from tests.projects import APP, Project
from tests.test_wheels import index

__all__ = ["index"]

PAGE = """\
Title
=====

.. asgi-live:: shop

.. only:: html

   .. asgi-live:: bare

.. only:: latex

   .. asgi-live:: nothing
"""


@pytest.fixture
def docs(index: Path, tmp_path: Path) -> Project:
    """A project whose lock has what one of its two apps requires, and of no others."""
    wheel(index, "web", requires=["core"])
    wheel(index, "core")
    return Project(tmp_path / "docs", pages={"index.rst": PAGE, "shop.py": f"import web\n{APP}", "bare.py": APP})


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[str]]:
    code = main(["lock", *arguments])
    said = capsys.readouterr()
    return code, [*said.out.splitlines(), *said.err.splitlines()]


def test_the_lock_is_brought_up_to_date_and_upgraded(
    docs: Project, index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = docs.folder / "asgi-live.lock.json", str(docs.folder)
    before = path.read_bytes()
    code, said = run(capsys, folder, "--check")
    assert (code, path.read_bytes()) == (1, before)
    assert said == ["index.rst:4: 'shop' (shop): asgi-live.lock.json has nothing for web; lock it"]
    added = ["web: + core 1.0", "web: + tzdata 2026.6", "web: + web 1.0"]
    told = "asgi-live.lock.json: 4 packages for 2 sets of requirements"
    assert run(capsys, folder) == (0, [*added, told])
    assert run(capsys, folder, "--check") == (0, [f"{told}, up to date"])
    wheel(index, "core", "2.0")
    assert run(capsys, folder) == (0, [told])
    code, said = run(capsys, folder, "--upgrade")
    assert (code, "web: core 1.0 -> 2.0" in said) == (0, True)
    docs.write("shop.py", APP)
    code, said = run(capsys, folder, "--check")
    assert (code, said) == (1, ["asgi-live.lock.json has what no app requires: web; lock again"])
    code, said = run(capsys, folder)
    assert (code, said[:3]) == (0, ["web: - core 2.0", "web: - tzdata 2026.6", "web: - web 1.0"])
    assert [each.requirements for each in Lock.load(path).sets.values()] == [()]


def test_what_is_wrong_is_told_at_its_line_and_loses_nothing(docs: Project, capsys: pytest.CaptureFixture[str]) -> None:
    path, folder = docs.folder / "asgi-live.lock.json", str(docs.folder)
    run(capsys, folder)
    before = path.read_bytes()
    docs.write("shop.py", f"import unheard_of\n{APP}")
    docs.write("bare.py", "app = (")
    code, said = run(capsys, folder)
    assert (code, path.read_bytes()) == (1, before)
    assert said[0].startswith("index.rst:8: 'bare' (bare): bare.py:1: ")
    assert said[1].startswith("index.rst:4: 'shop' (shop): the requirements cannot be met: ")
    assert "They were found in what the app imports: unheard-of" in said[1]
    path.write_text("{}")
    for arguments in ([folder], [folder, "--check"]):
        code, said = run(capsys, *arguments)
        assert code == 1
        assert said[-1].startswith(f"sphinx-asgi-live: {path}: version is missing")
    assert run(capsys, folder, "--check", "--upgrade")[0] == 1
    assert run(capsys, str(docs.folder.parent))[1] == [
        f"sphinx-asgi-live: {docs.folder.parent} holds no conf.py; name the folder that does"
    ]
