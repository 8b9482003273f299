"""Files that an app's pages load from an npm CDN: found in the recorded HTML, fetched by npm, shipped with the docs.

The worker answers the very addresses that the pages ask for, so no page is rewritten. What is fetched is the npm
package that the CDN mirrors, its version and integrity in the lock.
"""

from __future__ import annotations

import html
import json
import posixpath
import re
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import install_file
from sphinx_asgi_live.packing.engine import Engine, integrity_of
from sphinx_asgi_live.packing.lock import Lock, NpmPackage

ADDRESS = re.compile(r"""https://(?:cdn\.jsdelivr\.net/npm|unpkg\.com)/[^\s"'<>`)\\]+""")
PACKAGE = re.compile(r"/(?P<name>(?:@[\w.~-]+/)?[\w.~-]+)(?:@(?P<version>[\w.^~*+-]+))?(?:/(?P<path>.*))?")
CSS_ADDRESS = re.compile(r"""url\(\s*["']?([^"')]+)["']?\s*\)""")
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
class CdnFile:
    """A file at a CDN: its address as the page asks for it, and the same file in terms of npm."""

    address: str
    package: str
    path: str


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the worker serves in the place of a CDN."""

    address: str
    media_type: str
    content: bytes


def find_cdn_files(page: str) -> list[CdnFile]:
    """Return the files of npm CDNs that an HTML page names, each once, in order."""
    addresses = dict.fromkeys(urldefrag(match).url for match in ADDRESS.findall(html.unescape(page)))
    return [file for address in addresses if (file := cdn_file(address))]


def cdn_file(address: str) -> CdnFile | None:
    """Return what an address asks for, or None if it is not a package's file (`/npm` alone, `+esm` builds)."""
    parts = urlsplit(address)
    path = parts.path if parts.hostname == "unpkg.com" else parts.path.removeprefix("/npm")
    match = PACKAGE.fullmatch(unquote(path))
    if not match or (match["path"] or "").endswith("+esm"):
        return None
    return CdnFile(address, f"{match['name']}@{match['version'] or 'latest'}", match["path"] or "")


def collect(files: Iterable[CdnFile], lock: Lock, engine: Engine, cache: Path) -> tuple[list[Asset], Lock]:
    """Fetch the files and what their style sheets refer to; return them and the lock that holds their packages.

    Raises `PackingError` if npm cannot deliver a package, or a package holds no such file.
    """
    assets: dict[str, Asset] = {}
    waiting = list(files)
    while waiting:
        file = waiting.pop(0)
        if file.address in assets:
            continue
        tarball, lock = _tarball(file.package, lock, engine, cache)
        path, content = _member(tarball, file)
        media_type = MEDIA_TYPES.get(posixpath.splitext(path)[1].lower(), "application/octet-stream")
        assets[file.address] = Asset(file.address, media_type, content)
        if media_type == "text/css":
            waiting += _referred(file.address, content)
    return [assets[address] for address in sorted(assets)], lock


def _referred(address: str, style: bytes) -> list[CdnFile]:
    """Return the fonts and images of the same CDN that a style sheet loads."""
    found = (match.strip() for match in CSS_ADDRESS.findall(style.decode("utf-8", "replace")))
    addresses = (urldefrag(urljoin(address, target)).url for target in found if not target.startswith(("data:", "#")))
    return [file for target in addresses if ADDRESS.match(target) and (file := cdn_file(target))]


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


def _cached(cache: Path, name: str, version: str) -> Path:
    return cache / "npm" / f"{name.replace('/', '+')}-{version}.tgz"


def _member(tarball: Path, file: CdnFile) -> tuple[str, bytes]:
    """Return path and content of the file; a CDN picks the entry point where the address names none."""
    with tarfile.open(tarball) as archive:
        # Most tarballs have all below `package/`, some below another folder.
        members = {member.name.partition("/")[2]: member for member in archive if member.isfile()}
        described = json.loads(_read(archive, members["package.json"]))
        entry = next((described[key] for key in ENTRY_POINTS if isinstance(described.get(key), str)), "index.js")
        path = posixpath.normpath(file.path or entry)
        # A CDN minifies what a package ships in full only.
        for candidate in (path, path.replace(".min.", "."), f"{path}.js"):
            if candidate in members:
                return candidate, _read(archive, members[candidate])
    raise PackingError(
        f"{file.address}: the npm package {file.package} holds no {path!r}; correct the address in the app"
    )


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream else b""
