"""One app, from its spec to its files in the site: sources, lock, archives, check, emission.

Each step's result is cached by the hash of its inputs, so that a change costs only what depends on it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, ParamSpec, TypeVar

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.assets import Asset, collect
from sphinx_asgi_live.packing.attempt import Attempt, app_entry
from sphinx_asgi_live.packing.bundle import (
    Archive,
    Tree,
    app_tree,
    bridge_tree,
    compress,
    pack,
    pack_stdlib,
)
from sphinx_asgi_live.packing.check import Check
from sphinx_asgi_live.packing.dependencies import Dependencies
from sphinx_asgi_live.packing.engine import Engine, find_engine
from sphinx_asgi_live.packing.images import Bases, Images, proven_base, required_modules
from sphinx_asgi_live.packing.lock import DependencySet
from sphinx_asgi_live.packing.pyodide import MODULES, Runtime, runtime
from sphinx_asgi_live.packing.recording import record
from sphinx_asgi_live.packing.remedies import with_remedy
from sphinx_asgi_live.packing.replay import Pages, Replayed, replay
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.packing.tools import Tools
from sphinx_asgi_live.packing.weight import heaviness, markup, parts
from sphinx_asgi_live.spec import AppSpec

Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

ANSWER_LIMIT = 240
"""Seconds that a reader's request waits for headers: Chromium ends a worker after 300 with any that waits longer."""


