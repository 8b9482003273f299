"""The node of an embedded app: a figure where pages come from a server, words elsewhere."""

from __future__ import annotations

import posixpath
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.osutil import relative_uri
from sphinxcontrib.serializinghtml import SerializingHTMLBuilder

from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.static import modules_folder


class live_node(nodes.General, nodes.Element):
    """What is of an app on a page; the first one of a page brings the modules and the style sheet."""


class asgi_live(live_node):
    """An app in a frame; its children may be a caption, and what it answers in words.

    Attributes are `name`, `path`, `title`, `start`, `style`, and `embed`, which of the embeds of the document `docname`
    it is.
    """


class asgi_live_caption(nodes.Part, nodes.TextElement):
    """The caption below the frame; translated as other text is."""


class asgi_live_words(nodes.Part, nodes.TextElement):
    """What the app answers, for the search index; not shown."""


def is_served(builder: Builder) -> bool:
    """Tell whether the builder writes pages that a browser opens from a server, so that apps can live there.

    Not so e-books and help files, which are HTML inside something else, nor fragments of pages for other programs.
    """
    return (
        isinstance(builder, StandaloneHTMLBuilder)
        and not builder.embedded
        and not isinstance(builder, SerializingHTMLBuilder)
    )


def unbuilt(problem: str) -> nodes.Element:
    """Return what a page says in the place of an app that its directive does not describe."""
    told = f"This app could not be built with the documentation: {problem}"
    # The values in it are the author's own, quotes and all.
    return nodes.error("", nodes.paragraph(told, told, support_smartquotes=False), classes=["asgi-live-unbuilt"])


def begin(self: Any, node: live_node) -> str:
    """Return the way to the apps from the page that is written, having linked what makes its first app live."""
    here = self.builder.get_target_uri(self.builder.current_docname).partition("#")[0]
    root = relative_uri(here, FOLDER)
    if next(self.document.findall(live_node)) is node:
        shared = posixpath.join(root, "shared", modules_folder())
        self.body.append(f'<link rel="stylesheet" href="{shared}/page.css">')
        self.body.append(f'<script defer src="{shared}/file.js"></script>')
        self.body.append(f'<script type="module" src="{shared}/page.js"></script>\n')
    return root


def visit_html(self: Any, node: asgi_live) -> None:
    """Write the figure, its frame and, before the first one of a page, what makes it live."""
    root = begin(self, node)
    attributes = {
        "class": " ".join(["asgi-live", *node["classes"]]),
        "data-asgi-live": node["name"],
        "data-state": "idle",
        "data-start": node["start"],
        "style": "; ".join(f"--asgi-live-{key}: {value}" for key, value in node["style"].items()),
        "id": "".join(node["ids"][:1]),
    }
    written = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items() if value)
    source = f"{root}/{node['name']}/app{node['path']}"
    self.body.append(f"<figure {written}>\n")
    self.body += [f'<span id="{escape(other)}"></span>' for other in node["ids"][1:]]
    self.body.append(f'<iframe title="{escape(node["title"])}" src="{escape(source)}" loading="lazy"></iframe>\n')


def depart_html(self: Any, node: asgi_live) -> None:
    """End the figure."""
    self.body.append("</figure>\n")


def visit_caption_html(self: Any, node: asgi_live_caption) -> None:
    """Begin the caption."""
    self.body.append("<figcaption>\n<p>" if isinstance(node.parent, asgi_live) else '<p class="asgi-live-caption">')


def depart_caption_html(self: Any, node: asgi_live_caption) -> None:
    """End the caption."""
    self.body.append("</p>\n</figcaption>\n" if isinstance(node.parent, asgi_live) else "</p>\n")


def skip_words(self: Any, node: asgi_live_words) -> None:
    """Show nothing."""
    raise nodes.SkipNode


def add_nodes(app: Sphinx) -> None:
    """Register the nodes."""
    app.add_node(asgi_live, override=True, html=(visit_html, depart_html))
    app.add_node(asgi_live_words, override=True, html=(skip_words, None))
    app.add_node(asgi_live_caption, override=True, html=(visit_caption_html, depart_caption_html))
