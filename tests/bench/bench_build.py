"""What the extension adds to a docs build that changes nothing: `python -m tests.bench.bench_build`.

Builds one project of pages with and without the extension, in processes of their own as an author does; without it the
directives are literal blocks. Prints medians and spread in seconds, then the ratio and the difference, which is to stay
below 0.3 s.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.projects import APP, Build, Project

TEXT = "Some words of documentation that fill a line of the page.\n" * 20


def main() -> None:
    """Measure in turns, so that what else the machine does falls on both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--pages", type=int, default=30)
    parser.add_argument("--apps", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        plain = project(Path(folder) / "plain" / "docs", options.pages, options.apps, live=False)
        live = project(Path(folder) / "live" / "docs", options.pages, options.apps, live=True)
        for docs, name in ((plain, "plain"), (live, "live")):
            print(f"{name:6} first build {timed(docs)[0]:.2f} s", flush=True)  # noqa: T201
        without, with_it = [], []
        for _ in range(options.runs):
            without.append(timed(plain)[0])
            seconds, build = timed(live)
            assert "packing" not in build.status
            with_it.append(seconds)
    for name, figures in (("plain", without), ("live", with_it)):
        print(f"{name:6} no change   {spread(figures)}")  # noqa: T201
    difference = statistics.median(with_it) - statistics.median(without)
    print(f"ratio {statistics.median(with_it) / statistics.median(without):.2f}, difference {difference:.2f} s")  # noqa: T201


def project(folder: Path, pages: int, apps: int, *, live: bool) -> Project:
    """Write a project whose pages embed the apps in turn."""
    docs = Project(folder, pages={"index.rst": "Index\n=====\n\n.. toctree::\n   :glob:\n\n   page*\n"})
    for number in range(apps):
        docs.write(f"app{number}.py", APP)
    for number in range(pages):
        line = f".. asgi-live:: app{number % apps}:app\n" if live else f"::\n\n   app{number % apps}:app\n"
        docs.write(f"page{number}.rst", f"Page {number}\n========\n\n{TEXT}\n{line}")
    if not live:
        docs.configure("extensions.remove('sphinx_asgi_live')")
    return docs


def timed(docs: Project) -> tuple[float, Build]:
    """Build, and return how many seconds it took."""
    began = time.perf_counter()
    build = docs.run()
    assert (build.code, build.warnings) == (0, [])
    return time.perf_counter() - began, build


def spread(figures: list[float]) -> str:
    """Return median and range."""
    return f"{statistics.median(figures):.2f} s ({min(figures):.2f} to {max(figures):.2f})"


if __name__ == "__main__":
    main()
