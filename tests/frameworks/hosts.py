"""What the apps answer on this machine, each in an environment with the very versions that the browser's lock holds.

Environments and answers are kept in the cache folder, by the hash of all that they depend on.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.packing.cache import cache_folder, recall, remember
from sphinx_asgi_live.packing.lock import DependencySet
from tests.frameworks.framework import FOLDER, Answer, Framework

PINS = FOLDER / "test-clients.txt"
"""The versions of what only the test clients need."""
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Told:
    """All answers of an app, in order, where they came from and what was captured on the way."""

    root: str
    answers: tuple[Answer, ...]
    captured: Mapping[str, str]

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | str | bytes) -> Told:
        """Read what `clients.py` printed, or the script in the page returned."""
        found: Mapping[str, Any] = data if isinstance(data, Mapping) else json.loads(data)
        return cls(found["origin"], tuple(Answer(**each) for each in found["answers"]), found["captured"])


def ask(framework: Framework, locked: DependencySet) -> Told:
    """Ask the app by its framework's test client."""
    cache = cache_folder()
    python = _environment(framework, locked, cache)
    files = [FOLDER / "clients.py", *sorted(path for path in framework.folder.rglob("*") if path.suffix != ".pyc")]
    contents = [path.relative_to(FOLDER).as_posix().encode() + path.read_bytes() for path in files if path.is_file()]
    key = _digest(str(python).encode(), framework.task().encode(), *contents)
    if path := recall(cache, "frameworks", key):
        return Told.from_json(path.read_bytes())
    done = subprocess.run(
        [str(python), str(FOLDER / "clients.py")],
        input=framework.task(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**_plain_environment(), "PYTHONPATH": str(framework.folder.parent), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    if done.returncode:
        raise AssertionError(f"{framework.title} failed on the host:\n{done.stderr[-8000:]}")
    return Told.from_json(remember(cache, "frameworks", key, done.stdout.encode()).read_bytes())


def _environment(framework: Framework, locked: DependencySet, cache: Path) -> Path:
    """The Python of an environment with the app's packages; made if there is none yet."""
    pins = [f"{each.name}=={each.version}" for each in locked.packages]
    key = _digest(
        sys.version.encode(),
        *map(str.encode, (*pins, *framework.requirements, *framework.test_requires)),
        PINS.read_bytes(),
    )
    folder = cache / "environments" / key[:32]
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _uv("venv", "--python", sys.executable, "--clear", str(folder))
            _install(python, folder, pins, framework)
            (folder / "complete").touch()
    return python


def _install(python: Path, folder: Path, pins: list[str], framework: Framework) -> None:
    names = {each.partition("==")[0] for each in pins}
    others = [line for line in PINS.read_text().splitlines() if line.partition("==")[0] not in names]
    constraints, overrides = folder / "constraints.txt", folder / "overrides.txt"
    constraints.write_text("\n".join([*pins, *others]))
    # What the browser goes without, the host goes without too.
    left_out = (*framework.exclude, *LiveConfig().exclude)
    overrides.write_text("\n".join(f"{name}; sys_platform == 'none'" for name in left_out))
    options = ["--constraints", str(constraints), "--overrides", str(overrides), "--python", str(python)]
    _uv("pip", "install", "--quiet", *options, *framework.requirements, *framework.test_requires)


def _uv(*arguments: str) -> None:
    command = [find_uv_bin(), "--no-progress", "--color", "never", "--no-python-downloads", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=FOLDER)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}:\n{done.stderr}")


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _plain_environment() -> dict[str, str]:
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "DJANGO"))
    }
