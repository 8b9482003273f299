"""One app, from its spec to its files in the site: sources, lock, archives, check, emission.

Each step's result is cached by the hash of its inputs, so that a change costs only what depends on it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.assets import CdnFile, collect, find_cdn_files
from sphinx_asgi_live.packing.bundle import Archive, app_tree, bridge_tree, compress, pack, pack_stdlib, wheel_tree
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.engine import Engine, EngineTimeout, find_engine
from sphinx_asgi_live.packing.lock import DependencySet, Lock
from sphinx_asgi_live.packing.pyodide import Runtime, runtime
from sphinx_asgi_live.packing.resolve import resolve
from sphinx_asgi_live.packing.site import FOLDER, Site
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.packing.static import modules_folder, static_folder
from sphinx_asgi_live.packing.wheels import fetch
from sphinx_asgi_live.spec import AppSpec


@dataclass(frozen=True, slots=True)
class Settings:
    """What the documentation project says about all its apps; paths are absolute, `timeout` is in seconds."""

    confdir: Path
    paths: tuple[Path, ...]
    requirements: tuple[str, ...]
    exclude: tuple[str, ...]
    lock: Path
    cache: Path
    engine: str | None
    timeout: float


@dataclass(frozen=True, slots=True)
class Check:
    """What the app answered at build time: how it is to be mounted, what its pages load, what is wrong with it."""

    mounted: bool
    cdn_files: tuple[CdnFile, ...]
    complaints: tuple[tuple[str, str], ...]


class Packer:
    """Packs the apps of one build into a site."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self.settings = settings
        self.site = site
        self._lock: Lock | None = None

    def pack(self, spec: AppSpec, paths: Sequence[str], title: str) -> tuple[tuple[str, str], ...]:
        """Write everything that `spec` needs; return complaints as pairs of embedded path and sentence.

        Raises `PackingError` if there can be no app; then nothing of it was written.
        """
        sources = find(spec, confdir=self.settings.confdir, paths=self.settings.paths)
        archives = self._archives(spec, sources)
        check = self._check(spec, archives, paths)
        assets, lock = collect(check.cdn_files, self.lock, self.engine, self.settings.cache)
        self._keep(lock)
        modules = self.site.write_modules()
        runtime_folder = self.site.write_runtime(self.runtime)
        stdlib = self.site.share("python-stdlib", ".zip", self.stdlib.read_bytes(), type="application/zip")
        wasm = compress(self.runtime.wasm, self.settings.cache).read_bytes()
        manifest = {
            **_app(spec, check.mounted),
            "runtime": runtime_folder,
            "inside": f"{modules}inside.js",
            "wasm": self.site.share("pyodide", ".wasm.gz", wasm, type="application/wasm"),
            "stdlib": stdlib,
            "archives": [self.site.share_archive(archive) for archive in archives],
            "assets": {asset.address: self.site.share_asset(asset) for asset in assets},
        }
        self.site.write_worker(spec.name, modules, runtime_folder, manifest)
        self.site.write_placeholders(spec.name, title, paths)
        return check.complaints

    @cached_property
    def engine(self) -> Engine:
        """The JavaScript engine that runs Pyodide here."""
        return find_engine(self.settings.engine)

    @cached_property
    def runtime(self) -> Runtime:
        """Pyodide as the registry delivers it."""
        return runtime(self.engine, self.settings.cache)

    @cached_property
    def stdlib(self) -> Path:
        """The standard library, compiled."""
        return pack_stdlib(self.engine, self.runtime, self.settings.cache)

    @property
    def lock(self) -> Lock:
        """The lock as the author committed it, and what was added in this build."""
        if self._lock is None:
            self._lock = Lock.load(self.settings.lock)
        return self._lock

    def _keep(self, lock: Lock) -> None:
        if lock != self._lock:
            lock.save(self.settings.lock)
            self._lock = lock

    def _dependencies(self, spec: AppSpec, sources: Sources) -> DependencySet:
        requirements = (*sources.requirements, *self.settings.requirements)
        exclude = (*spec.exclude, *self.settings.exclude)
        locked = self.lock.get(requirements, exclude)
        if locked is None:
            locked = resolve(requirements, exclude, cwd=self.settings.confdir)
            self._keep(self.lock.with_set(locked))
        return locked

    def _archives(self, spec: AppSpec, sources: Sources) -> list[Archive]:
        wheels = fetch(self._dependencies(spec, sources), self.settings.cache)
        trees = [bridge_tree(), *map(wheel_tree, wheels), app_tree(spec.name, sources.files)]
        return pack(trees, self.engine, self.runtime, self.settings.cache)

    def _check(self, spec: AppSpec, archives: Sequence[Archive], paths: Sequence[str]) -> Check:
        """Answer the embedded paths in the engine, from the very archives that readers get."""
        described = [_app(spec, True), list(paths), [archive.path.name for archive in archives], modules_folder()]
        key = hashlib.sha256(json.dumps(described).encode()).hexdigest()
        if path := recall(self.settings.cache, "checks", key):
            return _check_from_json(path.read_bytes())
        job = {
            "command": "request",
            "runtime": str(self.runtime.folder),
            "stdlib": str(self.stdlib),
            "app": _app(spec, True),
            "root": f"/{FOLDER}/{spec.name}/app",
            "paths": list(paths),
            "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
        }
        try:
            result = self.engine.run(static_folder() / "engine.js", job, timeout=self.settings.timeout)
        except EngineTimeout:
            raise PackingError(
                f"the app gave no answer to {', '.join(paths)} within asgi_live_timeout = {self.settings.timeout:g} s; "
                "look for work at import or in its lifespan that does not end, or raise the limit"
            ) from None
        if problem := result.get("problem"):
            raise PackingError(f"the app does not start: {problem.strip()}")
        check = _judge(result)
        remember(self.settings.cache, "checks", key, json.dumps(asdict(check)).encode())
        return check


def _app(spec: AppSpec, mounted: bool) -> dict[str, Any]:
    return {
        "name": spec.name,
        "module": spec.module,
        "attribute": spec.attribute,
        "factory": spec.factory,
        "mounted": mounted,
        "env": dict(spec.env),
    }


def _judge(result: dict[str, Any]) -> Check:
    files: dict[CdnFile, None] = {}
    complaints = []
    for response in result["responses"]:
        kind = dict(response["headers"]).get("content-type", "")
        if kind.startswith("text/html"):
            page = base64.b64decode(response["body"]).decode("utf-8", "replace")
            files.update(dict.fromkeys(find_cdn_files(page)))
        if response["status"] == 404 or response["status"] >= 500:
            complaints.append((response["path"], _complaint(response, result["output"])))
    return Check(result["mounted"], tuple(files), tuple(complaints))


def _complaint(response: dict[str, Any], output: str) -> str:
    told = f"the app answers {response['path']} with status {response['status']}"
    if response["status"] == 404:
        return f"{told}; correct :path: or the app's routes"
    return f"{told}; its last output: {output.strip()[-1500:] or '(none)'}"


def _check_from_json(content: bytes) -> Check:
    data = json.loads(content)
    complaints = tuple((path, sentence) for path, sentence in data["complaints"])
    return Check(data["mounted"], tuple(CdnFile(**file) for file in data["cdn_files"]), complaints)
