"""Which imports of a module count in the browser: not those for type checkers, scripts, or other platforms."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace

from sphinx_asgi_live.packing.modules import imported_names, named_modules
from sphinx_asgi_live.packing.requirements import ENVIRONMENT

_TYPING = SimpleNamespace(TYPE_CHECKING=False)
_KNOWN = {
    "__name__": "imported",
    "TYPE_CHECKING": False,
    "typing": _TYPING,
    "t": _TYPING,
    "sys": SimpleNamespace(platform=ENVIRONMENT["sys_platform"], version_info=(3, 14, 2, "final", 0)),
    "os": SimpleNamespace(name=ENVIRONMENT["os_name"]),
}
"""What conditions around imports ask for, with the browser's answers."""

_HARMLESS = (
    ast.Expression, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.Compare, ast.cmpop, ast.Name, ast.Attribute,
    ast.Constant, ast.Tuple, ast.Load,
)  # fmt: skip
"""Syntax that can be evaluated without running anything of the author's."""

_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)

_CAUGHT = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Import:
    """A dotted name that a module imports; `optional` if the module can do without."""

    name: str
    optional: bool = False


def required_imports(tree: ast.Module, package: str, has: Callable[[str], bool]) -> Iterator[Import]:
    """Everything that a module of `package` imports in the browser, in functions too.

    `has` tells of a dotted name whether it is at hand anyway, as Python's own modules are: whoever tries that first
    needs nothing else. Modules that are named by strings, as Django does, come as optional ones.
    """
    yield from _Reader(package, has).statements(tree.body)
    yield from (Import(name, not installed) for name, installed in named_modules(tree))


@dataclass(frozen=True, slots=True)
class _Reader:
    package: str
    has: Callable[[str], bool]

    def statements(self, nodes: Iterable[ast.AST], optional: bool = False) -> Iterator[Import]:
        for node in nodes:
            if isinstance(node, ast.If):
                truth = _truth(node.test)
                yield from self.statements(node.body if truth is not False else (), optional)
                yield from self.statements(node.orelse if truth is not True else (), optional)
            elif isinstance(node, ast.Try):
                yield from self.attempt(node, optional)
            else:
                can_miss = optional or (isinstance(node, ast.With) and _suppresses(node))
                yield from (Import(name, can_miss) for name in imported_names(node, self.package))
                yield from self.statements(_blocks(node), can_miss)

    def attempt(self, node: ast.Try, optional: bool) -> Iterator[Import]:
        """Of alternatives the one that is at hand, else the last one; what is caught and left so, nobody needs."""
        tried = list(self.statements(node.body, optional))
        guards = [handler for handler in node.handlers if _catches(handler.type)]
        needed = not guards or all(_raises(handler) for handler in guards)
        at_hand = all(self.has(each.name) for each in tried)
        can_miss = optional or not (needed or at_hand)
        yield from (Import(each.name, can_miss or each.optional) for each in tried)
        for handler in node.handlers:
            if handler not in guards or not (needed or at_hand):
                yield from self.statements(handler.body, optional)
        yield from self.statements(node.orelse, can_miss)
        yield from self.statements(node.finalbody, optional)


def _blocks(node: ast.AST) -> Iterator[ast.AST]:
    """The statements inside a statement."""
    return (
        each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt | ast.ExceptHandler | ast.match_case)
    )


def _truth(test: ast.expr) -> bool | None:
    """What a condition comes to in the browser; `None` if its text does not tell."""
    if not all(isinstance(node, _HARMLESS) for node in ast.walk(test)):
        return None
    try:
        return bool(eval(compile(ast.Expression(test), "condition", "eval"), {"__builtins__": {}}, _KNOWN))
    except Exception:  # A name that is not known here, or values that cannot be compared.
        return None


def _catches(kind: ast.expr | None) -> bool:
    """Whether an `except` of this kind catches that a module is not there."""
    if isinstance(kind, ast.Tuple):
        return any(map(_catches, kind.elts))
    return kind is None or (isinstance(kind, ast.Name) and kind.id in _CAUGHT)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _suppresses(node: ast.With) -> bool:
    """Whether this is `with suppress(ImportError):`."""
    calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
    return any(ast.unparse(call.func).endswith("suppress") and any(map(_catches, call.args)) for call in calls)
