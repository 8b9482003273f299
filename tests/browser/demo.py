"""The project's own documentation, built once for all browser tests of a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.browser.engines import PROJECT
from tests.once import once

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
    if problem := once(BUILD, run, _outcome):
        raise DemoFailed(problem)
    return BUILD / "html"


def _outcome() -> str:
    try:
        build_demo(BUILD)
    except (DemoFailed, subprocess.TimeoutExpired) as error:
        return str(error)
    return ""
