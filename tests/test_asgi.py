"""Tiny ASGI apps through `RequestResponseCycle`, each with the rule that it tests."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_asgi_live.browser.asgi import ClientDisconnected, RequestResponseCycle, http_scope
from sphinx_asgi_live.browser.messages import ASGIApp, Headers, Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


def body(content: bytes, more_body: bool = False) -> Message:
    return {"type": "http.response.body", "body": content, "more_body": more_body}


def make_scope(**changes: Any) -> Scope:
    described: dict[str, Any] = {
        "method": "GET",
        "url_path": "/docs/app/",
        "query": "",
        "headers": [],
        "root_path": "/docs/app",
        "scheme": "https",
        "server": ("docs.example", 443),
        "client": ("127.0.0.1", 0),
        "state": {},
        "mounted": True,
    }
    return http_scope(**described | changes)


class Reader:
    """The other end: gives the request's chunks, keeps what it is sent, and checks the order of the calls."""

    def __init__(self, request: Iterable[bytes] = (), gone: bool = False) -> None:
        self.request = iter(request)
        self.chunks_read = 0
        self.gone = gone
        self.status: int | None = None
        self.headers: Headers = []
        self.chunks: list[bytes] = []
        self.ended = False
        self.failed: BaseException | None = None

    async def read(self) -> bytes | None:
        await asyncio.sleep(0)
        chunk = next(self.request, None)
        self.chunks_read += chunk is not None
        return chunk

    def start(self, status: int, headers: Headers) -> None:
        assert self.status is None
        self.status, self.headers = status, headers

    async def write(self, chunk: bytes) -> None:
        assert self.status is not None and not self.over and chunk
        await asyncio.sleep(0)
        if self.gone:
            raise OSError("the stream was cancelled")
        self.chunks.append(chunk)

    def end(self) -> None:
        assert self.status is not None and not self.over
        self.ended = True

    def fail(self, error: BaseException) -> None:
        assert self.status is not None and not self.over
        self.failed = error

    @property
    def over(self) -> bool:
        return self.ended or self.failed is not None

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)


async def cycle_of(app: ASGIApp, reader: Reader, scope: Scope) -> RequestResponseCycle:
    cycle = RequestResponseCycle(scope, reader.read, reader)
    await asyncio.wait_for(cycle.run_asgi(app), 10)
    return cycle


def serve(app: ASGIApp, request: Iterable[bytes] = (), **scope: Any) -> tuple[Reader, BaseException | None]:
    reader = Reader(request)
    cycle = asyncio.run(cycle_of(app, reader, make_scope(**scope)))
    return reader, cycle.error


