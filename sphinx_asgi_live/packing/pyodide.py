"""The Pyodide runtime: fetched once by npm, checked against the digest in this file, cached."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import install_folder, intact, seal
from sphinx_asgi_live.packing.engine import Engine

VERSION = "314.0.7"
INTEGRITY = "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A=="
"""What the registry's tarball of that version must hash to; a new version needs a new line here."""

PYTHON_FOLDER = "/lib/python3.14"
SITE_PACKAGES = f"{PYTHON_FOLDER}/site-packages"
MODULES = ("pyodide.mjs", "pyodide.asm.mjs")
WASM = "pyodide.asm.wasm"
STDLIB = "python_stdlib.zip"
NOTICES = ("README.md", "package.json")
"""They name authors and licence (MPL-2.0) and travel with the files."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A folder that holds Pyodide's files as the registry delivers them."""

    folder: Path

    @property
    def wasm(self) -> Path:
        """CPython, compiled."""
        return self.folder / WASM

    @property
    def stdlib(self) -> Path:
        """The standard library as sources only, so that starting from it is slow."""
        return self.folder / STDLIB


def runtime(engine: Engine, cache: Path) -> Runtime:
    """Return the unpacked runtime; fetch it at the first call.

    Raises `PackingError` if npm cannot deliver it, or delivers something else than the pinned bytes.
    """
    folder = cache / "pyodide" / VERSION
    if not intact(folder):
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
            tarball = engine.npm_pack(f"pyodide@{VERSION}", Path(scratch))
            if tarball.integrity != INTEGRITY:
                raise PackingError(
                    f"npm delivered pyodide {tarball.version} with integrity {tarball.integrity}, but {INTEGRITY} is "
                    "expected; the registry or a proxy changed the file, nothing of it was used"
                )
            wanted = (*MODULES, WASM, STDLIB, *NOTICES)
            install_folder(seal(unpack(tarball.path, Path(scratch) / "unpacked", wanted)), folder)
    return Runtime(folder)


def unpack(tarball: Path, destination: Path, names: tuple[str, ...]) -> Path:
    """Write the named files of an npm tarball to `destination`, and return it; a missing one is a `PackingError`."""
    destination.mkdir()
    with tarfile.open(tarball) as archive:
        for name in names:
            try:
                member = archive.extractfile(f"package/{name}")
            except KeyError:
                member = None
            if member is None:
                raise PackingError(f"{tarball.name} holds no {name}")
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            (destination / name).write_bytes(member.read())
    return destination
