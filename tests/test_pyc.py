"""Compiling a tree; on this machine's Python, which differs from Pyodide's only in the format of what it writes."""

from __future__ import annotations

import marshal
import os
from importlib.util import cache_from_source, source_hash
from pathlib import Path
from types import CodeType

import pytest

from sphinx_asgi_live.packing.pyc import UNCHECKED_HASH, compile_tree

MOUNT = "/home/web"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with three modules that compile and some files that do not."""
    folder = tmp_path / "tree"
    contents: dict[str, str | bytes] = {
        "main.py": "def answer():\n    return 42\n",
        "shop/__init__.py": "",
        "shop/größe.py": "größe = 1  # ö\n",
        "shop/template.py": "class {{ name }}: pass\n",
        "shop/zero.py": "a = '\0'\n",
        "shop/latin.py": b"name = '\xff'\n",
        "shop/data.txt": "no module\n",
        "named.py/data.txt": "a folder that looks like a module\n",
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def compiled(tree: Path) -> dict[str, bytes]:
    return {path.relative_to(tree).as_posix(): path.read_bytes() for path in sorted(tree.rglob("*.pyc"))}


def test_every_module_that_compiles_is_compiled(tree: Path) -> None:
    assert compile_tree(str(tree), MOUNT) == 3
    places = [cache_from_source(name) for name in ("main.py", "shop/__init__.py", "shop/größe.py")]
    assert list(compiled(tree)) == sorted(places)


def test_a_module_knows_where_the_reader_has_it(tree: Path) -> None:
    compile_tree(str(tree), MOUNT)
    content = Path(cache_from_source(str(tree / "main.py"))).read_bytes()
    assert content[4:8] == UNCHECKED_HASH
    assert content[8:16] == source_hash((tree / "main.py").read_bytes())
    code = marshal.loads(content[16:])
    assert isinstance(code, CodeType)
    assert code.co_filename == "/home/web/main.py"


def test_neither_time_nor_place_of_the_build_changes_a_byte(tree: Path, tmp_path: Path) -> None:
    compile_tree(str(tree), MOUNT)
    other = tmp_path / "elsewhere" / "copy"
    for name in ("main.py", "shop/__init__.py", "shop/größe.py"):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_bytes((tree / name).read_bytes())
        os.utime(other / name, (0, 0))
    compile_tree(str(other), MOUNT)
    assert compiled(other) == compiled(tree)


def test_a_warning_of_the_compiler_stops_nothing(tree: Path, recwarn: pytest.WarningsRecorder) -> None:
    (tree / "main.py").write_text('"\\d" is 1\n')
    assert compile_tree(str(tree), MOUNT) == 3
    assert not recwarn.list


def test_a_folder_named_like_a_module_is_none(tmp_path: Path) -> None:
    (tmp_path / "web.py").mkdir()
    (tmp_path / "web.py" / "app.py").write_text("")
    assert compile_tree(str(tmp_path), MOUNT) == 1


def test_a_name_with_no_room_for_more_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / f"{'n' * 250}.py").write_text("")
    (tmp_path / "main.py").write_text("")
    assert compile_tree(str(tmp_path), MOUNT) == 1
    assert list(compiled(tmp_path)) == [cache_from_source("main.py")]
