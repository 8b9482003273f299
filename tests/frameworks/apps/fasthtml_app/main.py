"""A book of notes with FastHTML, its database included."""

from dataclasses import dataclass

from fasthtml.common import (
    H1,
    A,
    Button,
    Fieldset,
    Form,
    Input,
    Li,
    Ol,
    Redirect,
    RedirectResponse,
    Response,
    Titled,
    UploadFile,
    charset,
    fast_app,
    htmxsrc,
    viewport,
)

# Its default headers load scripts from GitHub, by way of a CDN.
headers = (charset, viewport, htmxsrc)
app, rt = fast_app(secret_key="no secret in a browser", default_hdrs=False, pico=True, hdrs=headers)
notes = ["Buy milk"]


@dataclass
class Note:
    text: str
    urgent: bool = False


def item(number, text):
    return Li(A(text, href=f"/notes/{number}"), id=f"note-{number}")


@rt("/")
def get():
    adding = Form(Fieldset(Input(name="text"), Button("Add")), hx_post="/notes", target_id="notes", hx_swap="beforeend")
    return Titled("Notes", Ol(*(item(*each) for each in enumerate(notes, 1)), id="notes"), adding)


@rt("/notes", methods=["post"])
def add(note: Note):
    notes.append(note.text)
    return item(len(notes), note.text)


@rt("/notes/{number}", methods=["get"])
async def one(number: int, shout: str = ""):
    if number > len(notes):
        return Response("No such note", status_code=404)
    return {"number": number, "text": notes[number - 1], "shout": shout}


@rt("/login", methods=["post"])
def login(name: str, session):
    session["name"] = name
    return RedirectResponse("/whoami", status_code=303)


@rt("/whoami")
def whoami(session):
    return H1(session.get("name", "nobody"))


@rt("/upload", methods=["post"])
async def upload(file: UploadFile):
    return f"{file.filename}: {len(await file.read())} bytes"


@rt("/away")
def away():
    return Redirect("/whoami")
