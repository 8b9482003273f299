"""Runs an app at build time, from the very archives that readers get, and judges what it answers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from sphinx_asgi_live.spec import AppSpec

CHECKED = 2
"""Part of every check's key: counted up when the same answers are judged otherwise."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What an app is run with; `timeout` is in seconds."""

    engine: Engine
    runtime: Runtime
    stdlib: Path
    cache: Path
    timeout: float


@dataclass(frozen=True, slots=True)
class Check:
    """What the app answered at build time: how it is to be mounted, what its pages load, what is wrong with it.

    `untried` says why an answer, or all, are missing and yet nothing is wrong.
    """

    mounted: bool
    cdn_files: tuple[CdnFile, ...]
    complaints: tuple[tuple[str, str], ...]
    untried: str = ""


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


def check(spec: AppSpec, paths: Sequence[str], archives: Sequence[Archive], tools: Tools) -> Check:
    """Answer the embedded paths in the engine; raises `PackingError` if the app does not start."""
    described = [CHECKED, app_entry(spec, True), paths, [archive.path.name for archive in archives], engine_key()]
    key = hashlib.sha256(json.dumps(described).encode()).hexdigest()
    if path := recall(tools.cache, "checks", key):
        return _from_json(path.read_bytes())
    task = {
        "command": "request",
        "runtime": str(tools.runtime.folder),
        "stdlib": str(tools.stdlib),
        "app": app_entry(spec, True),
        "root": f"/{FOLDER}/{spec.name}/app",
        "paths": list(paths),
        "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
    }
    try:
        result = tools.engine.run(static_folder() / "engine.js", task, timeout=tools.timeout)
    except EngineTimeout:
        raise PackingError(
            f"the app gave no answer to {', '.join(paths)} within asgi_live_timeout = {tools.timeout:g} s; "
            "look for work at import or in its lifespan that does not end, or raise the limit"
        ) from None
    problem, untried = result.get("problem"), _untried(result)
    if problem and not untried:
        raise PackingError(f"the app does not start: {problem.strip()}")
    checked = Check(True, (), (), untried) if problem else _judge(result, untried)
    remember(tools.cache, "checks", key, json.dumps(asdict(checked)).encode())
    return checked


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


def _judge(result: dict[str, Any], untried: str) -> Check:
    files: dict[CdnFile, None] = {}
    lacking: dict[str, str] = {}
    complaints = []
    for response in result["responses"]:
        kind = dict(response["headers"]).get("content-type", "")
        if kind.startswith("text/html"):
            page = base64.b64decode(response["body"]).decode("utf-8", "replace")
            files.update(dict.fromkeys(find_cdn_files(page)))
            lacking = dict.fromkeys(find_complaints(page), response["path"]) | lacking
        failed = response["status"] >= 500 and not untried
        if response["status"] == 404 or failed or "next" in response:
            complaints.append((response["path"], _complaint(response, result["output"])))
    complaints += [(path, sentence) for sentence, path in lacking.items()]
    return Check(result["mounted"], tuple(files), tuple(complaints), untried)


def _complaint(response: dict[str, Any], output: str) -> str:
    if "next" in response:
        return (
            f"the app answers {response['path']} with redirects that do not end, the last one to {response['next']}; "
            "correct :path: or the app's routes"
        )
    told = f"the app answers {response['path']} with status {response['status']}"
    if response["status"] == 404:
        return f"{told}; correct :path: or the app's routes"
    return f"{told}; its last output: {output.strip()[-1500:] or '(none)'}"


def _from_json(content: bytes) -> Check:
    data = json.loads(content)
    complaints = tuple((path, sentence) for path, sentence in data["complaints"])
    return Check(data["mounted"], tuple(CdnFile(**file) for file in data["cdn_files"]), complaints, data["untried"])
