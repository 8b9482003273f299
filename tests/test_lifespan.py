"""Tiny apps with every kind of lifespan, good and bad."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sphinx_asgi_live.browser.lifespan import STATE_TRANSITION_ERROR, Lifespan, LifespanFailed
from sphinx_asgi_live.browser.messages import ASGIApp, Message, Receive, Scope, Send


def sends(*kinds: str, log: list[str] | None = None, **extra: str) -> ASGIApp:
    """An app that receives a message and sends one, for each kind."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for kind in kinds:
            message = await receive()
            if log is not None:
                log.append(message["type"])
            await send({"type": kind, **extra})

    return app


def raises(error: BaseException) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    return app


async def started(app: ASGIApp) -> Lifespan:
    lifespan = Lifespan()
    await asyncio.wait_for(lifespan.startup(app), 10)
    return lifespan


async def started_and_shut_down(app: ASGIApp) -> Lifespan:
    lifespan = await started(app)
    await asyncio.wait_for(lifespan.shutdown(), 10)
    return lifespan


def test_startup_and_shutdown() -> None:
    log: list[str] = []
    app = sends("lifespan.startup.complete", "lifespan.shutdown.complete", log=log)
    lifespan = asyncio.run(started_and_shut_down(app))
    assert log == ["lifespan.startup", "lifespan.shutdown"]
    assert lifespan.log is None


def test_state_is_what_the_app_left_there() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (scope["type"], scope["asgi"]["version"]) == ("lifespan", "3.0")
        scope["state"]["pool"] = 7
        await sends("lifespan.startup.complete", "lifespan.shutdown.complete")(scope, receive, send)

    assert asyncio.run(started(app)).state == {"pool": 7}


def test_an_app_is_started_once_however_many_ask() -> None:
    runs: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        runs.append(1)
        await sends("lifespan.startup.complete", "lifespan.shutdown.complete")(scope, receive, send)

    async def main() -> None:
        lifespan = Lifespan()
        await asyncio.gather(lifespan.startup(app), lifespan.startup(app))
        await lifespan.startup(app)

    asyncio.run(main())
    assert runs == [1]


@pytest.mark.parametrize("error", [ValueError("http only"), AssertionError(), SystemExit(3), KeyboardInterrupt()])
def test_an_app_that_rejects_lifespan_is_tolerated(error: BaseException) -> None:
    lifespan = asyncio.run(started_and_shut_down(raises(error)))
    assert lifespan.error is error
    assert (lifespan.log or "").startswith(f"ASGI 'lifespan' protocol appears unsupported ({type(error).__name__}")


def test_an_app_that_returns_at_once_is_tolerated() -> None:
    lifespan = asyncio.run(started_and_shut_down(sends()))
    assert lifespan.log is None


def test_an_app_that_sends_nonsense_is_tolerated() -> None:
    lifespan = asyncio.run(started_and_shut_down(sends("http.response.start")))
    assert str(lifespan.error) == "Unexpected ASGI message 'http.response.start' sent during lifespan."


def test_startup_that_failed_is_told_in_the_apps_words() -> None:
    app = sends("lifespan.startup.failed", message="no database")
    with pytest.raises(LifespanFailed, match=r"^no database$"):
        asyncio.run(started(app))


def test_startup_that_failed_without_words() -> None:
    with pytest.raises(LifespanFailed, match="The app's startup failed; it gave no reason"):
        asyncio.run(started(sends("lifespan.startup.failed")))


def test_startup_that_failed_and_raised_as_starlettes_does() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sends("lifespan.startup.failed", message="Traceback...")(scope, receive, send)
        raise ValueError("boom")

    async def main() -> str | None:
        lifespan = Lifespan()
        for _ in range(2):
            with pytest.raises(LifespanFailed, match="Traceback"):
                await lifespan.startup(app)
        return lifespan.log

    assert asyncio.run(main()) == "Exception in 'lifespan' protocol: ValueError: boom"


def test_shutdown_that_failed_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sends("lifespan.startup.complete")(scope, receive, send)
        await sends("lifespan.shutdown.failed", message="disk full")(scope, receive, send)

    with pytest.raises(LifespanFailed, match=r"^disk full$"):
        asyncio.run(started_and_shut_down(app))


@pytest.mark.parametrize(
    "kinds",
    [
        ("lifespan.startup.complete", "lifespan.startup.complete"),
        ("lifespan.startup.complete", "lifespan.startup.failed"),
        ("lifespan.shutdown.complete",),
        ("lifespan.startup.complete", "lifespan.shutdown.complete", "lifespan.shutdown.complete"),
    ],
)
def test_messages_out_of_turn(kinds: tuple[str, ...]) -> None:
    raised: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            for kind in kinds:
                await send({"type": kind})
        except RuntimeError as error:
            raised.append(str(error))

    asyncio.run(started_and_shut_down(app))
    assert raised == [STATE_TRANSITION_ERROR]


def test_a_startup_that_never_ends_is_the_callers_to_limit() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        lifespan = Lifespan()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(lifespan.startup(app), 0.01)
        await asyncio.wait_for(lifespan.shutdown(), 10)

    asyncio.run(main())


def test_shutdown_without_startup_does_nothing() -> None:
    asyncio.run(Lifespan().shutdown())


def test_what_a_lifespan_leaves_running_goes_on_while_requests_are_served() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        work: asyncio.Queue[Any] = asyncio.Queue()
        scope["state"]["work"] = work

        async def worker() -> None:
            while True:
                answer = await work.get()
                answer.set_result("worked")

        task = asyncio.ensure_future(worker())
        await sends("lifespan.startup.complete", "lifespan.shutdown.complete")(scope, receive, send)
        task.cancel()

    async def main() -> str:
        lifespan = await started(app)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        lifespan.state["work"].put_nowait(answer)
        return await asyncio.wait_for(answer, 10)

    assert asyncio.run(main()) == "worked"


def test_the_app_may_be_any_callable_that_gives_an_awaitable() -> None:
    class App:
        def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            async def run(get: Callable[[], Awaitable[Message]]) -> None:
                await get()
                await send({"type": "lifespan.startup.complete"})

            return run(receive)

    assert asyncio.run(started(App())).log is None
