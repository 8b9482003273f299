"""What is left of requests when they are over: nothing, in Python, in JavaScript and between the two.

The shipped modules run in the engine of the build, with fewer requests than a reader makes in an hour: a leak of one
object for each shows as well.
"""

from __future__ import annotations

from typing import Any

import pytest

from sphinx_asgi_live.packing.bundle import app_tree, bridge_tree, pack
from sphinx_asgi_live.packing.cache import cache_folder
from sphinx_asgi_live.packing.static import static_folder
from tests.warm import engine, warm_runtime, warm_stdlib

SIZE = 10_000_000
ROUNDS = {"tiny": 300, "upload": 8, "aborted": 60, "refused": 20, "raised": 60}

APP = b"""\
import asyncio
import gc
import json

import pyodide_js

gc.disable()  # what it would have to find is counted instead


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    path = scope["path"].rpartition("/")[2]
    if path == "raise":
        raise ValueError("as it happens")
    body = await body_of(receive) if path == "echo" else b""
    if path == "count":
        body = json.dumps(await count()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while path == "endless":
        await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
        await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": body})


async def body_of(receive):
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message["body"])
        if not message["more_body"]:
            break
    return b"".join(parts)


async def count():
    while len(asyncio.all_tasks()) > 1 and (others := asyncio.all_tasks() - {asyncio.current_task()}):
        _, late = await asyncio.wait(others, timeout=1)
        if late:
            break
    others = _ = None  # whatever they hold is over
    for _ in range(20):
        await asyncio.sleep(0)  # a task that is done is still to be told so
    garbage = gc.collect()
    gc.collect()
    module = pyodide_js._module
    return {
        "heap": module.HEAP8.length,
        "refs": module._hiwire_num_refs(),
        "tasks": len(asyncio.all_tasks()),
        "objects": len(gc.get_objects()),
        "garbage": garbage,
    }
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What was there before and after each kind of request."""
    trees = [bridge_tree(), app_tree("app", {"leaks.py": APP})]
    archives = pack(trees, engine(), warm_runtime(), cache_folder())
    job = {
        "modules": str(static_folder()),
        "runtime": str(warm_runtime().folder),
        "stdlib": str(warm_stdlib()),
        "app": {"name": "app", "module": "leaks", "attribute": "app", "factory": False, "mounted": True, "env": {}},
        "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
        "rounds": ROUNDS,
        "size": SIZE,
    }
    return engine().run(static_folder().parent / "tests" / "js" / "leaks.mjs", job, timeout=120)


@pytest.mark.parametrize("kind", ROUNDS)
def test_requests_leave_nothing(found: dict[str, Any], kind: str) -> None:
    before, after = found[kind]["before"], found[kind]["after"]
    assert after["tasks"] == before["tasks"]
    # Fewer than an object for five requests: caches fill, and no more.
    assert after["refs"] - before["refs"] < ROUNDS[kind] / 5, (before, after)
    assert after["objects"] - before["objects"] < ROUNDS[kind] / 5, (before, after)
    assert after["garbage"] < ROUNDS[kind] / 5, (before, after)
    assert after["heap"] == before["heap"]
