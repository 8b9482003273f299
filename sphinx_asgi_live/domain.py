"""What each document declared: every embedded app with its place, kept in Sphinx's environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.ext.ifconfig import ifconfig
from sphinx.roles import XRefRole
from sphinx.util import logging
from sphinx.util.nodes import make_refnode
from sphinx.util.tags import Tags

from sphinx_asgi_live.spec import AppSpec, Call

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recorded:
    """The responses to the requests of a page to one app, as they are shown, by the embeds' numbers.

    `inputs` is a hash of all that they came of; empty if that is to be tried again. `problem` is why there is no app.
    """

    inputs: str
    texts: dict[int, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What an app answers to requests for the embedded paths, in words; `inputs` as in `Recorded`."""

    inputs: str
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Embed:
    """One directive: the app it embeds, the path that its frame opens, and where it stands.

    With a `call` it shows that request in the place of a frame, and has no path. `location` is the file and line in
    the form that Sphinx's logger takes, and not always in the document's own file, which may include others. `only`
    and `ifconfig` are the conditions of those directives around it, which are decided when pages are written, and for
    each builder anew.
    """

    docname: str
    location: str
    path: str
    title: str
    spec: AppSpec
    only: tuple[str, ...] = ()
    ifconfig: tuple[str, ...] = ()
    call: Call | None = None
    body: int = 0
    """Line of the page, or of the file that it includes, where the source of the app begins."""

    def is_shown(self, tags: Tags, names: Mapping[str, Any] = MappingProxyType({})) -> bool:
        """Tell whether the page holds it in a build with these tags and, for `ifconfig`, these names."""
        return all(_holds(each, tags) for each in self.only) and all(_is_true(each, names) for each in self.ifconfig)


def _holds(condition: str, tags: Tags) -> bool:
    try:
        return tags.eval_condition(condition)
    except Exception:  # Whatever it is, Sphinx warns of it, and shows what the condition is of.
        return True


def _is_true(expression: str, names: Mapping[str, Any]) -> bool:
    try:
        return bool(eval(expression, dict(names)))
    except Exception:  # Whatever it is, Sphinx shows it in the place of what the condition is of.
        return False


def names_of_ifconfig(app: Sphinx) -> dict[str, Any]:
    """Return what an expression of `ifconfig` may name: https://www.sphinx-doc.org/en/master/usage/extensions/ifconfig.html."""
    return {**{value.name: value.value for value in app.config}, **vars(app.config), "builder": app.builder.name}


