"""Operations and models of an OpenAPI schema as nodes: described objects, in the index and for references."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_id

from sphinx_asgi_live.domain import AsgiLiveDomain
from sphinx_asgi_live.openapi import Field, Kind, Model, Named, Operation

TryIt = Callable[[Operation], list[nodes.Node]]
"""Returns the request to try of an operation."""


class Layout:
    """Lays out what one directive shows; `app` is the title that the index gives."""

    def __init__(self, directive: SphinxDirective, app: str) -> None:
        self.directive = directive
        self.app = app
        self.anchors: dict[str, str] = {}

    def laid_out(self, operations: Sequence[Operation], models: Sequence[Model], try_it: TryIt) -> list[nodes.Node]:
        """Return all operations, each with its request, and then all models."""
        # Operations refer to models further down.
        headings = {model.name: self._object("model", model.name) for model in models}
        found = [node for operation in operations for node in self._operation(operation, try_it)]
        for model in models:
            index, described = headings[model.name]
            content: Any = described[-1]
            content += _paragraphs(model.description)
            if model.properties:
                content += self._fields(model.properties)
            else:
                content += nodes.paragraph("", "", *self._kind(model.kind))
            found += [index, described]
        return found

    def _operation(self, operation: Operation, try_it: TryIt) -> list[nodes.Node]:
        index, described = self._object("operation", operation.name)
        content: Any = described[-1]
        if operation.summary:
            content += nodes.paragraph("", "", nodes.strong("", operation.summary))
        if operation.deprecated:
            content += nodes.paragraph("", "", nodes.emphasis("", "Deprecated."))
        content += _paragraphs(operation.description)
        parts = (("Parameters", operation.parameters), ("Body", operation.body), ("Responses", operation.responses))
        listed = nodes.field_list("", *(self._part(name, fields) for name, fields in parts if fields))
        if listed.children:
            content += listed
        content += try_it(operation)
        return [index, described]

    def _object(self, kind: str, name: str) -> tuple[addnodes.index, addnodes.desc]:
        """Return an entry of the index, and a described object without content, noted in the domain."""
        env, document = self.directive.env, self.directive.state.document
        anchor = make_id(env, document, f"asgi-live-{kind}", name)
        told = name if kind == "operation" else f"{name} (model)"
        index = addnodes.index(entries=[("single", f"{self.app}; {told}", anchor, "", None)])
        signature = addnodes.desc_signature(name, "", ids=[anchor], classes=["sig", "sig-object"])
        first, _, rest = name.partition(" ")
        signature += addnodes.desc_addname("", f"{first} ") if rest else addnodes.desc_annotation("", "model ")
        signature += addnodes.desc_name("", rest or first)
        described = addnodes.desc(
            "", signature, addnodes.desc_content(), objtype=kind, desctype=kind, domain="asgi-live"
        )
        # The class of that name is a figure's.
        described["classes"] = [f"asgi-live-{kind}"]
        self.directive.set_source_info(described)
        self.directive.set_source_info(signature)
        document.note_explicit_target(signature)
        AsgiLiveDomain.of(env).note_object(env.docname, kind, name, anchor)
        if kind == "model":
            self.anchors[name] = anchor
        return index, described

    def _part(self, name: str, fields: Sequence[Field]) -> nodes.field:
        return nodes.field("", nodes.field_name("", name), nodes.field_body("", self._fields(fields)))

    def _fields(self, fields: Sequence[Field]) -> nodes.bullet_list:
        return nodes.bullet_list("", *(nodes.list_item("", *self._field(field)) for field in fields))

    def _field(self, field: Field) -> list[nodes.Node]:
        described = [field.place, "required" if field.required else ""]
        first = nodes.paragraph("", "", addnodes.literal_strong("", field.name))
        if field.kind:
            first += [nodes.Text(": "), *self._kind(field.kind)]
        if told := ", ".join(filter(None, described)):
            first += nodes.Text(f" ({told})")
        more = _paragraphs(field.description)
        if more:
            first += [nodes.Text(" \N{EN DASH} "), *more[0].children]
        return [first, *more[1:]]

    def _kind(self, kind: Kind) -> list[nodes.Node]:
        return [self._model(piece.name) if isinstance(piece, Named) else nodes.Text(piece) for piece in kind]

    def _model(self, name: str) -> nodes.Node:
        anchor = self.anchors.get(name)
        literal = nodes.literal("", name)
        return nodes.reference("", "", literal, refid=anchor, internal=True) if anchor else literal


def _paragraphs(text: str) -> list[nodes.paragraph]:
    """Return the paragraphs of a description, with `code` as such; of Markdown, that is what they have most."""
    found = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
    return [nodes.paragraph(part, "", *_inline(part)) for part in found]


def _inline(text: str) -> list[nodes.Node]:
    pieces = re.split(r"(`+)(.+?)\1", text)
    return [
        nodes.literal("", piece.strip()) if number % 3 == 2 else nodes.Text(piece)
        for number, piece in enumerate(pieces)
        if number % 3 != 1 and piece
    ]
