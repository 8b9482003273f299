"""What each document declared: every embedded app with its place, kept in Sphinx's environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any, ClassVar

from sphinx.domains import Domain

from sphinx_asgi_live.spec import AppSpec


@dataclass(frozen=True, slots=True, order=True)
class Embed:
    """One directive: where it stands, the app it embeds, and the path that its frame opens."""

    docname: str
    line: int
    path: str
    title: str
    spec: AppSpec

    @property
    def location(self) -> tuple[str, int]:
        """The place in the form that Sphinx's logger takes."""
        return self.docname, self.line


class AsgiLiveDomain(Domain):
    """Holds the embeds of each document; the directive is global, so the domain adds no markup of its own."""

    name = "asgi-live"
    label = "ASGI live"
    data_version = 1
    initial_data: ClassVar[dict[str, dict[str, list[Embed]]]] = {"embeds": {}}

    def note(self, embed: Embed) -> None:
        """Remember what a directive declared."""
        self.data["embeds"].setdefault(embed.docname, []).append(embed)

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is read again or gone."""
        self.data["embeds"].pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process read."""
        for docname, embeds in otherdata["embeds"].items():
            if docname in docnames:
                self.data["embeds"][docname] = embeds

    def resolve_any_xref(self, *arguments: Any) -> list[tuple[str, Any]]:
        """Find nothing: there is nothing to refer to."""
        return []

    def embeds(self) -> list[Embed]:
        """Return all embeds in the order of documents and lines."""
        listed: Iterable[list[Embed]] = self.data["embeds"].values()
        return sorted((embed for embeds in listed for embed in embeds), key=lambda embed: embed.location)

    def apps(self) -> Iterator[tuple[AppSpec, list[Embed]]]:
        """Yield each name's app with all of its embeds; embeds of another spec are different apps under that name.

        An embed that gives no packing option refers to the app of its name that another one describes.
        """
        groups: dict[str, list[Embed]] = {}
        for embed in self.embeds():
            groups.setdefault(embed.spec.name, []).append(embed)
        for name in sorted(groups):
            described = [embed.spec for embed in groups[name] if embed.spec != AppSpec(name, embed.spec.target)]
            yield (described or [groups[name][0].spec])[0], groups[name]
