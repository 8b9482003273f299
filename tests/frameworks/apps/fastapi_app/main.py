"""A book of notes with FastAPI, mostly with `def`: what a server runs in threads."""

import asyncio
import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Literal

import aiosqlite
from fastapi import BackgroundTasks, Cookie, Depends, FastAPI, Form, Header, HTTPException, Query, Request, UploadFile
from fastapi.responses import FileResponse, RedirectResponse, StreamingResponse
from fastapi.security import HTTPBasic, HTTPBasicCredentials, OAuth2PasswordBearer, OAuth2PasswordRequestForm
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field

HERE = Path(__file__).parent
DATABASE = Path(mkdtemp()) / "notes.db"
templates = Jinja2Templates(HERE / "templates")
pool = ThreadPoolExecutor(2)
log: list[str] = []


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with aiosqlite.connect(DATABASE) as database:
        await database.execute("create table note (number integer primary key, text text)")
        await database.execute("insert into note (text) values ('Buy milk')")
        await database.commit()
    yield


app = FastAPI(title="Notes", lifespan=lifespan)
app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")


class Note(BaseModel):
    number: int | None = None
    text: str = Field(min_length=3)
    mood: Literal["glad", "sad"] = "glad"


def database():
    log.append("opened")
    connection = sqlite3.connect(DATABASE)
    try:
        yield connection
    finally:
        connection.close()
        log.append("closed")


async def async_database():
    async with aiosqlite.connect(DATABASE) as connection:
        yield connection


Database = Annotated[sqlite3.Connection, Depends(database)]
AsyncDatabase = Annotated[aiosqlite.Connection, Depends(async_database)]


@app.get("/", include_in_schema=False)
def page(request: Request, connection: Database):
    notes = [text for (text,) in connection.execute("select text from note order by number")]
    return templates.TemplateResponse(request, "page.html", {"notes": notes})


@app.post("/notes", include_in_schema=False)
def add(text: Annotated[str, Form()], connection: Database):
    with connection:
        connection.execute("insert into note (text) values (?)", [text])
    return RedirectResponse("/", 303)


@app.get("/notes/{number}", name="note")
async def note(number: int, connection: AsyncDatabase, shout: Annotated[str | None, Query(max_length=9)] = None):
    async with connection.execute("select text from note where number = ?", [number]) as rows:
        row = await rows.fetchone()
    if not row:
        raise HTTPException(404, "No such note")
    return {"number": number, "text": row[0], "shout": shout}


@app.put("/notes/{number}")
def replace(number: int, note: Note, connection: Database) -> Note:
    with connection:
        connection.execute("update note set text = ? where number = ?", [note.text, number])
    return note.model_copy(update={"number": number})


@app.post("/upload")
def upload(file: UploadFile):
    return {"name": file.filename, "size": file.size, "sha256": hashlib.file_digest(file.file, "sha256").hexdigest()}


@app.post("/async-upload")
async def async_upload(file: UploadFile):
    digest = hashlib.sha256()
    while chunk := await file.read(100_000):
        digest.update(chunk)
    return digest.hexdigest()


@app.get("/lines")
def lines():
    return StreamingResponse((f"line {number}\n" for number in range(500)), media_type="text/plain")


@app.get("/download")
def download():
    return FileResponse(HERE / "static" / "style.css", filename="style.css")


@app.get("/sync")
def sync(tasks: BackgroundTasks, accept: Annotated[str | None, Header()] = None):
    tasks.add_task(log.append, "def task")
    return {"accept": accept}


@app.get("/async")
async def asynchronous(tasks: BackgroundTasks):
    async def task():
        log.append("async task")

    tasks.add_task(task)
    loop = asyncio.get_running_loop()
    return [
        await asyncio.to_thread(sum, range(10)),
        await loop.run_in_executor(None, max, 1, 2),
        await loop.run_in_executor(pool, min, 1, 2),
        pool.submit(pow, 2, 5).result(),
    ]


@app.get("/log")
def told() -> list[str]:
    return sorted(set(log))  # a background task may run after the next request


@app.post("/login")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    response = RedirectResponse("/whoami", 303)
    response.set_cookie("name", form.username, httponly=True)
    return response


@app.get("/whoami")
def whoami(name: Annotated[str, Cookie()] = "nobody"):
    return name


@app.get("/bearer")
def bearer(token: Annotated[str, Depends(OAuth2PasswordBearer("login"))]):
    return token


@app.get("/basic")
def basic(credentials: Annotated[HTTPBasicCredentials, Depends(HTTPBasic())]):
    return credentials.username


@app.get("/broken")
def broken(connection: Database):
    raise ValueError("This is what a traceback is for")
