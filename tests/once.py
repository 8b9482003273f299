"""What all processes of a test run share, made by the first one that needs it."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path


def once(folder: Path, run: str, make: Callable[[], str]) -> str:
    """Return what `make` returned to the first process of the test run `run` that came here; the others wait for it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _only_one(folder / "lock"):
        outcome = folder / f"outcome-{run}"
        if not outcome.exists():
            for old in folder.glob("outcome-*"):
                old.unlink()
            outcome.write_text(make())
        return outcome.read_text()


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Wait until no other process is in here; the system lets go of the lock when a process dies."""
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
