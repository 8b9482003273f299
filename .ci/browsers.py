"""Sees to it that the tests have a Chromium, a Firefox and a WebKit; says in one line for each what it did.

For each: Playwright's own where it can be downloaded, otherwise the system's, otherwise Debian's through apt
when root. A browser counts only once it has run. The choice is recorded in build/browsers.json.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser import engines, webkit

APT_PACKAGES = {
    "chromium": ["chromium"],
    "firefox": ["firefox-esr"],
    "webkit": ["webkit2gtk-driver", "xvfb"],
}
REACH_SECONDS = 5
DOWNLOAD_SECONDS = 600
PLAYWRIGHT = [sys.executable, "-m", "playwright"]


def main() -> int:
    """Choose a browser for each engine; 1 if one cannot be had, after trying the others."""
    with sync_playwright() as playwright:
        chosen = [settle(playwright, name) for name in engines.NAMES]
    engines.record(engine for engine in chosen if engine)
    return 0 if all(chosen) else 1


def settle(playwright: Playwright, name: str) -> engines.Engine | None:
    """Go through the ways to get the engine until one of its browsers runs; print what came of it."""
    tried: list[str] = []
    for way, get in WAYS:
        for engine in get(name):
            problem = why_not(playwright, engine)
            if problem is None:
                before = f" ({'; '.join(tried)})" if tried else ""
                print(f"{name}: {way}, {engine.program(playwright)}{before}")
                return engine
            tried.append(f"{way}: {problem}")
    packages = " ".join(APT_PACKAGES[name])
    reasons = "; ".join(tried) or "none is there"
    print(f"{name}: {reasons}. As root on Debian: apt-get install {packages}", file=sys.stderr)
    return None


def downloaded(name: str) -> Iterator[engines.Engine]:
    """Playwright's own browser: as it is, then downloaded, then (root) with the libraries it may lack."""
    yield from engines.own(name)
    if name not in engines.DRIVEN_BY_PLAYWRIGHT or not downloadable(name):
        return
    if run([*PLAYWRIGHT, "install", name], DOWNLOAD_SECONDS):
        yield from engines.own(name)
        if os.geteuid() == 0 and run([*PLAYWRIGHT, "install-deps", name], DOWNLOAD_SECONDS):
            yield from engines.own(name)


def downloadable(name: str) -> bool:
    """Whether a server with Playwright's build answers; `playwright install` may take minutes to give up."""
    plan = subprocess.run([*PLAYWRIGHT, "install", "--dry-run", name], capture_output=True, text=True, check=False)
    return any(answers(url) for url in re.findall(r"https?://\S+", plan.stdout))


@functools.cache
def answers(url: str) -> bool:
    """Whether the URL can be had; a server that is not reached within seconds counts as none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=REACH_SECONDS):
            return True
    except OSError:
        return False


def from_apt(name: str) -> Iterator[engines.Engine]:
    """Debian's browser, installed now; nothing where that is not possible."""
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *APT_PACKAGES[name]]
    if os.geteuid() == 0 and apt_updated() and run(install, DOWNLOAD_SECONDS):
        yield from engines.system(name)


@functools.cache
def apt_updated() -> bool:
    """Whether there is an apt-get with fresh lists of packages."""
    return shutil.which("apt-get") is not None and run(["apt-get", "update", "-qq"], DOWNLOAD_SECONDS)


def run(command: list[str], seconds: int) -> bool:
    """Whether the command succeeded in time; what it printed is shown only if it did not."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(error, error.stdout, sep="\n", file=sys.stderr)
        return False
    return True


def why_not(playwright: Playwright, engine: engines.Engine) -> str | None:
    """Why the browser cannot be used; `None` if it has just shown a page."""
    if not engine.exists(playwright):
        return "not there and not to be downloaded"
    try:
        if engine.name == "webkit":
            with webkit.display() as screen, webkit.session(engine, screen) as driver:
                driver.get("data:text/html,<title>fine</title>")
        else:
            with engines.launch(playwright, engine) as browser:
                browser.new_page().goto("data:text/html,<title>fine</title>")
    except Exception as error:
        return str(error).strip().splitlines()[0]
    return None


WAYS: list[tuple[str, Callable[[str], Iterable[engines.Engine]]]] = [
    ("Playwright's own", downloaded),
    ("the system's", engines.system),
    ("Debian's, installed through apt", from_apt),
]

if __name__ == "__main__":
    sys.exit(main())
