"""The limits of time, by real signals and a real event loop; the browser's part of them is in `tests/browser`."""

from __future__ import annotations

import asyncio
import signal
import traceback
from collections.abc import Awaitable, Generator, Iterator
from typing import Any

import pytest

from sphinx_asgi_live.browser.asgi import RequestResponseCycle
from sphinx_asgi_live.browser.errorpage import status_of
from sphinx_asgi_live.browser.lifespan import Lifespan
from sphinx_asgi_live.browser.limits import AnswerTimeout, CpuLimitExceeded, limit_cpu, survive, waiting_at
from sphinx_asgi_live.browser.messages import ASGIApp, Receive, Scope, Send
from tests.test_asgi import Reader, make_scope


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


async def runaway(scope: Scope, receive: Receive, send: Send) -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_signal_raises_what_says_which_limit_was_met() -> None:
    limit_cpu(20, 20)
    with pytest.raises(CpuLimitExceeded, match=r"ran for 20 s without .* \(asgi_live_cpu_limit = 20\)"):
        signal.raise_signal(signal.SIGINT)
    limit_cpu(50, 20)
    with pytest.raises(CpuLimitExceeded, match=r"ran for 50 s .* \(the limit for starting, above asgi_live_cpu_limit"):
        signal.raise_signal(signal.SIGINT)


def test_a_request_that_was_interrupted_is_a_503() -> None:
    limit_cpu(20, 20)
    reader, cycle = Reader(), None

    async def main() -> None:
        nonlocal cycle
        cycle = RequestResponseCycle(make_scope(), reader.read, reader)
        await cycle.run_asgi(runaway)

    asyncio.run(main())
    assert (reader.status, reader.ended) == (503, True)
    assert b"CpuLimitExceeded" in reader.body and b"in runaway" in reader.body


def test_the_worst_of_a_group_is_its_status() -> None:
    limit, late, other = CpuLimitExceeded(), AnswerTimeout(), ValueError()
    assert [status_of(error) for error in (other, limit, late)] == [500, 503, 504]
    assert status_of(BaseExceptionGroup("", [other, BaseExceptionGroup("", [limit])])) == 503


def test_a_startup_that_was_interrupted_is_no_app_without_lifespan() -> None:
    limit_cpu(20, 20)
    with pytest.raises(CpuLimitExceeded):
        asyncio.run(Lifespan().startup(runaway))


def given_up(app: ASGIApp) -> tuple[Reader, RequestResponseCycle]:
    """Run the app, and give it up once it waits."""
    reader = Reader()

    async def main() -> RequestResponseCycle:
        cycle = RequestResponseCycle(make_scope(), reader.read, reader)
        task = asyncio.ensure_future(cycle.run_asgi(app))
        while not waits.is_set():
            await asyncio.sleep(0)
        await cycle.time_out(240)
        await asyncio.wait([task])
        return cycle

    waits = asyncio.Event()
    app_waits.append(waits)
    return reader, asyncio.run(main())


app_waits: list[asyncio.Event] = []


async def wait() -> None:
    app_waits[-1].set()
    await asyncio.Event().wait()


def test_a_request_without_an_answer_is_a_504_that_shows_where_the_app_waits() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await wait()
        except asyncio.CancelledError:
            await receive()
            seen.append(await receive())
            raise

    reader, cycle = given_up(app)
    assert (reader.status, reader.ended) == (504, True)
    assert b"AnswerTimeout: The app sent nothing for 240 s" in reader.body
    assert reader.body.index(b"in app") < reader.body.index(b"in wait")
    assert seen == [{"type": "http.disconnect"}]
    assert isinstance(cycle.error, AnswerTimeout)


def test_a_response_that_has_begun_may_take_its_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        app_waits[-1].set()
        await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b"late"})

    reader, cycle = given_up(app)
    assert (reader.status, reader.body, cycle.error) == (200, b"late", None)


def test_where_a_coroutine_waits_is_found_through_generators_too() -> None:
    class Old:
        def __await__(self) -> Generator[Any, Any, Any]:
            yield

    async def inner(old: Awaitable[Any]) -> None:
        await old

    outer = inner(inner(Old()))
    outer.send(None)
    names = [frame.name for frame in traceback.extract_tb(waiting_at(outer))]
    outer.close()
    assert names == ["inner", "inner", "__await__"]
    assert waiting_at(None) is None


def test_the_event_loop_goes_on_after_an_interrupt_and_ends_python_after_an_exit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Loop:
        _keyboard_interrupt_handler: Any
        _system_exit_handler: Any

    codes: list[int] = []
    monkeypatch.setattr("os._exit", codes.append)
    survive(loop := Loop())
    try:
        raise CpuLimitExceeded("too long")
    except CpuLimitExceeded:
        loop._keyboard_interrupt_handler()
    for code in (None, 3, "no reason"):
        loop._system_exit_handler(code)
    assert codes == [0, 3, 1]
    assert capsys.readouterr().err == "Interrupted: too long\nno reason\n"
