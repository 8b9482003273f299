"""One app, from its spec to its files in the site: sources, lock, archives, check, emission.

Each step's result is cached by the hash of its inputs, so that a change costs only what depends on it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.assets import Asset, collect
from sphinx_asgi_live.packing.bundle import (
    Archive,
    Tree,
    app_tree,
    bridge_tree,
    compress,
    pack,
    pack_stdlib,
    wheel_tree,
)
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.cdn import CdnFile, find_cdn_files, find_complaints
from sphinx_asgi_live.packing.engine import Engine, EngineTimeout, find_engine
from sphinx_asgi_live.packing.lock import DependencySet, Lock
from sphinx_asgi_live.packing.pyodide import Runtime, runtime
from sphinx_asgi_live.packing.resolve import resolve
from sphinx_asgi_live.packing.site import FOLDER, Site
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.packing.static import engine_key, static_folder
from sphinx_asgi_live.packing.wheels import fetch
from sphinx_asgi_live.spec import AppSpec

CHECKED = 2
"""Part of every check's key: counted up when the same answers are judged otherwise."""
ANSWER_LIMIT = 240
"""Seconds that a reader's request waits for headers: Chromium ends a worker after 300 with any that waits longer."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the documentation project says about all its apps; paths are absolute, times are in seconds."""

    confdir: Path
    paths: tuple[Path, ...]
    requirements: tuple[str, ...]
    exclude: tuple[str, ...]
    lock: Path
    cache: Path
    engine: str | None
    timeout: float
    cpu_limit: float


