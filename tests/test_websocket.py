"""Tiny ASGI apps, and real ones, through `WebSocketCycle`, each with the rule that it tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import Cookie, FastAPI, WebSocketException
from fastapi import WebSocket as FastAPIWebSocket
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.responses import PlainTextResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from sphinx_asgi_live.browser.asgi import ClientDisconnected
from sphinx_asgi_live.browser.messages import ASGIApp, Headers, Message, Receive, Scope, Send
from sphinx_asgi_live.browser.websocket import CLOSE_CODES, ROOM, WebSocketCycle, websocket_scope

ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close"}
DENY: Message = {"type": "websocket.http.response.start", "status": 401, "headers": []}
DENIAL: Message = {"type": "websocket.http.response.body", "body": b"no"}


def text(content: str) -> Message:
    return {"type": "websocket.send", "text": content}


def make_scope(**changes: Any) -> Scope:
    described: dict[str, Any] = {
        "url_path": "/docs/app/echo",
        "query": "",
        "headers": [],
        "subprotocols": [],
        "root_path": "/docs/app",
        "scheme": "https",
        "server": ("docs.example", 443),
        "client": ("127.0.0.1", 0),
        "state": {},
        "mounted": True,
    }
    return websocket_scope(**described | changes)


class Page:
    """The other end: keeps what it is told in `events`, and checks the order of the calls."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.opened = self.over = self.paused = False
        self.headers: Headers = []
        self.told = asyncio.Event()
        self.no_room: asyncio.Event | None = None

    def accept(self, subprotocol: str | None, headers: Headers) -> None:
        assert not self.opened and not self.over
        self.opened, self.headers = True, headers
        self._tell(("accept", subprotocol))

    def reject(self, status: int, headers: Headers) -> None:
        assert not self.opened and not self.over
        self.over, self.headers = True, headers
        self._tell(("reject", status))

    def send(self, data: str | bytes) -> Awaitable[Any] | None:
        assert self.opened and not self.over
        self._tell(data)
        return self.no_room.wait() if self.no_room else None

    def close(self, code: int, reason: str) -> None:
        assert self.opened and not self.over
        self.over = True
        self._tell(("close", code, reason))

    def pause(self) -> None:
        assert not self.paused
        self.paused = True

    def resume(self) -> None:
        assert self.paused
        self.paused = False

    def _tell(self, event: Any) -> None:
        self.events.append(event)
        self.told.set()

    async def hears(self, count: int) -> None:
        """Wait until there are so many events."""
        while len(self.events) < count:
            self.told.clear()
            await self.told.wait()


Script = Callable[[WebSocketCycle, Page], Awaitable[None]]


def serve(app: ASGIApp, script: Script | None = None, **scope: Any) -> tuple[Page, WebSocketCycle]:
    """Run the app while `script` plays the page's part."""

    async def main() -> tuple[Page, WebSocketCycle]:
        page = Page()
        cycle = WebSocketCycle(make_scope(**scope), page)
        running = asyncio.create_task(cycle.run_asgi(app))
        if script:
            await script(cycle, page)
        await running
        return page, cycle

    return asyncio.run(asyncio.wait_for(main(), 10))


def sends(*messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send(ACCEPT)
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


# The scope


def test_the_scope_is_complete() -> None:
    scope = make_scope(url_path="/docs/app/caf%C3%A9", query="q=1", subprotocols=["a", "b"], state={"pool": 7})
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss",
        "server": ("docs.example", 443),
        "client": ("127.0.0.1", 0),
        "root_path": "/docs/app",
        "path": "/docs/app/café",
        "raw_path": b"/docs/app/caf%C3%A9",
        "query_string": b"q=1",
        "headers": [],
        "subprotocols": ["a", "b"],
        "state": {"pool": 7},
        "extensions": {"websocket.http.response": {}},
    }
    assert make_scope(scheme="http")["scheme"] == "ws"
    assert make_scope(mounted=False)["path"] == "/echo"


# Messages both ways


def test_text_and_bytes_come_back_in_order() -> None:
    sent: list[str | bytes] = ["", "äöü", b"", b"\x00\xff", "x" * 100_000]

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        for data in sent:
            cycle.deliver(data)
        await page.hears(1 + len(sent))
        cycle.disconnect(1000)

    page, cycle = serve(echo, script)
    assert page.events == [("accept", None), *sent] and cycle.error is None


