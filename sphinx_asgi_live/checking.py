"""Tries all apps of a documentation project without building it; what `sphinx-asgi-live check` does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import Embed, stranger
from sphinx_asgi_live.extension import job_of
from sphinx_asgi_live.packing.check import Check
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.project import read_project, shown_apps


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one embedded path: `told` is the status or a word, and what there is to say of it."""

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
        for job, found in Packer(settings, Site(Path(app.outdir))).check_all(list(jobs)):
            yield from _results(job, found, jobs[job])


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
