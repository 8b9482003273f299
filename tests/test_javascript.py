"""The JavaScript that runs outside of browsers too, by Node's own test runner in the node that pip installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.warm import engine


def test_javascript(project: Path) -> None:
    files = sorted((project / "tests" / "js").glob("*.test.js"))
    command = [*engine().command, "--test", "--test-isolation=none", "--test-reporter=spec", *map(str, files)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
    assert len(files) == 15
