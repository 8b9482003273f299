"""The cache on the author's machine: whole files and folders appear in one step, or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import platformdirs

VARIABLE = "SPHINX_ASGI_LIVE_CACHE"


def cache_folder(configured: str | None = None) -> Path:
    """Return the folder for downloads and compiled bundles: the configured one, the variable's, or the user's."""
    chosen = configured or os.environ.get(VARIABLE)
    return Path(chosen) if chosen else platformdirs.user_cache_path("sphinx-asgi-live")


def install_file(content: bytes, destination: Path) -> Path:
    """Write a file so that readers see all of it or nothing, two writers at once included."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=destination.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(destination)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return destination


def install_folder(source: Path, destination: Path) -> Path:
    """Move a complete folder to its place; if another process was first, its folder stays."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(dir=destination.parent, prefix=".new-"))
    try:
        shutil.copytree(source, staged / "whole")
        try:
            (staged / "whole").rename(destination)
        except OSError:
            if not destination.is_dir():
                raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return destination


SEAL = "SHA256SUMS"


def seal(folder: Path) -> Path:
    """Write the digests of a folder's files beside them, so that `intact` can tell later damage; return the folder."""
    (folder / SEAL).write_text(_sums(folder), encoding="utf-8")
    return folder


def intact(folder: Path) -> bool:
    """Tell whether a sealed folder is there and every file in it is what it was."""
    try:
        return (folder / SEAL).read_text(encoding="utf-8") == _sums(folder)
    except OSError:
        return False


def _sums(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SEAL)
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    )


def recall(cache: Path, kind: str, key: str) -> Path | None:
    """Return the file that `remember` stored for these inputs, or None; a damaged one is deleted."""
    for path in (cache / kind).glob(f"{key}-*"):
        if path.name.removeprefix(f"{key}-") == hashlib.sha256(path.read_bytes()).hexdigest():
            return path
        path.unlink(missing_ok=True)
    return None


def remember(cache: Path, kind: str, key: str, content: bytes) -> Path:
    """Store what was computed from the inputs that `key` is the hash of; the name holds the content's own hash."""
    return install_file(content, cache / kind / f"{key}-{hashlib.sha256(content).hexdigest()}")
