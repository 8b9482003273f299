"""Writes and prunes `<outdir>/asgi-live/`: content-addressed shared files, and a folder for each app.

Nothing is written that is there already, every file appears whole, and what no app needs is deleted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sphinx_asgi_live.packing.assets import Asset
from sphinx_asgi_live.packing.bundle import Archive, gzipped
from sphinx_asgi_live.packing.cache import install_file
from sphinx_asgi_live.packing.pyodide import MODULES, NOTICES, VERSION, Runtime
from sphinx_asgi_live.packing.static import modules_folder, shipped, static_folder

FOLDER = "asgi-live"
HASH_LENGTH = 16

Entry = dict[str, Any]


class Site:
    """The emitted folder; the paths it hands out are relative to an app's `sw.js`."""

    def __init__(self, outdir: Path) -> None:
        self.root = outdir / FOLDER
        self._kept: set[Path] = set()
        self._templates = Environment(
            loader=FileSystemLoader(static_folder()), autoescape=True, undefined=StrictUndefined
        )

    def write_modules(self) -> str:
        """Write the worker's and the page's modules; return the URL of their folder."""
        folder = modules_folder()
        for name, content in shipped().items():
            self._share(f"{folder}/{name}", content)
        return f"../shared/{folder}/"

    def module(self, name: str) -> Entry:
        """Return the manifest entry of one of the modules, for a worker that serves it itself."""
        content = shipped()[name]
        url = f"{self.write_modules()}{name}"
        digest = hashlib.sha256(content).hexdigest()
        return {"url": url, "sha256": digest, "size": len(content), "type": "text/javascript"}

    def write_runtime(self, runtime: Runtime) -> str:
        """Write the two modules of Pyodide, which a service worker must import as they are; return their folder."""
        contents = {name: (runtime.folder / name).read_bytes() for name in (*MODULES, *NOTICES)}
        digest = hashlib.sha256(b"".join(contents.values())).hexdigest()[:HASH_LENGTH]
        folder = f"pyodide-{VERSION}-{digest}"
        for name, content in contents.items():
            self._share(f"{folder}/{name}", content)
        return f"../shared/{folder}/"

    def share(self, name: str, suffix: str, content: bytes, **more: str) -> Entry:
        """Write a content-addressed file; return its manifest entry: url, sha256, size in bytes, and what is given."""
        digest = hashlib.sha256(content).hexdigest()
        path = f"shared/{name}-{digest[:HASH_LENGTH]}{suffix}"
        self._write(path, content)
        return {"url": f"../{path}", "sha256": digest, "size": len(content), **more}

    def share_archive(self, archive: Archive) -> Entry:
        """Write a packed tree."""
        return self.share(archive.name, ".tar.gzip", archive.path.read_bytes(), mount=archive.mount)

    def share_image(self, image: Path) -> Entry:
        """Write the image of a started Python's memory."""
        return self.share("image", ".gzip", image.read_bytes())

    def share_asset(self, asset: Asset) -> Entry:
        """Write what a CDN would have served."""
        asked = asset.address.rsplit("/", 1)[-1].partition("?")[0]
        # An address may hold what a URL has to escape, or more than a file system takes.
        name = re.sub(r"[^\w.-]+", "_", asked, flags=re.ASCII)[-80:].strip(".") or "index"
        stem, dot, suffix = name.rpartition(".")
        packed = gzipped(asset.content)
        return self.share(stem or name, f"{dot + suffix if stem else ''}.gzip", packed, type=asset.media_type)

    def share_licences(self, licences: Mapping[str, bytes]) -> None:
        """Write the licences of what others have made beside it; nothing loads them."""
        for path, content in licences.items():
            self._share(f"licences/{path}", content)

    def write_worker(self, name: str, modules: str, runtime: str, manifest: Mapping[str, Any]) -> None:
        """Write an app's `sw.js`: literal imports, as a service worker demands, and the manifest."""
        text = (
            f'import {{ loadPyodide }} from "{runtime}pyodide.mjs";\n'
            f'import createPyodideModule from "{runtime}pyodide.asm.mjs";\n'
            f'import {{ serve }} from "{modules}worker.js";\n\n'
            f"serve({{ loadPyodide, createPyodideModule }}, {json.dumps(manifest, indent=2, sort_keys=True)});\n"
        )
        self._write(f"{name}/sw.js", text.encode())

    def share_page(self, name: str, page: bytes) -> Entry:
        """Write a page that the worker answers; some hosts change what they serve as HTML, so not as such."""
        return self.share(f"{name}-recorded", ".html.gzip", gzipped(page), type="text/html; charset=utf-8")

    def write_placeholders(self, name: str, title: str, paths: Iterable[str], problem: str) -> None:
        """Write pages for the embedded paths that say why there is no app."""
        for folder in dict.fromkeys(map(_folder, paths)):
            self._write_page(name, folder, self._placeholder(title, problem=problem))

    def write_pages(
        self,
        name: str,
        title: str,
        paths: Iterable[str],
        recorded: Mapping[str, bytes],
        reasons: Mapping[str, str],
        head: str = "",
    ) -> None:
        """Write what a static server answers for the embedded paths: what was `recorded`, else a placeholder.

        `reasons` say why nothing was recorded; `head` is markup for the head of all these pages. A static server knows
        no queries: of paths that differ in that alone it has what was recorded without one.
        """
        by_folder: dict[str, list[str]] = {}
        for path in paths:
            by_folder.setdefault(_folder(path), []).append(path)
        for folder, alike in by_folder.items():
            path = next((path for path in alike if "?" not in path), alike[0])
            known = len(alike) == 1 or "?" not in path
            page = recorded.get(path) if known else None
            reason = reasons.get(path, "") if known else ""
            page = page or self._placeholder(title, reason=reason)
            self._write_page(name, folder, page.replace(b"<head>", f"<head>{head}".encode(), 1))

    def _placeholder(self, title: str, *, problem: str = "", reason: str = "") -> bytes:
        template = self._templates.get_template("placeholder.html")
        return template.render(title=title, problem=problem, reason=reason).encode()

    def _write_page(self, name: str, folder: str, page: bytes) -> None:
        self._write(f"{name}/app{folder}/index.html", page)

    def prune(self) -> None:
        """Delete whatever was not written or confirmed by this object."""
        if not self.root.is_dir():
            return
        for path in sorted(self.root.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
            elif not path.is_dir() and path not in self._kept:
                path.unlink()
        if not any(self.root.iterdir()):
            self.root.rmdir()

    def files(self) -> list[str]:
        """Return the paths of all files that belong here, relative to the folder, sorted."""
        return sorted(path.relative_to(self.root).as_posix() for path in self._kept)

    def _share(self, relative: str, content: bytes) -> None:
        """Write a file whose place tells its content: what is confirmed for one app is right for all of them."""
        if self.root / "shared" / relative not in self._kept:
            self._write(f"shared/{relative}", content)

    def _write(self, relative: str, content: bytes) -> None:
        path = self.root / relative
        if not (path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content):
            install_file(content, path)
        self._kept.add(path)


def _folder(path: str) -> str:
    """`/docs/?a=1` is looked up by a static server in `/docs`, and so is `/docs/index.html`."""
    return unquote(urlsplit(path).path).removesuffix("/index.html").rstrip("/")
