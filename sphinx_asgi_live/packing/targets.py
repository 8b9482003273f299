"""From a page's target to the module and the attribute that hold the app, found in the text of the files."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.gather import Pack
from sphinx_asgi_live.packing.installed import locate_installed
from sphinx_asgi_live.packing.modules import (
    Module,
    definitions,
    did_you_mean,
    is_dir,
    is_file,
    locate,
    parse,
    submodules,
)
from sphinx_asgi_live.spec import AppSpec

APPS = ("app", "application", "api")
FACTORIES = ("create_app", "make_app", "get_app", "get_application")
"""What an app, or a function that makes it, is called where the target does not say, by precedence."""

MODULES = ("asgi", "main", "app", "api", "wsgi")
"""Which modules of a package are looked in for it, in this order."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the app is: `spec` says it in full; `beside` is whether the module was found in the author's folders."""

    spec: AppSpec
    module: Module
    content: bytes
    beside: bool


def find_target(spec: AppSpec, pack: Pack) -> Target:
    """Find the app that the page names; raises `PackingError` that says what there is in its place."""
    _check_form(spec.target or "")
    found = _find_module(spec, pack)
    if found is None and ":" not in (spec.target or "") and (chosen := _chosen(_inner(spec, pack), pack)):
        return chosen
    if found is None:
        raise _not_found(spec.module, pack)
    if not found.beside and spec.module.partition(".")[0] in sys.stdlib_module_names:
        raise PackingError(f"{spec.module!r} is Python's own module and holds no app; correct the target")
    if ":" not in (spec.target or ""):
        return _complete(found, pack)
    file = found.module.file
    siblings = submodules(file.parent) if file.name == "__init__.py" else ()
    check_attribute(spec, parse(found.content, pack.shown(file)), pack.shown(file), siblings)
    return found


def _find_module(spec: AppSpec, pack: Pack) -> Target | None:
    module = locate(spec.module, pack.roots)
    beside = module is not None
    module = module or (None if _hidden(spec.module, pack.roots) else locate_installed(spec.module))
    return Target(spec, module, pack.read(module.file), beside) if module else None


def _complete(found: Target, pack: Pack) -> Target:
    """Choose the attribute, in a package's usual modules too, where the page names the module alone."""
    is_package = found.module.file.name == "__init__.py"
    if chosen := _chosen([found, *(_inner(found.spec, pack) if is_package else ())], pack):
        return chosen
    place = pack.shown(found.module.file)
    beside = f" and the modules {', '.join(MODULES)} beside it" if is_package else ""
    raise PackingError(
        f"no app is called {', '.join(APPS)} or made by {', '.join(FACTORIES)} in {place}{beside};"
        f" write '{found.spec.module}:attribute', with the name of what holds it"
    )


def _inner(spec: AppSpec, pack: Pack) -> Iterator[Target]:
    """The modules of a package that may hold its app."""
    names = (f"{spec.module}.{each}" for each in MODULES)
    return filter(None, (_find_module(replace(spec, target=name), pack) for name in names))


def _chosen(places: Iterable[Target], pack: Pack) -> Target | None:
    """The first of the places that holds an app, with its attribute."""
    for each in places:
        tree = parse(each.content, pack.shown(each.module.file))
        if chosen := choose_attribute(tree, each.spec.factory):
            attribute, factory = chosen
            return replace(each, spec=replace(each.spec, target=f"{each.spec.target}:{attribute}", factory=factory))
    return None


def choose_attribute(tree: ast.Module, factory: bool = False) -> tuple[str, bool] | None:
    """The name of the app, or of a factory and then True, among what a module defines; `None` if there is neither.

    Where the text does not tell what is defined, the app is taken to be called as most are. With `factory`, only that
    is looked for.
    """
    known = definitions(tree)
    if known is None:
        return (FACTORIES if factory else APPS)[0], factory
    if not factory and (named := next((name for name in APPS if name in known), None)):
        return named, False
    made = next((name for name in FACTORIES if name in known and _is_callable(tree, name)), None)
    return (made, True) if made else None


