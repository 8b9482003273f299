"""A book of notes with Litestar."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from litestar import Litestar, Request, delete, get, post
from litestar.background_tasks import BackgroundTask
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.datastructures import State, UploadFile
from litestar.di import Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.params import Body
from litestar.response import File, Redirect, Stream, Template
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

HERE = Path(__file__).parent
seen: list[str] = []


@dataclass
class Note:
    text: str
    urgent: bool = False


@dataclass
class Login:
    name: str


def provide_note(state: State, number: int) -> str:
    if number > len(state.notes):
        raise NotFoundException("No such note")
    return state.notes[number - 1]


FormOf = Body(media_type=RequestEncodingType.URL_ENCODED)


@get("/", sync_to_thread=True)
def page(state: State) -> Template:
    return Template("page.html", context={"notes": state.notes})


@post("/notes", status_code=303)
async def add(state: State, data: Annotated[Note, FormOf]) -> Redirect:
    state.notes.append(data.text)
    return Redirect("/", status_code=303)


@get("/notes/{number:int}", dependencies={"text": Provide(provide_note, sync_to_thread=True)})
async def note(text: str, number: int, shout: str | None = None) -> dict[str, str | int | None]:
    return {"number": number, "text": text, "shout": shout}


@post("/json-notes")
async def add_json(state: State, data: Note) -> Note:
    state.notes.append(data.text)
    return data


@delete("/notes/{number:int}", sync_to_thread=True)
def remove(state: State, number: int) -> None:
    del state.notes[number - 1]


@post("/login")
async def login(request: Request, data: Annotated[Login, FormOf]) -> Redirect:
    request.set_session({"name": data.name})
    return Redirect("/whoami", status_code=303)


@post("/logout")
async def logout(request: Request) -> Redirect:
    request.clear_session()
    return Redirect("/whoami", status_code=303)


@get("/whoami")
async def whoami(request: Request) -> str:
    return request.session.get("name", "nobody")


@post("/upload")
async def upload(data: Annotated[UploadFile, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, str]:
    return {"name": data.filename, "sha256": hashlib.sha256(await data.read()).hexdigest()}


@get("/lines")
async def lines() -> Stream:
    return Stream((f"line {number}\n" for number in range(500)), media_type="text/plain")


@get("/download", sync_to_thread=True)
def download() -> File:
    return File(HERE / "static" / "style.css", filename="style.css")


@get("/sync", sync_to_thread=True)
def sync() -> str:
    return "def"


@get("/async", background=BackgroundTask(seen.append, "task"))
async def asynchronous() -> str:
    return await asyncio.to_thread(str.upper, "async")


@get("/broken", sync_to_thread=True)
def broken() -> None:
    raise ValueError("This is what a traceback is for")


def start(app: Litestar) -> None:
    app.state.notes = ["Buy milk"]


app = Litestar(
    [
        page, add, note, add_json, remove, login, logout, whoami, upload, lines, download, sync, asynchronous, broken,
        create_static_files_router("/static", [HERE / "static"]),
    ],
    middleware=[ServerSideSessionConfig().middleware],
    on_startup=[start],
    template_config=TemplateConfig(directory=HERE / "templates", engine=JinjaTemplateEngine),
)  # fmt: skip