def sends(*messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


# The scope


def test_path_is_decoded_and_raw_path_is_not() -> None:
    scope = make_scope(url_path="/docs/app/caf%C3%A9%2Fx%20y", query="q=%C3%A9")
    assert scope["path"] == "/docs/app/café/x y"
    assert scope["raw_path"] == b"/docs/app/caf%C3%A9%2Fx%20y"
    assert scope["query_string"] == b"q=%C3%A9"
    assert scope["root_path"] == "/docs/app"


def test_a_mounted_app_gets_a_root_path_that_begins_its_path_when_that_has_escapes() -> None:
    scope = make_scope(url_path="/my%20docs/app/items", root_path="/my%20docs/app")
    assert scope["path"].removeprefix(scope["root_path"]) == "/items"


@pytest.mark.parametrize("url_path", ["/docs/app/", "/docs/app"])
@pytest.mark.parametrize(("mounted", "path"), [(True, "/docs/app/"), (False, "/")])
def test_the_root_itself_is_a_slash(url_path: str, mounted: bool, path: str) -> None:
    scope = make_scope(url_path=url_path, mounted=mounted)
    assert (scope["path"], scope["raw_path"]) == (path, path.encode())


def test_an_app_that_ignores_root_path_gets_paths_without_it() -> None:
    scope = make_scope(url_path="/docs/app/data%2Fx", mounted=False)
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("", "/data/x", b"/data%2Fx")


@pytest.mark.parametrize("mounted", [True, False])
@pytest.mark.parametrize("url_path", ["/api/items", "/docs/apple", "/"])
def test_a_path_outside_the_root_stays_as_it_is(url_path: str, mounted: bool) -> None:
    assert make_scope(url_path=url_path, mounted=mounted)["path"] == url_path


def test_an_app_at_the_origin_has_no_root_path() -> None:
    scope = make_scope(url_path="/items", root_path="")
    assert (scope["root_path"], scope["path"]) == ("", "/items")


def test_scope_is_complete() -> None:
    scope = make_scope(method="post")
    assert scope["type"] == "http"
    assert scope["asgi"]["version"] == "3.0"
    assert scope["http_version"] == "1.1"
    assert scope["method"] == "POST"
    assert scope["scheme"] == "https"
    assert scope["server"] == ("docs.example", 443)
    assert scope["client"] == ("127.0.0.1", 0)


def test_request_headers_are_lower_case_with_duplicates_in_order() -> None:
    headers = [(b"X-B", b"1"), (b"x-a", b"Two"), (b"x-b", b"3")]
    assert make_scope(headers=headers)["headers"] == [(b"x-b", b"1"), (b"x-a", b"Two"), (b"x-b", b"3")]


def test_state_is_a_shallow_copy() -> None:
    pool: list[int] = []
    state: dict[str, Any] = {"pool": pool}
    scope = make_scope(state=state)
    scope["state"]["user"] = "me"
    assert scope["state"]["pool"] is pool
    assert state == {"pool": pool}


# The request's body


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the sizes of the chunks as they came, then the body."""
    sizes, content, more = [], b"", True
    while more:
        message = await receive()
        assert message["type"] == "http.request"
        sizes.append(str(len(message["body"])))
        content += message["body"]
        more = message["more_body"]
    await send(START)
    await send(body(f"{' '.join(sizes)}:".encode() + content))


@pytest.mark.parametrize(
    ("chunks", "answer"),
    [([], b"0:"), ([b"one"], b"3:one"), ([b"one", b"four"], b"3 4:onefour"), ([b"", b"a", b""], b"1:a")],
)
def test_a_body_arrives_whole_and_as_chunked(chunks: list[bytes], answer: bytes) -> None:
    assert serve(echo, chunks, method="POST")[0].body == answer


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_may_have_a_body(method: str) -> None:
    assert serve(echo, [b"x"], method=method)[0].body == b"1:x"


def test_the_body_is_read_only_as_far_as_the_app_asks() -> None:
    read: list[int] = []
    reader = Reader(bytes([n]) for n in range(100))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        read.append(reader.chunks_read)
        for _ in range(3):
            await receive()
            read.append(reader.chunks_read)
        await send(START)
        await send(body(b""))

    asyncio.run(cycle_of(app, reader, make_scope(method="POST")))
    assert read == [0, 2, 3, 4]


def test_a_body_that_is_still_being_made_is_passed_on_at_once() -> None:
    more = asyncio.Event()
    seen: list[Message] = []

    async def read() -> bytes | None:
        if not seen:
            return b"first"
        await more.wait()
        return None

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(await receive())
        more.set()
        seen.append(await receive())
        await sends(START, body(b""))(scope, receive, send)

    scope = make_scope(method="POST", headers=[(b"transfer-encoding", b"chunked")])
    asyncio.run(asyncio.wait_for(RequestResponseCycle(scope, read, Reader()).run_asgi(app), 10))
    assert [(each["body"], each["more_body"]) for each in seen] == [(b"first", True), (b"", False)]


def test_a_cancelled_receive_loses_no_chunk() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        waiting.cancel()
        await echo(scope, receive, send)

    assert serve(app, [b"one", b"two"], method="POST")[0].body == b"3 3:onetwo"


def test_two_receivers_at_once_get_a_chunk_each() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        first, second = await asyncio.gather(receive(), receive())
        await send(START)
        await send(body(b"|".join(sorted([first["body"], second["body"]]))))

    assert serve(app, [b"one", b"two"], method="POST")[0].body == b"one|two"


def test_an_upload_broken_off_is_a_disconnect() -> None:
    async def main() -> Message:
        async def read() -> bytes | None:
            raise OSError("aborted")

        cycle = RequestResponseCycle(make_scope(method="POST"), read, Reader())
        return await cycle.receive()

    assert asyncio.run(main()) == {"type": "http.disconnect"}


def test_after_the_response_receive_says_disconnect() -> None:
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        waiting = asyncio.ensure_future(receive())
        await send(START)
        await send(body(b"done"))
        received.append(await waiting)
        received.append(await receive())

    serve(app)
    assert received == [{"type": "http.disconnect"}] * 2


# The response


def test_response_headers_are_lower_case_with_duplicates_in_order() -> None:
    headers = [(b"Set-Cookie", b"a=1"), [b"X-Thing", b"1"], (b"set-cookie", b"b=2")]
    reader, error = serve(sends({**START, "headers": headers}, body(b"")))
    assert error is None
    assert reader.headers == [(b"set-cookie", b"a=1"), (b"x-thing", b"1"), (b"set-cookie", b"b=2")]


def test_the_response_starts_at_its_start_message() -> None:
    reader = Reader()
    status: list[int | None] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 201})
        status.append(reader.status)
        await send({"type": "http.response.body"})

    asyncio.run(cycle_of(app, reader, make_scope()))
    assert status == [201]
    assert reader.ended


def test_chunks_are_passed_on_as_sent() -> None:
    app = sends(START, body(b"one", True), body(b"", True), body(b"two", True), body(b""))
    reader, _ = serve(app)
    assert reader.chunks == [b"one", b"two"]
    assert reader.ended


@pytest.mark.parametrize("content", [bytearray(b"view"), memoryview(b"view")])
def test_what_is_like_bytes_will_do(content: Any) -> None:
    reader, _ = serve(sends(START, body(content)))
    assert reader.chunks == [b"view"]
    assert type(reader.chunks[0]) is bytes


def test_background_work_does_not_delay_the_end() -> None:
    reader = Reader()
    ended: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(body(b"done"))
        ended.append(reader.ended)
        await asyncio.sleep(0)

    asyncio.run(cycle_of(app, reader, make_scope()))
    assert ended == [True]


def test_send_waits_until_the_reader_has_room() -> None:
    async def main() -> list[str]:
        log: list[str] = []
        room = asyncio.Event()

        class Slow(Reader):
            async def write(self, chunk: bytes) -> None:
                await room.wait()
                await super().write(chunk)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await send(body(b"x", True))
            log.append("sent")
            await send(body(b""))

        task = asyncio.ensure_future(cycle_of(app, Slow(), make_scope()))
        for _ in range(5):
            await asyncio.sleep(0)
        log.append("room")
        room.set()
        await task
        return log

    assert asyncio.run(main()) == ["room", "sent"]


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("HEAD", 204), ("GET", 205)])
def test_a_body_goes_nowhere_where_http_has_none(method: str, status: int) -> None:
    start = {**START, "status": status, "headers": [(b"content-length", b"3")]}
    reader, error = serve(sends(start, body(b"a", True), body(b"bc")), method=method)
    assert (reader.status, reader.chunks, reader.ended, error) == (status, [], True, None)
    assert reader.headers == [(b"content-length", b"3")]


@pytest.mark.parametrize("status", [204, 304])
def test_a_body_where_the_status_has_none_is_told(status: int) -> None:
    reader, error = serve(sends({**START, "status": status}, body(b"a")))
    assert (reader.status, reader.chunks) == (status, [])
    assert str(error) == "Response content longer than Content-Length"


# Misuse, in uvicorn's words

LENGTH_3: Message = {**START, "headers": [(b"Content-Length", b"3")]}


@pytest.mark.parametrize(
    ("messages", "status", "message"),
    [
        ([body(b"x")], 500, "Expected ASGI message 'http.response.start', but got 'http.response.body'."),
        ([START, START], 200, "Expected ASGI message 'http.response.body', but got 'http.response.start'."),
        ([{"type": "nonsense"}], 500, "Expected ASGI message 'http.response.start', but got 'nonsense'."),
        (
            [START, body(b"x"), body(b"y")],
            200,
            "Unexpected ASGI message 'http.response.body' sent, after response already completed.",
        ),
        ([LENGTH_3, body(b"four")], 200, "Response content longer than Content-Length"),
        ([LENGTH_3, body(b"tw", True), body(b"oo")], 200, "Response content longer than Content-Length"),
        ([LENGTH_3, body(b"tw")], 200, "Response content shorter than Content-Length"),
        ([], 500, "ASGI callable returned without starting response."),
        ([START], 200, "ASGI callable returned without completing response."),
        ([START, body(b"x", True)], 200, "ASGI callable returned without completing response."),
        ([{**START, "status": 103}], 500, "Response status should be an integer from 200 to 599, not 103."),
        (
            [{**START, "status": "200"}],
            500,
            "Response status should be an integer from 200 to 599, not '200'.",
        ),
        ([{**START, "headers": [(b"a b", b"")]}], 500, "Invalid HTTP header name: b'a b'."),
        ([{**START, "headers": [(b"", b"")]}], 500, "Invalid HTTP header name: b''."),
        ([{**START, "headers": [(b"a", b"1\r\nb: 2")]}], 500, "Invalid HTTP header value: b'1\\r\\nb: 2'"),
        ([{**START, "headers": [(b"content-length", b"-1")]}], 500, "Invalid HTTP header value: b'-1'"),
        ([{**START, "headers": [("a", b"1")]}], 500, "A header's name should be bytes, not str: 'a'."),
        ([START, {**body(b""), "body": "text"}], 200, "The body of 'http.response.body' should be bytes"),
    ],
)
def test_misuse_is_told(messages: list[Message], status: int, message: str) -> None:
    reader, error = serve(sends(*messages))
    assert reader.status == status
    assert reader.over
    assert str(error).startswith(message)
    if status == 500:
        assert message in reader.body.decode()


def test_a_return_value_is_told() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> str:
        await send(START)
        await send(body(b"fine"))
        return "done"

    reader, error = serve(app)
    assert (reader.body, reader.ended) == (b"fine", True)
    assert str(error) == "ASGI callable should return None, but returned 'done'."


def test_an_error_of_send_can_be_caught_by_the_app() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(RuntimeError):
            await send(body(b"too early"))
        await send(START)
        await send(body(b"fine"))

    reader, error = serve(app)
    assert (reader.status, reader.body, error) == (200, b"fine", None)


# Exceptions


def raises(error: BaseException, *messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sends(*messages)(scope, receive, send)
        raise error

    return app


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_exception_before_the_start_is_a_500_with_the_traceback(kind: type[BaseException]) -> None:
    reader, error = serve(raises(kind("boom")))
    assert isinstance(error, kind)
    assert reader.status == 500
    assert reader.ended
    assert b"boom" in reader.body
    assert b"in app" in reader.body


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_exception_after_the_start_breaks_the_stream(kind: type[BaseException]) -> None:
    reader, error = serve(raises(kind("boom"), START, body(b"some", True)))
    assert isinstance(error, kind)
    assert reader.status == 200
    assert reader.failed is error


def test_an_exception_after_the_end_is_for_the_log_only() -> None:
    reader, error = serve(raises(ValueError("in background"), START, body(b"fine")))
    assert str(error) == "in background"
    assert (reader.body, reader.ended, reader.failed) == (b"fine", True, None)


def test_a_500_page_to_head_has_no_body() -> None:
    reader, _ = serve(raises(ValueError("boom")), method="HEAD")
    assert (reader.status, reader.chunks, reader.ended) == (500, [], True)


BARE_500: list[Message] = [
    {**START, "status": 500, "headers": [(b"content-length", b"21"), (b"content-type", b"text/plain")]},
    body(b"Internal Server Error"),
]


def test_starlettes_bare_500_gives_way_to_the_traceback_that_follows_it() -> None:
    reader, error = serve(raises(ValueError("boom"), *BARE_500))
    assert str(error) == "boom"
    assert reader.status == 500
    assert b"ValueError: boom" in reader.body


def test_a_bare_500_that_no_exception_follows_is_sent() -> None:
    reader, error = serve(sends(*BARE_500))
    assert (reader.status, reader.body, reader.ended, error) == (500, b"Internal Server Error", True, None)


def test_an_apps_own_500_page_stays() -> None:
    start = {**START, "status": 500, "headers": [(b"content-length", b"21")]}
    reader, error = serve(raises(ValueError("boom"), start, body(b"We are awfully sorry!")))
    assert (reader.body, str(error)) == (b"We are awfully sorry!", "boom")


def test_cancelling_the_task_itself_is_passed_on() -> None:
    async def main() -> Reader:
        reader = Reader()

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(START)
            await asyncio.Event().wait()

        cycle = RequestResponseCycle(make_scope(), reader.read, reader)
        task = asyncio.ensure_future(cycle.run_asgi(app))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return reader

    assert isinstance(asyncio.run(main()).failed, asyncio.CancelledError)


# The reader goes


def after_disconnect(
    app: ASGIApp, until: Callable[[Reader], bool] = lambda reader: reader.status is not None, **scope: Any
) -> tuple[Reader, BaseException | None]:
    """Run the app, disconnect as soon as `until` holds, and wait for the app's end."""

    async def main() -> tuple[Reader, BaseException | None]:
        reader = Reader()
        cycle = RequestResponseCycle(make_scope(**scope), reader.read, reader)
        task = asyncio.ensure_future(cycle.run_asgi(app))
        async with asyncio.timeout(10):
            while not until(reader):
                await asyncio.sleep(0)
            cycle.disconnect()
            await task
        return reader, cycle.error

    return asyncio.run(main())


def test_disconnect_wakes_receive() -> None:
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        received.append(await receive())
        received.append(await receive())

    _, error = after_disconnect(app)
    assert received == [{"type": "http.disconnect"}] * 2
    assert error is None


def test_disconnect_wakes_a_receive_that_waits_for_the_body() -> None:
    async def main() -> Message:
        async def never() -> bytes | None:
            await asyncio.Event().wait()
            return None

        cycle = RequestResponseCycle(make_scope(method="POST"), never, Reader())
        waiting = asyncio.ensure_future(cycle.receive())
        await asyncio.sleep(0)
        cycle.disconnect()
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(main()) == {"type": "http.disconnect"}


def test_send_raises_oserror_and_generators_are_closed() -> None:
    closed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            while True:
                await send(body(b"tick", True))
                await asyncio.sleep(0)
        except OSError as error:
            closed.append(type(error).__name__)
            raise

    reader, error = after_disconnect(app, lambda reader: len(reader.chunks) > 2)
    assert closed == ["ClientDisconnected"]
    assert error is None
    assert not reader.over


def test_a_write_without_reader_is_a_disconnect() -> None:
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        try:
            await send(body(b"x", True))
        except OSError:
            received.append(await receive())
            raise

    reader = Reader(gone=True)
    cycle = asyncio.run(cycle_of(app, reader, make_scope()))
    assert cycle.disconnected
    assert cycle.error is None
    assert received == [{"type": "http.disconnect"}]


def test_an_app_that_fails_otherwise_after_a_disconnect_is_for_the_log() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await receive()
        await receive()
        raise ValueError("while it cleaned up")

    reader, error = after_disconnect(app)
    assert str(error) == "while it cleaned up"
    assert not reader.over


class ClientDisconnect(Exception):
    """Starlette's word for it."""


@pytest.mark.parametrize("told", [ClientDisconnect(), ExceptionGroup("", [ClientDisconnect(), ClientDisconnected()])])
def test_what_frameworks_make_of_a_disconnect_is_no_error(told: Exception) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await receive()
        await receive()
        raise told

    assert after_disconnect(app)[1] is None


def test_disconnect_after_the_end_changes_nothing() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(body(b"fine"))
        await asyncio.sleep(0.01)
        await send(body(b"more"))

    reader, error = after_disconnect(app, lambda reader: reader.ended)
    assert str(error).startswith("Unexpected ASGI message 'http.response.body' sent")
    assert reader.body == b"fine"


# Anything goes

SOME_MESSAGES = st.one_of(
    st.builds(
        lambda status, headers: {"type": "http.response.start", "status": status, "headers": headers},
        st.one_of(st.integers(0, 700), st.sampled_from([200, 204, 304, 500]), st.none()),
        st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=6)), max_size=3)
        | st.just([(b"content-length", b"4")]),
    ),
    st.builds(body, st.binary(max_size=4), st.booleans()),
    st.just({"type": "http.response.trailers"}),
    st.just({"type": "http.response.body", "body": None}),
    st.just({}),
)
RECEIVE, STOP, DISCONNECT, RAISE = "receive", "stop", "disconnect", "raise"