@dataclass(frozen=True, slots=True)
class Job:
    """An app to be packed, the paths of it that pages embed (none, if they show requests only), and its title."""

    spec: AppSpec
    paths: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: the reason why there is no app, or complaints, pairs of embedded path and sentence,
    the path being empty if there is none.

    `untried` is as in `Check`, `note` as in `Images`, `secrets` as in `Sources`.
    """

    job: Job
    problem: str | None = None
    complaints: tuple[tuple[str, str], ...] = ()
    untried: str = ""
    note: str = ""
    secrets: tuple[str, ...] = ()


class Parts(NamedTuple):
    """What an app consists of; `modules` are those that its requirements are imported by."""

    sources: Sources
    trees: tuple[Tree, ...]
    modules: tuple[str, ...]


class Prepared(NamedTuple):
    """An app that is ready to be written."""

    sources: Sources
    archives: tuple[Archive, ...]
    check: Check
    images: Images


class Packer:
    """Packs the apps of one build into a site."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self.settings = settings
        self.site = site
        self._dependencies = Dependencies(settings)
        self._bases = Bases()
        self._done: dict[tuple[Job, str | None], Future[Prepared]] = {}

    def pack_all(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Write everything that the jobs need, and yield what became of each, in order.

        All archives are compiled in one run of the engine, and the apps are checked side by side. Of an app that
        cannot be packed only the placeholders are written, which tell why.
        """
        for job, prepared in self._prepared(jobs, None):
            try:
                app = prepared.result()
                complaints = self._emit(job, app)
                yield Outcome(job, None, complaints, app.check.untried, app.images.note, app.sources.secrets)
            except (PackingError, OSError) as error:
                problem = _told(error)
                self.refuse(job, problem)
                yield Outcome(job, problem=problem)

    def check_all(self, jobs: Sequence[Job], level: str | None = "off") -> Iterator[tuple[Job, Check | str]]:
        """Try all apps, write nothing to the site, and yield what each answered, or what is wrong with it, in order.

        With the level None they are frozen, too, as far as `pack_all` will need it.
        """
        for job, prepared in self._prepared(jobs, level):
            try:
                yield job, prepared.result().check
            except (PackingError, OSError) as error:
                yield job, _told(error)

    def replay_all(self, pages: Mapping[Job, Pages]) -> Iterator[tuple[Job, Replayed | str]]:
        """Send apps the requests of pages, and yield what came of them, or what is wrong with an app, in order."""

        def replayed(job: Job, parts: Parts, archives: tuple[Archive, ...]) -> Replayed:
            base = proven_base(archives[:-1], parts.modules, self.settings.cache)
            return replay(parts.sources.spec, self.settings.base_url, pages[job], archives, base, self._tools)

        for job, done in self._prepare(list(pages), replayed):
            try:
                yield job, done.result()
            except (PackingError, OSError) as error:
                yield job, _told(error)

    def tidy_lock(self) -> None:
        """Drop from the lock what no app of this build used; to be called only if all of them were packed."""
        self._dependencies.tidy()

    def refuse(self, job: Job, problem: str) -> None:
        """Write pages that say why there is no app; where nothing can be written, the warning has to do."""
        with suppress(OSError):
            self.site.write_modules()
            self.site.write_placeholders(job.spec.name, job.title, job.paths, problem)

    def _emit(self, job: Job, prepared: Prepared) -> tuple[tuple[str, str], ...]:
        spec, check = prepared.sources.spec, prepared.check
        assets, complaints = self._assets(job, check)
        recordings = record(check, assets)
        modules = self.site.write_modules()
        manifest = {
            **app_entry(spec, check.mounted),
            **self._python,
            "limits": {"cpu": self.settings.cpu_limit, "answer": ANSWER_LIMIT},
            "inside": self.site.module("inside.js"),
            "archives": [self.site.share_archive(archive) for archive in prepared.archives],
            "assets": {asset.address: self.site.share_asset(asset) for asset in assets},
            "recordings": {each.address: self.site.share_page(spec.name, each.page) for each in recordings},
        }
        if prepared.images.paths:
            manifest |= self._frozen(manifest, prepared)
        found = parts(manifest, [archive.name for archive in prepared.archives], self._modules_size)
        pages = {each.path: each.page for each in recordings}
        reasons = {path: sentence for path, sentence in check.complaints if path in check.failed}
        self.site.write_pages(spec.name, job.title, job.paths, pages, reasons, markup(found))
        limit = self.settings.size_limit
        if limit is not None and (problem := heaviness(found, limit)):
            complaints.append((next(iter(job.paths), ""), problem))
        # Last, so that there is no worker of which anything is missing.
        self.site.write_worker(spec.name, modules, self._python["runtime"], manifest)
        return (*check.complaints, *complaints)

    def _frozen(self, manifest: dict[str, Any], prepared: Prepared) -> dict[str, Any]:
        """Return the manifest's entries of an app that starts from images, and of files that come once it is up."""
        images, check = prepared.images, prepared.check
        entries = {"images": [self.site.share_image(path) for path in images.paths]}
        if images.needed is None:
            return entries
        # The app's own archive comes last, and is in no image.
        files = [manifest["stdlib"], *manifest["archives"][:-1]]
        marked = [entry if at in images.needed else {**entry, "rest": True} for at, entry in enumerate(files)]
        own = manifest["archives"][-1]
        return {**entries, "stdlib": marked[0], "archives": [*marked[1:], own], "tried": sorted(check.tried)}

    def _assets(self, job: Job, check: Check) -> tuple[list[Asset], list[tuple[str, str]]]:
        """Return what stands for CDNs, with its licences written, and complaints about what cannot be had."""
        assets: dict[str, Asset] = {}
        complaints = []
        for file in check.cdn_files:
            try:
                collected, lock = collect([file], self._dependencies.lock, self.engine, self.settings.cache)
            except PackingError as error:
                complaints.append((job.paths[0], f"the page's {file.address} is not shipped: {error}"))
                continue
            self._dependencies.keep(lock, collected.packages)
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

    @cached_property
    def _modules_size(self) -> int:
        """The bytes of Pyodide's modules as most servers send them, compressed."""
        return sum(compress(self.runtime.folder / name, self.settings.cache).stat().st_size for name in MODULES)

    def _plan(self, job: Job) -> tuple[Sources, DependencySet]:
        sources = find(job.spec, confdir=self.settings.confdir, paths=self.settings.paths, files=self.settings.files)
        return sources, self._dependencies.of(sources)

    def _parts(self, job: Job, plan: Future[tuple[Sources, DependencySet]]) -> Parts:
        sources, dependencies = plan.result()
        wheels = self._dependencies.wheels(dependencies)
        trees = (bridge_tree(), *wheels, app_tree(job.spec.name, sources.files))
        return Parts(sources, trees, required_modules(dependencies.requirements, wheels))

    def _pack(self, trees: Sequence[Tree]) -> dict[str, Archive]:
        if not trees:
            # No app has come so far: nothing to fetch a runtime for.
            return {}
        archives = pack(trees, self.engine, self.runtime, self.settings.cache)
        _ = self.stdlib  # compiled here, not in several checks at once
        return {tree.key: archive for tree, archive in zip(trees, archives, strict=True)}

    def _prepare(
        self, jobs: Sequence[Job], prepare: Callable[[Job, Parts, tuple[Archive, ...]], Result]
    ) -> Iterator[tuple[Job, Future[Result]]]:
        """Yield what is made of each app, of all of them side by side."""
        plans = {job: _settled(self._plan, job) for job in jobs}
        self._dependencies.fetch_ahead({plan.result()[1] for plan in plans.values() if not plan.exception()})
        parts = {job: _settled(self._parts, job, plan) for job, plan in plans.items()}
        found = [tree for future in parts.values() if not future.exception() for tree in future.result().trees]
        packed = _settled(self._pack, list({tree.key: tree for tree in found}.values()))

        def prepared(job: Job) -> Result:
            own = parts[job].result()
            archives = tuple(packed.result()[tree.key] for tree in own.trees)
            try:
                return prepare(job, own, archives)
            except PackingError as error:
                raise PackingError(with_remedy(str(error), own.sources)) from None

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from [(job, pool.submit(prepared, job)) for job in jobs]

    def _prepared(self, jobs: Sequence[Job], level: str | None) -> Iterator[tuple[Job, Future[Prepared]]]:
        """Yield what was tried of each app, now or before."""
        missing = [job for job in jobs if (job, level) not in self._done]
        for job, prepared in self._prepare(missing, self._tried(level)):
            self._done[job, level] = prepared
        yield from ((job, self._done[job, level]) for job in jobs)

    def _tried(self, level: str | None) -> Callable[[Job, Parts, tuple[Archive, ...]], Prepared]:
        """Return what tries an app; `level` says how far all are frozen, their own aside."""

        def tried(job: Job, parts: Parts, archives: tuple[Archive, ...]) -> Prepared:
            sources, _, modules = parts
            frozen_to = level or job.spec.snapshot or self.settings.snapshot
            attempt = Attempt(sources.spec, job.paths, archives, modules, self.settings.check, frozen_to)
            check, images = attempt.run(self._bases, self._tools)
            complaints = tuple((path, with_remedy(told, sources)) for path, told in check.complaints)
            return Prepared(sources, archives, replace(check, complaints=complaints), images)

        return tried

    @property
    def _tools(self) -> Tools:
        return Tools(self.engine, self.runtime, self.stdlib, self.settings.cache, self.settings.timeout)


def _settled(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Future[Result]:
    """Call now, and keep the result or the author's problem for whoever asks for it."""
    future: Future[Result] = Future()
    try:
        future.set_result(function(*arguments, **named))
    except (PackingError, OSError) as error:
        future.set_exception(error)
    return future


def _told(error: PackingError | OSError) -> str:
    if isinstance(error, PackingError):
        return str(error)
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; free the disk, or make the folder writable, and build again"
