"""The same WebSocket apps behind uvicorn, on a loopback port, and behind our cycle: what differs is listed with why.

The client is `websockets`; uvicorn's protocol is the one that it takes by default. A message that begins with uvicorn's
words may go on with the value at fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus

from sphinx_asgi_live.browser.messages import ASGIApp, Message, Receive, Scope, Send
from sphinx_asgi_live.browser.websocket import WebSocketCycle
from tests import sockets
from tests.test_websocket import ACCEPT, CLOSE, DENIAL, DENY, Page, make_scope, sends, text
from tests.uvicorns import PATIENCE

LEAVE = 4321
"""What the page closes with when it has said all."""


@dataclass
class Outcome:
    """What the page was told, what the app received, what `send` raised into it, and the error of the app."""

    page: list[Any] = field(default_factory=list)
    received: list[Message] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """An app and what the page says to it; if we differ from uvicorn, why, and how our outcome is there."""

    name: str
    app: ASGIApp
    path: str = "/"
    says: Sequence[str | bytes] = ()
    protocols: Sequence[str] = ()
    why: str = ""
    ours: Mapping[str, Any] = field(default_factory=dict)


def observed(app: ASGIApp, outcome: Outcome) -> ASGIApp:
    async def observing(scope: Scope, receive: Receive, send: Send) -> None:
        async def hearing() -> Message:
            message = await receive()
            outcome.received.append(dict(message))
            return message

        async def noting(message: Message) -> None:
            try:
                await send(message)
            except Exception as error:
                outcome.raised.append(f"{type(error).__name__}: {error}")
                raise

        await app(scope, hearing, noting)

    return observing


async def behind_uvicorn(case: Case) -> Outcome:
    outcome = Outcome()
    config = Config(observed(case.app, outcome), log_config=None, access_log=False, lifespan="off")
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: H11Protocol(config, state, {}), "127.0.0.1", 0)
    async with asyncio.timeout(PATIENCE), server:
        host, port = server.sockets[0].getsockname()
        try:
            protocols: Any = case.protocols or None
            async with connect(f"ws://{host}:{port}{case.path}", subprotocols=protocols, proxy=None) as socket:
                outcome.page.append(("accept", socket.subprotocol))
                await talk_to(socket, case, outcome)
        except InvalidStatus as error:
            outcome.page.append(("reject", error.response.status_code))
        except InvalidMessage:
            outcome.page.append(("hung up",))
        await asyncio.gather(*state.tasks, return_exceptions=True)
    return outcome


async def talk_to(socket: Any, case: Case, outcome: Outcome) -> None:
    try:
        for said in case.says:
            await socket.send(said)
            outcome.page.append(await socket.recv())
        if not case.says:
            while True:
                outcome.page.append(await socket.recv())
        await socket.close(LEAVE, "bye")
    except ConnectionClosed as error:
        outcome.page.append(("close", error.rcvd.code, error.rcvd.reason) if error.rcvd else ("close", 1006, ""))


async def behind_our_cycle(case: Case) -> Outcome:
    outcome, page = Outcome(), Page()
    scope = make_scope(url_path=case.path, root_path="", subprotocols=[*case.protocols])
    cycle = WebSocketCycle(scope, page)
    running = asyncio.create_task(cycle.run_asgi(observed(case.app, outcome)))
    async with asyncio.timeout(PATIENCE):
        for at, said in enumerate(case.says):
            await page.hears(1 + at)
            cycle.deliver(said)
            await page.hears(2 + at)
        if case.says and not page.over:
            cycle.disconnect(LEAVE, "bye")
        await running
    outcome.page = page.events
    return outcome


def then_reads(*messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await sends(*messages)(scope, receive, send)
        await receive()

    return app


OWN_CODE = "an error of the app has a code of its own, so that a page can tell it from a lost connection"
ENDED = {"page": [("accept", None), ("close", 1011, "")]}
NO_ANSWER = "uvicorn hangs up without a word, where we say that something broke"
REFUSED = {"page": [("reject", 500)]}
SOCKETS: Any = sockets.app
CASES = [
    Case("echo", SOCKETS, "/echo", says=["", "äöü", b"\x00\xff", "x" * 70_000]),
    Case("subprotocol", SOCKETS, "/echo", says=["a"], protocols=["one", "two"]),
    Case("close", SOCKETS, "/close/4001/why"),
    Case("return without closing", SOCKETS, "/leave"),
    Case("reject", SOCKETS, "/reject"),
    Case("deny", SOCKETS, "/deny/418"),
    Case("crash", SOCKETS, "/crash"),
    Case("late crash", SOCKETS, "/late", says=["x"], why=OWN_CODE, ours=ENDED),
    Case("return at once", sends()),
    Case("the end of a closed socket", then_reads(ACCEPT, {**CLOSE, "code": 4001, "reason": "so"})),
    Case("the end of a rejected socket", then_reads(CLOSE)),
    Case("the end of a denied socket", then_reads(DENY, DENIAL)),
    Case("send first", sends(text("x"))),
    Case("close with what is no code", sends(ACCEPT, {**CLOSE, "code": 99}), why=OWN_CODE, ours=ENDED),
    Case("close with a long reason", sends(ACCEPT, {**CLOSE, "reason": "x" * 124}), why=OWN_CODE, ours=ENDED),
    Case("accept twice", sends(ACCEPT, ACCEPT), why=OWN_CODE, ours=ENDED),
    Case("an HTTP message", sends({"type": "http.response.start", "status": 200})),
    Case("a status that is none", sends({**DENY, "status": 99})),
    Case("a denial that is broken off", sends(DENY), why=NO_ANSWER, ours=REFUSED),
    Case("send after a denial began", sends(DENY, text("x")), why=NO_ANSWER, ours=REFUSED),
    Case("nothing in a message", sends(ACCEPT, {"type": "websocket.send"}, CLOSE)),
]


# An error of the library that uvicorn stands on is a plain one here: apps do not have that library.
LIBRARY = {"ProtocolError": "RuntimeError"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_behind_our_cycle_as_behind_uvicorn(case: Case) -> None:
    theirs, ours = asyncio.run(behind_uvicorn(case)), asyncio.run(behind_our_cycle(case))
    assert ours.page == case.ours.get("page", theirs.page)
    assert case.ours.get("page") != theirs.page, "no difference any more"
    # uvicorn leaves the reason out where there is none.
    assert ours.received == [
        {**ours_, **theirs_} for ours_, theirs_ in zip(ours.received, theirs.received, strict=True)
    ]
    for ours_raised, theirs_raised in zip(ours.raised, theirs.raised, strict=True):
        kind, _, words = theirs_raised.partition(": ")
        assert ours_raised.startswith(f"{LIBRARY.get(kind, kind)}: {words}")


def test_the_scope_is_uvicorns() -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await send(CLOSE)

    case = Case("scope", app, "/caf%C3%A9?q=%20", protocols=["one", "two"])
    asyncio.run(behind_uvicorn(case))
    theirs = scopes[0]
    addresses = {name: theirs[name] for name in ("server", "client", "headers")}
    path = {"url_path": "/caf%C3%A9", "query": "q=%20", "root_path": "", "scheme": "http"}
    assert theirs == make_scope(**path, **addresses, subprotocols=["one", "two"])
