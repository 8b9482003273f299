"""Files and folders of the cache: whole or not there, whoever else writes, whatever the disk does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import platformdirs
import pytest

from sphinx_asgi_live.packing.cache import (
    SEAL,
    VARIABLE,
    cache_folder,
    install_file,
    install_folder,
    intact,
    recall,
    remember,
    seal,
)

# The system itself refuses what is longer, as a full disk does; Python turns the signal into an OSError.
WRITE_TOO_MUCH = """
import resource, sys
from pathlib import Path
from sphinx_asgi_live.packing.cache import install_file
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    install_file(b"n" * 5000, Path(sys.argv[1]))
except OSError as error:
    print("refused:", error.strerror)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file and one further down."""
    folder = tmp_path / "source"
    (folder / "inner").mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    (folder / "inner" / "ö.txt").write_text("b")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_the_setting_comes_before_the_variable_before_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/from/variable")
    assert cache_folder("/from/setting") == Path("/from/setting")
    assert cache_folder() == Path("/from/variable")
    monkeypatch.delenv(VARIABLE)
    assert cache_folder() == platformdirs.user_cache_path("sphinx-asgi-live")


def test_a_file_is_installed_with_its_folders_for_all_to_read(tmp_path: Path) -> None:
    path = install_file(b"content", tmp_path / "new" / "folder" / "file")
    assert path.read_bytes() == b"content"
    assert path.stat().st_mode & 0o777 == 0o644
    assert install_file(b"other", path).read_bytes() == b"other"
    assert names(tmp_path / "new") == ["folder", "folder/file"]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, project: Path) -> None:
    path = install_file(b"old", tmp_path / "file")
    command = [sys.executable, "-c", WRITE_TOO_MUCH, str(path)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("refused:"), done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_writers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([number]) * 100_000 for number in range(8)]

    def write_and_read(content: bytes) -> bytes:
        return install_file(content, path).read_bytes()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(write_and_read, contents * 5)) <= set(contents)
    assert names(tmp_path) == ["file"]


def test_a_folder_is_installed_whole_and_stays_if_it_is_there(tmp_path: Path, folder: Path) -> None:
    destination = tmp_path / "cache" / "folder"
    install_folder(folder, destination)
    (folder / "a.txt").write_text("changed")
    install_folder(folder, destination)
    assert (destination / "a.txt").read_text() == "a"
    assert names(tmp_path / "cache") == ["folder", *(f"folder/{name}" for name in names(folder))]


def test_a_folder_that_cannot_be_installed_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        install_folder(tmp_path / "missing", tmp_path / "cache" / "folder")
    assert names(tmp_path / "cache") == []


def test_folders_installed_at_once_give_one(tmp_path: Path, folder: Path) -> None:
    destination = tmp_path / "cache" / "folder"
    seal(folder)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: install_folder(folder, destination), range(16)))
    assert intact(destination)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["folder"]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a file changed": lambda folder: (folder / "a.txt").write_text("A"),
    "a file is gone": lambda folder: (folder / "inner" / "ö.txt").unlink(),
    "a file came": lambda folder: (folder / "more.txt").write_text(""),
    "the seal is gone": lambda folder: (folder / SEAL).unlink(),
    "the seal changed": lambda folder: (folder / SEAL).write_bytes(b"\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_breaks_the_seal(folder: Path, damage: Callable[[Path], object]) -> None:
    assert not intact(folder)
    assert intact(seal(folder))
    damage(folder)
    assert not intact(folder)


def test_a_result_is_recalled_by_its_key(tmp_path: Path) -> None:
    assert recall(tmp_path, "kind", "key") is None
    path = remember(tmp_path, "kind", "key", b"result")
    assert recall(tmp_path, "kind", "key") == path
    assert path.read_bytes() == b"result"
    assert recall(tmp_path, "kind", "ke") is None
    assert recall(tmp_path, "other", "key") is None


@pytest.mark.parametrize("content", [b"resulT", b"resul", b""])
def test_a_damaged_result_is_deleted(tmp_path: Path, content: bytes) -> None:
    path = remember(tmp_path, "kind", "key", b"result")
    path.write_bytes(content)
    assert recall(tmp_path, "kind", "key") is None
    assert not path.exists()
