"""Registers everything with Sphinx; the one edge where a packing error becomes a located warning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.display import progress_message
from sphinx.util.typing import ExtensionMetadata

from sphinx_asgi_live import __version__, answers, replies
from sphinx_asgi_live.config import LiveConfig, add_config_values
from sphinx_asgi_live.directives import AsgiLive
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, names_of_ifconfig, stranger, warn
from sphinx_asgi_live.jobs import end_packing, job_of
from sphinx_asgi_live.nodes import add_nodes, is_served
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.stamp import Stamp
from sphinx_asgi_live.placing import complain, placed
from sphinx_asgi_live.requesting import AsgiLiveRequest
from sphinx_asgi_live.requestnodes import add_request_nodes
from sphinx_asgi_live.unread import Unread

logger = logging.getLogger(__name__)

SECRET = "if it is none, suppress_warnings = ['asgi-live.secret'] says so, and :files: with its full name publishes it"


def register(app: Sphinx) -> ExtensionMetadata:
    """Add configuration, directive, domain, nodes and handlers to a Sphinx application."""
    add_config_values(app)
    add_nodes(app)
    add_request_nodes(app)
    app.add_domain(AsgiLiveDomain)
    app.add_directive("asgi-live", AsgiLive)
    app.add_directive("asgi-live-request", AsgiLiveRequest)
    app.add_transform(Unread)
    app.connect("config-inited", on_config_inited)
    app.connect("builder-inited", on_builder_inited)
    app.connect("env-updated", replies.on_env_updated)
    app.connect("env-updated", answers.on_env_updated)
    app.connect("doctree-resolved", answers.fill_words)
    app.connect("build-finished", on_build_finished)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def on_config_inited(app: Sphinx, config: Config) -> None:
    """Refuse wrong values before anything is read."""
    LiveConfig.of(config)


def on_builder_inited(app: Sphinx) -> None:
    """Tell the directives where apps are looked for."""
    AsgiLiveDomain.of(app.env).confdir = Path(app.confdir)


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    """Write the apps beside the pages; only builders whose pages a browser opens from a server need them."""
    packer = end_packing(app)
    if exception or not is_served(app.builder):
        return
    jobs = [
        (job_of(spec, embeds), embeds)
        for spec, embeds in AsgiLiveDomain.of(app.env).apps(app.builder.tags, names_of_ifconfig(app))
    ]
    site, settings = packer.site, packer.settings
    if not jobs:
        site.prune()
        return
    stamp = Stamp(Path(app.doctreedir) / f"{FOLDER}-{app.builder.name}.json", site.root)
    clash = any(stranger(job.spec, embeds) for job, embeds in jobs)
    if stamp.is_current(settings, [(job.spec, [job.title, *job.paths]) for job, _ in jobs]) and not clash:
        return
    with progress_message(f"packing {len(jobs)} live app{'s' if len(jobs) > 1 else ''}"):
        try:
            clean = build_apps(packer, jobs)
            site.prune()
            stamp.write(site.files() if clean else None)
        except OSError as error:
            # A full disk takes not even the pages that would tell so.
            problem = f"{error}; free the disk, or make {site.root} and {app.doctreedir} writable, and build again"
            warn(jobs[0][0].spec.label, problem, jobs[0][1][0].location)


def build_apps(packer: Packer, jobs: Sequence[tuple[Job, list[Embed]]]) -> bool:
    """Pack all apps, and return whether all is well; a problem is a warning at its directive and told on its pages."""
    clean = True
    sound: dict[Job, list[Embed]] = {}
    for job, embeds in jobs:
        if other := stranger(job.spec, embeds):
            first = next(embed for embed in embeds if embed.spec == job.spec)
            problem = (
                f"another app of that name is at {first.location}; "
                "give one of them another :name:, or both the same target and options"
            )
            packer.refuse(job, problem)
            warn(job.spec.label, problem, other.location)
            clean = False
        else:
            sound[job] = embeds
    for outcome in packer.pack_all(list(sound)):
        embeds = sound[outcome.job]
        if outcome.problem:
            warn(outcome.job.spec.label, *placed(outcome.problem, embeds[0]))
        if outcome.untried:
            logger.info("asgi-live app %s: %s", outcome.job.spec.label, outcome.untried)
        if outcome.note:
            logger.info("asgi-live app %s starts slower than it could: %s", outcome.job.spec.label, outcome.note)
        complain(outcome.job.spec.label, embeds, outcome.complaints)
        for sentence in outcome.secrets:
            warn(outcome.job.spec.label, f"{sentence}; {SECRET}", embeds[0].location, "secret")
        clean = clean and not (outcome.problem or outcome.complaints or outcome.secrets)
    if clean:
        packer.tidy_lock()
    return clean