@settings(deadline=None, max_examples=300)
@given(
    st.lists(SOME_MESSAGES | st.sampled_from([RECEIVE, RAISE, DISCONNECT]), max_size=8),
    st.lists(st.binary(max_size=3), max_size=3),
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.booleans(),
)
def test_no_order_of_messages_breaks_the_cycle(
    steps: list[Any], request: list[bytes], method: str, catches: bool
) -> None:
    """`Reader` asserts the order of its calls; whatever the app does, the response is over in the end."""

    async def main() -> tuple[Reader, RequestResponseCycle]:
        reader = Reader(request)
        cycle = RequestResponseCycle(make_scope(method=method), reader.read, reader)

        async def do(step: Any, receive: Receive, send: Send) -> None:
            if step == RECEIVE:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(receive(), 0)
            elif step == DISCONNECT:
                cycle.disconnect()
            elif step == RAISE:
                raise SystemExit
            else:
                await send(step)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            for step in steps:
                with contextlib.suppress(*[Exception] * catches):
                    await do(step, receive, send)

        await asyncio.wait_for(cycle.run_asgi(app), 10)
        return reader, cycle

    reader, cycle = asyncio.run(main())
    assert reader.over or cycle.disconnected
    assert reader.status is None or 200 <= reader.status <= 599
    if method == "HEAD" or reader.status in {204, 205, 304}:
        assert reader.chunks == []


