"""The `asgi-live-request` directive: a request in its body becomes a `Call` to an app, in the domain, and a node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from docutils import nodes

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.directives import (
    OF_APPS,
    AppDirective,
    Converter,
    Written,
    classes,
    listed,
    name,
    path,
    quoted,
    raw,
    repeated,
    spec_of,
    text,
    words,
)
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, warn
from sphinx_asgi_live.httptext import Malformed, parse
from sphinx_asgi_live.nodes import unbuilt
from sphinx_asgi_live.operations import Layout
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.requestnodes import request_node
from sphinx_asgi_live.schemas import schema_of
from sphinx_asgi_live.spec import AppSpec, Call, RequestSpec, label, name_from

LACKING_APP = (
    "no app is named, and none above on the page fits; write module:attribute behind '::', or put the request below an "
    "asgi-live of that app"
)
LACKING_REQUEST = "there is no request; write it as the body, beginning with a line such as GET /items"


def status(argument: str) -> int:
    """A status that a response may have."""
    if not re.fullmatch(r"[2-5]\d\d", argument):
        raise ValueError(f"{quoted(argument)} is not the status of a response; write for example 201")
    return int(argument)


def lines(argument: str) -> tuple[str, ...]:
    """One text a line."""
    found = tuple(line.strip() for line in argument.splitlines() if line.strip())
    if not found:
        raise ValueError("needs a value; write what the response has to contain, one text a line")
    return found


def header_names(argument: str) -> tuple[str, ...]:
    """Names of headers, or `none`."""
    return tuple(each.lower() for each in words(argument) if each.lower() != "none")


def schema_path(argument: str) -> str:
    """The path of the schema, by default where FastAPI has it."""
    return path(argument or "/openapi.json")


OF_REQUESTS = ("status", "contains", "caption")
OF_SCHEMAS: dict[str, Converter] = {"openapi": schema_path, "tags": listed(","), "paths": words}
"""Where an app's schema is, and which of its operations are laid out."""

CONVERTERS: dict[str, Converter] = {
    "name": name,
    "status": status,
    "contains": lines,
    "headers": header_names,
    "title": text,
    "caption": text,
    "class": classes,
    **OF_SCHEMAS,
    **OF_APPS,
}


class AsgiLiveRequest(AppDirective):
    """Show an HTTP request, or one for each operation of an app's schema, with the response given at build time."""

    converters = CONVERTERS
    option_spec: ClassVar[dict[str, Converter]] = Written(dict.fromkeys(CONVERTERS, raw))

    def run(self) -> list[nodes.Node]:
        """Return the request's node, having noted it in the domain; or say on the page what is wrong with it."""
        target = self.arguments[0].strip() if self.arguments else None
        options, problems = self._converted()
        content = list(self.content)
        problems = [*_misplaced(target, content, options), *repeated(self.block_text), *problems]
        app = None if problems else self._app(target, options)
        if not problems and not app:
            problems = [LACKING_APP]
        place = self._location()
        try:
            request = parse(content) if content else RequestSpec("GET", "/")
        except Malformed as error:
            if not problems:
                place = self._location(self._body_at() + error.line)
            problems.append(str(error))
        if problems or not app:
            told = "; ".join(problems)
            warn(app.label if app else label(options.get("name") or name_from(target or ""), target), told, place)
            return [unbuilt(told)]
        self._note_sources(app)
        return self._laid_out(app, options) if "openapi" in options else self._shown(app, request, options)

    def _laid_out(self, app: AppSpec, options: dict[str, Any]) -> list[nodes.Node]:
        """Return the operations of the app's own schema."""
        settings = LiveConfig.of(self.config).settings(AsgiLiveDomain.of(self.env).confdir)
        try:
            schema = schema_of(app, options["openapi"], settings)
            operations = list(schema.operations(options.get("tags", ()), options.get("paths", ())))
            if not operations:
                raise PackingError("no operation of the app's schema has these :tags: and :paths:; correct them")
        except PackingError as error:
            warn(app.label, str(error), self._location())
            return [unbuilt(str(error))]
        models = schema.models(kind for operation in operations for kind in operation.kinds)
        shown = {key: value for key, value in options.items() if key in ("class", "headers")}
        layout = Layout(self, options.get("title") or schema.title or app.name)
        return layout.laid_out(operations, models, lambda operation: self._shown(app, operation.request, shown))

    def _shown(self, app: AppSpec, request: RequestSpec, options: dict[str, Any]) -> list[nodes.Node]:
        places = tuple((key, self._location(self._option_at(key))) for key in ("status", "contains") if key in options)
        call = Call(request, options.get("status"), options.get("contains", ()), options.get("headers"), places)
        docname = self.env.docname
        number = AsgiLiveDomain.of(self.env).note(Embed(docname, self._location(), "", app.name, app, call=call))
        base = LiveConfig.of(self.config).base_url
        node = request_node(request, base, embed=number, docname=docname, name=app.name, headers=call.headers)
        node["title"] = options.get("title", "")
        node["classes"] += options.get("class", [])
        return self._with_caption(node, options.get("caption"))

    def _app(self, target: str | None, options: dict[str, Any]) -> AppSpec | None:
        """Return the app that is described here, or the nearest one above that has this name and target."""
        if not options.keys() & OF_APPS.keys():
            for embed in reversed(AsgiLiveDomain.of(self.env).read_so_far(self.env.docname)):
                if options.get("name") in (None, embed.spec.name) and target in (None, embed.spec.target):
                    return embed.spec
        return spec_of(options.get("name") or name_from(target), target, None, options) if target else None

    def _option_at(self, key: str) -> int:
        """Lines from the directive's first to an option's."""
        found = (at for at, line in enumerate(self.block_text.splitlines()) if re.match(rf"\s*:?{key}\s*:", line))
        return next(found, 0)


def _misplaced(target: str | None, content: Sequence[str], options: dict[str, Any]) -> list[str]:
    """What is wrong with where the app and the request are given."""
    if target and "\n" in target:
        return ["the request begins on the directive's own lines; leave an empty line before it"]
    if "openapi" not in options:
        odd = [f":{key}: is of a schema; leave it out, or add :openapi:" for key in OF_SCHEMAS if key in options]
        return odd if content else [*odd, LACKING_REQUEST]
    told = ["a request is given and :openapi: as well; keep one of them"] if content else []
    return told + [f":{key}: is of one request; leave it out with :openapi:" for key in OF_REQUESTS if key in options]
