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
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.packer import Packer
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
    packer = Packer(settings, site)
    with progress_message(f"packing {len(apps)} live app{'s' if len(apps) > 1 else ''}"):
        clean = all([build_app(packer, spec, embeds) for spec, embeds in apps])
    site.prune()
    stamp.write(site.files() if clean else None)


def _is_served(app: Sphinx) -> bool:
    builder = app.builder
    return isinstance(builder, StandaloneHTMLBuilder) and not isinstance(builder, (Epub3Builder, SerializingHTMLBuilder))


def build_app(packer: Packer, spec: AppSpec, embeds: Sequence[Embed]) -> bool:
    """Pack one app, or say in one warning and on its pages why it cannot be; return whether all is well."""
    first = embeds[0]
    paths = sorted({embed.path for embed in embeds})
    try:
        _refuse_namesakes(spec, embeds)
        complaints = packer.pack(spec, paths, first.title)
    except (PackingError, OSError) as error:
        problem = str(error)
        place = error.embed if isinstance(error, NameClash) else first
        logger.warning("asgi-live app %s: %s", spec.label, problem, location=place.location, type="asgi-live")
        packer.site.write_modules()
        packer.site.write_placeholders(spec.name, first.title, paths, problem)
        return False
    for path, sentence in complaints:
        place = next((embed for embed in embeds if embed.path == path), first)
        logger.warning("asgi-live app %s: %s", spec.label, sentence, location=place.location, type="asgi-live")
    return not complaints


class NameClash(PackingError):
    """Two different apps share a name; `embed` is the second one."""

    def __init__(self, message: str, embed: Embed) -> None:
        super().__init__(message)
        self.embed = embed


def _refuse_namesakes(spec: AppSpec, embeds: Sequence[Embed]) -> None:
    bare = AppSpec(spec.name, spec.target)
    described = next((embed for embed in embeds if embed.spec == spec), embeds[0])
    for embed in embeds:
        if embed.spec not in (spec, bare):
            raise NameClash(
                f"another app of that name is in {described.docname}, line {described.line}; "
                "give one of them another :name:, or both the same target and options",
                embed,
            )
