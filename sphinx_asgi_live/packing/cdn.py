"""Addresses of CDNs that a page loads: which file of which npm package each means, and which mean none.

A page may name the same file over https, over http or without a scheme; here all of them are https.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlsplit

ADDRESS = re.compile(r"""(?:https?:)?//(?:cdn\.jsdelivr\.net/npm|unpkg\.com)/[^\s"'<>`)\\]+""")
PACKAGE = re.compile(r"/(?P<name>(?:@[\w.~-]+/)?[\w.~-]+)(?:@(?P<version>[\w.^~*+-]+))?(?:/(?P<path>.*))?")
IMPORTED = re.compile(r"""\b(?:from|import)\s*\(?\s*["'`]((?:https?:)?//[^"'`\s]+)""")
MAPPED = re.compile(r"""["']((?:https?:)?//[^"'\s]+)["']""")
STYLED = re.compile(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^"'\s)]+)""")

CDNS = {
    "ajax.googleapis.com",
    "cdn.jsdelivr.net",
    "cdn.skypack.dev",
    "cdnjs.cloudflare.com",
    "code.jquery.com",
    "esm.run",
    "esm.sh",
    "ga.jspm.io",
    "maxcdn.bootstrapcdn.com",
    "stackpath.bootstrapcdn.com",
    "unpkg.com",
}
"""Hosts that serve what others have published; what an app loads from anywhere else is a service that it uses."""

LOADING = {"icon", "manifest", "modulepreload", "preload", "stylesheet"}
"""Kinds of `link` that a browser fetches by itself."""


@dataclass(frozen=True, slots=True)
class CdnFile:
    """A file at a CDN: its https address, and the same file in terms of npm."""

    address: str
    package: str
    path: str


def secure(address: str) -> str:
    """Return the address over https, without its fragment."""
    return "https://" + urldefrag(address).url.partition("//")[2]


def find_cdn_files(page: str) -> list[CdnFile]:
    """Return the files of npm CDNs that an HTML page names, each once, in order."""
    addresses = dict.fromkeys(map(secure, ADDRESS.findall(html.unescape(page))))
    return [file for address in addresses if (file := cdn_file(address))]


def cdn_file(address: str) -> CdnFile | None:
    """Return what an https address asks for, or None if that is not a package's file (`/npm` alone, `+esm` builds)."""
    parts = urlsplit(address)
    path = parts.path if parts.hostname == "unpkg.com" else parts.path.removeprefix("/npm")
    match = PACKAGE.fullmatch(unquote(path)) if ADDRESS.fullmatch(address) else None
    if not match or (match["path"] or "").endswith("+esm"):
        return None
    return CdnFile(address, f"{match['name']}@{match['version'] or 'latest'}", match["path"] or "")


def find_complaints(page: str) -> list[str]:
    """Return a sentence with a remedy for each address that the page loads and that does not reach every reader."""
    loads = _Loads()
    loads.feed(page)
    loads.close()
    addresses = [address for address in dict.fromkeys(loads.found) if _host(address) in CDNS]
    told = ((address, _complaint(address, address in loads.folders)) for address in addresses)
    return [f"the page's {address} {sentence}" for address, sentence in told if sentence]


def _host(address: str) -> str:
    """Return the host's name; of what is no address, too."""
    return address.partition("//")[2].partition("/")[0].partition(":")[0].lower()


def _complaint(address: str, is_folder: bool) -> str | None:
    if cdn_file(secure(address)) is None:
        return (
            "is not shipped: the CDN makes it, and it is in no npm package; name the file as its package has it, "
            "https://cdn.jsdelivr.net/npm/<package>@<version>/<file>, or ship it with the app"
        )
    if is_folder:
        return "is not shipped: which of its files the page needs is not known; name each of them in the import map"
    if address.startswith("http:"):
        return "does not load where the documentation is served over https; write https:// in the app"
    return None


class _Loads(HTMLParser):
    """Collects the addresses on other hosts that a browser asks for when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.folders: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._pattern = _pattern(tag, values)
        for address in _addresses(tag, values):
            if re.match(r"(?:https?:)?//", address.strip(), re.IGNORECASE):
                self.found.append(address.strip())

    def handle_endtag(self, tag: str) -> None:
        self._pattern = None

    def handle_data(self, data: str) -> None:
        found = self._pattern.findall(data) if self._pattern else []
        self.found += found
        if self._pattern is MAPPED:
            self.folders.update(address for address in found if address.endswith("/"))


def _pattern(tag: str, values: dict[str, str]) -> re.Pattern[str] | None:
    """Return what finds the addresses in an element's own text."""
    if tag == "style":
        return STYLED
    if tag == "script" and "src" not in values:
        return MAPPED if values.get("type", "").lower() == "importmap" else IMPORTED
    return None


def _addresses(tag: str, values: dict[str, str]) -> Iterator[str]:
    if tag == "link" and LOADING & set(values.get("rel", "").lower().split()):
        yield values.get("href", "")
    elif "src" in values:
        yield values["src"]
