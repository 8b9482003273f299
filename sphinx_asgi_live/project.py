"""A documentation project that is read and not built, for the commands that are about its apps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, names_of_ifconfig
from sphinx_asgi_live.spec import AppSpec

HTML = ("html", "builder_html", "format_html")
"""The tags of a build for which apps are packed: https://www.sphinx-doc.org/en/master/usage/restructuredtext/directives.html#tags"""


@contextmanager
def read_project(source: Path) -> Iterator[Sphinx]:
    """Read the project whose conf.py is in a folder; raises what Sphinx raises if it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch, patch_docutils(str(source)), docutils_namespace():
        trees = Path(scratch, "trees")
        app = Sphinx(source, source, Path(scratch, "out"), trees, "dummy", status=None, tags=HTML)
        app.build()
        yield app


def shown_apps(app: Sphinx) -> Iterator[tuple[AppSpec, list[Embed]]]:
    """Yield each app with its embeds, as `AsgiLiveDomain.apps` does, of those that pages in HTML show."""
    return AsgiLiveDomain.of(app.env).apps(app.builder.tags, {**names_of_ifconfig(app), "builder": "html"})
