"""Sends an app the requests that pages show, from the very archives that readers get, and judges the responses.

All requests of a page go to one app that has just started, in the page's order; another page has an app of its own.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.attempt import app_entry
from sphinx_asgi_live.packing.bundle import Archive
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.engine import EngineTimeout
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.static import engine_key
from sphinx_asgi_live.packing.tools import Tools
from sphinx_asgi_live.packing.tracebacks import first_traceback, trimmed
from sphinx_asgi_live.spec import AppSpec, Call

REPLAYED = 1
"""Part of every key: counted up when a job for the engine is another one with the same inputs."""
SHOWN = 1000
"""Characters of a response that a complaint tells."""

Pages: TypeAlias = Mapping[str, Sequence[Call]]
"""The calls of each page, by its name."""

JSON: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with the response to a page's call of that number; `option` is what it contradicts, if any."""

    number: int
    sentence: str
    option: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a page's calls: the responses as text, empty where there is none to be shown, and complaints.

    `untried` says why responses are missing, or left out, and yet nothing is wrong. `bodies` are as they came.
    """

    texts: tuple[str, ...]
    complaints: tuple[Complaint, ...] = ()
    untried: str = ""
    bodies: tuple[bytes, ...] = ()


Replayed: TypeAlias = dict[str, Played]
"""What came of the calls of each page."""


def replay(
    spec: AppSpec, address: str, pages: Pages, archives: Sequence[Archive], image: Path | None, tools: Tools
) -> Replayed:
    """Send the calls of all pages in one run of the engine; raises `PackingError` if the app does not start.

    A page whose results are in the cache is not played again. To the app, requests come to a server at `address`.
    It starts from the `image` of its dependencies if there is one, which is a matter of time only.
    """
    entry = app_entry(spec, True)
    about = [REPLAYED, engine_key(), entry, [archive.path.name for archive in archives]]
    jobs = {docname: [_job(call, address) for call in calls] for docname, calls in pages.items()}
    keys = {docname: hashlib.sha256(json.dumps([*about, job]).encode()).hexdigest() for docname, job in jobs.items()}
    results: dict[str, JSON] = {}
    for docname, key in keys.items():
        if path := recall(tools.cache, "replies", key):
            results[docname] = json.loads(path.read_bytes())
    missing = [docname for docname in pages if docname not in results]
    if missing:
        played = _run(spec, entry, [jobs[docname] for docname in missing], archives, image, tools)
        for docname, result in zip(missing, played, strict=False):
            results[docname] = result
            if "problem" not in result:
                remember(tools.cache, "replies", keys[docname], json.dumps(result).encode())
    late = {"replies": [], "problem": _LATE.format(tools.timeout)}
    return {docname: _judged(calls, results.get(docname, late)) for docname, calls in pages.items()}


_LATE = (
    "it was not answered within asgi_live_timeout = {:g} s for each page; "
    "look for work that does not end, or raise the limit"
)


def _job(call: Call, address: str) -> JSON:
    request = call.request
    return {
        "method": request.method,
        "target": request.target,
        "headers": request.headers,
        "body": request.body,
        "base": address,
        "shown": call.headers,
    }


def _run(
    spec: AppSpec,
    entry: JSON,
    pages: Sequence[list[JSON]],
    archives: Sequence[Archive],
    image: Path | None,
    tools: Tools,
) -> list[JSON]:
    """Return the results of the pages, as far as they came in time."""
    job = {"app": entry, "root": f"/{FOLDER}/{spec.name}/app", "pages": pages, "base": image and str(image)}
    try:
        result = replace(tools, timeout=tools.timeout * len(pages)).run("replay", archives, job)
    except EngineTimeout:
        return []
    played: list[JSON] = result["pages"]
    for page, jobs in zip(played, pages, strict=False):
        if len(page["replies"]) < len(jobs):
            page.setdefault("problem", _LATE.format(tools.timeout))
    return played


def _judged(calls: Sequence[Call], result: JSON) -> Played:
    replies: list[JSON] = result["replies"]
    problem: str = result.get("problem", "")
    if result.get("isUnstarted"):
        raise PackingError(f"the app does not start: {trimmed(problem).strip()}")
    complaints = [each for number, call in enumerate(calls[: len(replies)]) for each in _judge(number, call, replies)]
    texts = [reply["text"] for reply in replies] + [""] * (len(calls) - len(replies))
    outside = _outside(replies)
    # What has failed to ask others may also be what a later request lacks.
    since = next((number for number, named in enumerate(outside) if named), len(replies))
    failed = [n for n, reply in enumerate(replies) if n >= since and reply["status"] >= 500 and not calls[n].status]
    texts = ["" if number in failed else text for number, text in enumerate(texts)]
    complaints = [each for each in complaints if each.number not in failed]
    if problem:
        asked = calls[len(replies)].request
        complaints.append(Complaint(len(replies), f"{asked.method} {asked.target}: {trimmed(problem).strip()}"))
    named = ", ".join(dict.fromkeys(filter(None, outside)))
    untried = f"a request needs more than the app, and nothing is fetched at build time: {named}"
    bodies = tuple(base64.b64decode(reply["body"]) for reply in replies)
    return Played(tuple(texts), tuple(complaints), untried if failed else "", bodies)


def _judge(number: int, call: Call, replies: Sequence[JSON]) -> list[Complaint]:
    """Compare a response with what its author says of it; where nothing is said, an error of the app's is wrong."""
    reply, asked = replies[number], f"{call.request.method} {call.request.target}"
    told = first_traceback(reply["said"]) or reply["text"][:SHOWN]
    if call.status not in (None, reply["status"]):
        sentence = f"{asked} was answered with status {reply['status']}, not {call.status}: {told}"
        return [Complaint(number, sentence, "status")]
    body = base64.b64decode(reply["body"]).decode("utf-8", "replace")
    lacking = [text for text in call.contains if text not in body and text not in reply["text"]]
    if lacking:
        return [
            Complaint(number, f"{asked} was not answered with {' and '.join(map(repr, lacking))}: {told}", "contains")
        ]
    if reply["status"] >= 500 and call.status is None:
        sentence = f"{asked} was answered with status {reply['status']}: {told}"
        return [Complaint(number, f"{sentence}\nIf that is meant, say :status: {reply['status']}")]
    return []


def _outside(replies: Sequence[JSON]) -> list[str]:
    """Return what the app asked of others in vain during each request, empty if nothing."""
    waited = ["outgoing.exchange.CannotWait" in reply["said"] for reply in replies]
    return [
        ", ".join(reply["wanted"]) or ("what it calls" if vain else "")
        for reply, vain in zip(replies, waited, strict=True)
    ]
