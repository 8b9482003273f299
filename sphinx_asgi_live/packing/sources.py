"""From what a page declares to the app's own files and its requirements; the app is never imported.

What is found depends on the files alone and comes sorted: the same files give the same app on every machine.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.gather import LEFT_OUT, Pack
from sphinx_asgi_live.packing.installed import (
    editable_folder,
    holder,
    locate_installed,
    metadata_files,
    own_files,
    requires,
)
from sphinx_asgi_live.packing.modules import (
    definitions,
    did_you_mean,
    imports,
    is_dir,
    is_file,
    locate,
    parse,
    submodules,
)
from sphinx_asgi_live.packing.requirements import normal_requirements, parse_requirement
from sphinx_asgi_live.spec import AppSpec

SCRIPT = re.compile(r"^# /// script$\n(?P<content>(?:^#(?:| .*)$\n)+)^# ///$", re.MULTILINE)
"""The block of inline script metadata: https://packaging.python.org/specifications/inline-script-metadata/"""


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one app, by their POSIX path below the app's folder, sorted, and what it requires."""

    files: Mapping[str, Path | bytes]
    requirements: tuple[str, ...]


def find(spec: AppSpec, *, confdir: Path, paths: Sequence[Path]) -> Sources:
    """Return the files and requirements of an app.

    `confdir` is the folder of conf.py, `paths` are the folders in which apps are looked for, first one first.
    Raises `PackingError` if anything that the page names is not there.
    """
    roots = tuple(dict.fromkeys((*paths, confdir)))
    pack = Pack(confdir, roots)
    source, held = _inline(spec, pack) if spec.source is not None else _target(spec, pack)
    for pattern in spec.files:
        pack.add_matches(pattern)
    if spec.requirements is not None:
        requirements = normal_requirements(spec.requirements)
    elif (declared := script_requirements(source)) is not None:
        requirements = declared
    else:
        requirements = requires(held) if held else ()
    return Sources(dict(sorted(pack.files.items())), requirements)


def _inline(spec: AppSpec, pack: Pack) -> tuple[str, None]:
    source = spec.source or ""
    if spec.module in sys.stdlib_module_names:
        raise PackingError(
            f"an app called {spec.name!r} hides Python's own module {spec.module!r}; choose another :name:"
        )
    tree = parse(source.encode(), "the source in the page")
    _check_attribute(spec, tree, "the source in the page", ())
    names = list(imports(tree, ""))
    if spec.module in {name.partition(".")[0] for name in names}:
        raise PackingError(
            f"an app called {spec.name!r} imports a module of that name, which it would hide; choose another :name:"
        )
    pack.add(f"{spec.module}.py", source.encode())
    pack.follow(names, pack.roots)
    return source, None


def _target(spec: AppSpec, pack: Pack) -> tuple[str, metadata.Distribution | None]:
    _check_form(spec.target or "")
    module = locate(spec.module, pack.roots)
    beside = module is not None
    module = module or (None if _hidden(spec.module, pack.roots) else locate_installed(spec.module))
    if module is None:
        raise _not_found(spec.module, pack)
    if not beside and spec.module.partition(".")[0] in sys.stdlib_module_names:
        raise PackingError(f"{spec.module!r} is Python's own module and holds no app; correct the target")
    content = pack.read(module.file)
    tree = parse(content, pack.shown(module.file))
    siblings = submodules(module.file.parent) if module.file.name == "__init__.py" else ()
    _check_attribute(spec, tree, pack.shown(module.file), siblings)
    held = holder(module)
    if held is None or editable_folder(held) or beside:
        # Beside an installed module lies everything else that is installed: nothing to look for siblings in.
        own = () if module.root.name in ("site-packages", "dist-packages") else (module.root,)
        pack.follow([module.name], (*own, *pack.roots), start=module)
    elif _asked_for(held, spec):
        return content.decode("utf-8", "replace"), held
    else:
        for packed, path in own_files(held).items():
            if not any(map(LEFT_OUT.fullmatch, packed.split("/"))):
                pack.add(packed, path)
    for packed, data in metadata_files(held).items() if held else ():
        pack.add(packed, data)
    return content.decode("utf-8", "replace"), held


def _asked_for(held: metadata.Distribution, spec: AppSpec) -> bool:
    """Whether the page requires the installed distribution itself, so that it comes from the index."""
    name = canonicalize_name(held.metadata["Name"])
    return any(parse_requirement(each).name == name for each in spec.requirements or ())


def _check_form(target: str) -> None:
    module, colon, attribute = target.partition(":")
    form = "write 'module:attribute', as in 'shop.main:app'"
    if attribute.endswith("()"):
        raise PackingError(f"{target!r} calls what makes the app; write {target[:-2]!r} and add :factory:")
    if module.endswith(".py") or "/" in module or "\\" in module:
        raise PackingError(f"{target!r} names a file, not a module; {_named(module, attribute or 'app') or form}")
    if not colon:
        raise PackingError(f"{target!r} does not say which attribute of the module is the app; {form}")
    for part, kind in ((module, "a module"), (attribute, "an attribute")):
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


def _check_attribute(spec: AppSpec, tree: ast.Module, place: str, siblings: Iterable[str]) -> None:
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


def script_requirements(source: str) -> tuple[str, ...] | None:
    """The dependencies that a source declares as inline script metadata, `None` without such a block."""
    blocks = list(SCRIPT.finditer(re.sub(r"\r\n?", "\n", source)))
    if not blocks:
        return None
    if len(blocks) > 1:
        raise PackingError("the source has more than one '# /// script' block; keep one")
    content = "".join(line[2:] if line.startswith("# ") else line[1:] for line in blocks[0]["content"].splitlines(True))
    try:
        found = tomllib.loads(content).get("dependencies", [])
    except tomllib.TOMLDecodeError as error:
        raise PackingError(f"the '# /// script' block is not TOML ({error}); correct it") from None
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise PackingError(f"'dependencies' in the '# /// script' block should be a list of strings, and is {found!r}")
    return normal_requirements(found)
