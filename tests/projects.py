"""Tiny Sphinx projects in folders of their own, built in this process or by the command line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.testing.util import SphinxTestApp

from sphinx_asgi_live.domain import AsgiLiveDomain

ROOTS = Path(__file__).parent / "roots"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")

APP = '''\
async def app(scope, receive, send):
    """Answers everything with its path."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["path"].encode()})
'''
"""An app without requirements; the same everywhere, so that its check is made once and cached."""

INLINE = "".join(f"   {line}\n" if line else "\n" for line in APP.splitlines())
"""The same, as the body of a directive in reStructuredText."""


@dataclass(frozen=True)
class Build:
    """What one run of Sphinx left behind; warnings are one line each, paths relative to the source folder."""

    outdir: Path
    doctreedir: Path
    warnings: list[str]
    status: str
    code: int

    def html(self, page: str) -> str:
        return (self.outdir / page).read_text("utf-8")

    def sites(self) -> dict[str, bytes]:
        """The files under `asgi-live/`, by their path there."""
        root = self.outdir / "asgi-live"
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class Project:
    """A source folder; `test-…` of tests/roots, or pages given as text."""

    def __init__(self, folder: Path, root: str | None = None, pages: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        shutil.copytree(ROOTS / f"test-{root or 'empty'}", folder)
        for name, text in (pages or {}).items():
            self.write(name, text)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def configure(self, line: str) -> None:
        """Add a line to conf.py."""
        with (self.folder / "conf.py").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    @contextmanager
    def sphinx(self, builder: str = "dummy", **options: Any) -> Iterator[SphinxTestApp]:
        app = SphinxTestApp(builder, srcdir=self.folder, **options)
        try:
            yield app
        finally:
            app.cleanup()

    def build(self, builder: str = "html", **options: Any) -> Build:
        """Build in this process; `options` are those of `SphinxTestApp`."""
        with self.sphinx(builder, **options) as app:
            app.build()
            return Build(
                Path(app.outdir),
                Path(app.doctreedir),
                self.lines(app.warning.getvalue()),
                COLOUR.sub("", app.status.getvalue()),
                app.statuscode,
            )

    def embeds(self, **options: Any) -> dict[str, list[Any]]:
        """Read all, write nothing, and return what the domain holds."""
        with self.sphinx("dummy", **options) as app:
            app.build()
            data: dict[str, list[Any]] = AsgiLiveDomain.of(app.env).data["embeds"]
            return data

    def run(self, *arguments: str, builder: str = "html", out: Path | None = None, **environment: str) -> Build:
        """Build by the command line, in a process of its own."""
        outdir = out or self.folder / "_build" / builder
        doctreedir = self.folder / "_build" / f"doctrees-{outdir.name}"
        command = [sys.executable, "-m", "sphinx", "-b", builder, "-d", str(doctreedir), *arguments]
        done = subprocess.run(
            [*command, str(self.folder), str(outdir)],
            capture_output=True,
            text=True,
            env={**clean_environment(), **environment},
        )
        return Build(outdir, doctreedir, self.lines(done.stderr), done.stdout, done.returncode)

    def lines(self, text: str) -> list[str]:
        """Split Sphinx's log: one item a warning, its further lines joined to it."""
        text = COLOUR.sub("", text).replace(f"{self.folder}/", "")
        found: list[str] = []
        for line in text.splitlines():
            if found and not re.search(r"(?:WARNING|ERROR|CRITICAL|SEVERE): |^WARNING: ", line):
                found[-1] += f"\n{line}"
            elif line.strip():
                found.append(line)
        return found


def clean_environment() -> dict[str, str]:
    """The own environment, in which this checkout is found and no colours are printed."""
    return {**os.environ, "PYTHONPATH": str(ROOTS.parent.parent), "NO_COLOR": "1"}