def test_a_message_has_either_text_or_bytes() -> None:
    got: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        for _ in range(5):
            got.append(await receive())

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        await page.hears(1)
        cycle.deliver("a")
        cycle.deliver(b"b")
        cycle.disconnect(4000, "enough")

    serve(app, script)
    left = {"type": "websocket.disconnect", "code": 4000, "reason": "enough"}
    assert got == [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "a"},
        {"type": "websocket.receive", "bytes": b"b"},
        left,
        left,  # and so for ever: nobody waits for what never comes
    ]


def test_the_app_chooses_subprotocol_and_headers() -> None:
    accept = {"type": "websocket.accept", "subprotocol": "b", "headers": [(b"Set-Cookie", b"a=1")]}
    page, _ = serve(sends(accept, CLOSE), subprotocols=["a", "b"])
    assert page.events == [("accept", "b"), ("close", 1000, "")] and page.headers == [(b"set-cookie", b"a=1")]


def test_an_app_that_does_not_read_makes_the_page_wait() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        await receive()
        await read.wait()
        for _ in range(3):
            await receive()

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        await page.hears(1)
        seen.append(page.paused)
        cycle.deliver("x" * ROOM)
        seen.append(page.paused)
        cycle.deliver(b"y")
        cycle.deliver(b"y")
        seen.append(page.paused)
        read.set()

    seen: list[bool] = []
    read = asyncio.Event()
    page, _ = serve(app, script)
    assert seen == [False, False, True] and not page.paused


def test_send_waits_for_room() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        for data in "abc":
            await send(text(data))
            sent.append(data)

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        page.no_room = asyncio.Event()
        await page.hears(2)
        await asyncio.sleep(0)
        assert sent == []
        page.no_room.set()

    sent: list[str] = []
    serve(app, script)
    assert sent == ["a", "b", "c"]


def test_a_wait_for_room_ends_when_the_page_goes() -> None:
    async def script(cycle: WebSocketCycle, page: Page) -> None:
        page.no_room = asyncio.Event()
        await page.hears(2)
        cycle.disconnect(1001)
        page.no_room.set()

    page, cycle = serve(sends(ACCEPT, text("a"), text("b")), script)
    assert page.events == [("accept", None), "a"] and cycle.error is None


# The end


@pytest.mark.parametrize(
    ("message", "event"),
    [
        (CLOSE, ("close", 1000, "")),
        ({**CLOSE, "code": 4001, "reason": "so"}, ("close", 4001, "so")),
        ({**CLOSE, "code": 1013, "reason": None}, ("close", 1013, "")),
        ({**CLOSE, "code": None}, ("close", 1005, "")),
        ({**CLOSE, "code": 3000, "reason": "ä" * 61 + "x"}, ("close", 3000, "ä" * 61 + "x")),
    ],
)
def test_the_app_closes(message: Message, event: Any) -> None:
    got: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        await send(message)
        got.append(await receive())

    page, _ = serve(app)
    assert page.events[1:] == [event]
    assert got == [{"type": "websocket.disconnect", "code": event[1], "reason": event[2]}]


def test_the_page_closes_or_goes() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await echo(scope, receive, send)
        with contextlib.suppress(OSError):
            await send(text("too late"))
            raised.append(None)
        await send(CLOSE)

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        await page.hears(1)
        cycle.disconnect(1001)

    raised: list[None] = []
    page, cycle = serve(app, script)
    assert page.events == [("accept", None)] and raised == [] and cycle.error is None


def test_a_page_that_goes_before_the_app_accepts_is_told_nothing() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert [(await receive())["type"] for _ in range(2)] == ["websocket.connect", "websocket.disconnect"]
        await send(ACCEPT)

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        cycle.disconnect(1006)

    page, cycle = serve(app, script)
    assert page.events == [] and cycle.error is None


def test_an_error_of_the_app_closes_with_1011_and_before_it_accepts_it_is_status_500() -> None:
    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        raise ValueError("late")

    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        raise SystemExit("early")

    page, cycle = serve(late)
    assert page.events[1:] == [("close", 1011, "")] and str(cycle.error) == "late"
    page, cycle = serve(early)
    assert page.events == [("reject", 500)] and isinstance(cycle.error, SystemExit)


