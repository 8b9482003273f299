"""A book of notes with BlackSheep."""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from blacksheep import Application, Content, FromForm, FromJSON, Request, Response, StreamedContent
from blacksheep.exceptions import NotFound
from blacksheep.server.responses import html, json, see_other, text

HERE = Path(__file__).parent
PAGE = "<!doctype html><title>Notes</title><h1>Notes</h1><ol>{}</ol>"

app = Application()
app.serve_files(HERE / "static", root_path="static")
app.use_sessions("no secret in a browser")
get, post = app.router.get, app.router.post


class Notes:
    def __init__(self):
        self.texts = ["Buy milk"]


app.services.add_instance(Notes())


@dataclass
class Note:
    text: str


@dataclass
class Login:
    name: str


@get("/")
async def page(notes: Notes):
    return html(PAGE.format("".join(f"<li>{note}</li>" for note in notes.texts)))


@post("/notes")
async def add(notes: Notes, data: FromForm[Note]):
    notes.texts.append(data.value.text)
    return see_other("/")


@post("/json-notes")
async def add_json(notes: Notes, data: FromJSON[Note]):
    notes.texts.append(data.value.text)
    return data.value


@get("/notes/{int:number}")
async def note(notes: Notes, number: int, shout: str = ""):
    if number > len(notes.texts):
        raise NotFound("No such note")
    return json({"number": number, "text": notes.texts[number - 1], "shout": shout})


@post("/login")
async def login(request: Request, data: FromForm[Login]):
    request.session["name"] = data.value.name
    return see_other("/whoami")


@post("/logout")
async def logout(request: Request):
    request.session.clear()
    return see_other("/whoami")


@get("/whoami")
async def whoami(request: Request):
    return text(request.session.get("name", "nobody"))


@post("/upload")
async def upload(request: Request):
    (part,) = await request.files("file")
    content = part.file.read()
    return json({"name": part.file_name.decode(), "sha256": hashlib.sha256(content).hexdigest()})


@get("/lines")
async def lines():
    async def generate():
        for number in range(500):
            yield f"line {number}\n".encode()

    return Response(200, content=StreamedContent(b"text/plain", generate))


@get("/sync")
def sync():
    return Response(200, content=Content(b"text/plain", b"def"))


@get("/async")
async def asynchronous():
    return text(await asyncio.to_thread(str.upper, "async"))


@get("/broken")
async def broken():
    raise ValueError("This is what a traceback is for")
