"""`python -m tests.frameworks` locks what is not locked yet and writes the table; `--upgrade` takes newer versions.

The tests then say whether all still works.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys

from uv import find_uv_bin

from sphinx_asgi_live.packing.lock import Lock
from tests.browser.engines import PROJECT
from tests.frameworks import hosts, site, table
from tests.frameworks.framework import LOCK, frameworks


def main() -> int:
    """Write lock, pins and table; say of which apps the build warns, and return 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.frameworks", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="forget the lock and take the newest versions")
    upgrade = parser.parse_args().upgrade
    folder = PROJECT / "build" / "frameworks"
    built = site.build(folder, frameworks().values(), None if upgrade else LOCK)
    shutil.copyfile(folder / "docs" / LOCK.name, LOCK)
    _pin_test_clients(upgrade)
    table.FILE.write_text(table.render(frameworks().values(), Lock.load(LOCK)), encoding="utf-8")
    sys.stderr.write(built.warnings)
    return bool(built.warnings)


def _pin_test_clients(upgrade: bool) -> None:
    wanted = sorted({name for each in frameworks().values() for name in each.test_requires})
    command = [find_uv_bin(), "pip", "compile", "-", "--universal", "--python-version", "3.11", "--quiet"]
    command += ["--no-header", "--no-annotate", "--output-file", str(hosts.PINS), *(["--upgrade"] if upgrade else [])]
    subprocess.run(command, input="\n".join(wanted), text=True, check=True)


if __name__ == "__main__":
    sys.exit(main())
