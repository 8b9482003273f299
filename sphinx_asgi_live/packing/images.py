"""Images of the memory of started Pythons: a base for each dependency set, and over it one for each app.

An image is never needed, only faster: it is shipped if a fresh engine that restores it answers as one that started
without it, and what cannot be frozen is left to the reader's own start.
"""

from __future__ import annotations

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

from sphinx_asgi_live.packing.bundle import FORMAT, Archive, Tree, gzipped
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.pyodide import VERSION
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.static import engine_key
from sphinx_asgi_live.packing.tools import Tools

FROZEN_AT = f"/{FOLDER}/image/app"
"""Where an app answers while it is frozen: nowhere else, so that one which keeps its root is found out."""

COMPRESSION = 6
"""An image has tens of megabytes; a higher level takes seconds for a hundredth of the size."""


@dataclass(frozen=True, slots=True)
class Images:
    """Gzipped images, base first; `note` says why there are fewer than were asked for.

    `needed` are files that an app which starts from them has to have before it is up: 0 is the standard library, from
    1 on are the archives. All are, if it is None.
    """

    paths: tuple[Path, ...] = ()
    note: str = ""
    needed: frozenset[int] | None = None


class Bases:
    """The images of dependency sets, each made once, however many apps ask for it at a time."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = defaultdict(Lock)

    def get(self, archives: Sequence[Archive], modules: Sequence[str], tools: Tools) -> Path:
        """Return the image of a Python that has imported the modules.

        Raises `PackingError` if there can be none.
        """
        key = _base_key(archives, modules)
        with self._locks[key]:
            if path := recall(tools.cache, "images", key):
                return path
            with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
                output = Path(scratch) / "image"
                job = {"modules": list(modules), "root": FROZEN_AT, "output": str(output)}
                tools.run("dependencies", archives, job)
                return keep_image(output, key, tools.cache)


def proof_of(base: Path) -> str:
    """Return the key of a note that an app has answered from this image as it does without."""
    return image_key([base.name])


def proven_base(archives: Sequence[Archive], modules: Sequence[str], cache: Path) -> Path | None:
    """Return the image of a Python that has imported the modules, if there is one that is known to hold."""
    base = recall(cache, "images", _base_key(archives, modules))
    return base if base and recall(cache, "proven", proof_of(base)) else None


def _base_key(archives: Sequence[Archive], modules: Sequence[str]) -> str:
    return image_key([[archive.path.name for archive in archives], modules])


def keep_image(written: Path, key: str, cache: Path) -> Path:
    """Compress an image and store it under its key."""
    return remember(cache, "images", key, gzipped(written.read_bytes(), COMPRESSION))


def image_key(inputs: list[Any]) -> str:
    """Return the key of what is made of these inputs by this engine and this Pyodide."""
    return hashlib.sha256(json.dumps([FORMAT, VERSION, engine_key(), *inputs]).encode()).hexdigest()


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
