"""The engine and the runtime of all tests, from the user's own cache, and empty caches that have no more than those."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

from sphinx_asgi_live.packing.bundle import pack_stdlib
from sphinx_asgi_live.packing.cache import cache_folder
from sphinx_asgi_live.packing.engine import Engine, find_engine
from sphinx_asgi_live.packing.pyodide import Runtime, runtime

NO_ENGINE = Engine(("/nonexistent/node",), ("/nonexistent/npm",), "none")
"""Whoever starts it gets an error: proof that nothing was to be done."""


@cache
def engine() -> Engine:
    return find_engine()


@cache
def warm_runtime() -> Runtime:
    return runtime(engine(), cache_folder())


@cache
def warm_stdlib() -> Path:
    return pack_stdlib(engine(), warm_runtime(), cache_folder())


def cold_cache(folder: Path) -> Path:
    """Make a cache that holds what every app needs and takes long: runtime, standard library, wheels."""
    warm_runtime(), warm_stdlib()
    for kind in ("pyodide", "stdlib", "gzip", "wheels"):
        if (cache_folder() / kind).is_dir():
            shutil.copytree(cache_folder() / kind, folder / kind, copy_function=_link)
    return folder


def _link(source: str, destination: str) -> None:
    """Link hard, which costs nothing; what writes to a cache replaces files and never changes them."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copyfile(source, destination)