@pytest.mark.parametrize(
    ("messages", "events", "problem"),
    [
        ([], [("reject", 500)], "ASGI callable returned without completing handshake."),
        ([DENY], [("reject", 500)], "ASGI callable returned without completing handshake."),
        ([CLOSE], [("reject", 403)], None),
        ([DENY, {**DENIAL, "more_body": True}, DENIAL], [("reject", 401)], None),
        ([ACCEPT], [("accept", None), ("close", 1006, "")], None),
        ([ACCEPT, CLOSE], [("accept", None), ("close", 1000, "")], None),
    ],
)
def test_how_an_app_that_returns_ends(messages: list[Message], events: list[Any], problem: str | None) -> None:
    page, cycle = serve(sends(*messages))
    assert page.events == events
    assert (cycle.error and str(cycle.error)) == problem


def test_a_result_is_an_error() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> str:
        await send(ACCEPT)
        return "this"

    page, cycle = serve(app)
    assert str(cycle.error) == "ASGI callable should return None, but returned 'this'."
    assert page.events[1:] == [("close", 1011, "")]


def test_cancelling_the_cycle_closes_the_socket_and_is_passed_on() -> None:
    async def script(cycle: WebSocketCycle, page: Page) -> None:
        await page.hears(1)
        (running,) = asyncio.all_tasks() - {asyncio.current_task(), *waiting()}
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()
        events.extend(page.events)

    def waiting() -> set[asyncio.Task[Any]]:
        return {task for task in asyncio.all_tasks() if "run_asgi" not in repr(task.get_coro())}

    events: list[Any] = []
    with pytest.raises(asyncio.CancelledError):
        serve(echo, script)
    assert events == [("accept", None), ("close", 1011, "")]


# Misuse: the words are compared with uvicorn's own in test_uvicorn_websockets.py


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, "1000"])
def test_codes_that_no_close_frame_carries(code: Any) -> None:
    page, cycle = serve(sends(ACCEPT, {**CLOSE, "code": code}))
    assert str(cycle.error).startswith(f"invalid status code: {code!r} cannot close a WebSocket")
    assert page.events[1:] == [("close", 1011, "")]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ({**CLOSE, "reason": "ä" * 62}, "control frame too long: the reason"),
        ({**CLOSE, "reason": b"no"}, "The reason of 'websocket.close' should be str, not bytes"),
        ({"type": "websocket.send", "text": b"no"}, "The text of 'websocket.send' should be str, not bytes"),
        ({"type": "websocket.send", "bytes": "no"}, "The bytes of 'websocket.send' should be bytes, not str"),
        (text("\ud800"), "'utf-8' codec can't encode character"),
    ],
)
def test_what_is_no_message(message: Message, problem: str) -> None:
    page, cycle = serve(sends(ACCEPT, message))
    assert problem in str(cycle.error)
    assert page.events[1:] == [("close", 1011, "")]


def test_a_subprotocol_is_text() -> None:
    page, cycle = serve(sends({**ACCEPT, "subprotocol": b"chat"}))
    assert isinstance(cycle.error, TypeError) and page.events == [("reject", 500)]


def test_a_message_without_data_is_none() -> None:
    page, _ = serve(sends(ACCEPT, {"type": "websocket.send"}, CLOSE))
    assert page.events == [("accept", None), ("close", 1000, "")]


# Whatever an app sends, and whatever the page does meanwhile

ANY_CODE = st.one_of(st.sampled_from(sorted(CLOSE_CODES)), st.integers(-1, 6000), st.none(), st.text(max_size=3))
ANY_DATA = st.one_of(st.none(), st.text(max_size=5), st.binary(max_size=5), st.integers())
APP_MESSAGES = st.one_of(
    st.builds(lambda protocol: {**ACCEPT, "subprotocol": protocol}, st.one_of(st.none(), st.text(max_size=3))),
    st.builds(lambda a, b: {"type": "websocket.send", "text": a, "bytes": b}, ANY_DATA, ANY_DATA),
    st.builds(lambda code, reason: {**CLOSE, "code": code, "reason": reason}, ANY_CODE, ANY_DATA),
    st.builds(lambda status: {**DENY, "status": status}, st.one_of(st.integers(0, 700), st.none())),
    st.builds(lambda body, more: {**DENIAL, "body": body, "more_body": more}, ANY_DATA, st.booleans()),
    st.builds(
        lambda kind: {"type": kind}, st.sampled_from(["http.response.start", "websocket.what", "receive", "raise"])
    ),
)
PAGE_ACTS = st.one_of(st.text(max_size=5), st.binary(max_size=5), st.integers(1000, 4999))


