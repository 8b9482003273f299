"""Where the JavaScript and CSS are: inside an installed package, beside it in a working tree."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

BUILD_ONLY = {
    "answers.js",
    "attempt.js",
    "engine.js",
    "freeze.js",
    "imaging.js",
    "replay.js",
    "resources.js",
    "trial.js",
}
"""Readers get the other modules and the style sheet."""

ENGINE_MODULES = (
    "absent.js",
    "answers.js",
    "attempt.js",
    "body.js",
    "call.js",
    "carried.js",
    "charset.js",
    "deadline.js",
    "ending.js",
    "engine.js",
    "exchange.js",
    "freeze.js",
    "http.js",
    "imaging.js",
    "injection.js",
    "interpreter.js",
    "json.js",
    "nodes.js",
    "policy.js",
    "python.js",
    "reasons.js",
    "replay.js",
    "replytext.js",
    "resources.js",
    "snapshot.js",
    "tar.js",
    "trial.js",
)

INSIDE = (
    "addresses.js",
    "navigation.js",
    "frames.js",
    "workers.js",
    "downloads.js",
    "cookies.js",
    "cookiestore.js",
    "alive.js",
    "upload.js",
    "livesocket.js",
    "websocket.js",
    "last.js",
)
"""The scripts of the folder `inside`, in the order in which they run as one: the first script of the app's pages."""


@cache
def static_folder() -> Path:
    """Return the folder of the static files, of a wheel or of an editable installation."""
    package = Path(__file__).parent.parent
    return next(
        folder for folder in (package / "static", package.parent / "static") if (folder / "worker.js").is_file()
    )


@cache
def shipped() -> dict[str, bytes]:
    """Return the contents of the shipped files by name."""
    paths = sorted(path for pattern in ("*.js", "*.css") for path in static_folder().glob(pattern))
    modules = {path.name: path.read_bytes() for path in paths if path.name not in BUILD_ONLY}
    return {**modules, "inside.js": b"".join((static_folder() / "inside" / name).read_bytes() for name in INSIDE)}


@cache
def modules_folder() -> str:
    """Return the name of the emitted folder of the modules, which import each other and so stay together."""
    return f"js-{_digest(shipped())[:16]}"


@cache
def engine_key() -> str:
    """Return a hash of the modules that take part in a run of the engine."""
    return _digest({name: (static_folder() / name).read_bytes() for name in ENGINE_MODULES})


def _digest(contents: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
