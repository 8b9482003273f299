"""One app, from its spec to its files in the site: sources, lock, archives, check, emission.

Each step's result is cached by the hash of its inputs, so that a change costs only what depends on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
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
from sphinx_asgi_live.packing.check import Check, Tools, app_entry, check
from sphinx_asgi_live.packing.engine import Engine, find_engine
from sphinx_asgi_live.packing.lock import DependencySet, Lock
from sphinx_asgi_live.packing.pyodide import Runtime, runtime
from sphinx_asgi_live.packing.resolve import resolve
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.packing.wheels import fetch
from sphinx_asgi_live.spec import AppSpec

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
    check: str = "request"


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
        for job, prepared in self._prepare(jobs):
            try:
                archives, check = prepared.result()
                yield Outcome(job, complaints=self._emit(job, archives, check), untried=check.untried)
            except (PackingError, OSError) as error:
                problem = _told(error)
                self.refuse(job, problem)
                yield Outcome(job, problem=problem)

    def check_all(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Check | str]]:
        """Try all apps, write nothing to the site, and yield what each answered, or what is wrong with it, in order."""
        for job, prepared in self._prepare(jobs):
            try:
                yield job, prepared.result()[1]
            except (PackingError, OSError) as error:
                yield job, _told(error)

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
            **app_entry(spec, check.mounted),
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

    def _prepare(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Future[tuple[list[Archive], Check]]]]:
        trees = {job: _settled(self._trees, job) for job in jobs}
        found = [tree for future in trees.values() if not future.exception() for tree in future.result()]
        packed = _settled(self._pack, list({tree.key: tree for tree in found}.values()))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from [(job, pool.submit(self._prepared, job, trees[job], packed)) for job in jobs]

    def _prepared(
        self, job: Job, trees: Future[list[Tree]], packed: Future[dict[str, Archive]]
    ) -> tuple[list[Archive], Check]:
        own = trees.result()
        archives = [packed.result()[tree.key] for tree in own]
        tools = Tools(self.engine, self.runtime, self.stdlib, self.settings.cache, self.settings.timeout)
        return archives, check(job.spec, job.paths, archives, tools, self.settings.check)


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
