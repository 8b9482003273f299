"""A book of notes with Flask."""

import hashlib

from flask import Flask, abort, jsonify, redirect, render_template, request, session, stream_with_context, url_for
from markupsafe import escape
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.config["SECRET_KEY"] = "no secret in a browser"
notes = ["Buy milk"]
password = generate_password_hash("lovelace", method="pbkdf2:sha256:1000")


@app.get("/")
def page():
    return render_template("page.html", notes=notes)


@app.post("/notes")
def add():
    notes.append(request.form["text"])
    return redirect(url_for("page"), 303)


@app.get("/notes/<int:number>")
def note(number):
    if number > len(notes):
        abort(404, "No such note")
    return jsonify(number=number, text=notes[number - 1], shout=request.args.get("shout"))


@app.post("/login")
def login():
    if not check_password_hash(password, request.form.get("password", "lovelace")):
        abort(403)
    session["name"] = request.form["name"]
    return redirect(url_for("whoami"), 303)


@app.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("whoami"), 303)


@app.get("/whoami")
def whoami():
    return escape(session.get("name", "nobody"))


@app.post("/upload")
def upload():
    file = request.files["file"]
    return jsonify(name=file.filename, sha256=hashlib.file_digest(file.stream, "sha256").hexdigest())


@app.get("/lines")
def lines():
    def generate():
        yield f"for {request.path}\n"
        for number in range(500):
            yield f"line {number}\n"

    return app.response_class(stream_with_context(generate()), mimetype="text/plain")


@app.get("/sync")
def sync():
    return "def"


@app.errorhandler(405)
def not_allowed(error):
    return jsonify(error=error.description), 405, error.get_headers()[1:]


@app.get("/broken")
def broken():
    raise ValueError("This is what a traceback is for")
