"""Files and wheels become archives for the browser: with `.pyc`, byte-for-byte reproducible, each made once.

An archive is a gzipped tar with sorted names and no times, owners or modes of the author's machine. The `.pyc` come
from Pyodide's own Python, in one run of the engine for all archives that are not cached yet.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.engine import Engine
from sphinx_asgi_live.packing.pyodide import SITE_PACKAGES, VERSION, Runtime
from sphinx_asgi_live.packing.static import static_folder

FORMAT = "4"
"""Part of every key: counted up when the same inputs give other bytes."""

HOME = "/home/web"
"""Where the app's own files are: the current folder and the first entry of `sys.path`."""

STDLIB_MOUNT = "/lib/python314.zip"
COMPILE_TIMEOUT = 300
SHARE = 4_000_000
"""Bytes of files: their compilation takes some times as long as the start of an engine."""

COMPRESSION = 7
"""Of archives; the highest level takes three times as long for 7 thousandths of the size."""


@dataclass(frozen=True)
class Tree:
    """Files to be packed: `members` are contents by path, `mount` is the folder they get in the browser."""

    name: str
    mount: str
    members: Mapping[str, bytes]

    @cached_property
    def key(self) -> str:
        """A hash of everything that the archive's bytes depend on."""
        listed = [(path, hashlib.sha256(content).hexdigest()) for path, content in sorted(self.members.items())]
        text = json.dumps([FORMAT, VERSION, self.mount, listed])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Archive:
    """A packed tree: a file in the cache."""

    name: str
    mount: str
    path: Path


def wheel_tree(wheel: Path) -> Tree:
    """Return what pip would install of a wheel into site-packages."""
    members = {}
    try:
        with zipfile.ZipFile(wheel) as archive:
            own = {match[1] for name in archive.namelist() if (match := _INFO.match(name))}
            for info in archive.infolist():
                if not info.is_dir() and (path := _installed_path(info.filename, own)):
                    if ".." in PurePosixPath(path).parts or path.startswith("/"):
                        raise PackingError(
                            f"{wheel.name} holds {path!r}, a path out of its folder; exclude the package"
                        )
                    members[path] = archive.read(info)
    except (zipfile.BadZipFile, OSError) as error:
        raise PackingError(f"{wheel.name} cannot be read ({error}); delete it from the cache: {wheel}") from None
    name, version = wheel.name.split("-")[:2]
    return Tree(f"{name}-{version}", SITE_PACKAGES, members)


_INFO = re.compile(r"([^/]+)\.dist-info/")
"""The wheel's data folder has the same name before its suffix, in the package's own spelling."""


def _installed_path(path: str, own: Container[str]) -> str | None:
    """Scripts, headers and data files of a wheel have no place in a browser."""
    top, _, rest = path.partition("/")
    if not top.endswith(".data") or top.removesuffix(".data") not in own:
        return path
    scheme, _, inner = rest.partition("/")
    return inner if scheme in ("purelib", "platlib") else None


def app_tree(name: str, files: Mapping[str, Path | bytes]) -> Tree:
    """Return the tree of an app's own files."""
    members = {path: content if isinstance(content, bytes) else content.read_bytes() for path, content in files.items()}
    return Tree(name, HOME, members)


def bridge_tree() -> Tree:
    """Return the part of this package that runs in the browser."""
    package = Path(__file__).parent.parent
    paths = [package / "__init__.py", *sorted((package / "browser").rglob("*.py"))]
    members = {path.relative_to(package.parent).as_posix(): path.read_bytes() for path in paths}
    return Tree("sphinx_asgi_live", SITE_PACKAGES, members)


