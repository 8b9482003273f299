"""The source of an app as a page shows it, highlighted, under the live view or beside it."""

from __future__ import annotations

from docutils import nodes
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective

from sphinx_asgi_live.packing.sources import Sources
from sphinx_asgi_live.spec import AppSpec

SHOWN = ("hide", "show", "beside")
"""Whether a page shows an app's source: not at all, under the frame, or beside it where there is room."""


def module_source(sources: Sources) -> tuple[str, str] | None:
    """The path of the module that holds the app, and its text; `None` if that comes from an index."""
    place = sources.spec.module.replace(".", "/")
    for path in (f"{place}.py", f"{place}/__init__.py"):
        if content := sources.files.get(path):
            data = content if isinstance(content, bytes) else content.read_bytes()
            return path, data.decode("utf-8", "replace")
    return None


def listing(directive: SphinxDirective, spec: AppSpec, sources: Sources | None) -> nodes.Node | None:
    """Return the block of code, a named module's with its path as caption; `None` if there is no source to show."""
    found = ("", spec.source) if spec.source is not None else module_source(sources) if sources else None
    if found is None:
        return None
    caption, text = found
    block = nodes.literal_block(text, text, language="python", classes=["asgi-live-source"])
    directive.set_source_info(block)
    return container_wrapper(directive, block, f"``{caption}``") if caption else block


def arranged(app: list[nodes.Node], code: nodes.Node, shown: str) -> list[nodes.Node]:
    """Return what a directive shows, with the code in its place."""
    if shown == "beside":
        return [nodes.container("", *app, code, classes=["asgi-live-beside"])]
    return [*app, code]
