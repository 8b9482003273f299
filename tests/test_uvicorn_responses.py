"""The same tiny apps behind uvicorn, on a loopback port, and behind our cycle: what differs is listed with its reason.

uvicorn has two implementations of HTTP that are not of one mind about misuse; being like either of them will do.
Wherever uvicorn answers with three words for the public, we answer with the error for the app's author, and a
message that begins with uvicorn's words may go on with the value at fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import pytest

from sphinx_asgi_live.browser.asgi import RequestResponseCycle
from sphinx_asgi_live.browser.messages import ASGIApp, Message, Receive, Scope, Send
from tests.test_asgi import LENGTH_3, START, Reader, body, echo, make_scope, sends
from tests.uvicorns import (
    IMPLEMENTATIONS,
    OF_THE_CONNECTION,
    PATIENCE,
    Outcome,
    log_of,
    observed,
    read_answer,
    talk,
)

THREE_WORDS = b"Internal Server Error"
OUR_PAGE = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]


@dataclass(frozen=True)
class Case:
    """An app; if we differ from uvicorn, why, and how our outcome is in the fields that do."""

    name: str
    app: ASGIApp
    method: str = "GET"
    request: Sequence[bytes] = ()
    why: str = ""
    ours: Mapping[str, Any] = field(default_factory=dict)


def start(status: Any = 200, *headers: Any) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def fails(error: BaseException, *messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sends(*messages)(scope, receive, send)
        raise error

    return app


def returns(value: Any, *messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> Any:
        await sends(*messages)(scope, receive, send)
        return value

    return app


async def catches(scope: Scope, receive: Receive, send: Send) -> None:
    for message in (body(b"early"), START, START, body(b"fine"), body(b"late"), {"type": "http.response.trailers"}):
        try:
            await send(message)
        except RuntimeError:
            continue


async def listens(scope: Scope, receive: Receive, send: Send) -> None:
    first = await receive()
    await send(START)
    waiting = asyncio.ensure_future(receive())
    await send(body(repr(first).encode()))
    assert [await waiting, await receive()] == [{"type": "http.disconnect"}] * 2


async def lists_extensions(scope: Scope, receive: Receive, send: Send) -> None:
    await sends(START, body(repr(scope.get("extensions", "none")).encode()))(scope, receive, send)


HANGS_UP = "uvicorn takes the response for begun and hangs up; we tell the author"
NO_BODY = "no browser takes a body with this status"
PAGE = {"status": 500, "whole": True, "body": THREE_WORDS}
TEXT = (b"content-type", b"text/plain")
CHUNKED = [(b"transfer-encoding", b"chunked")]


def told(message: str, kind: str = "RuntimeError") -> dict[str, Any]:
    """The words in which we tell of misuse, which the app may catch."""
    return {"raised": [f"{kind}: {message}"], "log": message}


def bad_status(status: Any) -> dict[str, Any]:
    return told(f"Response status should be an integer from 200 to 599, not {status!r}.")


def refused(header: Any, reason: str = HANGS_UP, **ours: Any) -> Case:
    return Case(f"header {header!r}", sends(start(200, header), body(b"")), why=reason, ours={**PAGE, **ours})


CASES = [
    Case("the least", sends({"type": "http.response.start", "status": 200}, {"type": "http.response.body"})),
    Case("a rare status", sends(start(418), body(b"tea"))),
    Case("headers", sends(start(201, (b"X-B", b"1"), [b"set-cookie", b"a"], (b"Set-Cookie", b"b")), body(b"x"))),
    Case("values beyond ASCII", sends(start(200, (b"x-name", b"\xe9"), (b"x-tab", b"a\tb")), body(b""))),
    Case("chunks", sends(START, body(b"one", True), body(b"", True), body(b"two", True), body(b""))),
    Case("more_body by its truth", sends(START, {**body(b"1"), "more_body": 1}, {**body(b"2"), "more_body": None})),
    Case("bytearray", sends(START, {**body(b""), "body": bytearray(b"like bytes")})),
    Case("None as a body", sends(START, {**body(b""), "body": None})),
    Case("no body to receive", listens),
    Case("a request's body", echo, "POST", [b"whole"]),
    Case("no extensions", lists_extensions),
    # Lengths
    Case("a right length", sends(LENGTH_3, body(b"t", True), body(b"oo"))),
    Case("too long", sends(LENGTH_3, body(b"four"))),
    Case("too long in chunks", sends(LENGTH_3, body(b"tw", True), body(b"oo"))),
    Case("too short", sends(LENGTH_3, body(b"tw"))),
    Case("too short in chunks", sends(LENGTH_3, body(b"t", True), body(b""))),
    Case("chunked", sends(start(200, (b"Transfer-Encoding", b"Chunked")), body(b"x"))),
    Case("a length, and chunked", sends(start(200, (b"content-length", b"9"), *CHUNKED), body(b"x"))),
    Case(
        "two lengths",
        sends(start(200, (b"content-length", b"1"), (b"content-length", b"2")), body(b"x")),
        why="no client takes uvicorn's answer, if it gives one",
        ours=PAGE | told("Invalid HTTP header value: b'2' (of a second 'content-length', after b'1')."),
    ),
    refused((b"content-length", b"x"), **told("Invalid HTTP header value: b'x' (of 'content-length').")),
    refused((b"content-length", b"-1"), **told("Invalid HTTP header value: b'-1' (of 'content-length').")),
    # Where there is no body
    *(
        Case(f"{method} {status}", sends(start(status, TEXT), body(b"")), method)
        for method, status in [("GET", 204), ("GET", 304), ("HEAD", 200), ("HEAD", 304), ("HEAD", 404), ("POST", 204)]
    ),
    Case("HEAD with a body", sends(START, body(b"a", True), body(b"b")), "HEAD"),
    Case("HEAD with a length", sends(LENGTH_3, body(b"")), "HEAD"),
    Case("HEAD with a length and a body", sends(LENGTH_3, body(b"two")), "HEAD"),
    Case("HEAD that fails", fails(ValueError("boom")), "HEAD"),
    Case("204 with a body", sends(start(204), body(b"x"))),
    Case("304 with a body", sends(start(304), body(b"x"))),
    Case("304 with the length of another", sends(start(304, (b"content-length", b"3")), body(b""))),
    Case("205", sends(start(205), body(b""))),
    Case("205 with a body", sends(start(205), body(b"x")), why=NO_BODY, ours={"body": b""}),
    # Out of turn
    Case("nothing", sends()),
    Case("a body first", sends(body(b"x"))),
    Case("a double start", sends(START, START)),
    Case("a start and no more", sends(START)),
    Case("no end", sends(START, body(b"x", True))),
    Case("a body after the end", sends(START, body(b"x"), body(b"y"))),
    Case("a start after the end", sends(START, body(b"x"), START)),
    Case("misuse that is caught", catches),
    *(
        Case(f"{kind} that nobody offered", sends(START, {"type": kind, "headers": [], "path": "/", "body": b""}))
        for kind in ("http.response.trailers", "http.response.pathsend", "http.response.push", "http.response.debug")
    ),
    Case("a push before the start", sends({"type": "http.response.push", "path": "/", "headers": []})),
    Case("a message of another protocol", sends({"type": "websocket.accept"})),
    # Malformed
    Case("no type", sends({})),
    Case("no type later", sends(START, {"body": b""})),
    Case("no status", sends({"type": "http.response.start"}), why=HANGS_UP, ours=PAGE),
    *(
        Case(f"status {status!r}", sends(start(status), body(b"")), why=HANGS_UP, ours=PAGE | bad_status(status))
        for status in ("200", None, 600, 99, 0, -1, 1e400)
    ),
    *(
        Case(f"status {status}", sends(start(status), body(b"")), why=NO_BODY, ours=PAGE | bad_status(status))
        for status in (100, 101, 103)
    ),
    refused((b"a b", b"")),
    refused((b"a:", b"")),
    refused((b"a\n", b"")),
    refused((b"", b"x"), **told("Invalid HTTP header name: b''.")),
    refused((b"\xe9", b"x"), **told("Invalid HTTP header name: b'\\xe9'.")),
    refused((b"a", b"1\r\nb: 2")),
    refused((b"a", b"\x00")),
    refused((b"a", b"\x7f"), "h11 takes it, httptools hangs up"),
    *(
        refused(
            header,
            "h11 takes text, httptools hangs up",
            **told(f"A header's {part} should be bytes, not str: {text!r}. Encode it first.", "TypeError"),
        )
        for header, part, text in [(("a", b""), "name", "a"), ((b"a", "b"), "value", "b")]
    ),
    *(
        refused(
            (b"a", value),
            **told(f"A header's value should be bytes, not {kind}: {value}. Encode it first.", "TypeError"),
        )
        for value, kind in [(1, "int"), (None, "NoneType")]
    ),
    refused((b"alone",)),
    refused(None),
    Case("no headers", sends({**START, "headers": None}), why=HANGS_UP, ours=PAGE),
    Case(
        "text as a body",
        sends(START, {**body(b""), "body": "text"}),
        why="uvicorn leaves it to Python's words",
        ours=told("The body of 'http.response.body' should be bytes, not str: 'text'. Encode it first.", "TypeError"),
    ),
    # What the app returns and raises
    Case("a value", returns("done", START, body(b"fine"))),
    Case("a value and no end", returns(0, START, body(b"fine", True))),
    Case("a value and no start", returns("done"), why="uvicorn hangs up without an answer", ours=PAGE),
    *(
        Case(f"{kind.__name__} {when}", fails(kind("boom"), *messages))
        for kind in (ValueError, asyncio.CancelledError)
        for when, messages in {
            "before the start": [],
            "after the start": [START],
            "in the body": [START, body(b"x", True)],
            "in a body with a length": [LENGTH_3, body(b"x", True)],
            "after the end": [START, body(b"x")],
        }.items()
    ),
]


async def by_us(case: Case) -> Outcome:
    outcome = Outcome()
    reader = Reader(case.request)
    cycle = RequestResponseCycle(make_scope(method=case.method), reader.read, reader)
    await asyncio.wait_for(cycle.run_asgi(observed(case.app, outcome)), PATIENCE)
    outcome.status, outcome.headers, outcome.body, outcome.whole = (
        reader.status,
        [header for header in reader.headers if header[0] not in OF_THE_CONNECTION],
        reader.body,
        # An answer that has no body ends with its headers: there is nothing to break off.
        reader.ended or reader.status in (204, 304),
    )
    outcome.log = "" if cycle.error is None else str(cycle.error)
    if outcome.headers == OUR_PAGE:
        assert outcome.status == 500 and (case.method == "HEAD" or outcome.log.encode() in outcome.body)
        outcome.headers, outcome.body = [], THREE_WORDS if outcome.body else b""
    return outcome


async def by_uvicorn(case: Case, implementation: Any) -> Outcome:
    outcome = Outcome()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in case.request)
    framing = b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n" if case.request else b"\r\n"
    head = f"{case.method} /docs/app/ HTTP/1.1\r\nhost: docs.example\r\nconnection: close\r\n".encode()
    with log_of(outcome):
        read_answer(await talk(observed(case.app, outcome), implementation, head + framing), case.method, outcome)
    if outcome.status == 500:
        outcome.headers = []
    return outcome


def alike(ours: Outcome, theirs: Outcome) -> set[str]:
    """The names of the fields in which we do as uvicorn does."""
    same = {name for name, value in asdict(ours).items() if value == getattr(theirs, name)}
    if theirs.log and ours.log.startswith(theirs.log.rstrip(".")):
        same.add("log")
    if len(ours.raised) == len(theirs.raised) and all(map(_goes_on, ours.raised, theirs.raised)):
        same.add("raised")
    return same


def _goes_on(ours: str, theirs: str) -> bool:
    return ours.startswith(theirs.rstrip("."))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_app_meets_what_it_meets_behind_uvicorn(case: Case) -> None:
    async def main() -> tuple[Outcome, list[Outcome]]:
        return await by_us(case), [await by_uvicorn(case, each) for each in IMPLEMENTATIONS]

    ours, theirs = asyncio.run(main())
    same = set().union(*(alike(ours, each) for each in theirs))
    others = set(asdict(ours)) - same
    assert {name: value for name, value in asdict(ours).items() if name in others | set(case.ours)} == case.ours, theirs
    assert bool(case.why) == bool(others), "a difference that is none any more, or one without a reason"
