"""Tries all apps of a documentation project without building it; what `sphinx-asgi-live check` does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sphinx.application import Sphinx

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, names_of_ifconfig, stranger
from sphinx_asgi_live.jobs import job_of
from sphinx_asgi_live.packing.check import Check
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.replay import Played
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.project import read_project, shown_apps


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an embedded path, or of a request: `told` is the status or a word, and what there is to say."""

    app: str
    path: str
    told: str
    failed: bool


def check_project(source: Path) -> Iterator[Result]:
    """Try all apps of the project whose conf.py is in a folder; raises what Sphinx raises if it cannot be read."""
    with read_project(source) as app:
        config = LiveConfig.of(app.config)
        # Who calls this wants them tried.
        settings = replace(config.settings(source), check="request" if config.check == "off" else config.check)
        jobs = {job_of(spec, embeds): embeds for spec, embeds in shown_apps(app)}
        packer = Packer(settings, Site(Path(app.outdir)))
        for job, found in packer.check_all(list(jobs)):
            yield from _results(job, found, jobs[job])
        if settings.check == "request":
            yield from _replies(app, packer)


def _replies(app: Sphinx, packer: Packer) -> Iterator[Result]:
    """Send the requests that pages show, those of each page to a fresh app."""
    shown = AsgiLiveDomain.of(app.env).calls(app.builder.tags, names_of_ifconfig(app))
    calls = {
        Job(spec, (), spec.name): {
            docname: [embed.call for embed in embeds.values() if embed.call] for docname, embeds in pages.items()
        }
        for spec, pages in shown
    }
    for job, replayed in packer.replay_all(calls):
        for docname, asked in calls[job].items():
            played = Played(("",) * len(asked)) if isinstance(replayed, str) else replayed[docname]
            for number, (call, text) in enumerate(zip(asked, played.texts, strict=True)):
                problems = [each.sentence for each in played.complaints if each.number == number]
                if isinstance(replayed, str):
                    problems = [f"failed: {replayed}"]
                status = [text.split()[1]] if text else [] if problems else ["not tried"]
                path = f"{call.request.method} {call.request.target}"
                yield Result(job.spec.name, path, ": ".join([*status, *problems]), bool(problems))


def _results(job: Job, found: Check | str, embeds: list[Embed]) -> Iterator[Result]:
    if other := stranger(job.spec, embeds):
        yield Result(job.spec.name, other.path, f"not tried: another app of that name is at {other.location}", True)
    if isinstance(found, str):
        yield from (Result(job.spec.name, path, f"failed: {found}", True) for path in job.paths)
        return
    answers = {answer.path: str(answer.status) for answer in found.answers}
    for path in job.paths:
        problems = [sentence for place, sentence in found.complaints if place == path]
        told = [answers.get(path, "not tried" if found.untried else "imported"), *problems]
        if found.untried:
            told.append(found.untried)
        yield Result(job.spec.name, path, ": ".join(told), bool(problems))
