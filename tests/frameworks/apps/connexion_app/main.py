"""A book of notes with Connexion: the OpenAPI document says what is valid, the functions do the rest."""

from pathlib import Path

import connexion
from connexion.exceptions import OAuthProblem

notes = {1: {"number": 1, "text": "Buy milk"}}


async def search(limit=10, q=""):
    return [note for note in notes.values() if q in note["text"]][:limit]


def add(body):
    number = len(notes) + 1
    notes[number] = {"number": number, **body}
    return notes[number], 201, {"location": f"/notes/{number}"}


async def read(number):
    return notes.get(number, ({"error": "No such note"}, 404))


def remove(number, user):
    del notes[number]
    return connexion.NoContent, 204


async def upload(file):
    return {"name": file.filename, "size": len(await file.read())}


def check_key(key, required_scopes=None):
    if key != "sesame":
        raise OAuthProblem("Wrong key")
    return {"sub": "ada"}


app = connexion.AsyncApp(__name__, specification_dir=Path(__file__).parent)
app.add_api("openapi.yaml", validate_responses=True)