def pack(trees: Sequence[Tree], engine: Engine, runtime: Runtime, cache: Path) -> list[Archive]:
    """Return an archive for each tree, in order; only those that are not cached are made."""
    missing = [tree for tree in trees if recall(cache, "archives", tree.key) is None]
    if missing:
        stdlib = pack_stdlib(engine, runtime, cache)

        def make(some: Sequence[Tree]) -> None:
            for tree, members in zip(some, _compiled(some, engine, runtime, stdlib), strict=True):
                remember(cache, "archives", tree.key, _tar(members))

        with ThreadPoolExecutor() as pool:
            list(pool.map(make, _shares(missing)))
    archives = []
    for tree in trees:
        path = recall(cache, "archives", tree.key)
        if path is None:
            raise PackingError(f"the cache {cache} does not keep what is written to it; check the disk")
        archives.append(Archive(tree.name, tree.mount, path))
    return archives


def _shares(trees: Sequence[Tree]) -> list[list[Tree]]:
    """Divide what is to be compiled by size, as far as a run of the engine of its own pays."""
    sizes = {id(tree): sum(map(len, tree.members.values())) for tree in trees}
    count = min(os.cpu_count() or 1, 1 + sum(sizes.values()) // SHARE)
    shares: list[list[Tree]] = [[] for _ in range(count)]
    for tree in sorted(trees, key=lambda tree: sizes[id(tree)], reverse=True):
        min(shares, key=lambda share: sum(sizes[id(each)] for each in share)).append(tree)
    return shares


def pack_stdlib(engine: Engine, runtime: Runtime, cache: Path) -> Path:
    """Return the standard library as a zip of `.pyc`: starting from sources takes several times as long."""
    key = hashlib.sha256(f"{FORMAT} {VERSION} {STDLIB_MOUNT} ".encode() + runtime.stdlib.read_bytes()).hexdigest()
    if path := recall(cache, "stdlib", key):
        return path
    with zipfile.ZipFile(runtime.stdlib) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    [compiled] = _compiled([Tree("stdlib", STDLIB_MOUNT, members)], engine, runtime, runtime.stdlib)
    return remember(cache, "stdlib", key, _zip_of_pyc(compiled))


def compress(path: Path, cache: Path) -> Path:
    """Return the file gzipped: not every static server compresses what it sends."""
    content = path.read_bytes()
    key = hashlib.sha256(FORMAT.encode() + content).hexdigest()
    return recall(cache, "gzip", key) or remember(cache, "gzip", key, gzipped(content))


def gzipped(content: bytes, level: int = 9) -> bytes:
    """Compress without a time or a name; `gzip.compress` writes another header from Python 3.13 on."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=buffer, mode="wb", compresslevel=level, mtime=0) as stream:
        stream.write(content)
    return buffer.getvalue()


def _compiled(trees: Sequence[Tree], engine: Engine, runtime: Runtime, stdlib: Path) -> list[dict[str, bytes]]:
    """Return the members of each tree with their `.pyc`, by a Python that starts with that standard library."""
    with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
        folder = Path(scratch)
        for number, tree in enumerate(trees):
            (folder / str(number)).mkdir()
            for path, content in tree.members.items():
                if path.endswith(".py"):
                    target = folder / str(number) / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content)
        job = {
            "command": "compile",
            "runtime": str(runtime.folder),
            "stdlib": str(stdlib),
            "modules": str(Path(__file__).parent),
            "folder": scratch,
            "trees": [{"folder": str(number), "mount": tree.mount} for number, tree in enumerate(trees)],
        }
        engine.run(static_folder() / "engine.js", job, timeout=COMPILE_TIMEOUT)
        return [{**tree.members, **_pyc_of(folder / str(number))} for number, tree in enumerate(trees)]


def _pyc_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.pyc")}


def _tar(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in sorted(members.items()):
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzipped(buffer.getvalue(), COMPRESSION)


def _zip_of_pyc(members: Mapping[str, bytes]) -> bytes:
    """Zip a tree as zipimport wants it: `json/decoder.pyc` in the place of `json/decoder.py`, data files as is."""
    placed = {}
    for path, content in members.items():
        if path.endswith(".pyc"):
            folder, _, name = path.rpartition("__pycache__/")
            placed[f"{folder}{name.split('.')[0]}.pyc"] = content
        elif not path.endswith(".py"):
            placed[path] = content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in sorted(placed.items()):
            archive.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