@dataclass(frozen=True, slots=True)
class Check:
    """What the app answered at build time: how it is to be mounted, what its pages load, what is wrong with it.

    `untried` says why an answer, or all, are missing and yet nothing is wrong.
    """

    mounted: bool
    cdn_files: tuple[CdnFile, ...]
    complaints: tuple[tuple[str, str], ...]
    untried: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """An app to be packed, the paths of it that pages embed, and its title."""

    spec: AppSpec
    paths: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: the reason why there is no app, or complaints, pairs of embedded path and sentence.

    `untried` is as in `Check`.
    """

    job: Job
    problem: str | None = None
    complaints: tuple[tuple[str, str], ...] = ()
    untried: str = ""


class Packer:
    """Packs the apps of one build into a site."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self.settings = settings
        self.site = site
        self._lock: Lock | None = None
        self._used_sets: list[DependencySet] = []
        self._used_npm: set[str] = set()

    def pack_all(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Write everything that the jobs need, and yield what became of each, in order.

        All archives are compiled in one run of the engine, and the apps are checked side by side. Of an app that
        cannot be packed only the placeholders are written, which tell why.
        """
        trees = {job: _settled(self._trees, job) for job in jobs}
        found = [tree for future in trees.values() if not future.exception() for tree in future.result()]
        packed = _settled(self._pack, list({tree.key: tree for tree in found}.values()))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            checks = {job: pool.submit(self._prepared, job, trees[job], packed) for job in jobs}
            for job in jobs:
                try:
                    archives, check = checks[job].result()
                    yield Outcome(job, complaints=self._emit(job, archives, check), untried=check.untried)
                except (PackingError, OSError) as error:
                    problem = _told(error)
                    self.refuse(job, problem)
                    yield Outcome(job, problem=problem)

    def tidy_lock(self) -> None:
        """Drop from the lock what no app of this build used; to be called only if all of them were packed."""
        self._keep(self.lock.only(self._used_sets, self._used_npm))

    def refuse(self, job: Job, problem: str) -> None:
        """Write pages that say why there is no app; where nothing can be written, the warning has to do."""
        with suppress(OSError):
            self.site.write_modules()
            self.site.write_placeholders(job.spec.name, job.title, job.paths, problem)

    def _emit(self, job: Job, archives: Sequence[Archive], check: Check) -> tuple[tuple[str, str], ...]:
        spec = job.spec
        assets, complaints = self._assets(job, check)
        modules = self.site.write_modules()
        manifest = {
            **_app(spec, check.mounted),
            **self._python,
            "limits": {"cpu": self.settings.cpu_limit, "answer": ANSWER_LIMIT},
            "inside": self.site.module("inside.js"),
            "archives": [self.site.share_archive(archive) for archive in archives],
            "assets": {asset.address: self.site.share_asset(asset) for asset in assets},
        }
        self.site.write_placeholders(spec.name, job.title, job.paths)
        # Last, so that there is no worker of which anything is missing.
        self.site.write_worker(spec.name, modules, self._python["runtime"], manifest)
        return (*check.complaints, *complaints)

    def _assets(self, job: Job, check: Check) -> tuple[list[Asset], list[tuple[str, str]]]:
        """Return what stands for CDNs, with its licences written, and complaints about what cannot be had."""
        assets: dict[str, Asset] = {}
        complaints = []
        for file in check.cdn_files:
            try:
                collected, lock = collect([file], self.lock, self.engine, self.settings.cache)
            except PackingError as error:
                complaints.append((job.paths[0], f"the page's {file.address} is not shipped: {error}"))
                continue
            self._keep(lock)
            self._used_npm |= collected.packages
            assets |= {asset.address: asset for asset in collected.assets}
            self.site.share_licences(collected.licences)
        return list(assets.values()), complaints

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

    @cached_property
    def _python(self) -> dict[str, Any]:
        """The manifest's entries of the files that are Python itself, written with the first app."""
        wasm = compress(self.runtime.wasm, self.settings.cache).read_bytes()
        return {
            "runtime": self.site.write_runtime(self.runtime),
            "wasm": self.site.share("pyodide", ".wasm.gzip", wasm, type="application/wasm"),
            "stdlib": self.site.share("python-stdlib", ".zip", self.stdlib.read_bytes(), type="application/zip"),
        }

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
            locked = resolve(requirements, exclude, cwd=self.settings.confdir, cache=self.settings.cache)
            self._keep(self.lock.with_set(locked))
        self._used_sets.append(locked)
        return locked

    def _trees(self, job: Job) -> list[Tree]:
        sources = find(job.spec, confdir=self.settings.confdir, paths=self.settings.paths)
        wheels = fetch(self._dependencies(job.spec, sources), self.settings.cache)
        return [bridge_tree(), *map(wheel_tree, wheels), app_tree(job.spec.name, sources.files)]

    def _pack(self, trees: Sequence[Tree]) -> dict[str, Archive]:
        if not trees:
            # No app has come so far: nothing to fetch a runtime for.
            return {}
        archives = pack(trees, self.engine, self.runtime, self.settings.cache)
        _ = self.stdlib  # compiled here, not in several checks at once
        return {tree.key: archive for tree, archive in zip(trees, archives, strict=True)}

    def _prepared(
        self, job: Job, trees: Future[list[Tree]], packed: Future[dict[str, Archive]]
    ) -> tuple[list[Archive], Check]:
        own = trees.result()
        archives = [packed.result()[tree.key] for tree in own]
        return archives, self._check(job, archives)

    def _check(self, job: Job, archives: Sequence[Archive]) -> Check:
        """Answer the embedded paths in the engine, from the very archives that readers get."""
        spec, paths = job.spec, job.paths
        described = [CHECKED, _app(spec, True), paths, [archive.path.name for archive in archives], engine_key()]
        key = hashlib.sha256(json.dumps(described).encode()).hexdigest()
        if path := recall(self.settings.cache, "checks", key):
            return _check_from_json(path.read_bytes())
        task = {
            "command": "request",
            "runtime": str(self.runtime.folder),
            "stdlib": str(self.stdlib),
            "app": _app(spec, True),
            "root": f"/{FOLDER}/{spec.name}/app",
            "paths": list(paths),
            "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
        }
        try:
            result = self.engine.run(static_folder() / "engine.js", task, timeout=self.settings.timeout)
        except EngineTimeout:
            raise PackingError(
                f"the app gave no answer to {', '.join(paths)} within asgi_live_timeout = {self.settings.timeout:g} s; "
                "look for work at import or in its lifespan that does not end, or raise the limit"
            ) from None
        problem, untried = result.get("problem"), _untried(result)
        if problem and not untried:
            raise PackingError(f"the app does not start: {problem.strip()}")
        check = Check(True, (), (), untried) if problem else _judge(result, untried)
        remember(self.settings.cache, "checks", key, json.dumps(asdict(check)).encode())
        return check


Result = TypeVar("Result")
Argument = TypeVar("Argument")


def _settled(function: Callable[[Argument], Result], argument: Argument) -> Future[Result]:
    """Call now, and keep the result or the author's problem for whoever asks for it."""
    future: Future[Result] = Future()
    try:
        future.set_result(function(argument))
    except (PackingError, OSError) as error:
        future.set_exception(error)
    return future


def _told(error: PackingError | OSError) -> str:
    if isinstance(error, PackingError):
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; free the disk, or make the folder writable, and build again"


def _app(spec: AppSpec, mounted: bool) -> dict[str, Any]:
    return {
        "name": spec.name,
        "module": spec.module,
        "attribute": spec.attribute,
        "factory": spec.factory,
        "mounted": mounted,
        "env": dict(spec.env),
    }


def _untried(result: dict[str, Any]) -> str:
    """Say what the app asked of others in vain; while it lasts, a failure may be due to that alone.

    `CannotWait` is how a synchronous request ends in an engine that cannot suspend Python, as readers' browsers can.
    """
    failed = result.get("problem") or any(response["status"] >= 500 for response in result["responses"])
    if not failed:
        return ""
    told = result.get("problem", "") + result["output"]
    if not result.get("wanted") and "outgoing.exchange.CannotWait" not in told:
        return ""
    named = ", ".join(dict.fromkeys(result.get("wanted", ()))) or "what it calls"
    return f"the app was not fully tried, since nothing is fetched while the documentation is built: {named}"


def _judge(result: dict[str, Any], untried: str) -> Check:
    files: dict[CdnFile, None] = {}
    lacking: dict[str, str] = {}
    complaints = []
    for response in result["responses"]:
        kind = dict(response["headers"]).get("content-type", "")
        if kind.startswith("text/html"):
            page = base64.b64decode(response["body"]).decode("utf-8", "replace")
            files.update(dict.fromkeys(find_cdn_files(page)))
            lacking = dict.fromkeys(find_complaints(page), response["path"]) | lacking
        failed = response["status"] >= 500 and not untried
        if response["status"] == 404 or failed or "next" in response:
            complaints.append((response["path"], _complaint(response, result["output"])))
    complaints += [(path, sentence) for sentence, path in lacking.items()]
    return Check(result["mounted"], tuple(files), tuple(complaints), untried)


def _complaint(response: dict[str, Any], output: str) -> str:
    if "next" in response:
        return (
            f"the app answers {response['path']} with redirects that do not end, the last one to {response['next']}; "
            "correct :path: or the app's routes"
        )
    told = f"the app answers {response['path']} with status {response['status']}"
    if response["status"] == 404:
        return f"{told}; correct :path: or the app's routes"
    return f"{told}; its last output: {output.strip()[-1500:] or '(none)'}"


def _check_from_json(content: bytes) -> Check:
    data = json.loads(content)
    complaints = tuple((path, sentence) for path, sentence in data["complaints"])
    return Check(data["mounted"], tuple(CdnFile(**file) for file in data["cdn_files"]), complaints, data["untried"])
