"""A book of notes with Falcon."""

import asyncio
import hashlib
from pathlib import Path

import falcon
import falcon.asgi

PAGE = "<!doctype html><title>Notes</title><h1>Notes</h1><ol>{}</ol>"


class Notes:
    def __init__(self):
        self.notes = ["Buy milk"]

    async def on_get_page(self, req, resp):
        resp.content_type = falcon.MEDIA_HTML
        resp.text = PAGE.format("".join(f"<li>{note}</li>" for note in self.notes))

    async def on_post(self, req, resp):
        form = await req.get_media()
        self.notes.append(form["text"])
        raise falcon.HTTPSeeOther("/")

    async def on_get_note(self, req, resp, number):
        if number > len(self.notes):
            raise falcon.HTTPNotFound(title="No such note")
        resp.media = {"number": number, "text": self.notes[number - 1], "shout": req.get_param("shout")}


class Session:
    async def on_post_login(self, req, resp):
        form = await req.get_media()
        resp.set_cookie("name", form["name"], secure=False, path="/")
        raise falcon.HTTPSeeOther("/whoami")

    async def on_post_logout(self, req, resp):
        resp.unset_cookie("name", path="/")
        resp.status = falcon.HTTP_SEE_OTHER
        resp.location = "/whoami"

    async def on_get(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        resp.text = ",".join(req.get_cookie_values("name") or ["nobody"])


class Upload:
    async def on_post(self, req, resp):
        async for part in await req.get_media():
            digest = hashlib.sha256()
            async for chunk in part.stream:
                digest.update(chunk)
            resp.media = {"name": part.secure_filename, "sha256": digest.hexdigest()}


class Several:
    async def on_get_lines(self, req, resp):
        async def generate():
            for number in range(500):
                yield f"line {number}\n".encode()

        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = generate()

    async def on_get_events(self, req, resp):
        async def generate():
            for number in range(3):
                yield falcon.asgi.SSEvent(json={"number": number}, event="tick")

        resp.sse = generate()

    async def on_get_async(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        loop = asyncio.get_running_loop()
        resp.text = await loop.run_in_executor(None, str.upper, "async")
        resp.schedule_sync(list)

    async def on_get_broken(self, req, resp):
        raise ValueError("This is what a traceback is for")


notes, session, several = Notes(), Session(), Several()
app = falcon.asgi.App()
app.add_route("/", notes, suffix="page")
app.add_route("/notes", notes)
app.add_route("/notes/{number:int}", notes, suffix="note")
app.add_route("/login", session, suffix="login")
app.add_route("/logout", session, suffix="logout")
app.add_route("/whoami", session)
app.add_route("/upload", Upload())
for name in ("lines", "events", "async", "broken"):
    app.add_route(f"/{name}", several, suffix=name)
app.add_static_route("/static", Path(__file__).parent / "static")