class AsgiLiveDomain(Domain):
    """Holds the embeds of each document, and the operations and models that it describes; the directives are global."""

    name = "asgi-live"
    label = "ASGI live"
    data_version = 6
    initial_data: ClassVar[dict[str, dict[str, Any]]] = {"embeds": {}, "recorded": {}, "answers": {}, "objects": {}}
    object_types: ClassVar[dict[str, ObjType]] = {
        "operation": ObjType("operation", "operation"),
        "model": ObjType("model", "model"),
    }
    roles: ClassVar[dict[str, Any]] = {"operation": XRefRole(), "model": XRefRole()}

    confdir: Path
    """The folder of conf.py, set before anything is read."""

    @classmethod
    def of(cls, env: BuildEnvironment) -> AsgiLiveDomain:
        """Return the domain of a project."""
        domain = env.get_domain(cls.name)
        assert isinstance(domain, cls)
        return domain

    def note(self, embed: Embed) -> int:
        """Remember what a directive declared; return its number in its document, the node's attribute `embed`."""
        listed: list[Embed] = self.data["embeds"].setdefault(embed.docname, [])
        listed.append(embed)
        return len(listed) - 1

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Note for each embed what it depends on whether the page shows it."""
        listed: list[Embed] = self.data["embeds"].get(docname, [])
        for kind in (addnodes.only, ifconfig) if listed else ():
            for around in document.findall(kind):
                for number in (node["embed"] for node in around.findall(nodes.Element) if "embed" in node):
                    conditions = (*getattr(listed[number], kind.__name__), around["expr"])
                    listed[number] = replace(listed[number], **{kind.__name__: conditions})

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is read again or gone."""
        for kind in self.initial_data:
            self.data[kind].pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for kind in self.initial_data:
            self.data[kind].update({name: found for name, found in otherdata[kind].items() if name in docnames})

    def note_object(self, docname: str, kind: str, name: str, anchor: str) -> None:
        """Remember where an operation, or a model, is described."""
        self.data["objects"].setdefault(docname, {})[kind, name] = anchor

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield operations and models, for the inventory and the search."""
        for docname, objects in sorted(self.data["objects"].items()):
            for (kind, name), anchor in objects.items():
                yield name, name, kind, docname, anchor, 1

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> nodes.reference | None:
        """Return a reference to the operation or the model of that name, the first one that is described."""
        for name, _, kind, docname, anchor, _ in self.get_objects():
            if (kind, name) == (typ, " ".join(target.split())):
                return make_refnode(builder, fromdocname, docname, anchor, contnode, name)
        return None

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Return references to the operation and the model of that name, as far as there are."""
        found = [
            (kind, self.resolve_xref(env, fromdocname, builder, kind, target, node, contnode)) for kind in self.roles
        ]
        return [(f"{self.name}:{kind}", reference) for kind, reference in found if reference]

    def read_so_far(self, docname: str) -> list[Embed]:
        """Return the embeds of a document, while it is read those above the directive that asks."""
        listed: list[Embed] = self.data["embeds"].get(docname, [])
        return listed

    def recorded(self, docname: str) -> dict[str, Recorded]:
        """Return what apps responded to the requests of a document, by the apps' names; to be changed in place."""
        found: dict[str, Recorded] = self.data["recorded"].setdefault(docname, {})
        return found

    def answers(self, docname: str) -> dict[str, Answers]:
        """Return what the apps in a document's frames answer, by the apps' names; to be changed in place."""
        found: dict[str, Answers] = self.data["answers"].setdefault(docname, {})
        return found

    def calls(
        self, tags: Tags, names: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterator[tuple[AppSpec, dict[str, dict[int, Embed]]]]:
        """Yield each app with the requests to it that pages show: by document, and there by the embed's number.

        `tags` and `names` as in `Embed.is_shown`. An app whose name another one has as well is left out.
        """
        for spec, embeds in self.apps(tags, names):
            shown = {id(embed) for embed in embeds if embed.call}
            if not shown or stranger(spec, embeds):
                continue
            pages = {
                docname: {number: embed for number, embed in enumerate(listed) if id(embed) in shown}
                for docname, listed in sorted(self.data["embeds"].items())
            }
            yield spec, {docname: calls for docname, calls in pages.items() if calls}

    def embeds(self) -> list[Embed]:
        """Return all embeds by document, each document's in their order."""
        listed: dict[str, list[Embed]] = self.data["embeds"]
        return [embed for docname in sorted(listed) for embed in listed[docname]]

    def apps(
        self, tags: Tags, names: Mapping[str, Any] = MappingProxyType({})
    ) -> Iterator[tuple[AppSpec, list[Embed]]]:
        """Yield each name's app with all embeds of that name that pages show, other apps' included (see `stranger`).

        `tags` and `names` as in `Embed.is_shown`.
        An embed that gives no packing option refers to the app of its name and target that another one describes.
        """
        groups: dict[str, list[Embed]] = {}
        for embed in filter(lambda embed: embed.is_shown(tags, names), self.embeds()):
            groups.setdefault(embed.spec.name, []).append(embed)
        for name in sorted(groups):
            first = groups[name][0].spec
            same = [embed.spec for embed in groups[name] if embed.spec.target == first.target]
            yield next((spec for spec in same if not spec.is_bare), first), groups[name]


def stranger(spec: AppSpec, embeds: list[Embed]) -> Embed | None:
    """Return the first of a name's embeds that means another app than `spec`."""
    for embed in embeds:
        if embed.spec != spec and not (embed.spec.is_bare and embed.spec.target == spec.target):
            return embed
    return None


def warn(app: str, problem: str, location: str, subtype: str | None = None) -> None:
    """Log a problem of an app, named as `AppSpec.label` does, at the line of the directive that it comes from."""
    logger.warning("asgi-live app %s: %s", app, problem, location=location, type="asgi-live", subtype=subtype)
