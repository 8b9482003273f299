"""What FastAPI runs in threads, with requests that wait in there, and what a server has to hold back."""

from typing import Annotated

import anyio
import requests
from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import HTMLResponse, StreamingResponse
from starlette.concurrency import iterate_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

app = FastAPI()
app.add_middleware(GZipMiddleware)
gates: dict[str, anyio.Event] = {}
asked: list[str] = []
sent = 0


@app.get("/")
def page():
    return HTMLResponse("<!doctype html><title>Servers</title><h1>Servers</h1>")


@app.get("/gate/{name}")
async def wait(name: str):
    asked.append(name)
    await gates.setdefault(name, anyio.Event()).wait()
    return {"gate": name}


@app.get("/asked")
async def who_waits():
    return asked


@app.post("/gate/{name}")
async def let_go(name: str):
    gates.setdefault(name, anyio.Event()).set()


@app.post("/forget")
async def forget():
    gates.clear()
    asked.clear()


def fetched(url: str):
    """A dependency that waits for another server, as a `def`."""
    return requests.get(url, timeout=20).json()


def watched():
    with requests.Session() as session:
        yield session


@app.get("/fetch")
def fetch(answer: Annotated[dict, Depends(fetched)], session: Annotated[requests.Session, Depends(watched)], url: str):
    again = session.get(url + "-again", timeout=20).json()
    # Back to the event loop, as code in a worker thread may.
    anyio.from_thread.run(anyio.sleep, 0)
    return [answer, again, anyio.from_thread.run_sync(lambda: "from thread")]


@app.get("/large")
def large():
    return HTMLResponse("large " * 100_000)


@app.get("/lines")
def lines():
    """More than any reader takes, by a sync generator."""

    def chunks():
        global sent
        while True:
            sent += 256 * 1024
            yield bytes(256 * 1024)

    return StreamingResponse(iterate_in_threadpool(chunks()), media_type="application/octet-stream")


@app.get("/sent")
async def count():
    return sent


@app.get("/cookies")
async def cookies(request: Request):
    return {name: request.cookies.get(name) for name in ("socket", "hidden")}


@app.websocket("/ws/cookie")
async def cookie(websocket: WebSocket):
    await websocket.accept(
        headers=[(b"set-cookie", b"socket=baked; Path=/"), (b"set-cookie", b"hidden=1; HttpOnly; Path=/")]
    )
    await websocket.send_text("set")
    await websocket.close()
