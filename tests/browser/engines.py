"""Which browsers there are and how each is started: Playwright's own where they are, or else the system's.

`.ci/browsers.py` sees to it that there is one of each and records the choice; without a record the choice is
made anew.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, BrowserType, Playwright

PROJECT = Path(__file__).resolve().parents[2]
RECORD = PROJECT / "build" / "browsers.json"
DRIVEN_BY_PLAYWRIGHT = ("chromium", "firefox")
NAMES = (*DRIVEN_BY_PLAYWRIGHT, "webkit")
SYSTEM_COMMANDS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome"),
    "firefox": ("firefox-esr", "firefox"),
}
Preferences = dict[str, str | float | bool]
# Firefox connects to loopback addresses directly whatever its proxy is, unless told not to.
FIREFOX_PREFERENCES: Preferences = {"network.proxy.allow_hijacking_localhost": True}


class NoBrowser(Exception):
    """An engine is not on this machine; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One browser: `executable` is `None` for Playwright's own; for WebKit it is WebKitGTK's MiniBrowser."""

    name: str
    executable: str | None = None

    def program(self, playwright: Playwright) -> str:
        """The path of what is started, be it there or not."""
        return self.executable or browser_type(playwright, self.name).executable_path

    def exists(self, playwright: Playwright) -> bool:
        """Whether its program is (still) there; it may lack libraries all the same."""
        return Path(self.program(playwright)).is_file()


def find(playwright: Playwright, name: str) -> Engine:
    """The engine on record, or else the first that is there; `NoBrowser` if none is."""
    for engine in (*recorded(name), *own(name), *system(name)):
        if engine.exists(playwright):
            return engine
    raise NoBrowser(f"no browser with the engine {name!r} is on this machine: run `python .ci/browsers.py`")


def recorded(name: str) -> Iterable[Engine]:
    """What `.ci/browsers.py` chose, if it was run."""
    if RECORD.is_file():
        entries = json.loads(RECORD.read_text())
        yield from (Engine(**entry) for entry in entries if entry["name"] == name)


def record(engines: Iterable[Engine]) -> None:
    """Note the choice for `find`."""
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps([asdict(engine) for engine in engines], indent=2) + "\n")


def own(name: str) -> Iterable[Engine]:
    """Playwright's build of the engine; its WebKit is not the one that readers of any system have."""
    if name in DRIVEN_BY_PLAYWRIGHT:
        yield Engine(name)


def system(name: str) -> Iterable[Engine]:
    """The system's browsers with the engine, the most fitting one first."""
    if name == "webkit":
        if shutil.which("WebKitWebDriver") and (shutil.which("Xvfb") or os.environ.get("DISPLAY")):
            for place in ("lib*/webkit*/MiniBrowser", "lib*/*/webkit*/MiniBrowser"):
                yield from (Engine(name, str(browser)) for browser in sorted(Path("/usr").glob(place)))
        return
    for command in SYSTEM_COMMANDS[name]:
        if executable := shutil.which(command):
            yield Engine(name, executable)


def browser_type(playwright: Playwright, name: str) -> BrowserType:
    """Playwright's driver for the engine."""
    return {"chromium": playwright.chromium, "firefox": playwright.firefox}[name]


def launch(playwright: Playwright, engine: Engine, preferences: Preferences | None = None) -> Browser:
    """Start the browser without a window; raises Playwright's `Error` when it cannot run here.

    `preferences` are Firefox's, as in about:config.
    """
    return browser_type(playwright, engine.name).launch(**_settings(engine, preferences))


def launch_profile(playwright: Playwright, engine: Engine, folder: Path, **options: Any) -> BrowserContext:
    """Start the browser as a reader does, with a profile that is kept in `folder`; closing it ends the browser."""
    kind = browser_type(playwright, engine.name)
    return kind.launch_persistent_context(folder, **_settings(engine), **options)


def _settings(engine: Engine, preferences: Preferences | None = None) -> dict[str, Any]:
    if engine.name == "firefox":
        # An unpatched Firefox is driven by WebDriver BiDi, which is a channel of its own.
        channel = "moz-firefox" if engine.executable else None
        all_preferences = {**FIREFOX_PREFERENCES, **(preferences or {})}
        return {"channel": channel, "executable_path": engine.executable, "firefox_user_prefs": all_preferences}
    # Chromium asks its makers about the forms it sees; with that off, `StaticSite.foreign` is the pages' doing alone.
    quiet = ["--disable-features=AutofillServerCommunication,OptimizationHints,Translate"]
    # It refuses to sandbox when root.
    return {"executable_path": engine.executable, "chromium_sandbox": os.geteuid() != 0, "args": quiet}
