"""From what pages declare of an app to what is packed of it."""

from __future__ import annotations

from collections.abc import Sequence

from sphinx_asgi_live.domain import Embed
from sphinx_asgi_live.packing.packer import Job
from sphinx_asgi_live.spec import AppSpec


def job_of(spec: AppSpec, embeds: Sequence[Embed]) -> Job:
    """Return what is to be packed for all embeds of an app."""
    return Job(spec, tuple(sorted({embed.path for embed in embeds if not embed.call})), embeds[0].title)
