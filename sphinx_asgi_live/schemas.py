"""Asks an app for its own OpenAPI schema while a page is read: what it says decides what the page holds."""

from __future__ import annotations

from pathlib import Path

from sphinx_asgi_live.openapi import Schema
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.spec import AppSpec, Call, RequestSpec


def schema_of(spec: AppSpec, path: str, settings: Settings) -> Schema:
    """Return the schema that an app answers a GET of `path` with; raises `PackingError` if there is none."""
    if settings.check != "request":
        raise PackingError(f"its operations are not known with asgi_live_check = {settings.check!r}; write 'request'")
    job = Job(spec, (), spec.name)
    [(_, found)] = Packer(settings, Site(Path())).replay_all({job: {path: [Call(RequestSpec("GET", path), 200)]}})
    if isinstance(found, str):
        raise PackingError(found)
    played = found[path]
    if played.complaints or not played.bodies:
        told = played.complaints[0].sentence if played.complaints else played.untried
        raise PackingError(f"{told}\nGive the path of the app's schema as :openapi:, such as /openapi.json")
    try:
        return Schema(played.bodies[0])
    except ValueError as error:
        raise PackingError(f"what the app answers to {path} is no OpenAPI schema: {error}") from None
