"""The documented project, and others that are installed from a folder: packed as they are, never from an index."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from sphinx_asgi_live.packing.companions import companions_of
from sphinx_asgi_live.packing.distributions import SHARED, distribution_of, installed_distribution
from sphinx_asgi_live.packing.gather import LEFT_OUT, Pack
from sphinx_asgi_live.packing.imported import Own
from sphinx_asgi_live.packing.installed import (
    editable_folder,
    is_local,
    locate_installed,
    metadata_files,
    own_files,
    requires,
)
from sphinx_asgi_live.packing.modules import Module
from sphinx_asgi_live.packing.requirements import normal_requirements, parse_requirement


class Projects:
    """The local projects of one app; `imported` are the distributions that its own files import, local ones included.

    Those in `asked`, by normalised name, are left to the index; `held` is the one that holds the app, packed already.
    """

    def __init__(self, pack: Pack, asked: frozenset[str], held: metadata.Distribution | None) -> None:
        self._pack = pack
        self._asked = asked
        self._local = {_name(held): held} if held and is_local(held) else {}
        self._files: set[str] = set()
        self._public: set[str] = set()
        """Top-level names of what comes from an index."""
        self.imported: tuple[str, ...] = ()

    def follow(self, module: str) -> None:
        """Take the files of each local project that the app imports, from its module on."""
        while True:
            foreign = Own(self._pack.files).foreign_imports([module])
            if not any([self._take(name) for name in foreign]):
                break
        wanted = {name for name, places in foreign.items() if not self._files.issuperset(places)}
        # `from ruamel import yaml` names two modules, and only the inner one tells the distribution.
        outer = {name.rpartition(".")[0] for name in wanted}
        distributions = {found for name in wanted - outer if (found := distribution_of(name))}
        self.imported = tuple(sorted({*self._local, *distributions, *companions_of(wanted)}))

    def replaced(self, requirements: Iterable[str]) -> tuple[str, ...]:
        """The requirements, with what the local projects require in the place of them."""
        waiting, seen, found = list(requirements), set(), set()
        while waiting:
            text = waiting.pop()
            requirement = parse_requirement(text)
            local = self._local.get(requirement.name)
            if local is None:
                found.add(text)
            elif text not in seen:
                seen.add(text)
                waiting.extend(requires(local, requirement.extras))
        return normal_requirements(found)

    def _take(self, name: str) -> bool:
        """Pack what holds a module, if that is worked on here, and tell whether anything was added."""
        top = name.partition(".")[0]
        if top in self._public:
            return False
        before = set(self._pack.files)
        distribution = installed_distribution(name)
        module = locate_installed(name) or locate_installed(top)
        if distribution is None and module and not is_installed_in(module.root):
            # On `sys.path` by other means: of conf.py, say.
            follow_installed(module, self._pack)
        elif distribution and is_local(distribution) and _name(distribution) not in self._asked:
            self._take_project(distribution, module)
            self._files |= set(self._pack.files) - before
        elif top not in SHARED:
            self._public.add(top)
        return set(self._pack.files) != before

    def _take_project(self, distribution: metadata.Distribution, module: Module | None) -> None:
        if editable_folder(distribution) and module:
            follow_installed(module, self._pack)
            add_metadata(distribution, self._pack)
        elif _name(distribution) not in self._local:
            add_installed(distribution, self._pack)
        self._local[_name(distribution)] = distribution


def is_installed_in(folder: Path) -> bool:
    """Whether a folder is where installers put packages, or Python has its own modules."""
    return folder.name in ("site-packages", "dist-packages") or folder == Path(sysconfig.get_path("stdlib"))


def follow_installed(module: Module, pack: Pack) -> None:
    """Take a module that can be imported here, and what it imports from beside it."""
    # Beside an installed module lies everything else that is installed: nothing to look for siblings in.
    own = () if is_installed_in(module.root) else (module.root,)
    pack.follow([module.name], (*own, *pack.roots), start=module)


def add_installed(distribution: metadata.Distribution, pack: Pack) -> None:
    """Take an installed distribution as it lies there."""
    for packed, path in own_files(distribution).items():
        if not any(map(LEFT_OUT.fullmatch, packed.split("/"))):
            # What comes from an index is public already.
            pack.add(packed, path if is_local(distribution) else pack.read(path))
    add_metadata(distribution, pack)


def add_metadata(distribution: metadata.Distribution, pack: Pack) -> None:
    """Take what `importlib.metadata` needs of a distribution."""
    for packed, data in metadata_files(distribution).items():
        pack.add(packed, data)


def _name(distribution: metadata.Distribution) -> str:
    return canonicalize_name(distribution.metadata["Name"])