@settings(max_examples=150)
@given(
    st.lists(st.lists(SOME_MESSAGES | st.sampled_from([RECEIVE, RAISE, "wait"]), max_size=5), min_size=1, max_size=3),
    st.lists(st.binary(max_size=3) | st.just(OSError("the upload broke off")), max_size=3),
    st.integers(0, 12),
    st.lists(st.integers(0, 4), max_size=4),
)
def test_no_timing_breaks_the_cycle(
    lanes: list[list[Any]], request: list[bytes | OSError], gone_after: int, waits: list[int]
) -> None:
    """Tasks of an app send and receive in each other's way, writes wait for room, and the reader goes at any moment."""

    class Slow(Reader):
        async def read(self) -> bytes | None:
            chunk: Any = await super().read()
            if isinstance(chunk, OSError):
                raise chunk
            return chunk  # type: ignore[no-any-return]

        async def write(self, chunk: bytes) -> None:
            assert self.status is not None and not self.over and chunk
            for _ in range(waits.pop() if waits else 0):
                await asyncio.sleep(0)
            if self.gone:
                raise OSError("the stream was cancelled")
            self.chunks.append(chunk)

    async def main() -> Slow:
        reader = Slow(request)  # type: ignore[arg-type]
        cycle = RequestResponseCycle(make_scope(method="POST"), reader.read, reader)

        async def run(steps: list[Any], receive: Receive, send: Send) -> None:
            for step in steps:
                if step == RECEIVE:
                    await receive()
                elif step == RAISE:
                    raise KeyError("a lane's own")
                elif step == "wait":
                    await asyncio.sleep(0)
                else:
                    await send(step)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.gather(*(run(steps, receive, send) for steps in lanes), return_exceptions=len(lanes) > 2)

        running = asyncio.ensure_future(cycle.run_asgi(app))
        for _ in range(gone_after):
            await asyncio.sleep(0)
        reader.gone = True
        cycle.disconnect()
        await asyncio.wait_for(running, 10)
        return reader

    reader = asyncio.run(main())
    assert reader.status is None or 200 <= reader.status <= 599


