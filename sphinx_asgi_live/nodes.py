"""The node of an embedded app, and how each family of builders writes it."""

from __future__ import annotations

import posixpath
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.static import modules_folder


class asgi_live(nodes.General, nodes.Element):
    """An app in a frame; attributes `name`, `path`, `title`, `start`, `style`; its only child may be a caption."""


def visit_html(self: Any, node: asgi_live) -> None:
    """Write the figure, its frame and, before the first one of a page, what makes it live."""
    here = self.builder.get_target_uri(self.builder.current_docname).partition("#")[0]
    root = relative_uri(here, FOLDER)
    if node.document and next(node.document.findall(asgi_live)) is node:
        shared = posixpath.join(root, "shared", modules_folder())
        self.body.append(f'<link rel="stylesheet" href="{shared}/page.css">')
        self.body.append(f'<script type="module" src="{shared}/page.js"></script>\n')
    attributes = {
        "class": " ".join(["asgi-live", *node["classes"]]),
        "data-asgi-live": node["name"],
        "data-state": "idle",
        "data-start": node["start"],
        "style": "; ".join(f"--asgi-live-{key}: {value}" for key, value in node["style"].items()),
    }
    if node["ids"]:
        attributes["id"] = node["ids"][0]
    written = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items() if value)
    source = f"{root}/{node['name']}/app{node['path']}"
    self.body.append(f"<figure {written}>\n")
    self.body.append(f'<iframe title="{escape(node["title"])}" src="{escape(source)}" loading="lazy"></iframe>\n')


def visit_caption_html(self: Any, node: asgi_live_caption) -> None:
    """Begin the figure's caption."""
    self.body.append("<figcaption>\n<p>")


def depart_caption_html(self: Any, node: asgi_live_caption) -> None:
    """End the figure's caption."""
    self.body.append("</p>\n</figcaption>\n")


def depart_html(self: Any, node: asgi_live) -> None:
    """End the figure."""
    self.body.append("</figure>\n")


class asgi_live_caption(nodes.Part, nodes.TextElement):
    """The caption below the frame; translated as other text is."""


def visit_elsewhere(self: Any, node: asgi_live) -> None:
    """Where nothing runs, say what the online page shows, in the words of the builder at hand."""
    text = f"[{node['title']}: a live app, in the online version of this page]"
    nodes.paragraph("", "", nodes.emphasis("", text)).walkabout(self)
    if node.children:
        nodes.paragraph("", "", *(child.deepcopy() for child in node[0].children)).walkabout(self)
    raise nodes.SkipNode


def add_nodes(app: Sphinx) -> None:
    """Register the nodes with all builders."""
    elsewhere = (visit_elsewhere, None)
    others: dict[str, Any] = {kind: elsewhere for kind in ("latex", "text", "man", "texinfo")}
    app.add_node(asgi_live, html=(visit_html, depart_html), epub=elsewhere, **others)
    app.add_node(asgi_live_caption, html=(visit_caption_html, depart_caption_html), override=True)
