"""What is installed beside Sphinx: where its modules lie and what its metadata says; nothing is imported."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from sphinx_asgi_live.packing.modules import Module, descend, is_dir
from sphinx_asgi_live.packing.requirements import applies, parse_requirement

LICENCE = re.compile(r"licenses/.+|(?:licen[cs]e|copying|notice|authors)[^/]*", re.IGNORECASE)
"""Where licences lie in a `.dist-info` (PEP 639), and where they did before."""


def locate_installed(name: str) -> Module | None:
    """Find a module in the build's own environment; only its top-level name is asked for: no import."""
    top, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    origin = Path(spec.origin) if spec.origin and spec.has_location else None
    if spec.submodule_search_locations is None:
        if rest or origin is None or origin.suffix != ".py":
            return None
        return Module(name, origin, origin, f"{top}.py")
    if origin is None:
        places = [Path(place) for place in spec.submodule_search_locations if is_dir(Path(place))]
        return next((found for place in places if (found := descend(rest, place, top))), None)
    # The folder need not be called like the package: an editable install may map one to the other.
    if not rest:
        return Module(name, origin, origin.parent, top)
    inner = descend(rest, origin.parent, top)
    return Module(name, inner.file, origin.parent, top) if inner else None


def holder(module: Module) -> metadata.Distribution | None:
    """The installed distribution that holds the module, an editable one included; `None` if there is none.

    A distribution called like the module counts even if another copy of the module is packed: the docs of a
    project that is installed in its environment, and whose folder is on `asgi_live_paths`.
    """
    top = module.packed.partition("/")[0].removesuffix(".py")
    with suppress(metadata.PackageNotFoundError, ValueError):
        likely = metadata.distribution(top)
        if _recorded(likely, module) or _holds(likely, module):
            return likely
    installed = locate_installed(module.name)
    if installed is None or installed.file.resolve() != module.file.resolve():
        return None
    return next((each for each in metadata.distributions() if _holds(each, module)), None)


def _holds(distribution: metadata.Distribution, module: Module) -> bool:
    if editable_folder(distribution):
        return any(_same(place, module) for place in _editable_places(distribution))
    place = Path(str(distribution.locate_file(_file(module))))
    return place.resolve() == module.file.resolve() and _recorded(distribution, module)


def _recorded(distribution: metadata.Distribution, module: Module) -> bool:
    """Whether the distribution installed a file of that place."""
    return f"\n{_file(module)}," in "\n" + (distribution.read_text("RECORD") or "")


def _file(module: Module) -> str:
    """Where the module's file lies below the folder it is imported from."""
    inner = module.file.relative_to(module.unit).as_posix()
    return module.packed if inner == "." else f"{module.packed}/{inner}"


def _same(place: tuple[str, Path], module: Module) -> bool:
    """Whether an editable install's `(top-level name or "", folder)` is where the module comes from."""
    name, folder = place
    if not name:
        return folder.resolve() == module.root.resolve()
    top = module.packed.partition("/")[0].removesuffix(".py")
    return name == top and folder.resolve() in (module.unit.resolve(), module.unit.with_suffix("").resolve())


def editable_folder(distribution: metadata.Distribution) -> Path | None:
    """The project folder of an editable install, `None` for any other."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            return Path(url2pathname(urlsplit(origin["url"]).path))
    except (ValueError, KeyError, AttributeError):
        pass
    return None


def _editable_places(distribution: metadata.Distribution) -> Iterator[tuple[str, Path]]:
    """What an editable install adds: folders by its .pth file, or single packages by setuptools' finder."""
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        with suppress(OSError, UnicodeDecodeError, SyntaxError, ValueError):
            if file.suffix == ".pth":
                lines = path.read_text("utf-8").splitlines()
                yield from (("", Path(line)) for line in lines if line and not line.startswith(("import ", "#")))
            elif file.name.startswith("__editable__") and file.suffix == ".py":
                mapping = re.search(r"^MAPPING\b[^=]*= (\{.*\})", path.read_text("utf-8"), flags=re.MULTILINE)
                if mapping:
                    yield from ((name, Path(to)) for name, to in ast.literal_eval(mapping[1]).items())


def is_local(distribution: metadata.Distribution) -> bool:
    """Whether the distribution was installed from a folder, editable or not: a project that is worked on."""
    try:
        return "dir_info" in json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return False


def requires(distribution: metadata.Distribution, extras: Iterable[str] = ()) -> tuple[str, ...]:
    """What the distribution, with these extras, requires in the browser; without markers, sorted."""
    found = set()
    for text in distribution.requires or ():
        requirement = parse_requirement(text)
        if any(applies(requirement, extra) for extra in ("", *extras)):
            requirement.marker = None
            found.add(str(requirement))
    return tuple(sorted(found))


def own_files(distribution: metadata.Distribution) -> dict[str, Path]:
    """The files that the distribution installed for import: no scripts, no metadata, nothing outside."""
    found = {}
    for file in distribution.files or ():
        outside = file.is_absolute() or ".." in file.parts or ".dist-info" in file.parts[0]
        if not outside:
            found[file.as_posix()] = Path(str(distribution.locate_file(file)))
    return found


def metadata_files(distribution: metadata.Distribution) -> dict[str, bytes]:
    """What `importlib.metadata` needs to know the distribution in the browser, version and entry points; its licences.

    Nothing else of its metadata, which tells where and how it was installed on this machine.
    """
    name = re.sub(r"[-_.]+", "_", canonicalize_name(distribution.metadata["Name"]))
    folder = f"{name}-{distribution.version}.dist-info"
    texts = {
        "METADATA": distribution.read_text("METADATA") or distribution.read_text("PKG-INFO"),
        "entry_points.txt": distribution.read_text("entry_points.txt"),
    }
    found = {f"{folder}/{file}": text.encode() for file, text in texts.items() if text}
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        if ".dist-info" in file.parts[0] and LICENCE.fullmatch("/".join(file.parts[1:])) and path.is_file():
            found[f"{folder}/{'/'.join(file.parts[1:])}"] = path.read_bytes()
    return found
