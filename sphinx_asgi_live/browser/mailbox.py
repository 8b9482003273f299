"""A queue whose reader goes on at once when something is put: no turn of the event loop, which is dear in a browser.

`asyncio` schedules a task whose future is done; here the task runs on within `put`, unless another task is running.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Generic, TypeVar

T = TypeVar("T")


class _Bell:
    """What a task waits for: as much of a future as a task needs of one, and rung in place.

    https://docs.python.org/3/library/asyncio-extending.html#future-and-task-private-constructors
    """

    __slots__ = ("_asyncio_future_blocking", "callback", "cancelled", "context", "loop", "rung")

    callback: Callable[[_Bell], object]
    context: Context | None

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.cancelled = False
        self.rung = False
        self._asyncio_future_blocking = False

    def __await__(self) -> Generator[_Bell, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.loop

    def add_done_callback(self, fn: Callable[[_Bell], object], *, context: Context | None = None) -> None:
        self.callback, self.context = fn, context

    def result(self) -> None:
        if self.cancelled:
            raise asyncio.CancelledError

    def cancel(self, msg: object = None) -> bool:
        if self.cancelled or self.rung:
            return False
        self.cancelled = True
        self.loop.call_soon(self.callback, self, context=self.context)
        return True

    def ring(self) -> None:
        """Let the task go on: now, or soon if another one is running, since none can run inside of another."""
        self.rung = True
        if self.context is None or asyncio.current_task(self.loop) is not None:
            self.loop.call_soon(self.callback, self, context=self.context)
        else:
            self.context.run(self.callback, self)


class Mailbox(Generic[T]):
    """An unbounded queue; `put` may be called where no task runs, as from JavaScript."""

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._bells: deque[_Bell] = deque()

    def put(self, item: T) -> None:
        """Add an item; if a task waits for one, it runs on before this returns."""
        self._items.append(item)
        self._ring()

    async def get(self) -> T:
        """Take the oldest item, and wait until there is one."""
        while not self._items:
            bell = _Bell(asyncio.get_running_loop())
            self._bells.append(bell)
            try:
                await bell
            except asyncio.CancelledError:
                if self._items:
                    self._ring()  # what this one was woken for is for the next one
                raise
        return self._items.popleft()

    def _ring(self) -> None:
        while self._bells:
            bell = self._bells.popleft()
            if not bell.cancelled:
                bell.ring()
                return
