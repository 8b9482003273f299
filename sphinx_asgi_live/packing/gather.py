"""Gathers an app's files: whole packages, what they import from beside them, and what patterns match.

Two files never share a place, and no link leads out of the folders that the author named.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.confidential import is_confidential
from sphinx_asgi_live.packing.modules import Module, imports, is_dir, is_file, locate, parse, submodules

LEFT_OUT = re.compile(
    r"\..*|.*~|#.*#|.*\.(?:py[co]|sw[op]|bak|orig|so|pyd|dll|dylib)|__pycache__|node_modules", re.IGNORECASE
)
"""Names in a package that are nothing of the app: caches, hidden files, backups, code for this machine."""


@dataclass(frozen=True, slots=True)
class Pack:
    """The files gathered so far."""

    confdir: Path
    roots: tuple[Path, ...]
    files: dict[str, Path | bytes] = field(default_factory=dict)
    named: set[Path] = field(default_factory=set)
    """What a pattern names in full, and takes whatever it is."""
    secrets: set[Path] = field(default_factory=set)
    """What looks like a secret: left out unless it is named."""

    def shown(self, path: Path) -> str:
        """A path as messages give it: from conf.py's folder on where it can be."""
        return os.path.relpath(path, self.confdir) if path.is_relative_to(self.confdir) else str(path)

    def read(self, content: Path | bytes) -> bytes:
        """The bytes; raises `PackingError` if the file cannot be read."""
        try:
            return content if isinstance(content, bytes) else content.read_bytes()
        except OSError as error:
            raise PackingError(f"{content!s}: {error.strerror or error}; make the file readable") from error

    def add(self, packed: str, content: Path | bytes) -> None:
        """Take a file, unless it is a secret; raises `PackingError` if another one lies at that place already."""
        if isinstance(content, Path) and is_confidential(content):
            self.secrets.add(content)
            if content not in self.named:
                return
        other = self.files.setdefault(packed, content)
        if other != content and self.read(other) != self.read(content):
            first, second = (self.shown(each) if isinstance(each, Path) else "the page" for each in (other, content))
            raise PackingError(f"{packed!r} would be two files: {first} and {second}; rename one, or narrow :files:")

    def follow(self, names: Iterable[str], roots: Sequence[Path], start: Module | None = None) -> None:
        """Take these modules as far as they lie in the roots, and what they import in turn."""
        waiting, seen = list(names), set()
        while waiting:
            name = waiting.pop()
            module = start if start and name == start.name else _nearest(name, roots)
            if module is None or module.packed in seen:
                continue
            seen.add(module.packed)
            others = _mention({each for root in roots for each in submodules(root)} - {module.packed})
            for packed, path in self.unit_files(module):
                self.add(packed, path)
                # A package is taken whole: only a file of it that names something beside it needs to be parsed.
                if packed.endswith(".py") and (packed == module.packed or others.search(self.read(path))):
                    waiting.extend(self.imported(packed, path))

    def imported(self, packed: str, path: Path) -> Iterator[str]:
        """What a file imports; nothing if it is no Python of ours, a template for one, say."""
        parts = packed.removesuffix(".py").split("/")
        try:
            tree = parse(self.read(path), packed)
        except PackingError:
            return
        yield from imports(tree, ".".join(parts[:-1]))

    def unit_files(self, module: Module) -> Iterator[tuple[str, Path]]:
        """The files of a module or package; an installed one may be a link to where it is worked on."""
        if module.root in self.roots:
            self.check_inside(module.unit, [module.root])
        if not module.unit.is_dir():
            yield module.packed, module.unit
            return
        yield from self.walk(module.unit, module.packed, [module.unit])

    def walk(self, folder: Path, packed: str, above: Sequence[Path]) -> Iterator[tuple[str, Path]]:
        """Every file of a folder and the folders in it; `above` are those on the way, the outermost first."""
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            raise PackingError(f"{folder}: {error.strerror or error}; make the folder readable") from error
        for entry in entries:
            if LEFT_OUT.fullmatch(entry.name) or is_file(entry / "pyvenv.cfg"):
                continue
            if entry.is_symlink():
                self.check_inside(entry, above[:1])
            if is_dir(entry):
                if entry.resolve() not in {each.resolve() for each in above}:
                    yield from self.walk(entry, f"{packed}/{entry.name}".removeprefix("./"), [*above, entry])
            elif is_file(entry):
                yield f"{packed}/{entry.name}".removeprefix("./"), entry

    def check_inside(self, path: Path, folders: Iterable[Path]) -> None:
        """Refuse a link that leads out of these folders and all roots, or nowhere."""
        real = path.resolve()
        if not real.exists():
            raise PackingError(f"{self.shown(path)} is a link to nothing ({real}); remove or mend it")
        if not any(real.is_relative_to(each.resolve()) for each in (*folders, *self.roots)):
            raise PackingError(
                f"{self.shown(path)} is a link out of its folder, to {real}; copy the file there, or add"
                " that folder to asgi_live_paths"
            )

    def add_matches(self, pattern: str) -> None:
        """Take what a pattern matches, in conf.py's folder or else in the first root with any match."""
        if not pattern.strip() or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise PackingError(
                f":files: {pattern!r} leaves the folder of conf.py; add the folder that holds the files to"
                " asgi_live_paths and write the pattern from there"
            )
        for root in dict.fromkeys((self.confdir, *self.roots)):
            # Not Path.glob, which takes hidden files for any `*`.
            matches = sorted(glob.glob(pattern, root_dir=root, recursive=True))  # noqa: PTH207
            found = {packed: path for match in matches for packed, path in self.matched(root, match, pattern)}
            if found:
                for packed, path in found.items():
                    self.add(packed, path)
                return
        searched = ", ".join(self.shown(root) for root in dict.fromkeys((self.confdir, *self.roots)))
        raise PackingError(f":files: {pattern!r} matches nothing in {searched}; correct it, or leave it out")

    def matched(self, root: Path, match: str, pattern: str) -> Iterator[tuple[str, Path]]:
        """The file, or all in the folder, that a pattern matched; a folder only if it was named itself."""
        path = root / match
        packed = path.relative_to(root).as_posix()
        self.check_inside(path, [root])
        if is_file(path):
            if match == pattern:
                self.named.add(path)
            if not {"__pycache__", "node_modules"}.intersection(Path(match).parts):
                yield packed, path
        elif is_dir(path) and match == pattern:
            yield from self.walk(path, packed, [root, path])


def _nearest(name: str, roots: Sequence[Path]) -> Module | None:
    """The module `name`, or else the innermost package around it that is there."""
    while name:
        if found := locate(name, roots):
            return found
        name = name.rpartition(".")[0]
    return None


def _mention(names: Iterable[str]) -> re.Pattern[bytes]:
    """What finds any of the names in a source; nothing at all if there are none."""
    return re.compile(b"|".join(re.escape(name.encode()) for name in sorted(names)) or rb"(?!)")
