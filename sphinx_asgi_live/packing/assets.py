"""Files that an app's pages load from an npm CDN: found in the recorded HTML, fetched by npm, shipped with the docs.

The worker answers the very addresses that the pages ask for, so no page is rewritten. What is fetched is the npm
package that the CDN mirrors, its version and integrity in the lock.
"""

from __future__ import annotations

import json
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import install_file
from sphinx_asgi_live.packing.cdn import CdnFile, cdn_file, secure
from sphinx_asgi_live.packing.engine import Engine, integrity_of
from sphinx_asgi_live.packing.lock import Lock, NpmPackage

IN_STYLES = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']""")
IMPORTED = re.compile(
    r"""(?:^|[;{}]|\*/)\s*(?:import|export)\b(?:[^"'`;()]*?\bfrom)?\s*["']([^"'\s]+)["']"""
    r"""|\bimport\(\s*["'`]([^"'`\s$]+)["'`]""",
    re.MULTILINE,
)
BESIDE_MODULE = re.compile(r"""\bnew URL\(\s*["'`]([^"'`\s$]+)["'`]\s*,\s*import\.meta\.url""")
PLACED = re.compile(r"\.{0,2}/|https?://")
LICENCE = re.compile(
    r"(?!.*\.(?:[cm]?[jt]s|json|css|map)$)[^/]*(?:licen[cs]e|copying|copyright|notice)[^/]*", re.IGNORECASE
)
MEDIA_TYPES = {
    ".avif": "image/avif",
    ".cjs": "text/javascript",
    ".css": "text/css",
    ".gif": "image/gif",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".otf": "font/otf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""Python's own table depends on the machine, and the manifest must not."""

ENTRY_POINTS = ("jsdelivr", "unpkg", "browser", "module", "main")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the worker serves in the place of a CDN."""

    address: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Collected:
    """What stands for a CDN: the files by address, their packages' licences by path, and what npm was asked for."""

    assets: tuple[Asset, ...]
    licences: Mapping[str, bytes]
    packages: frozenset[str]


def collect(files: Iterable[CdnFile], lock: Lock, engine: Engine, cache: Path) -> tuple[Collected, Lock]:
    """Fetch the files and what they in turn load; return all that and the lock that holds their packages.

    Raises `PackingError` if npm cannot deliver a package, or a package holds no such file. What a file loads and the
    package lacks is missing at the CDN as well.
    """
    assets: dict[str, Asset] = {}
    licences: dict[str, bytes] = {}
    packages: set[str] = set()
    waiting = [(file, True) for file in files]
    while waiting:
        file, named = waiting.pop(0)
        if file.address in assets:
            continue
        tarball, lock = _tarball(file.package, lock, engine, cache)
        found = _member(tarball, file)
        if found is None and named:
            raise PackingError(
                f"{file.address}: the npm package {file.package} holds no {file.path or 'entry point'!r}; "
                "correct the address in the app"
            )
        if found is None:
            continue
        path, content = found
        media_type = MEDIA_TYPES.get(posixpath.splitext(path)[1].lower(), "application/octet-stream")
        assets[file.address] = Asset(file.address, media_type, content)
        if file.package not in packages:
            packages.add(file.package)
            licences |= _licences(tarball)
        waiting += [(other, False) for other in _loaded(file, path, media_type, content)]
    return Collected(tuple(assets[address] for address in sorted(assets)), licences, frozenset(packages)), lock


def _loaded(file: CdnFile, path: str, media_type: str, content: bytes) -> list[CdnFile]:
    """Return what a style sheet or a module loads from its own package, or from another one of a CDN."""
    text = content.decode("utf-8", "replace")
    if media_type == "text/css":
        targets: Iterable[str] = _matches(IN_STYLES, text)
    elif media_type == "text/javascript":
        # An import that names no place is for the page's import map.
        targets = chain(filter(PLACED.match, _matches(IMPORTED, text)), _matches(BESIDE_MODULE, text))
    else:
        return []
    return [other for target in targets if (other := _target(file, path, target))]


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (match[match.lastindex or 0].strip() for match in pattern.finditer(text))


def _target(file: CdnFile, path: str, target: str) -> CdnFile | None:
    """Return what a file at `path` in its package calls `target`, if a CDN has it."""
    try:
        address, parts = secure(urljoin(file.address, target)), urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or target.startswith(("/", "#")):
        return cdn_file(address)
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path)))
    # Not what the address says: a browser resolves it by what it asked for, be it the package alone.
    return cdn_file(address) if beside.startswith("../") else CdnFile(address, file.package, beside)


def _tarball(spec: str, lock: Lock, engine: Engine, cache: Path) -> tuple[Path, Lock]:
    """Return a package's tarball, by the lock if it is there, from the cache if that holds it."""
    locked = lock.npm.get(spec)
    name = spec.rpartition("@")[0]
    if locked:
        path = _cached(cache, name, locked.version)
        if path.is_file() and integrity_of(path.read_bytes()) == locked.integrity:
            return path, lock
    with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
        packed = engine.npm_pack(f"{name}@{locked.version}" if locked else spec, Path(scratch))
        if locked and packed.integrity != locked.integrity:
            raise PackingError(
                f"npm delivered {name} {packed.version} with integrity {packed.integrity}, but the lock holds "
                f"{locked.integrity}; if the package was published anew, delete its line in the lock"
            )
        path = install_file(packed.path.read_bytes(), _cached(cache, name, packed.version))
    return path, lock.with_npm(NpmPackage(spec, packed.version, packed.integrity))


def newest(spec: str, engine: Engine, cache: Path) -> NpmPackage:
    """Return the newest version that an npm spec takes now; raises `PackingError` if npm cannot tell."""
    _, lock = _tarball(spec, Lock(), engine, cache)
    return lock.npm[spec]


def _cached(cache: Path, name: str, version: str) -> Path:
    return cache / "npm" / f"{name.replace('/', '+')}-{version}.tgz"


def _member(tarball: Path, file: CdnFile) -> tuple[str, bytes] | None:
    """Return path and content of the file, if it is there; a CDN picks the entry point where the address names none."""
    with tarfile.open(tarball) as archive:
        members = _members(archive)
        described = json.loads(_read(archive, members["package.json"]))
        entry = next((described[key] for key in ENTRY_POINTS if isinstance(described.get(key), str)), "index.js")
        path = posixpath.normpath(file.path or entry)
        # A CDN minifies what a package ships in full only.
        for candidate in (path, path.replace(".min.", "."), f"{path}.js", f"{path}/index.js"):
            if candidate in members:
                return candidate, _read(archive, members[candidate])
    return None


def _licences(tarball: Path) -> dict[str, bytes]:
    """Return a package's licence and notices below a folder of its name, or if it has none what names the licence."""
    with tarfile.open(tarball) as archive:
        members = _members(archive)
        names = [name for name in members if LICENCE.fullmatch(name)] or ["package.json"]
        return {f"{tarball.stem}/{name}": _read(archive, members[name]) for name in names}


def _members(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    # Most tarballs have all below `package/`, some below another folder.
    return {member.name.partition("/")[2]: member for member in archive if member.isfile()}


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream else b""
