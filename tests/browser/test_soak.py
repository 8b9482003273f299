"""Streams that run for long, in browsers that nobody watches: an open debugger would keep their workers alive.

Each browser is started with pages of the built documentation and told nothing more; the app's page reports each event
to the test's own server. Not part of an ordinary run: `pytest -m soak`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Playwright

from tests.browser import engines, tiny
from tests.projects import Project
from tests.site_server import StaticSite

SECONDS = 130
"""More than four times what an idle worker lives, and twice what Firefox gives one with an open response."""
GAP = 12
"""Seconds in which an event every 4 s must have come, on a machine that does other things too."""
BOOT_SECONDS = 120

APP = '''\
import asyncio
import json
import uuid

INSTANCE = uuid.uuid4().hex
PAGE = """<!doctype html><html lang="en"><title>Soak</title><h1>Soak</h1><script>
// By a page that this worker does not see: a request of this one would keep it alive.
const channel = new BroadcastChannel("soak");
const report = (told) => channel.postMessage({...told, hidden: document.hidden});
if (top !== self && top.location.hash === "#tab") top.location = location.href;
else {
    const events = new EventSource("events");
    events.onmessage = ({data}) => report(JSON.parse(data));
    events.onerror = () => report({broken: 1});
}
</script>"""


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    events = scope["path"].endswith("/events")
    headers = [(b"content-type", b"text/event-stream" if events else b"text/html")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    count = 0
    while events:
        count += 1
        data = json.dumps({"instance": INSTANCE, "count": count})
        await send({"type": "http.response.body", "body": f"data: {data}\\n\\n".encode(), "more_body": True})
        await asyncio.sleep(4)
    await send({"type": "http.response.body", "body": PAGE.encode()})
'''

LISTENER = """new BroadcastChannel("soak").onmessage = ({data}) => fetch("report?" + new URLSearchParams(data))"""

FIREFOX = """\
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.proxy.allow_hijacking_localhost", true);
"""


def chromium(program: str, profile: Path, proxy: str) -> list[str]:
    # Hidden pages get a timer a minute, which otherwise begins after five minutes.
    throttle = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/10"
    quiet = ["--no-first-run", "--no-default-browser-check", "--disable-sync", throttle, "--disable-gpu"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [
        program,
        f"--user-data-dir={profile}",
        f"--proxy-server={proxy}",
        "--proxy-bypass-list=127.0.0.1",
        *quiet,
        *sandbox,
    ]


def firefox(program: str, profile: Path, proxy: str) -> list[str]:
    (profile / "user.js").write_text(FIREFOX)
    return [program, "--no-remote", "--profile", str(profile)]


@contextlib.contextmanager
def unwatched(playwright: Playwright, name: str, screen: str, profile: Path, urls: list[str]) -> Iterator[None]:
    """A browser with a tab for each URL, of which only one can be seen."""
    profile.mkdir()
    program = engines.find(playwright, name).program(playwright)
    command = {"chromium": chromium, "firefox": firefox}[name](program, profile, urls[0])
    environment = {**os.environ, "DISPLAY": screen, "MOZ_CRASHREPORTER_DISABLE": "1"}
    with subprocess.Popen(
        [*command, *urls], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as browser:
        try:
            yield
        finally:
            browser.terminate()


def reports(site: StaticSite) -> list[dict[str, str]]:
    found = site.matching("report")
    return [{name: values[0] for name, values in parse_qs(urlsplit(each.path).query).items()} for each in found]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("soak")
    embed = ".. asgi-live:: soak:app\n   :name: soak\n   :start: load\n"
    listener = f".. raw:: html\n\n   <script>{LISTENER}</script>\n\n"
    title = "Soak\n====\n\n"
    pages = {"index.rst": title + listener + embed, "listen.rst": f":orphan:\n\n{title}{listener}"}
    project = Project(folder / "docs", pages=pages)
    project.write("soak.py", APP)
    return tiny.build(project, folder / "out")


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + BOOT_SECONDS + 60)
@pytest.mark.parametrize("browser_name", engines.DRIVEN_BY_PLAYWRIGHT)
def test_events_go_on_in_tabs_that_are_seen_and_in_hidden_ones(
    playwright: Playwright, screen: str, root: Path, tmp_path: Path, browser_name: str
) -> None:
    with contextlib.ExitStack() as stack:
        sites = [stack.enter_context(StaticSite(root)) for _ in range(3)]
        first, second, third = (site.url for site in sites)
        # Of the third site, one tab leaves the documentation for the app's own page.
        urls = [f"{first}index.html", f"{third}listen.html", f"{second}index.html", f"{third}index.html#tab"]
        stack.enter_context(unwatched(playwright, browser_name, screen, tmp_path / "profile", urls))
        deadline = time.monotonic() + BOOT_SECONDS
        while not all(map(reports, sites)):
            assert time.monotonic() < deadline, [reports(site) for site in sites]
            time.sleep(1)
        seen = [0] * len(sites)
        for _ in range(0, SECONDS, GAP):
            time.sleep(GAP)
            before, seen = seen, [len(reports(site)) for site in sites]
            assert all(now > then for now, then in zip(seen, before, strict=True)), (before, seen)
        for site in sites:
            told = reports(site)
            assert [int(each.get("count", -1)) for each in told] == [*range(1, len(told) + 1)], told
            assert len({each["instance"] for each in told}) == 1
        hidden = [{each["hidden"] for each in reports(site)[2:]} for site in sites]
        assert hidden.count({"false"}) == 1 and hidden.count({"true"}) == 2, hidden
