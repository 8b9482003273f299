"""uvicorn's own protocols on a loopback port, in the test's event loop, and what a client makes of their answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from sphinx_asgi_live.browser.messages import ASGIApp, Headers, Message, Receive, Scope, Send

IMPLEMENTATIONS: list[Any] = [HttpToolsProtocol, H11Protocol]
PATIENCE = 10.0
# They are about the connection between uvicorn and its client; we have none.
OF_THE_CONNECTION = {b"connection", b"transfer-encoding"}


@dataclass
class Outcome:
    """What the reader, the app and the log saw."""

    status: int | None = None
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    whole: bool = False
    """Whether the response came to its proper end."""
    raised: list[str] = field(default_factory=list)
    """What `send` raised into the app."""
    log: str = ""


def observed(app: ASGIApp, outcome: Outcome) -> ASGIApp:
    """The app, with what `send` raises put into `outcome`."""

    async def observing(scope: Scope, receive: Receive, send: Send) -> Any:
        async def noting(message: Message) -> None:
            try:
                await send(message)
            except Exception as error:
                outcome.raised.append(f"{type(error).__name__}: {error}")
                raise

        return await app(scope, receive, noting)

    return observing


@asynccontextmanager
async def connected(
    app: ASGIApp, implementation: Any, **options: Any
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to an app that uvicorn serves; hung up in the end, which is when the app has ended too."""
    config = Config(app, log_config=None, access_log=False, lifespan="off", **options)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE):
        server = await loop.create_server(lambda: implementation(config, state, {"pool": 7}), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            yield reader, writer
            writer.close()
            await asyncio.gather(*state.tasks, return_exceptions=True)


async def talk(app: ASGIApp, implementation: Any, request: bytes, **options: Any) -> bytes:
    """Send one request, and return all that comes back until uvicorn hangs up."""
    async with connected(app, implementation, **options) as (reader, writer):
        writer.write(request)
        return await reader.read()


@contextmanager
def log_of(outcome: Outcome) -> Iterator[None]:
    """Put the last thing that uvicorn says about an app into `outcome`."""
    handler = _Log(outcome)
    logging.getLogger("uvicorn.error").addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger("uvicorn.error").removeHandler(handler)


class _Log(logging.Handler):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome

    def emit(self, record: logging.LogRecord) -> None:
        self.outcome.log = str(record.exc_info[1]) if record.exc_info else record.getMessage()


def read_answer(answer: bytes, method: str, outcome: Outcome) -> None:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(answer)
    client.receive_data(b"")
    try:
        while True:
            match client.next_event():
                case h11.Response(status_code=status, headers=headers):
                    outcome.status = status
                    outcome.headers = [header for header in headers if header[0] not in OF_THE_CONNECTION]
                case h11.Data(data=data):
                    outcome.body += bytes(data)
                case h11.EndOfMessage():
                    outcome.whole = True
                case _:
                    return
    except h11.RemoteProtocolError:
        return
