# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""A WebSocket app that requires nothing, with a path for each thing that may happen; run here and in browsers."""

import asyncio
import json
import os
from typing import Any

PAGE = """<!doctype html><html lang="en"><title>Sockets</title><meta name="viewport" content="width=device-width">
<h1>Sockets</h1>"""
log: list[Any] = []
gate = asyncio.Event()


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        _, name, *arguments = scope["path"].removeprefix(scope["root_path"]).split("/")
        await receive()
        await SOCKETS[name](scope, receive, send, *arguments)
    elif scope["type"] == "http":
        path = scope["path"].removeprefix(scope["root_path"])
        if path == "/open":
            gate.set()
        body, kind = (PAGE, b"text/html") if path in ("", "/") else (json.dumps(log), b"application/json")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": body.encode()})


async def accept(scope, send, **more):
    chosen = {"subprotocol": scope["subprotocols"][-1]} if scope["subprotocols"] else {}
    await send({"type": "websocket.accept", **chosen, **more})


async def messages(receive):
    """The page's messages; how the socket was closed goes into the log."""
    while (message := await receive())["type"] == "websocket.receive":
        yield message.get("text") if message.get("text") is not None else message["bytes"]
    log.append([message["code"], message.get("reason", "")])


async def say(send, data):
    await send({"type": "websocket.send", "text" if isinstance(data, str) else "bytes": data})


async def echo(scope, receive, send):
    await accept(scope, send)
    async for data in messages(receive):
        await say(send, data)


async def describe(scope, receive, send):
    await accept(scope, send, headers=[(b"set-cookie", b"socket=seen; Path=/")])
    told = {key: scope[key] for key in ("type", "scheme", "path", "root_path", "subprotocols", "http_version")}
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    raw = {key: scope[key].decode() for key in ("raw_path", "query_string")}
    await say(send, json.dumps({**told, **raw, "headers": headers}))
    await send({"type": "websocket.close"})


async def close(scope, receive, send, code="1000", reason=""):
    await accept(scope, send)
    await say(send, "before")
    await send({"type": "websocket.close", "code": int(code), "reason": reason})


async def leave(scope, receive, send):
    """Accept, and return without closing."""
    await accept(scope, send)


async def listen(scope, receive, send):
    """Accept, and return without closing once something was said."""
    await accept(scope, send)
    async for _ in messages(receive):
        return


async def reject(scope, receive, send):
    await send({"type": "websocket.close"})


async def deny(scope, receive, send, status):
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "websocket.http.response.start", "status": int(status), "headers": headers})
    await send({"type": "websocket.http.response.body", "body": b"no"})


async def crash(scope, receive, send):
    raise ValueError("before it accepts")


async def spin(scope, receive, send):
    """Compute without end as soon as the page says anything."""
    await accept(scope, send)
    async for _ in messages(receive):
        while True:
            pass


async def end(scope, receive, send):
    """End Python as soon as the page says anything."""
    await accept(scope, send)
    async for _ in messages(receive):
        os._exit(3)


async def choose(scope, receive, send, protocol=None):
    await send({"type": "websocket.accept", "subprotocol": protocol})
    await say(send, "chosen")
    async for _ in messages(receive):
        pass


async def late(scope, receive, send):
    await accept(scope, send)
    async for data in messages(receive):
        raise ValueError(f"after it got {data!r}")


async def silent(scope, receive, send):
    """Read nothing until somebody has asked for `/open`."""
    await accept(scope, send)
    await gate.wait()
    total = 0
    async for data in messages(receive):
        if data == "total":
            await say(send, str(total))
        total += len(data)


async def flood(scope, receive, send, count, size):
    """Send as fast as there is room, and log how much that was by the time the page stops to read or leaves."""
    await accept(scope, send)
    log.append(0)
    at = len(log) - 1
    for _ in range(int(count)):
        await say(send, bytes(int(size)))
        log[at] += int(size)
    await send({"type": "websocket.close"})


SOCKETS = {
    each.__name__: each
    for each in (echo, describe, close, leave, listen, reject, deny, crash, end, choose, late, silent, flood, spin)
}
