"""What an app's own files import that is not theirs, told from their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.conditions import Import, required_imports
from sphinx_asgi_live.packing.distributions import is_stdlib
from sphinx_asgi_live.packing.modules import parse


class Own:
    """An app's own files, by their POSIX path below the app's folder."""

    def __init__(self, files: Mapping[str, Path | bytes]) -> None:
        self.files = files
        self._folders = {path.partition("/")[0] for path in files if "/" in path}

    def foreign_imports(self, modules: Iterable[str]) -> dict[str, list[str]]:
        """The dotted names that these modules import from elsewhere, each with the files that do.

        Followed through the own files as far as Python would: a package's module that nothing imports needs nothing.
        """
        foreign: dict[str, list[str]] = {}
        waiting, seen = [each for name in modules for each in self.parts(name)], set()
        while waiting:
            packed = waiting.pop(0)
            if packed in seen:
                continue
            seen.add(packed)
            for each in self.imports(packed):
                if inner := self.parts(each.name):
                    waiting.extend(inner)
                elif not self.has(each.name) and not each.optional:
                    foreign.setdefault(each.name, []).append(packed)
        return foreign

    def has(self, name: str) -> bool:
        """Whether the module `name` (dotted) is the app's own, or Python's."""
        # A folder without `__init__.py` too: what it lacks is no distribution's.
        return bool(self.parts(name)) or is_stdlib(name) or name.partition(".")[0] in self._folders

    def parts(self, name: str) -> list[str]:
        """The files that importing `name` runs: its packages', from the outermost on, and its own."""
        parts = name.split(".")
        paths = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        candidates = (place for path in paths for place in (f"{path}/__init__.py", f"{path}.py"))
        return [place for place in candidates if place in self.files]

    def imports(self, packed: str) -> Iterator[Import]:
        """What one file imports; nothing if it does not parse, which is told elsewhere."""
        content = self.files[packed]
        package = ".".join(packed.removesuffix(".py").split("/")[:-1])
        try:
            tree = parse(content if isinstance(content, bytes) else content.read_bytes(), packed)
        except (PackingError, OSError):
            return
        yield from required_imports(tree, package, self.has)
