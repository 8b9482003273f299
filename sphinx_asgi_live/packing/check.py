"""Judges what an app answered when it was tried at build time."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cdn import CdnFile, find_cdn_files, find_complaints
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.tracebacks import first_traceback, trimmed


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

    @property
    def landed(self) -> str:
        """The address below the app's root that the answer came from, in the form of `asked`."""
        return re.sub(rf"^/{FOLDER}/[^/]+/app", "", urlsplit(self.url)._replace(scheme="", netloc="").geturl())

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
    def tried(self) -> set[str]:
        """What it was asked for, below its root: paths with their queries, those that it was led to among them."""
        return {answer.asked for answer in self.answers} | {answer.landed for answer in self.answers}

    @property
    def failed(self) -> set[str]:
        """The paths that the app answered with an error of its own."""
        return {answer.path for answer in self.answers if answer.status >= 500}


def judge(result: dict[str, Any]) -> Check:
    """Read what the engine reports of an app; raises `PackingError` if it does not start."""
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
