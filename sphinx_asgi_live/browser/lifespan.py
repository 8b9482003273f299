"""The app's startup and shutdown, once each, as `uvicorn --lifespan auto`: an app may well have neither."""

from __future__ import annotations

import asyncio
from typing import Any

from sphinx_asgi_live.browser.limits import CpuLimitExceeded
from sphinx_asgi_live.browser.messages import ASGIApp, Message, Scope

STATE_TRANSITION_ERROR = "Got invalid state transition on lifespan protocol."


class LifespanFailed(Exception):
    """The app said that its startup or shutdown failed; the message is the app's own, often a traceback."""


class Lifespan:
    """One run of an app's lifespan protocol.

    `state` is what the app leaves there for its requests. `error` is what the app raised, if it did: before
    its startup is complete that only means that it has no lifespan, unless it sent `lifespan.startup.failed`.
    """

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.error: BaseException | None = None
        self.startup_failed: str | None = None
        self.shutdown_failed: str | None = None
        self.startup_event = asyncio.Event()
        self.shutdown_event = asyncio.Event()
        self.receive_queue: asyncio.Queue[Message] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    @property
    def log(self) -> str | None:
        """One line for the log if the app raised, None if it did not."""
        if self.error is None:
            return None
        what = f"{type(self.error).__name__}: {self.error}".rstrip(": ")
        if self.startup_failed is not None or self.shutdown_failed is not None:
            return f"Exception in 'lifespan' protocol: {what}"
        return f"ASGI 'lifespan' protocol appears unsupported ({what})."

    async def startup(self, app: ASGIApp) -> None:
        """Start the app and return once it may serve; further calls wait for the first.

        Raises LifespanFailed with the app's message if it says so, CpuLimitExceeded if it had to be interrupted.
        An app that never answers is waited for: the time limit is the caller's.
        """
        if self.task is None:
            self.receive_queue.put_nowait({"type": "lifespan.startup"})
            self.task = asyncio.ensure_future(self._main(app))
        await self.startup_event.wait()
        if self.startup_failed is not None:
            raise LifespanFailed(self.startup_failed or "The app's startup failed; it gave no reason.")
        if isinstance(self.error, CpuLimitExceeded):
            raise self.error

    async def shutdown(self) -> None:
        """Let the app clean up; does nothing for one that was not started or has no lifespan.

        Raises LifespanFailed with the app's message if it says so.
        """
        if self.task is None or self.task.done() or not self.startup_event.is_set():
            return
        self.receive_queue.put_nowait({"type": "lifespan.shutdown"})
        await self.shutdown_event.wait()
        if self.shutdown_failed is not None:
            raise LifespanFailed(self.shutdown_failed or "The app's shutdown failed; it gave no reason.")

    async def _main(self, app: ASGIApp) -> None:
        scope: Scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        try:
            await app(scope, self.receive_queue.get, self._send)
        except BaseException as error:  # KeyboardInterrupt and SystemExit would end the event loop
            self.error = error
            if isinstance(error, GeneratorExit):
                raise
        finally:
            self.startup_event.set()
            self.shutdown_event.set()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        phase, _, outcome = kind.removeprefix("lifespan.").partition(".")
        if not kind.startswith("lifespan.") or (phase, outcome) not in {
            ("startup", "complete"),
            ("startup", "failed"),
            ("shutdown", "complete"),
            ("shutdown", "failed"),
        }:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent during lifespan.")
        if self.startup_event.is_set() != (phase == "shutdown") or self.shutdown_event.is_set():
            raise RuntimeError(STATE_TRANSITION_ERROR)
        failure = str(message.get("message", "")) if outcome == "failed" else None
        if phase == "startup":
            self.startup_failed = failure
            self.startup_event.set()
        else:
            self.shutdown_failed = failure
            self.shutdown_event.set()
