"""The lock of one build, and the packages that it stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.bundle import Tree, wheel_tree
from sphinx_asgi_live.packing.distributions import is_known
from sphinx_asgi_live.packing.indexes import pip_options
from sphinx_asgi_live.packing.lock import DependencySet, Key, Lock, key_of
from sphinx_asgi_live.packing.pyodide_packages import PyodidePackages
from sphinx_asgi_live.packing.remedies import with_origin
from sphinx_asgi_live.packing.resolve import resolve
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.sources import Sources
from sphinx_asgi_live.packing.wheels import fetch, fetch_ahead


class Dependencies:
    """Finds what apps require in the lock, and adds to it what is not there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock: Lock | None = None
        self._used_sets: list[DependencySet] = []
        self._used_npm: set[str] = set()
        self._wheels: dict[DependencySet, tuple[Tree, ...]] = {}
        location = settings.pyodide_packages
        self._pyodide = PyodidePackages(location) if location else None

    @property
    def lock(self) -> Lock:
        """The lock as the author committed it, and what was added in this build."""
        if self._lock is None:
            self._lock = Lock.load(self._settings.lock)
        return self._lock

    def keep(self, lock: Lock, npm: Iterable[str] = ()) -> None:
        """Make this the lock, on disk too; `npm` are the specs of its npm packages that an app uses."""
        self._used_npm.update(npm)
        if lock != self._lock:
            lock.save(self._settings.lock)
            self._lock = lock

    def tidy(self) -> None:
        """Drop from the lock what was not asked for."""
        self.keep(self.lock.only(self._used_sets, self._used_npm))

    def key(self, sources: Sources) -> Key:
        """What an app's packages are locked by: all that it requires, and what it does without."""
        requirements = (*sources.requirements, *self._settings.requirements)
        return key_of(requirements, (*sources.spec.exclude, *self._settings.exclude))

    def of(self, sources: Sources) -> DependencySet:
        """Return the packages of an app, by the lock or resolved now."""
        locked = self.lock.sets.get(self.key(sources))
        if locked is None:
            locked = self.resolved(sources)
            self.keep(self.lock.with_set(locked))
        self._used_sets.append(locked)
        return locked

    def resolved(self, sources: Sources) -> DependencySet:
        """Return the newest packages that an app can have; raises `PackingError` if there are none."""
        settings = self._settings
        names = sources.requirements if sources.origin == "imports" else ()
        try:
            return resolve(
                *self.key(sources),
                cwd=settings.confdir,
                cache=settings.cache,
                wheels=settings.wheels,
                pyodide=self._pyodide,
                guessed=[name for name in names if not is_known(name)],
            )
        except PackingError as error:
            raise PackingError(with_origin(str(error), sources)) from None

    def fetch_ahead(self, sets: Collection[DependencySet]) -> None:
        """Download at once what several sets lack."""
        if len(sets) > 1:
            settings = self._settings
            fetch_ahead(sets, settings.cache, pip_options(settings.confdir, settings.wheels), self._pyodide)

    def wheels(self, dependencies: DependencySet) -> tuple[Tree, ...]:
        """Return what is in the wheels, verified and read once for all apps that have them."""
        if dependencies not in self._wheels:
            options = pip_options(self._settings.confdir, self._settings.wheels)
            wheels = fetch(dependencies, self._settings.cache, options, self._pyodide)
            self._wheels[dependencies] = tuple(map(wheel_tree, wheels))
        return self._wheels[dependencies]
