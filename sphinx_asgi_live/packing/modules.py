"""Where an app's modules lie, what they import and define: read from their text, never by importing them.

A folder that stands on `sys.path` when the app runs is a root here. Python's own order holds: a package or
module in an earlier root hides all of that name in later ones, and folders without `__init__.py` come last.
"""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sphinx_asgi_live.packing import PackingError

UNKNOWN = frozenset({"exec", "globals", "locals", "setattr", "vars"})
"""Where a module uses one of these, what it defines cannot be told from its text."""

_ASSIGNED = (ast.AugAssign, ast.AnnAssign)


@dataclass(frozen=True, slots=True)
class Module:
    """A module's file, and the unit that is packed for it: the outermost regular package, or the file itself.

    `unit` is a path on this machine, `packed` its place below the app's folder (`shop`, `main.py`).
    """

    name: str
    file: Path
    unit: Path
    packed: str

    @property
    def root(self) -> Path:
        """The folder from which the unit is imported."""
        return self.unit.parents[self.packed.count("/")]


def is_file(path: Path) -> bool:
    """Whether there is such a file; unlike `Path.is_file`, for names that no file system takes too."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_dir(path: Path) -> bool:
    """Whether there is such a folder, asked as `is_file` does."""
    try:
        return path.is_dir()
    except OSError:
        return False


def locate(name: str, roots: Iterable[Path]) -> Module | None:
    """Find the module `name` (dotted) in the roots; `None` if it is not there, or is a bare folder."""
    parts = name.split(".")
    spread: list[Path] = []
    for root in roots:
        if is_file(root / parts[0] / "__init__.py") or is_file(root / f"{parts[0]}.py"):
            return descend(parts, root)
        if is_dir(root / parts[0]):
            spread.append(root)
    return next((found for root in spread if (found := descend(parts, root))), None)


def descend(parts: Sequence[str], folder: Path, packed: str = "") -> Module | None:
    """Follow the parts of a dotted name from `folder`, which lies at `packed` below the app's folder."""
    unit: tuple[Path, str] | None = None
    name = ".".join([*filter(None, packed.split("/")), *parts])
    for position, part in enumerate(parts):
        path, packed = folder / part, f"{packed}/{part}".lstrip("/")
        if is_file(path / "__init__.py"):
            unit, folder = unit or (path, packed), path
        elif is_file(folder / f"{part}.py"):
            file = folder / f"{part}.py"
            last = position == len(parts) - 1
            return Module(name, file, *(unit or (file, f"{packed}.py"))) if last else None
        elif is_dir(path):
            folder = path
        else:
            return None
    return Module(name, folder / "__init__.py", *unit) if unit and is_file(folder / "__init__.py") else None


def submodules(folder: Path) -> list[str]:
    """The names of what can be imported from a folder."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    found = [each.stem for each in entries if each.suffix == ".py" and is_file(each)]
    found += [each.name for each in entries if is_dir(each)]
    return [name for name in found if name.isidentifier() and name not in ("__init__", "__pycache__")]


def did_you_mean(name: str, known: Iterable[str], form: str = "{!r}") -> str:
    """` (did you mean …?)` with the nearest of the known names, or nothing."""
    near = difflib.get_close_matches(name, sorted(set(known)), n=1)
    return f" (did you mean {form.format(near[0])}?)" if near else ""


def parse(content: bytes, place: str) -> ast.Module:
    """Parse a module's source; raises `PackingError` with `place` and line if it does not parse."""
    try:
        return ast.parse(content, place)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        host = sys.version_info
        newer = f" (read by Python {host[0]}.{host[1]}; newer syntax needs a newer Python to build the docs)"
        note = newer if host < (3, 14) else ""
        raise PackingError(f"{place}{line}: {reason}{note}; correct the source") from None


def imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Every dotted name that the module may import, in functions too; relative ones start from `package`."""
    for node in ast.walk(tree):
        yield from imported_names(node, package)
    yield from (name for name, _ in named_modules(tree))


def imported_names(node: ast.AST, package: str) -> Iterator[str]:
    """The dotted names that this one node may import; nothing if it is no import."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if package else []
            base = ".".join([*above, *filter(None, [node.module])])
        if base:
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


def named_modules(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """What may be modules that are imported by their names in strings, as Django's settings do.

    The last item is true for the apps of a Django project, which are imported for sure.
    """
    installed: set[ast.AST] = set()
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, _ASSIGNED) else []
        if any(isinstance(each, ast.Name) and each.id == "INSTALLED_APPS" for each in targets):
            installed.update(ast.walk(node))
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            parts = node.value.split(".")
            if all(part.isidentifier() for part in parts) and (len(parts) > 1 or node in installed):
                yield node.value, node in installed


def definitions(tree: ast.Module) -> set[str] | None:
    """The names that a module defines at its top level; `None` if its text does not tell."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
            waiting.extend(node.decorator_list)
            waiting.extend(each for each in ast.walk(node) if isinstance(each, ast.Global))
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.AnnAssign) and node.value is None:
            continue
        found.update(_bound(node))
        waiting.extend(ast.iter_child_nodes(node))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return None if "*" in found or "__getattr__" in found or used & UNKNOWN or _sets_modules(tree) else found


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that this one node binds."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Global):
        yield from node.names
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


def _sets_modules(tree: ast.AST) -> bool:
    """Whether `sys.modules` is used, through which a module can replace itself."""
    return any(isinstance(node, ast.Attribute) and node.attr == "modules" for node in ast.walk(tree))