def _is_callable(tree: ast.Module, name: str) -> bool:
    """Whether the function can be called without arguments; what is imported is taken to be."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            positional = [*node.args.posonlyargs, *node.args.args]
            optional_keywords = all(default is not None for default in node.args.kw_defaults)
            return len(positional) == len(node.args.defaults) and optional_keywords
    return True


def _check_form(target: str) -> None:
    module, colon, attribute = target.partition(":")
    form = "write 'module:attribute', as in 'shop.main:app'"
    if attribute.endswith("()"):
        raise PackingError(f"{target!r} calls what makes the app; write {target[:-2]!r} and add :factory:")
    if module.endswith(".py") or "/" in module or "\\" in module:
        raise PackingError(f"{target!r} names a file, not a module; {_named(module, attribute or 'app') or form}")
    for part, kind in ((module, "a module"), *([(attribute, "an attribute")] if colon else [])):
        if not all(each.isidentifier() for each in part.split(".")):
            raise PackingError(f"{part!r} in {target!r} is not the name of {kind}; {form}")


def _named(file: str, attribute: str) -> str | None:
    """How to write the app of a file; what cannot be part of a dotted name is a folder to be looked in."""
    place = file.replace("\\", "/").removesuffix(".py").removesuffix("/__init__").rstrip("/")
    *folders, last = [part for part in place.split("/") if part != "."]
    if not last.isidentifier():
        return None
    bad = [number for number, part in enumerate(folders, 1) if not part.isidentifier()]
    start = len(folders) if file.startswith("/") else max(bad, default=0)
    written = f"write '{'.'.join([*folders[start:], last])}:{attribute}'"
    folder = "/".join(folders[:start]) or "/"
    return f"{written}, and add {folder!r} to asgi_live_paths in conf.py" if start else written


def check_attribute(spec: AppSpec, tree: ast.Module, place: str, siblings: Iterable[str]) -> None:
    """Refuse a target whose attribute is neither defined at the module's top level nor a submodule."""
    known = definitions(tree)
    name = spec.attribute.partition(".")[0]
    if known is None or name in known or name in siblings:
        return
    near = did_you_mean(name, known) if known else ""
    raise PackingError(f"{place} defines no {name!r} at its top level{near}; name what holds the ASGI app")


def _hidden(name: str, roots: Iterable[Path]) -> bool:
    """Whether a package or module in the roots has the top-level name, which hides an installed one."""
    top = name.partition(".")[0]
    return any(is_file(root / top / "__init__.py") or is_file(root / f"{top}.py") for root in roots)


def _not_found(name: str, pack: Pack) -> PackingError:
    """Say how far the dotted name can be followed, and what comes nearest."""
    parts = name.split(".")
    if bare := next((folder for root in pack.roots if is_dir(folder := root.joinpath(*parts))), None):
        inner = ", ".join(f"'{name}.{each}'" for each in submodules(bare)) or "there is none"
        return PackingError(
            f"{pack.shown(bare)} is a folder without __init__.py, which holds no app itself; name a module in it"
            f" ({inner}), or make it a package"
        )
    for count in range(len(parts) - 1, 0, -1):
        known = ".".join(parts[:count])
        module = locate(known, pack.roots) or locate_installed(known)
        folders = [module.file.parent] if module and module.file.name == "__init__.py" else []
        folders += [root.joinpath(*parts[:count]) for root in pack.roots if is_dir(root.joinpath(*parts[:count]))]
        if folders:
            near = did_you_mean(parts[count], submodules(folders[0]), form=f"'{known}.{{}}'")
            return PackingError(
                f"there is no module {'.'.join(parts[: count + 1])!r} in {pack.shown(folders[0])}{near};"
                " correct the target"
            )
        if module:
            return PackingError(
                f"{known!r} is a module and no package ({pack.shown(module.file)}), so there is no {name!r};"
                " correct the target"
            )
    near = did_you_mean(parts[0], [each for root in pack.roots for each in submodules(root)])
    searched = ", ".join(pack.shown(root) for root in pack.roots)
    return PackingError(
        f"there is no module {parts[0]!r}{near} in {searched}, nor is it installed beside Sphinx; add its"
        " folder to asgi_live_paths in conf.py, or install it"
    )
