"""The runtime as npm delivers it: fetched once, verified, and fetched anew when the cache is damaged."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError, pyodide
from sphinx_asgi_live.packing.cache import SEAL, VARIABLE, intact
from sphinx_asgi_live.packing.pyodide import MODULES, NOTICES, STDLIB, VERSION, WASM, runtime, unpack
from tests.warm import NO_ENGINE, engine, warm_runtime

FETCH = """
from sphinx_asgi_live.packing.cache import cache_folder
from sphinx_asgi_live.packing.engine import find_engine
from sphinx_asgi_live.packing.pyodide import runtime
print(runtime(find_engine(), cache_folder()).folder)
"""


def test_the_runtime_is_what_was_pinned_and_is_fetched_once(tmp_path: Path) -> None:
    found = runtime(engine(), tmp_path)
    assert found.folder == tmp_path / "pyodide" / VERSION
    assert {path.name for path in found.folder.iterdir()} == {*MODULES, *NOTICES, STDLIB, WASM, SEAL}
    assert found.wasm.read_bytes().startswith(b"\0asm")
    assert found.stdlib.read_bytes().startswith(b"PK")
    assert [path.name for path in (tmp_path / "pyodide").iterdir()] == [VERSION]
    assert runtime(NO_ENGINE, tmp_path) == found


def test_a_flipped_byte_has_it_fetched_anew(tmp_path: Path) -> None:
    folder = tmp_path / "pyodide" / VERSION
    shutil.copytree(warm_runtime().folder, folder)
    wasm = bytearray((folder / WASM).read_bytes())
    wasm[len(wasm) // 2] ^= 1
    (folder / WASM).write_bytes(wasm)
    assert not intact(folder)
    assert runtime(engine(), tmp_path).folder == folder
    assert intact(folder)
    assert (folder / WASM).read_bytes() == warm_runtime().wasm.read_bytes()


def test_other_bytes_than_the_pinned_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = pyodide.INTEGRITY
    wrong = "sha512-" + "A" * 86 + "=="
    monkeypatch.setattr(pyodide, "INTEGRITY", wrong)
    with pytest.raises(PackingError) as error:
        runtime(engine(), tmp_path)
    assert f"npm delivered pyodide {VERSION} with integrity {right}, but {wrong} is expected" in str(error.value)
    assert "nothing of it was used" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_at_once_both_get_it(tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    command = [sys.executable, "-c", FETCH]
    processes = [subprocess.Popen(command, cwd=project, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    folder = tmp_path / "pyodide" / VERSION
    assert [process.communicate(timeout=120)[0].strip() for process in processes] == [str(folder)] * 2
    assert intact(folder)
    assert [path.name for path in (tmp_path / "pyodide").iterdir()] == [VERSION]


def test_a_tarball_that_lacks_a_file_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "pyodide.tgz"
    (tmp_path / "package").mkdir()
    with tarfile.open(tarball, "w:gz") as archive:
        archive.add(tmp_path / "package", "package/pyodide.mjs")
    with pytest.raises(PackingError, match=r"pyodide\.tgz holds no pyodide\.mjs"):
        unpack(tarball, tmp_path / "unpacked", ("pyodide.mjs",))
    with pytest.raises(PackingError, match=r"pyodide\.tgz holds no README\.md"):
        unpack(tarball, tmp_path / "other", ("README.md",))
