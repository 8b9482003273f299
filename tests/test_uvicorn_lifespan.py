"""The lifespans of tiny apps, good and bad, with uvicorn's `LifespanOn` and with ours: the same."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.lifespan.on import LifespanOn

from sphinx_asgi_live.browser.lifespan import Lifespan, LifespanFailed
from sphinx_asgi_live.browser.messages import ASGIApp, Receive, Scope, Send
from tests.uvicorns import PATIENCE


def lifespan_app(*steps: Any) -> ASGIApp:
    """Each step is `receive`, an exception to raise, or the end of a message's type, with a text if it failed."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["steps"] = 0
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if step == "receive":
                await receive()
            else:
                kind, _, text = step.partition(" ")
                await send({"type": kind, "message": text} if text else {"type": kind})
            scope["state"]["steps"] += 1

    return app


UP, DOWN = "lifespan.startup", "lifespan.shutdown"
GOOD = ["receive", f"{UP}.complete", "receive", f"{DOWN}.complete"]
LIFESPANS: dict[str, list[Any]] = {
    "all well": GOOD,
    "unsupported": [AssertionError("http only")],
    "unsupported, after a look": ["receive", ValueError("no")],
    "returns at once": [],
    "returns after a look": ["receive"],
    "returns after its startup": GOOD[:2],
    "failed": ["receive", f"{UP}.failed no database"],
    "failed without a word": ["receive", f"{UP}.failed"],
    "failed and raised": ["receive", f"{UP}.failed no database", ValueError("boom")],
    "crashed while it serves": [*GOOD[:2], ValueError("boom")],
    "crashed in its shutdown": [*GOOD[:3], ValueError("boom")],
    "failed in its shutdown": [*GOOD[:3], f"{DOWN}.failed disk full"],
    "failed in its shutdown and raised": [*GOOD[:3], f"{DOWN}.failed disk full", ValueError("boom")],
    "said nothing in its shutdown": GOOD[:3],
    "complete twice": [*GOOD[:2], f"{UP}.complete"],
    "complete and failed": [*GOOD[:2], f"{UP}.failed"],
    "shut down first": ["receive", f"{DOWN}.complete"],
    "shut down twice": [*GOOD, f"{DOWN}.complete"],
    "nonsense": ["receive", "http.response.start"],
    "nonsense while it serves": [*GOOD[:2], "lifespan.nonsense"],
    "asked to exit": ["receive", SystemExit(3)],
    "interrupted": ["receive", KeyboardInterrupt()],
}


@pytest.mark.parametrize("steps", LIFESPANS.values(), ids=LIFESPANS.keys())
def test_a_lifespan_goes_as_with_uvicorn(steps: list[Any], caplog: pytest.LogCaptureFixture) -> None:
    """Whether the app is served, what it is told, how far it gets, and how the end is."""

    async def theirs() -> tuple[bool, bool, dict[str, Any], list[str]]:
        lifespan = LifespanOn(Config(lifespan_app(*steps), log_config=None, lifespan="auto"))
        with caplog.at_level(logging.INFO, logger="uvicorn.error"):
            await lifespan.startup()
            served = not lifespan.should_exit
            await settled()
            if served:
                await lifespan.shutdown()
        unsupported = any("appears unsupported" in line for line in caplog.messages)
        texts = [record.message for record in caplog.records if record.levelno >= logging.ERROR]
        return served, unsupported, lifespan.state, [text for text in texts if "Exiting" not in text]

    async def ours() -> tuple[bool, bool, dict[str, Any], list[str]]:
        lifespan = Lifespan()
        served, texts = True, []
        try:
            await lifespan.startup(lifespan_app(*steps))
        except LifespanFailed as error:
            served, texts = False, [str(error)]
        await settled()
        try:
            if served:
                await lifespan.shutdown()
        except LifespanFailed as error:
            texts = [str(error)]
        texts = [text for text in texts if "gave no reason" not in text]
        return served, "appears unsupported" in (lifespan.log or ""), lifespan.state, texts

    assert run_through(ours) == run_through(theirs)


def run_through(lifespan: Any) -> Any:
    """Run it in a loop that outlives KeyboardInterrupt and SystemExit of a task, as Pyodide's does."""
    loop = asyncio.new_event_loop()
    task = loop.create_task(asyncio.wait_for(lifespan(), PATIENCE))
    while not task.done():
        try:
            loop.run_until_complete(task)
        except (KeyboardInterrupt, SystemExit):
            continue
    loop.close()
    return task.result()


async def settled() -> None:
    """Let the app come to where it waits."""
    for _ in range(5):
        await asyncio.sleep(0)
