"""Change a module right after it is imported, so that nothing is imported for the sake of the change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class SeamFinder(MetaPathFinder):
    """An entry of `sys.meta_path` that applies each seam once its module has been imported, now or later.

    `seams` are functions of the module, by the module's name.
    """

    def __init__(self, seams: dict[str, Callable[[Any], None]]) -> None:
        self.pending = dict(seams)
        for name in self.pending.keys() & sys.modules.keys():
            self.pending.pop(name)(sys.modules[name])

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the other finders find the module, and wrap its loader."""
        if fullname not in self.pending:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)) is not None:
                if spec.loader is not None:
                    spec.loader = _SeamLoader(spec.loader, self)
                return spec
        return None


class _SeamLoader(Loader):
    """Loads a module with its own loader, then applies the seam; the module never sees this one."""

    def __init__(self, loader: Loader, finder: SeamFinder) -> None:
        self.loader = loader
        self.finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as its own loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module, then the seam."""
        assert module.__spec__ is not None
        module.__loader__ = module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        if seam := self.finder.pending.pop(module.__name__, None):
            seam(module)
