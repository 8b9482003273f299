"""The documentation that embeds all the apps, one a page: built by the real extension, kept between runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.frameworks.framework import APPS, LOCK, Framework
from tests.projects import clean_environment

CONF = f"""\
project = "Frameworks"
extensions = ["sphinx_asgi_live"]
html_theme = "basic"
asgi_live_paths = [{str(APPS)!r}]
asgi_live_start = "load"
"""
SECONDS = 900
FROZEN = frozenset({"django", "flask", "litestar"})
"""Images take seconds each, and have tests of their own: here are frameworks of other kinds than those have."""


@dataclass(frozen=True, slots=True)
class Built:
    """The folder to serve, and all that Sphinx warned of."""

    folder: Path
    warnings: str

    def problem(self, framework: Framework) -> str:
        """What is wrong with an app: it does not start, or does not answer the path that its page embeds."""
        found = re.split(r"^(?=\S+\.rst:\d+: WARNING: )", self.warnings, flags=re.MULTILINE)
        return "".join(each for each in found if f"app {framework.name!r}" in each)


def build(folder: Path, frameworks: Iterable[Framework], lock: Path | None = LOCK) -> Built:
    """Build below `folder`; without a lock the newest versions are found, and locked in `docs` there."""
    source = folder / "docs"
    source.mkdir(parents=True, exist_ok=True)
    pages = {f"{each.name}.rst": _page(each) for each in frameworks}
    contents = "".join(f"   {name}\n" for name in pages)
    files = {"conf.py": CONF, "index.rst": f"Frameworks\n==========\n\n.. toctree::\n\n{contents}", **pages}
    for stale in source.glob("*.rst"):
        if stale.name not in files:
            stale.unlink()
    for name, text in files.items():
        path = source / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    own = source / LOCK.name
    own.unlink(missing_ok=True)
    if lock and lock.exists():
        shutil.copyfile(lock, own)
    return Built(folder / "html", _sphinx(source, folder))


def _sphinx(source: Path, folder: Path) -> str:
    command = [sys.executable, "-m", "sphinx", "-M", "html", str(source), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True, env=clean_environment())
    return done.stderr


def _page(framework: Framework) -> str:
    options = {
        "name": framework.name,
        "path": framework.path,
        "requirements": ", ".join(framework.requirements),
        "exclude": ", ".join(framework.exclude),
        "snapshot": "app" if framework.name in FROZEN else "off",
    }
    lines = [f"   :{name}: {value}" for name, value in options.items() if value]
    title = framework.title
    return "\n".join([title, "=" * len(title), "", f".. asgi-live:: {framework.target}", *lines, ""])
