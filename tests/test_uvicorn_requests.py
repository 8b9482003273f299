"""What an app sees of a request and of its end, behind uvicorn and behind our cycle."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sphinx_asgi_live.browser.asgi import RequestResponseCycle
from sphinx_asgi_live.browser.messages import Headers, Receive, Scope, Send
from tests.test_asgi import START, Reader, body, make_scope, sends
from tests.uvicorns import IMPLEMENTATIONS, PATIENCE, Outcome, connected, log_of, talk

TARGETS = [
    b"/",
    b"/items/1?q=1&q=2",
    b"/caf%C3%A9/a%2Fb/a%20b/+",
    b"/%zz/%/100%25",
    b"/%ff%FE",
    b"/a;b=1/~x/!$&'()*+,=:@",
    b"/x?",
    b"/x?a?b=/&c",
    b"/x?q=%C3%A9+%20",
]
SENT: Headers = [
    (b"host", b"docs.example"),
    (b"x-b", b"1"),
    (b"X-A", b"Two  words"),
    (b"x-b", b"\xe9"),
    (b"x-empty", b""),
]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("root_path", ["", "/docs/app"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_the_scope_is_uvicorns(target: bytes, root_path: str, method: str) -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await sends(START, body(b""))(scope, receive, send)

    async def main() -> None:
        lines = [b"%s: %s\r\n" % header for header in [*SENT, (b"connection", b"close")]]
        request = b"%s %s HTTP/1.1\r\n%s\r\n" % (method.encode(), target, b"".join(lines))
        for implementation in IMPLEMENTATIONS:
            await talk(app, implementation, request, root_path=root_path)

    asyncio.run(main())
    path, _, query = target.decode().partition("?")
    ours = make_scope(
        method=method,
        root_path=root_path,
        url_path=root_path + path,
        query=query,
        headers=SENT,
        scheme="http",
        state={"pool": 7},
    )
    assert len(scopes) == len(IMPLEMENTATIONS)
    for theirs in scopes:
        theirs["headers"].remove((b"connection", b"close"))
        assert {key: type(ours[key]) for key in ours} == {key: type(theirs[key]) for key in theirs}
        # Each says where it is itself.
        for scope in (ours, theirs):
            assert [type(part) for key in ("server", "client") for part in scope[key]] == [str, int, str, int]
        assert differing(ours, theirs) <= {"server", "client"} | differences(method)


def differing(ours: Scope, theirs: Scope) -> set[str]:
    return {key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)}


def differences(method: str) -> set[str]:
    """With 2.4 an app may take a failing `send` for the reader's going: `_spec_version` tells why not for all."""
    return set() if method in ("GET", "HEAD") else {"asgi"}


def test_a_method_in_lower_case_is_told_in_upper_case() -> None:
    """As ASGI asks; `fetch` leaves `patch` as it is, uvicorn passes it on with h11 and refuses it with httptools."""
    assert make_scope(method="patch")["method"] == "PATCH"


# Time and the end of the connection


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_background_work_is_behind_the_response(implementation: Any) -> None:
    """The app goes on only after the whole answer has arrived; if it waited, this would never end."""
    read = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await sends(START, body(b"fine"))(scope, receive, send)
        await read.wait()

    class Told(Reader):
        def end(self) -> None:
            super().end()
            read.set()

    async def main() -> None:
        async with connected(app, implementation) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            assert b"fine" in await reader.read()
            read.set()
        read.clear()
        ours = Told()
        await asyncio.wait_for(RequestResponseCycle(make_scope(), ours.read, ours).run_asgi(app), PATIENCE)

    asyncio.run(main())


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
def test_a_reader_that_goes_is_told_to_receive_and_by_us_to_send(implementation: Any) -> None:
    """uvicorn drops what is sent to nobody; ASGI 2.4 asks for an OSError, which closes an app's generators."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(START)
        await send(body(b"first", True))
        seen.append((await receive())["type"])
        try:
            await send(body(b"to nobody", True))
        except OSError as error:
            seen.append(type(error).__name__)
            raise

    async def main() -> str:
        outcome = Outcome()
        with log_of(outcome):
            async with connected(app, implementation) as (reader, writer):
                writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                await reader.readuntil(b"first")
        seen.append("ours")
        ours = Reader()
        cycle = RequestResponseCycle(make_scope(), ours.read, ours)
        running = asyncio.ensure_future(cycle.run_asgi(app))
        while not ours.chunks:
            await asyncio.sleep(0)
        cycle.disconnect()
        await asyncio.wait_for(running, PATIENCE)
        assert cycle.error is None
        return outcome.log

    assert asyncio.run(main()) == ""
    assert seen == ["http.disconnect", "ours", "http.disconnect", "ClientDisconnected"]
