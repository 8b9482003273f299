"""An app that runs the Python that it gets."""

import asyncio
import json
import textwrap


async def app(scope, receive, send):
    """Run the Python that is posted to `/run`; tell of every other request what it was."""
    if scope["type"] == "lifespan":
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    path = scope["path"].removeprefix(scope["root_path"])
    if path == "/run":
        answer = await run(body.decode())
    else:
        await asyncio.sleep(0.1 if path == "/later" else 0)
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        answer = {"path": path, "method": scope["method"], "headers": headers, "body": body.decode()}
    pairs = [(b"content-type", b"application/json"), (b"set-cookie", b"own=1")]
    await send({"type": "http.response.start", "status": 200, "headers": pairs})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


async def run(source):
    space = {}
    exec("async def main():\n" + textwrap.indent(source, "    "), space)
    try:
        return await space["main"]()
    except Exception as error:
        return {"error": f"{type(error).__module__}.{type(error).__name__}", "message": str(error)}
