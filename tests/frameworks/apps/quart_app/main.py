"""A book of notes with Quart."""

import asyncio
import hashlib

from quart import Quart, abort, jsonify, redirect, render_template, request, session, stream_with_context, url_for

app = Quart(__name__)
app.secret_key = "no secret in a browser"
notes = []
seen = []


@app.before_serving
async def begin():
    notes.append("Buy milk")


@app.get("/")
async def page():
    return await render_template("page.html", notes=notes)


@app.post("/notes")
async def add():
    notes.append((await request.form)["text"])
    return redirect(url_for("page"), 303)


@app.get("/notes/<int:number>")
async def note(number):
    if number > len(notes):
        abort(404, "No such note")
    return jsonify(number=number, text=notes[number - 1], shout=request.args.get("shout"))


@app.post("/login")
async def login():
    session["name"] = (await request.form)["name"]
    return redirect(url_for("whoami"), 303)


@app.post("/logout")
async def logout():
    session.clear()
    return redirect(url_for("whoami"), 303)


@app.get("/whoami")
async def whoami():
    return session.get("name", "nobody")


@app.post("/upload")
async def upload():
    file = (await request.files)["file"]
    return jsonify(name=file.filename, sha256=hashlib.sha256(file.read()).hexdigest())


@app.get("/lines")
async def lines():
    @stream_with_context
    async def generate():
        yield f"for {request.path}\n"
        for number in range(500):
            yield f"line {number}\n"

    return generate(), {"content-type": "text/plain"}


@app.get("/sync")
def sync():
    return "def"


@app.get("/async")
async def asynchronous():
    await asyncio.sleep(0)

    def task():
        seen.append("def task")

    app.add_background_task(task)
    return "async"


@app.get("/broken")
async def broken():
    raise ValueError("This is what a traceback is for")
