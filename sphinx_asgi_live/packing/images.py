"""Images of the memory of started Pythons: a base for each dependency set, and over it one for each app.

An image is never needed, only faster: it is shipped if a fresh engine that restores it answers as one that started
without it, and what cannot be frozen is left to the reader's own start.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.bundle import FORMAT, Archive, Tree, gzipped
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.check import Answer, Check, Tools, app_entry
from sphinx_asgi_live.packing.engine import JSON
from sphinx_asgi_live.packing.pyodide import VERSION
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.static import engine_key, static_folder
from sphinx_asgi_live.spec import AppSpec

WARM_ROOT = f"/{FOLDER}/image/app"
"""Where an app answers while it is frozen: nowhere else, so that one which keeps its root is found out."""

COMPRESSION = 6
"""An image has tens of megabytes; a higher level takes seconds for a hundredth of the size."""


@dataclass(frozen=True, slots=True)
class Images:
    """Gzipped images, base first; `note` says why there are fewer than were asked for."""

    paths: tuple[Path, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is to be frozen: an app and the paths that pages embed, with all that the reader gets of it.

    `level` is "app", "dependencies" or "off"; `modules` are those that the app's requirements are imported by; the
    last one of the `archives` is the app's own.
    """

    spec: AppSpec
    level: str
    modules: tuple[str, ...]
    archives: tuple[Archive, ...]
    paths: tuple[str, ...]
    check: Check


class Freezer:
    """Makes images in the engine, each once: several apps that have one dependency set share its base."""

    def __init__(self) -> None:
        self._bases: dict[str, Lock] = defaultdict(Lock)

    def freeze(self, frozen: Frozen, tools: Tools) -> Images:
        """Return the images of an app, as far as they are wanted and hold."""
        if frozen.level == "off":
            return Images()
        try:
            base = self._base(frozen, tools)
        except PackingError as error:
            return Images(note=f"its dependencies are not frozen: {error}")
        if frozen.check.untried or not frozen.check.answers:
            return Images((base,), "it is frozen only as far as it is tried" if frozen.level == "app" else "")
        entry = app_entry(frozen.spec, frozen.check.mounted)
        about = [base.name, frozen.archives[-1].path.name, entry, frozen.paths, _digests(frozen.check), frozen.level]
        key = _key(about)
        if noted := recall(tools.cache, "frozen", key):
            layers, note = json.loads(noted.read_bytes())
            paths = [base, recall(tools.cache, "images", key)][:layers]
            if None not in paths:
                return Images(tuple(path for path in paths if path), note)
        images = _frozen(frozen, entry, base, key, tools)
        remember(tools.cache, "frozen", key, json.dumps([len(images.paths), images.note]).encode())
        return images

    def _base(self, frozen: Frozen, tools: Tools) -> Path:
        archives = frozen.archives[:-1]
        key = _key([[archive.path.name for archive in archives], frozen.modules])
        with self._bases[key]:
            if path := recall(tools.cache, "images", key):
                return path
            job = {"modules": list(frozen.modules), "root": WARM_ROOT}
            _, content = _run("dependencies", job, archives, tools)
            return remember(tools.cache, "images", key, gzipped(content, COMPRESSION))


def _frozen(frozen: Frozen, entry: JSON, base: Path, key: str, tools: Tools) -> Images:
    job = {
        "base": str(base),
        "app": entry,
        "level": frozen.level,
        "frozenAt": WARM_ROOT,
        "root": f"/{FOLDER}/{frozen.spec.name}/app",
        "paths": list(frozen.paths),
        "answers": _digests(frozen.check),
    }
    try:
        result, content = _run("app", job, frozen.archives, tools)
    except PackingError as error:
        return Images(note=f"it is not frozen: {error}")
    paths = (base, remember(tools.cache, "images", key, gzipped(content, COMPRESSION))) if content else (base,)
    return Images(paths[: result["layers"]], "; ".join(result["notes"]))


def _run(command: str, job: JSON, archives: Sequence[Archive], tools: Tools) -> tuple[JSON, bytes]:
    """Return what the engine tells, and the image that it has written."""
    with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
        output = Path(scratch) / "image"
        task = {
            **job,
            "command": command,
            "runtime": str(tools.runtime.folder),
            "stdlib": str(tools.stdlib),
            "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
            "output": str(output),
        }
        result = tools.engine.run(static_folder() / "engine.js", task, timeout=tools.timeout)
        return result, output.read_bytes() if output.exists() else b""


def _digests(check: Check) -> list[str]:
    return [_digest(answer) for answer in check.answers]


def _digest(answer: Answer) -> str:
    """Return what tells one answer from another; `freeze.js` has the same."""
    kind = f"{answer.status} {dict(answer.headers).get('content-type', '')}\n"
    return hashlib.sha256(kind.encode() + base64.b64encode(answer.body)).hexdigest()


def required_modules(requirements: Sequence[str], wheels: Sequence[Tree]) -> tuple[str, ...]:
    """Return the top-level modules of the wheels that are asked for by name, not of those that come along."""
    names = {canonicalize_name(Requirement(each).name) for each in requirements}
    asked = [tree for tree in wheels if canonicalize_name(tree.name.rsplit("-", 1)[0]) in names]
    return tuple(sorted({name for tree in asked for path in tree.members if (name := _top_level(path))}))


def _top_level(path: str) -> str | None:
    top, _, rest = path.partition("/")
    if rest == "__init__.py":
        return top
    return top.removesuffix(".py") if not rest and top.endswith(".py") and not top.startswith("_") else None


def _key(inputs: list[Any]) -> str:
    return hashlib.sha256(json.dumps([FORMAT, VERSION, engine_key(), *inputs]).encode()).hexdigest()
