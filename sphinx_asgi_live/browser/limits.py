"""What ends code that takes too long: exceptions that say which limit it met, and how to have them raised."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any


class CpuLimitExceeded(KeyboardInterrupt):
    """Raised in the middle of code that has run too long without letting the event loop go on.

    No `except Exception` stops it. asyncio passes it on to whoever runs the event loop, which has to catch it.
    """


class AnswerTimeout(Exception):
    """A request has had no response for too long."""


def limit_cpu(seconds: float, configured: float) -> None:
    """Have SIGINT raise `CpuLimitExceeded`, which tells of `seconds` and of the `configured` asgi_live_cpu_limit."""
    whose = "asgi_live_cpu_limit" if seconds == configured else "the limit for starting, above asgi_live_cpu_limit"

    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        raise CpuLimitExceeded(
            f"Python ran for {seconds:g} s without a pause, and nothing else of the app could run meanwhile "
            f"({whose} = {configured:g}). Let the code await now and then, or do less at a time."
        )

    signal.signal(signal.SIGINT, interrupt)


def survive(loop: Any) -> None:
    """Have Pyodide's event loop go on after an interrupt that nobody caught; SystemExit ends Python, as on a server.

    https://github.com/pyodide/pyodide/blob/main/src/py/pyodide/webloop.py, `WebLoop.call_later`
    """

    def interrupted() -> None:
        # Whoever awaits the task is told too; of one that nobody awaits, this is all that is ever seen.
        print(f"Interrupted: {sys.exception()}", file=sys.stderr)  # noqa: T201  (the browser's console)

    def left(code: object) -> None:
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)  # noqa: T201  (the browser's console)
        os._exit(code if isinstance(code, int) else int(code is not None))

    loop._keyboard_interrupt_handler = interrupted
    loop._system_exit_handler = left


def waiting_at(awaitable: Any) -> TracebackType | None:
    """Return a traceback of the frames in which a suspended coroutine waits, the innermost last."""
    found = None
    for frame in reversed([*_frames(awaitable)]):
        found = TracebackType(found, frame, frame.f_lasti, frame.f_lineno)
    return found


def _frames(awaitable: Any) -> Iterator[FrameType]:
    while True:
        for frame, inner in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom")):
            if getattr(awaitable, frame, None):
                yield getattr(awaitable, frame)
                awaitable = getattr(awaitable, inner)
                break
        else:
            return
