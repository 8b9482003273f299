"""How long a docs build takes with apps in it: `python -m tests.bench.docs_build`.

All downloads are there already, nothing else. One FastAPI app: a cold build in less than 30 s, with its source changed
in less than 3 s more than with no change at all. Then 50 small apps with one dependency set: less than 3 times the time
of one, and less than 20 KB more of output for each besides its overlay.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.bench.boot_sites import CASES
from tests.browser.demo import SOURCE
from tests.projects import Build, Project
from tests.warm import cold_cache

APP = """\
from fastapi import FastAPI

app = FastAPI(title="{name}")


@app.get("/")
def index() -> dict[str, str]:
    return {{"app": "{name}"}}
"""


def main() -> None:
    """Print what a build takes in each state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--apps", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asgi-live-") as folder:
        one, output_of_one = states(Path(folder) / "one", 1)
        many, output_of_many = states(Path(folder) / "many", options.apps)
    print(f"{options.apps} apps take {many / one:.2f} times as long as one")  # noqa: T201
    each = (output_of_many - output_of_one) / (options.apps - 1) / 1e3
    print(f"and each adds {each:.1f} KB to the output besides its overlay")  # noqa: T201


def states(folder: Path, apps: int) -> tuple[float, int]:
    """Build cold, with a change and without; return the seconds of the first and the bytes below `asgi-live/`."""
    docs = project(folder / "docs", apps)
    folder.joinpath("cache").mkdir()
    cache = cold_cache(folder / "cache")
    cold, _ = timed(docs, cache)
    docs.write("app0.py", APP.format(name="changed"))
    changed, build = timed(docs, cache)
    unchanged, _ = timed(docs, cache)
    print(f"{apps:3} apps: cold {cold:.1f} s, one changed {changed:.1f} s, no change {unchanged:.1f} s", flush=True)  # noqa: T201
    return cold, sum(len(content) for name, content in build.sites().items() if "/image-" not in name)


def project(folder: Path, apps: int) -> Project:
    """Write a documentation with as many apps, a page each."""
    docs = Project(folder, pages={"index.rst": "Index\n=====\n\n.. toctree::\n   :glob:\n\n   page*\n"})
    docs.configure('asgi_live_check = "request"\nasgi_live_snapshot = "app"')
    requirements = ", ".join(CASES["shop"].spec.requirements or ())
    (folder / "asgi-live.lock.json").write_bytes((SOURCE / "asgi-live.lock.json").read_bytes())
    for number in range(apps):
        docs.write(f"app{number}.py", APP.format(name=f"app{number}"))
        directive = f".. asgi-live:: app{number}:app\n   :requirements: {requirements}\n"
        docs.write(f"page{number}.rst", f"Page {number}\n========\n\n{directive}")
    return docs


def timed(docs: Project, cache: Path) -> tuple[float, Build]:
    """Build with that cache, and return how many seconds it took."""
    began = time.perf_counter()
    build = docs.run("-W", SPHINX_ASGI_LIVE_CACHE=str(cache))
    taken = time.perf_counter() - began
    assert build.code == 0, "\n".join([build.status, *build.warnings])
    return taken, build


if __name__ == "__main__":
    main()
