"""Locks what the apps of a documentation project require, without building it; what `sphinx-asgi-live lock` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import Embed
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.assets import newest
from sphinx_asgi_live.packing.dependencies import Dependencies
from sphinx_asgi_live.packing.engine import find_engine
from sphinx_asgi_live.packing.lock import DependencySet, Key, Lock, NpmPackage
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.project import read_project, shown_apps
from sphinx_asgi_live.spec import AppSpec


@dataclass(frozen=True, slots=True)
class Line:
    """What there is to say of the lock, and whether something is wrong."""

    text: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an app requires, and where its page says so."""

    sources: Sources
    place: str


def lock_project(source: Path, *, upgrade: bool = False) -> Iterator[Line]:
    """Lock what is not in the lock, or with `upgrade` everything anew, and drop what no app requires any more."""
    with read_project(source) as app:
        settings = LiveConfig.of(app.config).settings(source)
        dependencies = Dependencies(settings)
        wanted: dict[Key, _Wanted] = {}
        failed = False
        for problem in _collect(wanted, shown_apps(app), settings, dependencies, source):
            failed = True
            yield problem
        old = new = dependencies.lock
        for key, each in wanted.items():
            if upgrade or key not in old.sets:
                try:
                    new = new.with_set(dependencies.resolved(each.sources))
                except PackingError as error:
                    failed = True
                    yield Line(f"{each.place}: {error}", failed=True)
        for spec in old.npm if upgrade else ():
            new = new.with_npm(newest(spec, find_engine(settings.engine), settings.cache))
        # What an app requires that is broken now is kept until it is mended.
        if not failed:
            new = new.only([each for key, each in new.sets.items() if key in wanted], new.npm)
        yield from _changes(old, new)
        dependencies.keep(new)
        yield Line(f"{_shown(settings.lock, source)}: {_told(new)}")


def check_lock(source: Path) -> Iterator[Line]:
    """Tell what is stale in the lock, and change nothing."""
    with read_project(source) as app:
        settings = LiveConfig.of(app.config).settings(source)
        dependencies = Dependencies(settings)
        lock = dependencies.lock
        wanted: dict[Key, _Wanted] = {}
        problems = list(_collect(wanted, shown_apps(app), settings, dependencies, source))
        file = _shown(settings.lock, source)
        for key, each in wanted.items():
            if key not in lock.sets:
                problems.append(Line(f"{each.place}: {file} has nothing for {_named(key)}; lock it", failed=True))
        if not problems:
            unused = [key for key in lock.sets if key not in wanted]
            problems += [Line(f"{file} has what no app requires: {_named(key)}; lock again", True) for key in unused]
        yield from problems or [Line(f"{file}: {_told(lock)}, up to date")]


def _collect(
    wanted: dict[Key, _Wanted],
    apps: Iterable[tuple[AppSpec, list[Embed]]],
    settings: Settings,
    dependencies: Dependencies,
    source: Path,
) -> Iterator[Line]:
    """Fill in what the apps require, and yield what is wrong with the others."""
    for spec, embeds in apps:
        path, _, line = embeds[0].location.rpartition(":")
        place = f"{_shown(Path(path), source)}:{line}: {spec.label}"
        try:
            sources = find(spec, confdir=settings.confdir, paths=settings.paths, files=settings.files)
            wanted.setdefault(dependencies.key(sources), _Wanted(sources, place))
        except (PackingError, OSError) as error:
            yield Line(f"{place}: {error}", failed=True)


def _changes(old: Lock, new: Lock) -> Iterator[Line]:
    for key in sorted({**old.sets, **new.sets}):
        before, after = _versions(old.sets.get(key)), _versions(new.sets.get(key))
        yield from (Line(f"{_named(key)}: {change}") for change in _differences(before, after))
    before, after = _npm_versions(old.npm.values()), _npm_versions(new.npm.values())
    yield from (Line(change) for change in _differences(before, after))


def _differences(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    for name in sorted({**before, **after}):
        if name not in before:
            yield f"+ {name} {after[name]}"
        elif name not in after:
            yield f"- {name} {before[name]}"
        elif before[name] != after[name]:
            yield f"{name} {before[name]} -> {after[name]}"


def _versions(dependencies: DependencySet | None) -> dict[str, str]:
    return {each.name: each.version for each in dependencies.packages} if dependencies else {}


def _npm_versions(packages: Iterable[NpmPackage]) -> dict[str, str]:
    return {each.spec: each.version for each in packages}


def _named(key: Key) -> str:
    return ", ".join(key[0]) or "(no requirements)"


def _told(lock: Lock) -> str:
    packages = {package for each in lock.sets.values() for package in each.packages}
    return f"{len(packages)} packages for {len(lock.sets)} sets of requirements"


def _shown(path: Path, source: Path) -> str:
    return os.path.relpath(path, source)
