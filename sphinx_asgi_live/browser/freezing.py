"""Before Python's memory is kept as an image at build time, and after a reader's browser has restored it.

What is frozen must hold nothing that is true of one run only: remembered folders, the random numbers to come.
`freeze_dependencies` and `freeze_app` run in an engine of the build, `wake` in the reader's browser.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import linecache
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from sphinx_asgi_live.browser.errorpage import traceback_text
from sphinx_asgi_live.browser.loading import load_app
from sphinx_asgi_live.browser.messages import ASGIApp

COLLECTIONS = 3
"""Finalizers make garbage of their own; a third collection finds none."""
PSEUDO = frozenset({"/proc", "/dev"})
"""Folders whose files are none."""

STANDARD_LIBRARY = (f"{Path(random.__file__).parent}/", "<frozen ")

frozen_app: ASGIApp | None = None
"""The app, if it was imported at build time and its memory restored."""
written = ""
"""Paths of the files that it has written as it was frozen, one a line."""


async def freeze_dependencies(modules: str) -> str:
    """Import the modules, one a line, and warm up the frameworks among them; return what failed, a line each."""
    # Only here: readers never need it.
    from sphinx_asgi_live.browser import warmups

    import_modules(modules.splitlines())
    problems = await warmups.warm()
    rest()
    return "\n".join(problems)


async def freeze_app(
    module: str, attribute: str, factory: bool, mounted: bool, root: str, environ: str, paths: str
) -> str:
    """Import the app, and send it a GET request for each of the paths, one a line.

    Its lifespan does not begin: that belongs to the reader. Returns what stands in the way, empty if nothing does.
    What files it has written is in `written` then.
    """
    global frozen_app, written
    from sphinx_asgi_live.browser import warmups

    wake(environ)
    there = set(files())
    try:
        with draws() as drawn:
            frozen_app = load_app(module, attribute, factory)
        if drawn:
            return f"{drawn[0]} draws at random what all readers would share"
        for path in paths.splitlines():
            url = urlsplit(path)
            await warmups.get(frozen_app, root + url.path, url.query, root, mounted)
    except BaseException as error:
        return traceback_text(error)
    if waiting := len(asyncio.all_tasks()) - 1:
        return f"it has {waiting} tasks that go on"
    rest()
    # Only now: collections may have removed temporary ones.
    written = "\n".join(sorted(path for path, _, _ in set(files()) - there))
    return ""


@contextmanager
def draws() -> Iterator[list[str]]:
    """Yield the places, as `file:line`, in the current folder's own code that draw from the system's randomness.

    That is what `secrets` and `uuid` are made of. What a package draws for itself is its own affair.
    """
    drawn: list[str] = []
    urandom = os.urandom

    def noted(size: int) -> bytes:
        if place := _own_place(sys._getframe(1)):
            drawn.append(place)
        return urandom(size)

    os.urandom = random._urandom = noted  # type: ignore[attr-defined]
    try:
        yield drawn
    finally:
        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]


def _own_place(frame: FrameType | None) -> str | None:
    while frame and frame.f_code.co_filename.startswith(STANDARD_LIBRARY):
        frame = frame.f_back
    folder = f"{Path.cwd()}/"
    if frame is None or not frame.f_code.co_filename.startswith(folder):
        return None
    return f"{frame.f_code.co_filename.removeprefix(folder)}:{frame.f_lineno}"


def import_modules(names: list[str]) -> None:
    """Import what is there; a module that cannot be imported is none that an app would have used."""
    for name in names:
        try:
            importlib.import_module(name)
        except (Exception, SystemExit):
            # Not even half of it stays, so that the app's own import tells what is wrong.
            sys.modules.pop(name, None)


def files(root: str = "/") -> Iterator[tuple[str, int, int]]:
    """Yield path, size and time of change of every file."""
    for folder, subfolders, names in os.walk(root):
        folder = folder.rstrip("/")
        subfolders[:] = [each for each in subfolders if f"{folder}/{each}" not in PSEUDO]
        for name in names:
            path = f"{folder}/{name}"
            about = os.lstat(path)
            yield path, about.st_size, about.st_mtime_ns


def rest() -> None:
    """Forget what is only remembered, so that an image is small and nothing in it is stale.

    All objects are then kept out of later collections, which would write into every page that holds one.
    """
    linecache.clearcache()
    sys.path_importer_cache.clear()
    for _ in range(COLLECTIONS):
        gc.collect()
    gc.freeze()


def wake(environ: str) -> None:
    """Renew what an image has frozen: the random numbers to come, the local time and the view of the file system.

    `environ`, a JSON object, is set unless the app has had it when it was imported, and has perhaps changed it since.
    """
    if frozen_app is None:
        os.environ.pop("PYTHONHASHSEED", None)
        os.environ.update(json.loads(environ))
    random.seed()
    # It draws names from a generator of its own.
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    tempfile.tempdir = None
    _tell_time_zone()
    importlib.invalidate_caches()


def _tell_time_zone() -> None:
    """Set what `time` has computed as it was imported; Pyodide has no `time.tzset`."""
    year = time.localtime().tm_year
    winter, summer = sorted(
        time.localtime(time.mktime((year, month, 1, 0, 0, 0, 0, 0, -1))).tm_gmtoff for month in (1, 7)
    )
    time.timezone, time.altzone, time.daylight = -winter, -summer, int(winter != summer)
