"""From what a page declares to the app's own files and its requirements; the app is never imported.

What is found depends on the files alone and comes sorted: the same files give the same app on every machine.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.gather import Pack
from sphinx_asgi_live.packing.installed import editable_folder, holder, is_local, requires
from sphinx_asgi_live.packing.modules import imported_names, imports, parse
from sphinx_asgi_live.packing.projects import Projects, add_installed, add_metadata, follow_installed
from sphinx_asgi_live.packing.requirements import normal_requirements, parse_requirement
from sphinx_asgi_live.packing.targets import check_attribute, choose_attribute, find_target
from sphinx_asgi_live.spec import AppSpec

SCRIPT = re.compile(r"^# /// script$\n(?P<content>(?:^#(?:| .*)$\n)+)^# ///$", re.MULTILINE)
"""The block of inline script metadata: https://packaging.python.org/specifications/inline-script-metadata/"""

IN_PAGE = "the source in the page"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of one app, by their POSIX path below the app's folder, sorted, and what it requires.

    `spec` is the page's with module and attribute in full. `origin` is where the requirements were found: "option",
    "script", "metadata" or "imports". `secrets` says of files that look like such what became of them.
    """

    spec: AppSpec
    files: Mapping[str, Path | bytes]
    requirements: tuple[str, ...]
    origin: str
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the app begins: its full spec, the module's source, and the distribution that holds it, if one does."""

    spec: AppSpec
    source: str
    held: metadata.Distribution | None = None


def find(spec: AppSpec, *, confdir: Path, paths: Sequence[Path], files: Sequence[str] = ()) -> Sources:
    """Return the files and requirements of an app.

    `confdir` is the folder of conf.py, `paths` are the folders in which apps are looked for, first one first, and
    `files` patterns of what every app gets.
    Raises `PackingError` if anything that the page names is not there.
    """
    roots = tuple(dict.fromkeys((*paths, confdir)))
    pack = Pack(confdir, roots)
    start = _inline(spec, pack) if spec.source is not None else _target(spec, pack)
    for pattern in (*files, *spec.files):
        pack.add_matches(pattern)
    requirements, origin = _requirements(start, pack)
    secrets = tuple(
        f"{pack.shown(path)} looks like a secret, and {'readers get it' if path in pack.named else 'is left out'}:"
        " all that an app consists of is published"
        for path in sorted(pack.secrets)
    )
    return Sources(start.spec, dict(sorted(pack.files.items())), requirements, origin, secrets)


def _requirements(start: _Start, pack: Pack) -> tuple[tuple[str, ...], str]:
    """What the app requires and where that was found; what is installed from a folder is packed in its place."""
    asked = {parse_requirement(each).name for each in start.spec.requirements or ()}
    projects = Projects(pack, frozenset(asked), start.held)
    # What comes from an index imports nothing that is worked on here.
    if start.held is None or is_local(start.held):
        projects.follow(start.spec.module)
    declared = script_requirements(start.source)
    if start.spec.requirements is not None:
        return normal_requirements(start.spec.requirements), "option"
    if declared is not None:
        return projects.replaced(declared), "script"
    if start.held:
        return projects.replaced(requires(start.held)), "metadata"
    return projects.replaced(projects.imported), "imports"


def _inline(spec: AppSpec, pack: Pack) -> _Start:
    source = spec.source or ""
    if spec.module in sys.stdlib_module_names:
        raise PackingError(
            f"an app called {spec.name!r} hides Python's own module {spec.module!r}; choose another :name:"
        )
    tree = parse(source.encode(), IN_PAGE)
    chosen = choose_attribute(tree, spec.factory)
    if chosen is None:
        check_attribute(spec, tree, IN_PAGE, ())
    attribute, factory = chosen or (spec.attribute, spec.factory)
    if spec.module in {name.partition(".")[0] for node in ast.walk(tree) for name in imported_names(node, "")}:
        raise PackingError(
            f"an app called {spec.name!r} imports a module of that name, which it would hide; choose another :name:"
        )
    pack.add(f"{spec.module}.py", source.encode())
    pack.follow(imports(tree, ""), pack.roots)
    return _Start(replace(spec, target=f"{spec.module}:{attribute}", source=None, factory=factory), source)


def _target(spec: AppSpec, pack: Pack) -> _Start:
    found = find_target(spec, pack)
    module, held = found.module, holder(found.module)
    start = _Start(found.spec, found.content.decode("utf-8", "replace"), held)
    if held is None or editable_folder(held) or found.beside:
        follow_installed(module, pack)
        if held:
            add_metadata(held, pack)
    elif not _asked_for(held, spec):
        add_installed(held, pack)
    return start


def _asked_for(held: metadata.Distribution, spec: AppSpec) -> bool:
    """Whether the page requires the installed distribution itself, so that it comes from the index."""
    name = canonicalize_name(held.metadata["Name"])
    return any(parse_requirement(each).name == name for each in spec.requirements or ())


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
