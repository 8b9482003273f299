"""Registers everything with Sphinx; the one edge where a packing error becomes a located warning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.epub3 import Epub3Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.config import Config
from sphinx.util import logging
from sphinx.util.display import progress_message
from sphinx.util.typing import ExtensionMetadata
from sphinxcontrib.serializinghtml import SerializingHTMLBuilder

from sphinx_asgi_live import __version__
from sphinx_asgi_live.config import LiveConfig, add_config_values
from sphinx_asgi_live.directives import AsgiLive
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed
from sphinx_asgi_live.nodes import add_nodes
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.site import FOLDER, Site
from sphinx_asgi_live.packing.stamp import Stamp
from sphinx_asgi_live.spec import AppSpec

logger = logging.getLogger(__name__)


def register(app: Sphinx) -> ExtensionMetadata:
    """Add configuration, directive, domain, nodes and handlers to a Sphinx application."""
    add_config_values(app)
    add_nodes(app)
    app.add_domain(AsgiLiveDomain)
    app.add_directive("asgi-live", AsgiLive)
    app.connect("config-inited", on_config_inited)
    app.connect("build-finished", on_build_finished)
    return {"version": __version__, "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def on_config_inited(app: Sphinx, config: Config) -> None:
    """Refuse wrong values before anything is read."""
    LiveConfig.of(config)


def on_build_finished(app: Sphinx, exception: Exception | None) -> None:
    """Write the apps beside the pages; only builders whose pages a browser opens from a server need them."""
    if exception or not _is_served(app):
        return
    domain = app.env.get_domain(AsgiLiveDomain.name)
    assert isinstance(domain, AsgiLiveDomain)
    apps = list(domain.apps())
    site = Site(Path(app.outdir))
    if not apps:
        site.prune()
        return
    settings = LiveConfig.of(app.config).settings(Path(app.confdir))
    stamp = Stamp(Path(app.doctreedir) / f"{FOLDER}-{app.builder.name}.json", site.root)
    if stamp.is_current(settings, [(spec, [embed.path for embed in embeds]) for spec, embeds in apps]):
        return
    with progress_message(f"packing {len(apps)} live app{'s' if len(apps) > 1 else ''}"):
        clean = build_apps(Packer(settings, site), apps)
    site.prune()
    stamp.write(site.files() if clean else None)


def _is_served(app: Sphinx) -> bool:
    builder = app.builder
    return isinstance(builder, StandaloneHTMLBuilder) and not isinstance(
        builder, (Epub3Builder, SerializingHTMLBuilder)
    )


def build_apps(packer: Packer, apps: Sequence[tuple[AppSpec, Sequence[Embed]]]) -> bool:
    """Pack all apps, and return whether all is well; a problem is a warning at its directive and told on its pages."""
    clean = True
    jobs: dict[Job, Sequence[Embed]] = {}
    for spec, embeds in apps:
        job = Job(spec, tuple(sorted({embed.path for embed in embeds})), embeds[0].title)
        if clash := namesake(spec, embeds):
            embed, problem = clash
            packer.refuse(job, problem)
            warn(spec, problem, embed)
            clean = False
        else:
            jobs[job] = embeds
    for outcome in packer.pack_all(list(jobs)):
        embeds = jobs[outcome.job]
        if outcome.problem:
            warn(outcome.job.spec, outcome.problem, embeds[0])
        for path, sentence in outcome.complaints:
            warn(outcome.job.spec, sentence, next(embed for embed in embeds if embed.path == path))
        clean = clean and not outcome.problem and not outcome.complaints
    return clean


def warn(spec: AppSpec, problem: str, embed: Embed) -> None:
    """Log a problem at the line of the directive that it comes from."""
    logger.warning("asgi-live app %s: %s", spec.label, problem, location=embed.location, type="asgi-live")


def namesake(spec: AppSpec, embeds: Sequence[Embed]) -> tuple[Embed, str] | None:
    """Return the first embed that means another app by the same name, and what is wrong with that."""
    described = next(embed for embed in embeds if embed.spec == spec)
    for embed in embeds:
        if embed.spec not in (spec, AppSpec(spec.name, spec.target)):
            problem = (
                f"another app of that name is in {described.docname}, line {described.line}; "
                "give one of them another :name:, or both the same target and options"
            )
            return embed, problem
    return None
