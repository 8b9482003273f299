"""What users get: the wheel and the sdist, and a page built by the wheel in an environment that has nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

CONF = 'project = "tiny"\nextensions = ["sphinx_asgi_live"]\nasgi_live_snapshot = "off"\n'
PAGE = """
Tiny
====

.. asgi-live:: tiny:app
   :path: /hello
   :requirements:
"""
APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def run(*command: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def uv(*arguments: str | Path, cwd: Path) -> str:
    return run(sys.executable, "-m", "uv", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, project: Path) -> tuple[Path, Path, Path]:
    """The sdist, the wheel made of it, and the wheel made of the tree."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--out-dir", folder / "both", cwd=project)
    uv("build", "--quiet", "--wheel", "--out-dir", folder / "tree", cwd=project)
    [sdist], [wheel], [direct] = (
        list(folder.glob(pattern)) for pattern in ("both/*.tar.gz", "both/*.whl", "tree/*.whl")
    )
    return sdist, wheel, direct


def test_the_wheel_holds_all_that_the_tree_has_and_nothing_else(built: tuple[Path, Path, Path], project: Path) -> None:
    with zipfile.ZipFile(built[2]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = project / "sphinx_asgi_live"
    wanted = {path.relative_to(project).as_posix() for path in package.rglob("*.py")} | {"sphinx_asgi_live/py.typed"}
    files = [path for path in (project / "static").rglob("*") if path.is_file()]
    static = {f"sphinx_asgi_live/{path.relative_to(project).as_posix()}" for path in files}
    assert {"worker.js", "engine.js", "page.css", "placeholder.html"} <= {Path(name).name for name in static}
    assert names == wanted | static


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_tree(built: tuple[Path, Path, Path]) -> None:
    _, wheel, direct = built
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(direct) as other:
        assert {info.filename: info.CRC for info in one.infolist()} == {
            info.filename: info.CRC for info in other.infolist()
        }


def test_the_sdist_has_the_tests_and_the_documentation(built: tuple[Path, Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".ci/run"} <= names
    assert {"tests/test_package.py", "tests/js/http.test.js", "demo_docs/conf.py", "static/worker.js"} <= names
    assert not [name for name in names if "__pycache__" in name or "/_build" in name]


def test_the_installed_wheel_builds_a_page(built: tuple[Path, Path, Path], tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    python = environment / "bin" / "python"
    uv("venv", "--quiet", "--python", sys.executable, environment, cwd=tmp_path)
    uv("pip", "install", "--quiet", "--python", python, built[2], cwd=tmp_path)
    source = tmp_path / "docs"
    source.mkdir()
    for name, text in {"conf.py": CONF, "index.rst": PAGE, "tiny.py": APP}.items():
        (source / name).write_text(text)
    printed = run(python, "-m", "sphinx", "-W", "-b", "html", source, tmp_path / "html", cwd=tmp_path)
    live = tmp_path / "html" / "asgi-live"
    assert (live / "tiny-app" / "sw.js").is_file(), printed
    assert (live / "tiny-app" / "app" / "hello" / "index.html").is_file()
    assert 'src="asgi-live/tiny-app/app/hello"' in (tmp_path / "html" / "index.html").read_text()
    locked = json.loads((source / "asgi-live.lock.json").read_text())
    assert [package["name"] for each in locked["sets"] for package in each["packages"]] == ["tzdata"]
