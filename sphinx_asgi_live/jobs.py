"""From what pages declare of an app to what is packed of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from weakref import WeakKeyDictionary

from sphinx.application import Sphinx

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import Embed
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.spec import AppSpec

_packers: WeakKeyDictionary[Sphinx, Packer] = WeakKeyDictionary()


def begin_packing(app: Sphinx) -> Packer:
    """Return a new packer for this build, which what comes later in it uses on: nothing is tried twice."""
    settings = LiveConfig.of(app.config).settings(Path(app.confdir))
    _packers[app] = Packer(settings, Site(Path(app.outdir)))
    return _packers[app]


def end_packing(app: Sphinx) -> Packer:
    """Return the packer of this build, which is over."""
    packer = _packers.pop(app, None) or begin_packing(app)
    _packers.pop(app, None)
    return packer


def job_of(spec: AppSpec, embeds: Sequence[Embed]) -> Job:
    """Return what is to be packed for all embeds of an app."""
    return Job(spec, tuple(sorted({embed.path for embed in embeds if not embed.call})), embeds[0].title)
