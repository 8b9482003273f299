"""A Datasette plugin: everyone is root, and table pages get a badge drawn by a script of its own."""

from __future__ import annotations

from datasette import hookimpl


@hookimpl
def actor_from_request() -> dict[str, str]:
    """Sign every visitor in as root. Right for a demo in the reader's own browser, wrong on a server."""
    return {"id": "root"}


@hookimpl
def extra_js_urls() -> list[dict[str, object]]:
    """Load badge.js, which Datasette serves from this package's static folder."""
    return [{"url": f"/-/static-plugins/{__name__}/badge.js", "module": True}]