@settings(max_examples=200, deadline=None)
@given(app_acts=st.lists(APP_MESSAGES, max_size=8), page_acts=st.lists(PAGE_ACTS, max_size=6), careless=st.booleans())
def test_any_order_of_messages_ends_the_socket_once(
    app_acts: list[Message], page_acts: list[str | bytes | int], careless: bool
) -> None:
    """`Page` asserts the invariants of the transport; nothing escapes, and each socket has an end."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for act in app_acts:
            if act["type"] == "receive":
                await receive()
            elif act["type"] == "raise":
                raise ValueError("raised")
            else:
                with contextlib.suppress(*(() if careless else (Exception,))):
                    await send(act)

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        for act in page_acts:
            await asyncio.sleep(0)
            if page.over:
                break
            cycle.disconnect(act) if isinstance(act, int) else cycle.deliver(act)
        cycle.disconnect(1001)

    page, cycle = serve(app, script)
    assert page.over or cycle.disconnected
    assert cycle.left


# Real frameworks


def conversation(app: ASGIApp, *said: str | bytes, events: int, **scope: Any) -> tuple[list[Any], BaseException | None]:
    """Say all that, wait for so many events, leave; return them, and what the app raised."""

    async def script(cycle: WebSocketCycle, page: Page) -> None:
        for data in said:
            cycle.deliver(data)
        await page.hears(events)
        cycle.disconnect(1001)

    page, cycle = serve(app, script, **scope)
    return page.events, cycle.error


def test_starlette_functions_endpoints_and_denials() -> None:
    async def shout(websocket: WebSocket[Any]) -> None:
        await websocket.accept(subprotocol="loud")
        async for said in websocket.iter_text():
            await websocket.send_text(said.upper())

    async def deny(websocket: WebSocket[Any]) -> None:
        await websocket.send_denial_response(PlainTextResponse("not you", 401))

    class Echo(WebSocketEndpoint):
        encoding = "bytes"

        async def on_connect(self, websocket: WebSocket[Any]) -> None:
            await websocket.accept()

        async def on_receive(self, websocket: WebSocket[Any], data: bytes) -> None:
            await websocket.send_bytes(data[::-1])

        async def on_disconnect(self, websocket: WebSocket[Any], close_code: int) -> None:
            left.append(close_code)

    left: list[int] = []
    routes = [WebSocketRoute("/shout", shout), WebSocketRoute("/deny", deny), WebSocketRoute("/echo", Echo)]
    app = Starlette(routes=routes)
    told = conversation(app, "a", "b", events=3, url_path="/docs/app/shout", subprotocols=["loud"])
    assert told == ([("accept", "loud"), "A", "B"], None)
    assert conversation(app, b"ab", events=2) == ([("accept", None), b"ba"], None)
    assert left == [1001]
    assert conversation(app, events=1, url_path="/docs/app/deny") == ([("reject", 401)], None)
    assert conversation(app, events=1, url_path="/docs/app/nowhere") == ([("reject", 403)], None)


def test_fastapi_dependencies_exceptions_and_a_page_that_leaves() -> None:
    app = FastAPI()

    @app.websocket("/items/{item}")
    async def items(websocket: FastAPIWebSocket, item: int, q: str | None = None, session: str = Cookie()) -> None:
        if session != "known":
            raise WebSocketException(code=1008)
        await websocket.accept()
        while True:
            await websocket.send_json([item, q, await websocket.receive_text()])

    path = "/docs/app/items/7"
    known: Headers = [(b"cookie", b"session=known")]
    told = conversation(app, "hi", events=2, url_path=path, query="q=x", headers=known)
    assert told == ([("accept", None), '[7,"x","hi"]'], None)
    unknown: Headers = [(b"cookie", b"session=other")]
    assert conversation(app, events=1, url_path=path, headers=unknown) == ([("reject", 403)], None)
    assert conversation(app, events=1, url_path="/docs/app/items/x") == ([("reject", 403)], None)


def test_an_error_that_only_tells_of_the_end_is_none() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await echo(scope, receive, send)
        try:
            await send(text("too late"))
        except ClientDisconnected as error:
            raise ExceptionGroup("in a task group", [error]) from None

    assert conversation(app, events=1)[1] is None
