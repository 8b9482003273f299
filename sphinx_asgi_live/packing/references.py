"""What a page is shown with, as its markup and its styles name it.

Runs in the engine as well, by its text alone, so it imports nothing of this package.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from urllib.parse import urljoin

IN_STYLE = re.compile(
    r"""(?P<import>@import\s+)(?=["'])(?:"([^"\n]*)"|'([^'\n]*)')"""
    r"""|url\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"'()]+))\s*\)""",
    re.IGNORECASE,
)
UNSEEN = {"noscript", "template"}
"""What is in these elements is not shown, or not by a browser that runs scripts."""


def shown(tag: str, attributes: Mapping[str, str]) -> str | None:
    """Return the name of the attribute by which an element shows a file: an image, a style sheet."""
    if tag == "link":
        kinds = attributes.get("rel", "").lower().split()
        return "href" if "stylesheet" in kinds and "alternate" not in kinds else None
    if tag in ("image", "feimage"):
        return "href" if "href" in attributes else "xlink:href"
    if tag == "input":
        return "src" if attributes.get("type", "").lower() == "image" else None
    return {"img": "src", "video": "poster", "body": "background", "table": "background", "td": "background"}.get(tag)


def resolved(base: str, reference: str) -> str | None:
    """Return the address that a reference means; None for one into the page, of no network, or malformed."""
    reference = reference.strip()
    try:
        address = urljoin(base, reference)
    except ValueError:
        return None
    inside = not reference or reference.startswith("#") or not address.lower().startswith(("http:", "https:"))
    return None if inside else address.partition("#")[0]


def replaced_in_style(style: str, replacement: Callable[[str], str | None]) -> str:
    """Return a style with other references: each goes through `replacement`, and None leaves it as it is."""

    def replace(match: re.Match[str]) -> str:
        reference = next((each for each in match.groups()[1:] if each is not None), "")
        found = replacement(reference)
        return match[0] if found is None else f'{match["import"] or ""}url("{found}")'

    return IN_STYLE.sub(replace, style)


def of_style(style: str, url: str) -> list[str]:
    """Return the addresses that a style at `url` names, in order."""
    found: list[str] = []

    def note(reference: str) -> None:
        if address := resolved(url, reference):
            found.append(address)

    replaced_in_style(style, note)
    return found


def of_page(page: str, url: str) -> list[str]:
    """Return the addresses of what the page at `url` is shown with, in order."""
    references = _References(url)
    references.feed(page)
    references.close()
    return references.found


class _References(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.base: str | None = None
        self.url = url
        self.found: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and self.base is None and "href" in values:
            self.base = urljoin(self.url, values["href"])
        if tag == "style" or tag in UNSEEN:
            self._inside.append(tag)
        if UNSEEN.intersection(self._inside):
            return
        address = resolved(self.base or self.url, values.get(shown(tag, values) or "", ""))
        self.found += [address] if address else []
        self.found += of_style(values.get("style", ""), self.base or self.url)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside == ["style"]:
            self.found += of_style(data, self.base or self.url)
