"""Runs an app at build time, from the very archives that readers get, and judges what it answers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.bundle import Archive
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.cdn import CdnFile, find_cdn_files, find_complaints
from sphinx_asgi_live.packing.engine import Engine, EngineTimeout
from sphinx_asgi_live.packing.pyodide import Runtime
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.static import engine_key, static_folder
from sphinx_asgi_live.packing.tracebacks import first_traceback, trimmed
from sphinx_asgi_live.spec import AppSpec

CHECKED = 4
"""Part of every check's key: counted up when a job for the engine is another one with the same inputs."""

MODES = ("request", "import", "off")
"""What is tried: answers to the embedded paths, the import alone, or nothing."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an app is run with; `timeout` is in seconds."""

    engine: Engine
    runtime: Runtime
    stdlib: Path
    cache: Path
    timeout: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app answered to a GET of an embedded `path`: after redirects inside the app, at `url`.

    `asked` is the path as a browser asks for it, percent-encoded and without a fragment. `next` is a redirect that was
    not followed any more, and `said` what Python wrote to its standard error meanwhile.
    """

    path: str
    asked: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    next: str | None = None
    said: str = ""

    @property
    def media_type(self) -> str:
        """The type without parameters, in lower case."""
        return dict(self.headers).get("content-type", "").partition(";")[0].strip().lower()

    @classmethod
    def of(cls, response: dict[str, Any]) -> Answer:
        """Read what the engine reports, which has no cookies: they stay in the app's jar."""
        headers = tuple((name, value) for name, value in response["headers"])
        return cls(**{**response, "headers": headers, "body": base64.b64decode(response["body"])})


@dataclass(frozen=True, slots=True)
class Resource:
    """A file that the app's own pages are shown with; the address is as `references` finds it."""

    url: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Check:
    """How an app is to be mounted, what its pages load, what is wrong with it, and what it answered.

    `untried` says why an answer, or all, are missing and yet nothing is wrong.
    """

    mounted: bool = True
    cdn_files: tuple[CdnFile, ...] = ()
    complaints: tuple[tuple[str, str], ...] = ()
    untried: str = ""
    answers: tuple[Answer, ...] = ()
    resources: tuple[Resource, ...] = ()

    @property
    def failed(self) -> set[str]:
        """The paths that the app answered with an error of its own."""
        return {answer.path for answer in self.answers if answer.status >= 500}


def app_entry(spec: AppSpec, mounted: bool) -> dict[str, Any]:
    """Return what starts an app, of the manifest and of a job for the engine."""
    return {
        "name": spec.name,
        "module": spec.module,
        "attribute": spec.attribute,
        "factory": spec.factory,
        "mounted": mounted,
        "env": dict(spec.env),
    }


def check(spec: AppSpec, paths: Sequence[str], archives: Sequence[Archive], tools: Tools, mode: str) -> Check:
    """Try the app in the engine, as `mode` says; raises `PackingError` if it does not start.

    What is not tried is taken for well: an app that heeds its root, and whose pages load nothing from a CDN.
    """
    if mode == "off":
        return Check()
    asked = paths if mode == "request" else ()
    app = {**app_entry(spec, True), "startup": mode == "request"}
    references = Path(__file__).with_name("references.py").read_text("utf-8")
    described = [CHECKED, app, asked, [archive.path.name for archive in archives], engine_key(), references]
    key = hashlib.sha256(json.dumps(described).encode()).hexdigest()
    if path := recall(tools.cache, "checks", key):
        return _judge(json.loads(path.read_bytes()))
    task = {
        "command": "request",
        "runtime": str(tools.runtime.folder),
        "stdlib": str(tools.stdlib),
        "app": app,
        "root": f"/{FOLDER}/{spec.name}/app",
        "paths": list(asked),
        "references": references,
        "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
    }
    try:
        result = tools.engine.run(static_folder() / "engine.js", task, timeout=tools.timeout)
    except EngineTimeout:
        awaited = f"gave no answer to {', '.join(asked)}" if asked else "was not imported"
        raise PackingError(
            f"the app {awaited} within asgi_live_timeout = {tools.timeout:g} s; "
            "look for work at import or in its lifespan that does not end, or raise the limit"
        ) from None
    judged = _judge(result)
    remember(tools.cache, "checks", key, json.dumps(result).encode())
    return judged


def _untried(result: dict[str, Any]) -> str:
    """Say what the app asked of others in vain; while it lasts, a failure may be due to that alone.

    `CannotWait` is how a synchronous request ends in an engine that cannot suspend Python, as readers' browsers can.
    """
    failed = result.get("problem") or any(response["status"] >= 500 for response in result["responses"])
    if not failed:
        return ""
    told = result.get("problem", "") + result["output"]
    if not result.get("wanted") and "outgoing.exchange.CannotWait" not in told:
        return ""
    named = ", ".join(dict.fromkeys(result.get("wanted", ()))) or "what it calls"
    return f"the app was not fully tried, since nothing is fetched while the documentation is built: {named}"


def _judge(result: dict[str, Any]) -> Check:
    problem, untried = result.get("problem"), _untried(result)
    if problem and not untried:
        raise PackingError(f"the app does not start: {trimmed(problem).strip()}")
    if problem:
        return Check(untried=untried)
    answers = tuple(map(Answer.of, result["responses"]))
    files: dict[CdnFile, None] = {}
    lacking: dict[str, str] = {}
    complaints = []
    for answer in answers:
        if answer.media_type == "text/html":
            page = answer.body.decode("utf-8", "replace")
            files.update(dict.fromkeys(find_cdn_files(page)))
            lacking = dict.fromkeys(find_complaints(page), answer.path) | lacking
        failed = answer.status >= 500 and not untried
        if answer.status == 404 or failed or answer.next is not None:
            complaints.append((answer.path, _complaint(answer)))
    complaints += [(path, sentence) for sentence, path in lacking.items()]
    resources = tuple(
        Resource(each["url"], each["type"].partition(";")[0].strip().lower(), base64.b64decode(each["body"]))
        for each in result.get("resources", ())
    )
    return Check(result["mounted"], tuple(files), tuple(complaints), untried, answers, resources)


def _complaint(answer: Answer) -> str:
    if answer.next is not None:
        return (
            f"the app answers {answer.path} with redirects that do not end, the last one to {answer.next}; "
            "correct :path: or the app's routes"
        )
    told = f"the app answers {answer.path} with status {answer.status}"
    if answer.status == 404:
        return f"{told}; correct :path: or the app's routes"
    if traceback := first_traceback(answer.said):
        return f"{told}: {traceback}"
    return f"{told}; its last output: {answer.said.strip()[-1500:] or '(none)'}"
