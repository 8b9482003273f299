"""The project's own documentation, built once for all browser tests of a run."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.browser.engines import PROJECT

SOURCE = PROJECT / "demo_docs"
BUILD = PROJECT / "build" / "demo"
SECONDS = 540


class DemoFailed(Exception):
    """demo_docs does not build; the message is what sphinx-build printed."""


def build_demo(outdir: Path, *options: str) -> Path:
    """Build demo_docs below `outdir`, warnings being errors, and return the folder to serve."""
    command = [sys.executable, "-m", "sphinx", "-M", "html", str(SOURCE), str(outdir), "-W", *options]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise DemoFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-8000:]}")
    return outdir / "html"


def shared_demo(run: str) -> Path:
    """The folder of the built demo_docs; of all processes of the test run `run`, the first one builds it."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with _only_one(BUILD / "lock"):
        outcome = BUILD / f"outcome-{run}"
        if not outcome.exists():
            for old in BUILD.glob("outcome-*"):
                old.unlink()
            try:
                build_demo(BUILD)
            except (DemoFailed, subprocess.TimeoutExpired) as error:
                outcome.write_text(str(error))
            else:
                outcome.write_text("")
        if problem := outcome.read_text():
            raise DemoFailed(problem)
    return BUILD / "html"


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Wait until no other process is in here; the system lets go of the lock when a process dies."""
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
