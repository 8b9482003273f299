"""Tiny WSGI apps through `WSGIAdapter` and `RequestResponseCycle`, each with the rule of PEP 3333 that it tests."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sphinx_asgi_live.browser import wsgi
from sphinx_asgi_live.browser.asgi import RequestResponseCycle
from sphinx_asgi_live.browser.lifespan import Lifespan
from sphinx_asgi_live.browser.messages import Message, Scope
from sphinx_asgi_live.browser.wsgi import WSGIAdapter
from tests.test_asgi import Reader, cycle_of, make_scope

TEXT = [("Content-Type", "text/plain")]


class Result:
    """An app's iterable that counts how often it was closed; an exception among the chunks is raised in its turn."""

    def __init__(self, *chunks: Any) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        for chunk in self.chunks:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk

    def close(self) -> None:
        self.closed += 1


def answers(result: Any, status: Any = "200 OK", headers: Any = TEXT) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, headers)
        return result

    return app


def serve(app: Any, request: Iterable[bytes] = (), **scope: Any) -> tuple[Reader, BaseException | None]:
    reader = Reader(request)
    cycle = asyncio.run(cycle_of(WSGIAdapter(app), reader, make_scope(**scope)))
    return reader, cycle.error


def served(app: Any, request: Iterable[bytes] = (), **scope: Any) -> Reader:
    """Serve an app that does nothing wrong, with the standard library's validator on both its sides."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reader, error = serve(validator(app), request, **scope)
    assert error is None
    assert reader.ended
    return reader


def environ_of(request: Iterable[bytes] = (), **scope: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        found.update(environ)
        start_response("200 OK", TEXT)
        return [b""]

    served(app, request, **scope)
    return found


# The environ


def test_environ_is_complete() -> None:
    environ = environ_of([b"ab", b"c"], method="POST", url_path="/docs/app/items", query="q=1&r=%C3%A9")
    expected = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/docs/app",
        "PATH_INFO": "/items",
        "QUERY_STRING": "q=1&r=%C3%A9",
        "CONTENT_LENGTH": "3",
        "SERVER_NAME": "docs.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    assert {name: environ[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("scope", "script_name", "path_info"),
    [
        ({"url_path": "/docs/app"}, "/docs/app", "/"),
        ({"url_path": "/docs/app/a/b/"}, "/docs/app", "/a/b/"),
        ({"url_path": "/docs/app/a", "mounted": False}, "", "/a"),
        ({"url_path": "/docs/apple"}, "/docs/app", "/docs/apple"),
        ({"url_path": "/static/x.css"}, "/docs/app", "/static/x.css"),
        ({"url_path": "/docs/app/caf%C3%A9%2Fx%20y"}, "/docs/app", "/caf\xc3\xa9/x y"),
        ({"url_path": "/docs/app/%E9%FF"}, "/docs/app", "/\xe9\xff"),
        ({"url_path": "/d%C3%BC/app/x", "root_path": "/d%C3%BC/app"}, "/d\xc3\xbc/app", "/x"),
        ({"url_path": "/%61pp/x", "root_path": "/app"}, "/app", "/x"),
    ],
)
def test_the_path_is_split_at_the_root_and_holds_bytes_as_latin_1(
    scope: dict[str, Any], script_name: str, path_info: str
) -> None:
    environ = environ_of(**scope)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == (script_name, path_info)


def test_a_path_without_its_raw_form_or_at_odds_with_it_counts_itself() -> None:
    async def main(**changes: Any) -> str:
        found: list[str] = []

        def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
            found.append(environ["PATH_INFO"])
            start_response("200 OK", TEXT)
            return []

        await cycle_of(WSGIAdapter(app), Reader(), {**make_scope(), "path": "/docs/app/é", **changes})
        return found[0]

    assert asyncio.run(main()) == "/\xc3\xa9"
    assert asyncio.run(main(raw_path=None)) == "/\xc3\xa9"


def test_request_headers() -> None:
    headers = [
        (b"content-type", b"text/plain"),
        (b"x-a", b"1"),
        (b"x-a", b"\xe9"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x_a", b"smuggled"),
    ]
    environ = environ_of(headers=headers)
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert {name: value for name, value in environ.items() if name.startswith("HTTP_")} == {
        "HTTP_X_A": "1,\xe9",
        "HTTP_COOKIE": "a=1; b=2",
    }


def test_the_length_is_that_of_the_body() -> None:
    declared = [(b"content-length", b"0")]
    assert "CONTENT_LENGTH" not in environ_of()
    assert environ_of(method="POST", headers=declared)["CONTENT_LENGTH"] == "0"
    assert environ_of([b"abc"], method="POST", headers=declared)["CONTENT_LENGTH"] == "3"


def test_errors_are_written_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        assert environ["wsgi.errors"] is sys.stderr
        print("oh", file=environ["wsgi.errors"])
        start_response("200 OK", TEXT)
        return []

    assert serve(app)[1] is None
    assert capsys.readouterr().err == "oh\n"


# The request's body


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda body: body.read(2), b"a\n"),
        (lambda body: body.read(), b"a\nbc\nd"),
        (lambda body: body.read(-1) + body.read(1), b"a\nbc\nd"),
        (lambda body: body.readline() + body.readline(2), b"a\nbc"),
        (lambda body: b"|".join(body.readlines()), b"a\n|bc\n|d"),
        (lambda body: b"|".join(body), b"a\n|bc\n|d"),
    ],
)
@pytest.mark.parametrize("in_memory", [2**20, 3])
def test_the_body_is_a_file(
    read: Callable[[Any], bytes], expected: bytes, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wsgi, "IN_MEMORY", in_memory)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT)
        return [read(environ["wsgi.input"])]

    reader, error = serve(app, [b"a\nb", b"c\nd"], method="POST")
    assert (reader.body, error) == (expected, None)


def test_the_body_can_be_read_while_the_response_streams_and_is_closed_after() -> None:
    bodies: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        bodies.append(environ["wsgi.input"])
        start_response("200 OK", TEXT)
        while chunk := environ["wsgi.input"].read(2):
            yield chunk

    reader, _ = serve(app, [b"abc"], method="POST")
    assert reader.chunks == [b"ab", b"c"]
    assert bodies[0].closed


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=40)), st.integers(1, 50))
def test_any_chunking_of_body_and_response_arrives(chunks: list[bytes], in_memory: int) -> None:
    def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT)
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", "0")))
        return [content, *chunks]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wsgi, "IN_MEMORY", in_memory)
        reader = served(echo, chunks, method="POST")
    assert reader.chunks == [chunk for chunk in [b"".join(chunks), *chunks] if chunk]


def test_an_app_is_not_called_for_an_upload_broken_off() -> None:
    async def main() -> tuple[RequestResponseCycle, list[str]]:
        called: list[str] = []
        chunks = iter([b"a", b"b"])

        async def read() -> bytes:
            if chunk := next(chunks, None):
                return chunk
            raise OSError("aborted")

        cycle = RequestResponseCycle(make_scope(method="POST"), read, Reader())

        def app(environ: Any, start_response: Any) -> list[bytes]:
            called.append("app")
            return []

        await cycle.run_asgi(WSGIAdapter(app))
        return cycle, called

    cycle, called = asyncio.run(main())
    assert (cycle.error, cycle.disconnected, called) == (None, True, [])


# The response


def test_a_response() -> None:
    headers = [*TEXT, ("Set-Cookie", "a=1"), ("set-cookie", "b=\xe9")]
    reader = served(answers([b"Hello ", b"", b"World"], "201 Created", headers))
    assert reader.status == 201
    assert reader.headers == [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=\xe9")]
    assert reader.chunks == [b"Hello ", b"World"]


@pytest.mark.parametrize("chunks", [[], [b""], (b"", b"")])
def test_an_empty_response(chunks: Any) -> None:
    reader = served(answers(chunks))
    assert (reader.status, reader.chunks) == (200, [])


def test_head() -> None:
    reader = served(answers([b"abc"], headers=[*TEXT, ("Content-Length", "3")]), method="HEAD")
    assert (reader.headers[-1], reader.chunks) == ((b"content-length", b"3"), [])


def test_no_body_where_http_has_none() -> None:
    assert served(answers([], "304 Not Modified", [])).status == 304


def test_a_class_may_be_the_app() -> None:
    class App:
        def __init__(self, environ: Any, start_response: Any) -> None:
            self.start_response = start_response

        def __iter__(self) -> Iterator[bytes]:
            self.start_response("200 OK", TEXT)
            yield b"from the class of PEP 3333"

    assert served(App).body == b"from the class of PEP 3333"


def test_a_generator_streams_and_leaves_turns_to_others() -> None:
    log: list[str] = []

    class Noting(Reader):
        async def write(self, chunk: bytes) -> None:
            log.append(f"got {chunk.decode()}")

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        for name in ("a", "b"):
            log.append(f"made {name}")
            yield name.encode()

    async def main() -> None:
        reader = Noting()
        task = asyncio.ensure_future(cycle_of(WSGIAdapter(app), reader, make_scope()))
        while "got a" not in log:
            await asyncio.sleep(0)
        log.append("another's turn")
        await task
        assert reader.ended

    asyncio.run(main())
    assert log == ["made a", "got a", "another's turn", "made b", "got b"]


def test_headers_wait_for_the_first_chunk_that_is_not_empty() -> None:
    reader = Reader()
    status: list[int | None] = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        yield b""  # may come before start_response
        start_response("200 OK", TEXT)
        yield b""
        status.append(reader.status)
        yield b"x"
        status.append(reader.status)

    asyncio.run(cycle_of(WSGIAdapter(app), reader, make_scope()))
    assert status == [None, 200]
    assert reader.body == b"x"


def test_what_is_written_goes_ahead_of_what_is_returned() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        write = start_response("200 OK", TEXT)
        write(b"1")
        write(b"")
        yield b"2"
        write(b"3")
        yield b"4"
        write(b"5")

    assert served(app).chunks == [b"1", b"2", b"3", b"4", b"5"]


def test_the_headers_of_the_connection_are_left_out() -> None:
    reader, error = serve(answers([b"x"], headers=[("Connection", "close"), ("Transfer-Encoding", "chunked")]))
    assert (reader.headers, reader.body, error) == ([], b"x", None)


# start_response


def failed() -> Any:
    try:
        raise LookupError("late")
    except LookupError:
        return sys.exc_info()


def test_exc_info_replaces_headers_that_are_not_sent() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [*TEXT, ("X-Old", "1")])
        yield b""
        start_response("500 Oh", TEXT, failed())
        yield b"sorry"

    reader = served(app)
    assert (reader.status, reader.headers, reader.body) == (500, [(b"content-type", b"text/plain")], b"sorry")


def test_exc_info_may_come_with_the_first_call() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("503 Busy", TEXT, failed())
        return [b"later"]

    assert served(app).status == 503


def test_exc_info_is_raised_once_headers_are_sent() -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"x"
        start_response("500 Oh", TEXT, failed())

    reader, error = serve(app)
    assert (reader.status, reader.chunks) == (200, [b"x"])
    assert isinstance(error, LookupError)
    assert reader.failed is error


def test_exc_info_is_raised_once_something_is_written() -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT)(b"x")
        start_response("500 Oh", TEXT, failed())
        return []

    assert isinstance(serve(app)[1], LookupError)


def twice(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", TEXT)
    start_response("200 OK", TEXT)
    return []


def twice_after_headers(environ: Any, start_response: Any) -> Iterator[bytes]:
    start_response("200 OK", TEXT)(b"x")
    start_response("200 OK", TEXT, (None, None, None))
    yield b""


def writes_text(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", TEXT)("text")
    return []


@pytest.mark.parametrize(
    ("app", "kind", "message"),
    [
        (twice, AssertionError, "Headers already set!"),
        (twice_after_headers, AssertionError, "Headers already set!"),
        (lambda *_: [], AssertionError, "The WSGI app did not call start_response() before its response."),
        (lambda *_: [b"x"], AssertionError, "The WSGI app did not call start_response() before its response."),
        (writes_text, TypeError, "The argument of write() should be bytes, not str: 'text'. Encode it first."),
        (answers([], "200"), AssertionError, "Status must be at least 4 characters: '200'"),
        (answers([], "OK 200"), AssertionError, "Status message must begin w/3-digit code: 'OK 200'"),
        (answers([], "²00 OK"), AssertionError, "Status message must begin w/3-digit code: '²00 OK'"),
        (answers([], "200-OK"), AssertionError, "Status message must have a space after code: '200-OK'"),
        (answers([], "100 Continue"), RuntimeError, "Response status should be an integer from 200 to 599, not 100."),
        (answers([], 200), TypeError, "The status should be a str, not int: 200."),
        (answers([], headers={"A": "1"}), TypeError, "Headers should be a list of tuples, not dict: {'A': '1'}."),
        (answers([], headers=["ab"]), TypeError, "A header should be a tuple of name and value, not 'ab'."),
        (answers([], headers=[(b"A", "1")]), TypeError, "A header's name should be a str, not bytes: b'A'."),
        (answers([], headers=[("A", 1)]), TypeError, "The value of the header 'A' should be a str, not int: 1."),
        (answers([], headers=[("A", "€")]), ValueError, "A header can hold latin-1 characters only, not '€'."),
        (answers([], headers=[("A", "1\nB: 2")]), RuntimeError, "Invalid HTTP header value: b'1\\nB: 2' (of 'A')."),
        (answers([], headers=[("A b", "1")]), RuntimeError, "Invalid HTTP header name: b'A b'."),
        (answers(["text"]), TypeError, "A chunk of a WSGI response should be bytes, not str: 'text'. Encode it first."),
        (answers("text"), TypeError, "A WSGI app should return an iterable of bytes, not str: 'text'."),
        (answers(b"bytes"), TypeError, "A WSGI app should return an iterable of bytes, not bytes: b'bytes'."),
        (answers(None), TypeError, "A WSGI app should return an iterable of bytes, not NoneType: None."),
    ],
)
def test_misuse_is_told(app: Any, kind: type[Exception], message: str) -> None:
    reader, error = serve(app)
    assert type(error) is kind
    assert str(error).startswith(message)
    assert reader.status == 500
    assert message in reader.body.decode()


def test_an_async_function_in_disguise_is_told() -> None:
    async def app(environ: Any, start_response: Any) -> list[bytes]:
        return []

    _, error = serve(lambda environ, start_response: app(environ, start_response))
    assert str(error).startswith("A WSGI app should return an iterable of bytes, not coroutine:")


# close


@pytest.mark.parametrize(
    ("chunks", "status", "error_kind"),
    [
        ([b"x"], 200, None),
        ([], 200, None),
        ([LookupError("early")], 500, LookupError),
        ([b"x", LookupError("late")], 200, LookupError),
        ([b"x", SystemExit(1)], 200, SystemExit),
        (["text"], 500, TypeError),
    ],
)
def test_the_result_is_closed_once(chunks: list[Any], status: int, error_kind: type[BaseException] | None) -> None:
    result = Result(*chunks)
    reader, error = serve(answers(result))
    assert result.closed == 1
    assert reader.status == status
    assert error is None if error_kind is None else isinstance(error, error_kind)


def test_what_was_not_started_is_closed_too() -> None:
    result = Result(b"x")
    assert isinstance(serve(lambda *_: result)[1], AssertionError)
    assert result.closed == 1


def test_the_response_ends_before_close_and_an_error_of_close_is_logged() -> None:
    reader = Reader()

    class Slow(Result):
        def close(self) -> None:
            assert reader.ended
            raise LookupError("in close")

    cycle = asyncio.run(cycle_of(WSGIAdapter(answers(Slow(b"x"))), reader, make_scope()))
    assert str(cycle.error) == "in close"
    assert (reader.status, reader.body, reader.failed) == (200, b"x", None)


def test_a_disconnect_closes() -> None:
    result = Result(b"x", b"y")
    reader = Reader(gone=True)
    cycle = asyncio.run(cycle_of(WSGIAdapter(answers(result)), reader, make_scope()))
    assert (result.closed, cycle.disconnected, cycle.error) == (1, True, None)


@pytest.mark.parametrize("chunk", [b"tick", b""])
def test_a_disconnect_ends_an_endless_stream(chunk: bytes) -> None:
    closed: list[bool] = []

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        try:
            yield b"first"
            while True:
                yield chunk
        finally:
            closed.append(True)

    async def main() -> BaseException | None:
        reader = Reader()
        cycle = RequestResponseCycle(make_scope(), reader.read, reader)
        task = asyncio.ensure_future(cycle.run_asgi(WSGIAdapter(app)))
        while not reader.chunks:
            await asyncio.sleep(0)
        cycle.disconnect()
        await asyncio.wait_for(task, 10)
        return cycle.error

    assert asyncio.run(main()) is None
    assert closed == [True]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.one_of(st.binary(max_size=5), st.sampled_from(["text", None, LookupError("oh")])), max_size=6),
    st.sampled_from(["GET", "HEAD"]),
    st.booleans(),
)
def test_whatever_comes_the_result_is_closed_and_the_reader_gets_an_end(
    chunks: list[Any], method: str, gone: bool
) -> None:
    result = Result(*chunks)
    reader = Reader(gone=gone)
    cycle = asyncio.run(cycle_of(WSGIAdapter(answers(result)), reader, make_scope(method=method)))
    assert result.closed == 1
    assert reader.over or cycle.disconnected
    good = all(isinstance(chunk, bytes) for chunk in chunks)
    assert cycle.disconnected or (cycle.error is None) == good


# The other kinds of scope


def test_there_is_no_lifespan_and_no_word_about_it() -> None:
    async def main() -> Lifespan:
        lifespan = Lifespan()
        await lifespan.startup(WSGIAdapter(answers([])))
        await lifespan.shutdown()
        return lifespan

    lifespan = asyncio.run(main())
    assert (lifespan.state, lifespan.log) == ({}, None)


def test_a_websocket_is_turned_away() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing to wait for")

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "websocket"}
    asyncio.run(WSGIAdapter(answers([]))(scope, receive, send))
    assert sent == [{"type": "websocket.close"}]
