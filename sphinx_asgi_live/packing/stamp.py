"""What the last build was made of: if nothing of it changed, the next build has nothing to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.bundle import FORMAT, bridge_tree
from sphinx_asgi_live.packing.cache import install_file
from sphinx_asgi_live.packing.pyodide import INTEGRITY
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.sources import find
from sphinx_asgi_live.packing.static import static_folder
from sphinx_asgi_live.spec import AppSpec


class Stamp:
    """A file with the hash of a build's inputs, and the size and time of each file that came of them."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = root
        self._inputs = ""
        self._lock = Path()

    def is_current(self, settings: Settings, apps: Sequence[tuple[AppSpec, Sequence[str]]]) -> bool:
        """Tell whether the last build had these inputs and its files are untouched."""
        try:
            self._inputs, self._lock = inputs_of(settings, apps), settings.lock
            noted = json.loads(self._path.read_bytes())
            return bool(noted == self._noted(list(noted["files"])))
        except (PackingError, OSError, ValueError, LookupError, TypeError):
            return False

    def write(self, files: Sequence[str] | None) -> None:
        """Note a build's files, by their path below the root; None after a build with problems, to be done again."""
        if files is None:
            self._path.unlink(missing_ok=True)
            return
        install_file(json.dumps(self._noted(files)).encode(), self._path)

    def _noted(self, files: Sequence[str]) -> dict[str, object]:
        # The lock is asked for anew: the build itself may write it.
        return {"inputs": self._inputs, "lock": touched(self._lock), "files": self._state(files)}

    def _state(self, files: Sequence[str]) -> dict[str, list[int]]:
        states = {}
        for name in files:
            status = (self._root / name).stat()
            states[name] = [status.st_size, status.st_mtime_ns]
        return states


def inputs_of(settings: Settings, apps: Sequence[tuple[AppSpec, Sequence[str]]]) -> str:
    """Return a hash of what a build makes apps of, but for the lock, which the build itself may write.

    Raises `PackingError` and `OSError` if an app has no files.
    """
    described: list[object] = [FORMAT, INTEGRITY, repr(settings), bridge_tree().key]
    described += [touched(path) for path in sorted(static_folder().rglob("*"))]
    for spec, paths in apps:
        sources = find(spec, confdir=settings.confdir, paths=settings.paths, files=settings.files)
        files = {
            path: hashlib.sha256(file).hexdigest() if isinstance(file, bytes) else touched(file)
            for path, file in sources.files.items()
        }
        described.append([asdict(spec), list(paths), list(sources.requirements), files])
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def touched(path: Path) -> list[object]:
    """Return what changes with a file's content, without reading it."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return [str(path), None]
    return [str(path), status.st_size, status.st_mtime_ns]
