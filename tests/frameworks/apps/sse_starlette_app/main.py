"""Server-sent events with sse-starlette."""

import asyncio

from sse_starlette import EventSourceResponse, JSONServerSentEvent, ServerSentEvent
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

PAGE = "<!doctype html><title>Events</title><script>new EventSource('events')</script>"


async def page(request):
    return HTMLResponse(PAGE)


async def events(request):
    async def publish():
        for number in range(5):
            yield {"id": str(number), "event": "tick", "data": f"number {number}"}
            await asyncio.sleep(0.01)
        yield ServerSentEvent("two\nlines", retry=3000, comment="the last but one")
        yield JSONServerSentEvent({"done": True})

    return EventSourceResponse(publish(), headers={"x-kept": "yes"})


def sync_events(request):
    return EventSourceResponse({"data": number} for number in range(3))


async def heard(request):
    """What a listener that comes back says it has heard."""

    async def publish():
        yield request.headers.get("last-event-id", "nothing")

    return EventSourceResponse(publish(), sep="\n")


app = Starlette(
    routes=[Route("/", page), Route("/events", events), Route("/sync-events", sync_events), Route("/heard", heard)]
)
