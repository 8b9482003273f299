"""A book of notes with Starlette."""

import asyncio
import contextlib
import hashlib
from pathlib import Path

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

HERE = Path(__file__).parent
templates = Jinja2Templates(HERE / "templates")
seen = []


@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"notes": ["Buy milk"]}


async def page(request):
    return templates.TemplateResponse(request, "page.html", {"notes": request.state.notes})


async def add(request):
    async with request.form() as form:
        request.state.notes.append(form["text"])
    return RedirectResponse(request.url_for("page"), status_code=303)


async def note(request):
    number = request.path_params["number"]
    try:
        text = request.state.notes[number - 1]
    except IndexError:
        raise HTTPException(404, "No such note") from None
    return JSONResponse({"number": number, "text": text, "shout": request.query_params.get("shout")})


async def login(request):
    async with request.form() as form:
        request.session["name"] = form["name"]
    return RedirectResponse(request.url_for("whoami"), status_code=303)


async def logout(request):
    request.session.clear()
    return RedirectResponse(request.url_for("whoami"), status_code=303)


async def whoami(request):
    return PlainTextResponse(request.session.get("name", "nobody"))


async def upload(request):
    async with request.form() as form:
        content = await form["file"].read()
        return JSONResponse({"name": form["file"].filename, "sha256": hashlib.sha256(content).hexdigest()})


def lines(request):
    return StreamingResponse((f"line {number}\n" for number in range(500)), media_type="text/plain")


async def ticks(request):
    async def generate():
        for number in range(3):
            yield f"tick {number}\n"
            await asyncio.sleep(0)

    return StreamingResponse(generate(), media_type="text/plain")


def sync(request):
    return PlainTextResponse("def", background=BackgroundTask(seen.append, "def"))


async def asynchronous(request):
    return PlainTextResponse(
        await asyncio.to_thread(str.upper, "async"), background=BackgroundTask(seen.append, "async")
    )


async def background(request):
    return JSONResponse(seen)


def download(request):
    return FileResponse(HERE / "static" / "style.css", filename="täglich.css")


def broken(request):
    raise ValueError("This is what a traceback is for")


app = Starlette(
    lifespan=lifespan,
    middleware=[Middleware(SessionMiddleware, secret_key="no secret in a browser")],
    routes=[
        Route("/", page),
        Route("/notes", add, methods=["POST"]),
        Route("/notes/{number:int}", note),
        Route("/login", login, methods=["POST"]),
        Route("/logout", logout, methods=["POST"]),
        Route("/whoami", whoami),
        Route("/upload", upload, methods=["POST"]),
        Route("/lines", lines),
        Route("/ticks", ticks),
        Route("/sync", sync),
        Route("/async", asynchronous),
        Route("/background", background),
        Route("/download", download),
        Route("/broken", broken),
        Mount("/static", StaticFiles(directory=HERE / "static"), name="static"),
    ],
)
