"""WebKitGTK's MiniBrowser, driven by its WebDriver on a display of its own."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import socket
import subprocess
from collections.abc import Iterator

from selenium.common.exceptions import WebDriverException
from selenium.webdriver import WebKitGTK, WebKitGTKOptions
from selenium.webdriver.webkitgtk.service import Service
from urllib3.exceptions import HTTPError

from tests.browser.engines import Engine
from tests.site_server import StaticSite

START_SECONDS = 30
COMMAND_SECONDS = 8
STARTS = 5
SCRIPT_SECONDS = 60


@contextlib.contextmanager
def display() -> Iterator[str]:
    """The name of an X display without a screen, or of the one there is where Xvfb is missing."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        yield os.environ["DISPLAY"]
        return
    # Xvfb itself picks a free number and tells it once it listens: nothing to guess, nothing to wait for.
    reading, writing = os.pipe()
    # Without -noreset it starts over whenever its last client leaves, and a browser that connects just then dies.
    screen = ["-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(
        [xvfb, "-displayfd", str(writing), *screen], pass_fds=[writing], stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        ready, _, _ = select.select([reading], [], [], START_SECONDS)
        number = os.read(reading, 16).decode().strip() if ready else ""
        if not number:
            raise RuntimeError(f"{xvfb} did not open a display within {START_SECONDS} s: try it by hand")
        yield f":{number}"
    finally:
        os.close(reading)
        server.terminate()
        server.wait()


@contextlib.contextmanager
def session(engine: Engine, screen: str, guard: StaticSite | None = None) -> Iterator[WebKitGTK]:
    """A browser with an empty profile; with `guard` it reaches that site and nothing else."""
    options = WebKitGTKOptions()
    options.binary_location = engine.executable or ""
    options.add_argument("--automation")
    if guard:
        proxy = {"proxyType": "manual", "httpProxy": guard.host, "sslProxy": guard.host}
        options.set_capability("proxy", {**proxy, "noProxy": [guard.host]})
    driver = _start(options, {**os.environ, "DISPLAY": screen, "GDK_BACKEND": "x11"})
    try:
        driver.set_script_timeout(SCRIPT_SECONDS)
        yield driver
    finally:
        driver.quit()


def _start(options: WebKitGTKOptions, environment: dict[str, str]) -> WebKitGTK:
    """Start driver and browser; a start now and then never answers, and is then given up and tried anew."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(COMMAND_SECONDS)
    try:
        for start in range(1, STARTS + 1):
            service = Service(shutil.which("WebKitWebDriver") or "", env=environment)
            try:
                return WebKitGTK(options=options, service=service)
            except (OSError, HTTPError, WebDriverException):
                if start == STARTS:
                    raise
    finally:
        socket.setdefaulttimeout(before)
    raise AssertionError("unreachable")
