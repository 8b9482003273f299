"""The node of a request: code to read and to copy where pages come from a server, the bare HTTP elsewhere.

Its children are literal blocks, which every builder highlights in its own way: the request, then the same as code for
clients, then the response, which is put there when pages are written.
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from sphinx_asgi_live.domain import AsgiLiveDomain, Recorded
from sphinx_asgi_live.nodes import asgi_live_caption, begin, is_served, live_node
from sphinx_asgi_live.packing.static import modules_folder
from sphinx_asgi_live.snippets import snippets
from sphinx_asgi_live.spec import RequestSpec

RECORDED = "recorded when this page was built"
UNBUILT = "This app could not be built with the documentation: {}"
NOT_RECORDED = "No response was recorded when this page was built."


class asgi_live_request(live_node):
    """A request to an app and its response.

    Attributes are `name` of the app, `title`, `headers` as in `Call`, `base`, and `embed`, which of the embeds of the
    document `docname` it is.
    """


class asgi_live_way(nodes.Part, nodes.Element):
    """A way to send the request; `as` is its name, its only child a literal block."""


class asgi_live_response(nodes.Part, nodes.Element):
    """The recorded response, a literal block, or a paragraph that says that there is none."""


def request_node(request: RequestSpec, base: str, **attributes: Any) -> asgi_live_request:
    """Return the node of a request, with no response yet."""
    node = asgi_live_request(base=base, label=f"{request.method} {request.target}", **attributes)
    for way, language, code in [("HTTP", "http", request.text), *snippets(request, base)]:
        node += asgi_live_way("", block(code, language), **{"as": way})
    return node


def block(text: str, language: str) -> nodes.literal_block:
    """Return text that is highlighted; what its lexer does not know is no mistake of the author's."""
    return nodes.literal_block(text, text, language=language, force=True, linenos=False)


def fill_responses(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the recorded responses into their places; where nothing runs, leave no more than the HTTP."""
    if app.builder.use_message_catalog:
        domain = AsgiLiveDomain.of(app.env)
        for node in list(doctree.findall(asgi_live_request)):
            recorded = domain.recorded(node["docname"]).get(node["name"], Recorded("", {}))
            node["unbuilt"] = recorded.problem
            _fill(node, recorded.texts.get(node["embed"], ""), is_served(app.builder))


def _fill(node: asgi_live_request, text: str, served: bool) -> None:
    told = UNBUILT.format(node["unbuilt"]) if node["unbuilt"] else NOT_RECORDED
    response = asgi_live_response("", block(text, "http") if text else nodes.paragraph("", told))
    ways = list(node.findall(asgi_live_way))
    captions = list(node.findall(asgi_live_caption))
    if served:
        node.children = []
        node.extend([*ways, response, *captions])
        return
    blocks: list[Any] = [ways[0].children[0], *(response.children if text else [])]
    if node["title"]:
        blocks.insert(0, nodes.paragraph("", "", nodes.strong("", node["title"])))
    blocks += [nodes.paragraph("", "", *caption.children) for caption in captions]
    blocks[0]["ids"] += node["ids"]
    node.replace_self(blocks)


def visit_request_html(self: Any, node: asgi_live_request) -> None:
    """Begin the request with the choice of ways, which needs no script."""
    root = begin(self, node)
    requests = list(self.document.findall(asgi_live_request))
    number = next(at for at, each in enumerate(requests) if each is node)
    if number == 0:
        self.body.append(f'<link rel="stylesheet" href="{root}/shared/{modules_folder()}/request.css">\n')
    attributes = {
        "class": " ".join(["asgi-live-request", *node["classes"]]),
        "data-asgi-live": node["name"],
        "data-scope": f"{root}/{node['name']}/",
        "data-base": node["base"],
        "data-headers": None if node["headers"] is None else " ".join(node["headers"]),
        "data-unbuilt": "" if node["unbuilt"] else None,
        "role": "group",
        "aria-label": node["title"] or node["label"],
        "id": "".join(node["ids"][:1]) or None,
    }
    written = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items() if value is not None)
    self.body.append(f"<div {written}>\n")
    self.body += [f'<span id="{escape(other)}"></span>' for other in node["ids"][1:]]
    if node["title"]:
        self.body.append(f'<p class="asgi-live-request-title">{escape(node["title"])}</p>\n')
    choices = [
        f'<label><input type="radio" name="asgi-live-way-{number}" value="{way["as"]}"{" checked" if not at else ""}>'
        f"<span>{way['as']}</span></label>"
        for at, way in enumerate(node.findall(asgi_live_way))
    ]
    legend = '<legend class="asgi-live-unseen">Show as</legend>'
    self.body.append('<div class="asgi-live-request-bar">')
    self.body.append(f'<fieldset class="asgi-live-ways">{legend}{"".join(choices)}</fieldset></div>\n')


def visit_way_html(self: Any, node: asgi_live_way) -> None:
    """Begin a way."""
    self.body.append(f'<div class="asgi-live-way" data-as="{node["as"]}">\n')


def visit_response_html(self: Any, node: asgi_live_response) -> None:
    """Begin the response."""
    kind = (
        f'<span class="asgi-live-kind">{RECORDED if isinstance(node.children[0], nodes.literal_block) else ""}</span>'
    )
    self.body.append(f'<div class="asgi-live-response">\n<p class="asgi-live-response-bar">Response {kind}</p>\n')


def depart_html(self: Any, node: nodes.Element) -> None:
    """End any of them."""
    self.body.append("</div>\n")


def add_request_nodes(app: Sphinx) -> None:
    """Register the nodes, and what fills them."""
    app.add_node(asgi_live_request, override=True, html=(visit_request_html, depart_html))
    app.add_node(asgi_live_way, override=True, html=(visit_way_html, depart_html))
    app.add_node(asgi_live_response, override=True, html=(visit_response_html, depart_html))
    app.connect("doctree-resolved", fill_responses)