@given(st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=4))
def test_no_header_breaks_the_cycle(headers: list[tuple[bytes, bytes]]) -> None:
    """What HTTP cannot carry is told to the app; whatever reaches the page, `Headers` in JavaScript takes."""
    reader, error = serve(sends({**START, "headers": headers}, body(b"fine")))
    assert reader.ended or isinstance(error, RuntimeError)
    for name, value in reader.headers:
        assert re.fullmatch(rb"[!#$%&'*+.^_`|~0-9a-z-]+", name)
        assert not re.search(rb"[\x00\r\n]", value)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=9), max_size=6), st.sampled_from(["POST", "PUT"]))
def test_no_chunking_changes_a_body(chunks: list[bytes], method: str) -> None:
    reader, _ = serve(echo, chunks, method=method)
    sizes, _, content = reader.body.partition(b":")
    assert content == b"".join(chunks)
    assert [int(size) for size in sizes.split()] == ([len(each) for each in chunks if each] or [0])


@settings(deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
def test_no_path_breaks_the_scope(root: str, path: str) -> None:
    from urllib.parse import quote

    encoded = "/" + quote(root, safe="")
    scope = make_scope(url_path=f"{encoded}/{quote(path, safe='')}", root_path=encoded)
    assert scope["path"] == f"/{root}/{path}" or not root
    inner = make_scope(url_path=f"{encoded}/{quote(path, safe='')}", root_path=encoded, mounted=False)
    assert inner["path"] == f"/{path}" or not root


def test_awaitables_that_are_not_coroutines_are_apps_too() -> None:
    class App:
        def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
            self.send = send

        def __await__(self) -> Any:
            return self.answer().__await__()

        async def answer(self) -> None:
            await self.send(START)
            await self.send(body(b"class"))

    app: Callable[..., Awaitable[Any]] = App
    assert serve(app)[0].body == b"class"
