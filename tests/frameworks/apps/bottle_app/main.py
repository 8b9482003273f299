"""A book of notes with Bottle."""

import hashlib
from pathlib import Path

from bottle import Bottle, HTTPError, SimpleTemplate, redirect, request, response, static_file

HERE = Path(__file__).parent
SECRET = "no secret in a browser"
app = Bottle()
page_template = SimpleTemplate((HERE / "templates" / "page.html").read_text())
notes = ["Buy milk"]


@app.get("/")
def page():
    return page_template.render(notes=notes)


@app.post("/notes")
def add():
    notes.append(request.forms.text)
    redirect("/")


@app.get("/notes/<number:int>")
def note(number):
    if number > len(notes):
        raise HTTPError(404, "No such note")
    return {"number": number, "text": notes[number - 1], "shout": request.query.shout}


@app.post("/login")
def login():
    response.set_cookie("name", request.forms.name, secret=SECRET, path="/")
    redirect("/whoami")


@app.post("/logout")
def logout():
    response.delete_cookie("name", path="/")
    redirect("/whoami")


@app.get("/whoami")
def whoami():
    return request.get_cookie("name", "nobody", secret=SECRET)


@app.post("/upload")
def upload():
    file = request.files.file
    return {"name": file.filename, "sha256": hashlib.sha256(file.file.read()).hexdigest()}


@app.get("/lines")
def lines():
    response.content_type = "text/plain"
    for number in range(500):
        yield f"line {number}\n"


@app.get("/static/<name:path>")
def static(name):
    return static_file(name, root=HERE / "static")


@app.get("/sync")
def sync():
    return "def"


@app.get("/broken")
def broken():
    raise ValueError("This is what a traceback is for")
