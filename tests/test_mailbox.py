"""The queue whose reader goes on in place: order, several readers, cancellation, and no loss."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sphinx_asgi_live.browser.mailbox import Mailbox

name: ContextVar[str] = ContextVar("name")


def in_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def run() -> None:
        asyncio.run(asyncio.wait_for(test(), 10))

    return run


def outside(action: Callable[[], object]) -> Coroutine[Any, Any, None]:
    """Call it where no task runs, as JavaScript does, and wait until that is done."""
    done = asyncio.get_running_loop().create_future()

    def call() -> None:
        action()
        done.set_result(None)

    asyncio.get_running_loop().call_soon(call)

    async def wait() -> None:
        await done

    return wait()


async def collect(box: Mailbox[int], got: list[int]) -> None:
    while True:
        got.append(await box.get())


@in_a_loop
async def test_the_reader_runs_on_within_put() -> None:
    box, got = Mailbox[int](), list[int]()
    reader = asyncio.create_task(collect(box, got))
    await asyncio.sleep(0)
    seen = list[list[int]]()

    def put_two() -> None:
        for item in (1, 2):
            box.put(item)
            seen.append([*got])

    await outside(put_two)
    assert seen == [[1], [1, 2]]
    reader.cancel()


@in_a_loop
async def test_another_running_task_is_not_interrupted() -> None:
    box, got = Mailbox[int](), list[int]()
    reader = asyncio.create_task(collect(box, got))
    await asyncio.sleep(0)
    box.put(1)
    assert got == []
    await asyncio.sleep(0)
    assert got == [1]
    reader.cancel()


@in_a_loop
async def test_the_reader_goes_on_in_its_own_context() -> None:
    box, seen = Mailbox[int](), list[str]()

    async def reader() -> None:
        name.set("reader")
        await box.get()
        seen.append(name.get())

    task = asyncio.create_task(reader())
    await asyncio.sleep(0)
    name.set("test")
    await outside(lambda: box.put(1))
    await task
    assert seen == ["reader"] and name.get() == "test"


@in_a_loop
async def test_a_reader_that_is_cancelled_takes_nothing_along() -> None:
    box, got = Mailbox[int](), list[int]()
    first, second = (asyncio.create_task(collect(box, got)) for _ in range(2))
    await asyncio.sleep(0)
    box.put(1)  # wakes the first, which is cancelled before it runs
    first.cancel()
    await asyncio.wait([first])
    await asyncio.sleep(0)
    assert first.cancelled() and got == [1]
    second.cancel()
    await asyncio.wait([second])
    box.put(2)
    assert second.cancelled() and await box.get() == 2


@in_a_loop
async def test_a_wait_may_time_out_and_be_repeated() -> None:
    box = Mailbox[int]()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(box.get(), 0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await box.get()
    box.put(7)
    assert await box.get() == 7


STEPS = st.lists(st.sampled_from(["put", "put outside", "read", "cancel", "turn"]), max_size=30)


@given(steps=STEPS)
def test_whatever_happens_everything_arrives_once_and_in_order(steps: list[str]) -> None:
    async def run() -> None:
        box, got, sent = Mailbox[int](), list[int](), 0
        readers = list[asyncio.Task[None]]()
        for step in steps:
            if step.startswith("put"):
                await outside(lambda: box.put(sent)) if step.endswith("outside") else box.put(sent)  # noqa: B023
                sent += 1
            elif step == "read":
                readers.append(asyncio.create_task(collect(box, got)))
            elif step == "cancel" and readers:
                readers.pop(0).cancel()
            else:
                await asyncio.sleep(0)
        readers.append(asyncio.create_task(collect(box, got)))
        while len(got) < sent:
            await asyncio.sleep(0)
        assert got == list(range(sent))
        for reader in readers:
            reader.cancel()

    asyncio.run(asyncio.wait_for(run(), 10))
