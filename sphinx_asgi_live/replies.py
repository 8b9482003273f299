"""Has the requests of all pages answered before any page is written; what is wrong with a response is a warning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.display import progress_message

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, Recorded, names_of_ifconfig, warn
from sphinx_asgi_live.nodes import is_served
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.replay import Replayed
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.packing.stamp import inputs_of, touched
from sphinx_asgi_live.spec import AppSpec, Call

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Part:
    """The requests of a page to an app, by the embeds' numbers; `inputs` as in `Recorded`."""

    docname: str
    embeds: Mapping[int, Embed]
    inputs: str

    @property
    def calls(self) -> list[Call]:
        """What is to be sent, in the page's order."""
        return [embed.call for embed in self.embeds.values() if embed.call]


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages that show other responses than before, all responses being there now."""
    # A builder without a format writes no pages.
    if not app.builder.format:
        return []
    settings = LiveConfig.of(app.config).settings(Path(app.confdir))
    domain = AsgiLiveDomain.of(env)
    changed: list[str] = []
    waiting: dict[AppSpec, list[Part]] = {}
    for spec, pages in domain.calls(app.builder.tags, names_of_ifconfig(app)):
        for docname, embeds in pages.items():
            part = Part(docname, embeds, _inputs(settings, spec, embeds))
            before = domain.recorded(docname).get(spec.name)
            if settings.check != "request":
                changed += _keep(domain, part, spec, Recorded("", {}))
            elif not before or not part.inputs or before.inputs != part.inputs:
                waiting.setdefault(spec, []).append(part)
    if waiting:
        count = sum(len(part.embeds) for parts in waiting.values() for part in parts)
        with progress_message(f"asking live apps {count} request{'s' if count > 1 else ''}"):
            changed += _play(domain, settings, waiting, is_served(app.builder))
    return changed


def _inputs(settings: Settings, spec: AppSpec, embeds: Mapping[int, Embed]) -> str:
    """Return a hash of what decides the responses; empty for an app that has no files."""
    try:
        app = inputs_of(settings, [(spec, ())])
    except (PackingError, OSError):
        return ""
    described = [app, touched(settings.lock), [(number, repr(embed.call)) for number, embed in embeds.items()]]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _play(
    domain: AsgiLiveDomain, settings: Settings, waiting: Mapping[AppSpec, list[Part]], is_packed_later: bool
) -> list[str]:
    changed: list[str] = []
    jobs = {Job(spec, (), spec.name): parts for spec, parts in waiting.items()}
    pages = {job: {part.docname: part.calls for part in parts} for job, parts in jobs.items()}
    for job, replayed in Packer(settings, Site(Path())).replay_all(pages):
        if isinstance(replayed, str) and not is_packed_later:
            warn(job.spec.label, replayed, next(iter(jobs[job][0].embeds.values())).location)
        for part in jobs[job]:
            changed += _keep(domain, part, job.spec, _recorded(settings, job.spec, part, replayed))
    return changed


def _recorded(settings: Settings, spec: AppSpec, part: Part, replayed: Replayed | str) -> Recorded:
    """Return what came of a page's requests, having told what is wrong with it."""
    if isinstance(replayed, str):
        return Recorded("", {}, replayed)
    played = replayed[part.docname]
    embeds = list(part.embeds.values())
    for complaint in played.complaints:
        embed = embeds[complaint.number]
        places = dict(embed.call.places) if embed.call else {}
        warn(spec.label, complaint.sentence, places.get(complaint.option, embed.location))
    if played.untried:
        logger.info("asgi-live app %s: %s", spec.label, played.untried)
    # Taken anew: the lock may have been written meanwhile.
    inputs = "" if played.complaints else _inputs(settings, spec, part.embeds)
    return Recorded(inputs, dict(zip(part.embeds, played.texts, strict=True)))


def _keep(domain: AsgiLiveDomain, part: Part, spec: AppSpec, now: Recorded) -> list[str]:
    """Note what came of a page's requests, and return the page if that is not what it was."""
    recorded = domain.recorded(part.docname)
    before, recorded[spec.name] = recorded.get(spec.name), now
    return [part.docname] if now != before else []
