"""A page of an app as a single file that shows what it showed, asks for nothing, runs nothing and leads nowhere.

It is the same whatever its own address is, so a static host, a service worker and a disk can give it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from sphinx_asgi_live.packing.cdn import secure
from sphinx_asgi_live.packing.references import UNSEEN, replaced_in_style, resolved, shown

Files = Mapping[str, tuple[str, bytes]]
"""Media types and contents by address."""

NOTICE = "asgi-live-recorded"
"""The element that says what the page is; where the app's own links lead."""

HEAD = f"""<html data-asgi-live="recorded"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline' data:; \
img-src data:; font-src data:; form-action 'none'; base-uri 'none'">
<meta name="robots" content="noindex, indexifembedded">
<style>
html::after {{ content: ""; display: block; block-size: 5rem; }}
#{NOTICE} {{ all: initial; position: fixed; inset: auto 0 0; z-index: 2147483647; display: block;
  box-sizing: border-box; padding: .55rem 1rem; background: #24272d; color: #fff;
  font: .8125rem/1.4 system-ui, sans-serif; text-align: center; }}
#{NOTICE}:target {{ background: #8a4b08; }}
</style>
"""
FOOT = f"""
<div id="{NOTICE}" role="note">Recorded when this documentation was built. To use the app, start it on the page of the \
documentation that shows it, with JavaScript switched on.</div>
"""

SEEN = {"input", "button", "select", "textarea"}
"""Elements that are seen without any text or image."""
DROPPED = {"base", "source", "track", "param"}
"""Elements that only say where something is fetched from."""
LOADING = {"src", "srcset", "imagesrcset", "data", "srcdoc", "poster", "background", "code", "archive", "manifest"}
INERT = {
    "action",
    "formaction",
    "formmethod",
    "formtarget",
    "target",
    "download",
    "ping",
    "autofocus",
    "autoplay",
    "nonce",
}
UNWRITTEN = {"title", "style", *UNSEEN}
WORDS = 20
"""Characters that a page with scripts must have: fewer are what it shows until they have run."""


def still(page: str, url: str, files: Files) -> str | None:
    """Return the page that was at `url` with what it is shown with inside, or None if nothing is to be seen of it."""
    writer = _Still(page, url, files)
    return writer.text() if writer.is_seen else None


def data_uri(media_type: str, content: bytes) -> str:
    """Return an address that is the content itself."""
    kind = media_type if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type) else "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _found(files: Files, address: str | None) -> tuple[str, bytes] | None:
    if address is None:
        return None
    return files.get(address) or files.get(secure(address))


def _restyled(style: str, url: str, files: Files, depth: int = 0) -> str:
    """Return a style whose references are the contents themselves, or nothing."""

    def replacement(reference: str) -> str | None:
        address = resolved(url, reference)
        if address is None:
            return None
        media_type, content = _found(files, address) or ("", b"")
        if media_type.startswith("text/css"):
            # Two that import each other would never come to an end.
            inner = _restyled(content.decode("utf-8", "replace"), address, files, depth + 1) if depth < 3 else ""
            return data_uri("text/css", inner.encode())
        return data_uri(media_type, content) if media_type else "data:,"

    return replaced_in_style(style, replacement)


class _Still(HTMLParser):
    """Notes what is to be replaced in a page, by place; everything else stays as it was written."""

    def __init__(self, page: str, url: str, files: Files) -> None:
        super().__init__()
        self._page = page
        self._url = self._base = url
        self._files = files
        self._lines = [0, *(match.end() for match in re.finditer("\n", page))]
        self._edits: list[tuple[int, int, str]] = []
        self._begin = 0
        self._inside: list[str] = []
        self._script: int | None = None
        self._scripts = self._letters = self._elements = 0
        self.feed(page)
        self.close()
        if self._script is not None:
            self._edits.append((self._script, len(page), ""))

    @property
    def is_seen(self) -> bool:
        """Whether the page shows anything without its scripts."""
        return bool(self._elements) or self._letters >= (WORDS if self._scripts else 1)

    def text(self) -> str:
        """Return the page with all that was noted."""
        parts, at = [self._page[: self._begin], HEAD], self._begin
        for start, end, replacement in self._edits:
            if start >= at:
                parts += [self._page[at:start], replacement]
                at = end
        return "".join([*parts, self._page[at:], FOOT])

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_decl(self, decl: str) -> None:
        if decl.lower().startswith("doctype") and not self._edits:
            self._begin = self._page.index(">", self._place()) + 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        start, written = self._place(), self.get_starttag_text() or ""
        if tag == "base" and "href" in values and self._base == self._url:
            self._base = urljoin(self._url, values["href"])
        if tag == "script":
            self._script = start
            self._scripts += 1
            self._inside.append(tag)
            return
        if tag in UNWRITTEN:
            self._inside.append(tag)
        elif tag in SEEN and not self._inside and values.get("type") != "hidden":
            self._elements += 1
        replacement = self._element(tag, values, written.endswith("/>"))
        if replacement != written:
            self._edits.append((start, start + len(written), replacement))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag == "script":
            # To a browser it is not over.
            self.set_cdata_mode(tag)
        else:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()
        if tag == "script" and self._script is not None:
            end = self._page.find(">", self._place())
            self._edits.append((self._script, end + 1 or len(self._page), ""))
            self._script = None

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self._letters += len("".join(data.split()))
        elif self._inside[-1] == "style":
            start = self._place()
            style = _restyled(data, self._base, self._files)
            if style != data:
                self._edits.append((start, start + len(data), style.replace("</", r"<\/")))

    def _element(self, tag: str, values: dict[str, str], closed: bool) -> str:
        if tag in DROPPED or (tag == "meta" and ("http-equiv" in values or "charset" in values)):
            return ""
        if tag == "link":
            return self._style_sheet(values)
        kept = dict(self._attributes(tag, values))
        if kept == values:
            return self.get_starttag_text() or ""
        written = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        return f"<{tag}{written}{'/' * closed}>"

    def _style_sheet(self, values: dict[str, str]) -> str:
        address = resolved(self._base, values.get(shown("link", values) or "", ""))
        found = _found(self._files, address)
        if not address or not found or not found[0].startswith("text/css"):
            return ""
        style = _restyled(found[1].decode("utf-8-sig", "replace"), address, self._files).replace("</", r"<\/")
        media = f' media="{escape(values["media"])}"' if "media" in values else ""
        return f"<style{media}>{style}</style>"

    def _attributes(self, tag: str, values: dict[str, str]) -> list[tuple[str, str]]:
        kept = []
        for name, value in values.items():
            if name == shown(tag, values):
                found = _found(self._files, resolved(self._base, value))
                local = value if value.lstrip().startswith(("data:", "#")) else ""
                value = data_uri(*found) if found else local
                self._elements += bool(value)
            elif name in LOADING or name in INERT or name.startswith("on"):
                continue
            elif name == "style":
                value = _restyled(value, self._base, self._files)
            elif name in ("href", "xlink:href"):
                value = self._link(value) if tag in ("a", "area") else value if value.startswith("#") else ""
            elif tag == "form" and name == "method":
                continue
            if value or name not in ("href", "xlink:href", "src", "poster"):
                kept.append((name, value))
        # Sent outside a dialog, it does nothing.
        return [*kept, ("method", "dialog")] if tag == "form" else kept

    def _link(self, reference: str) -> str:
        """Return where a link leads: within the page or out of the app as it did, and else to the notice."""
        address = resolved(self._base, reference)
        try:
            target, fragment = urldefrag(urljoin(self._base, reference.strip()))
        except ValueError:
            return f"#{NOTICE}"
        if reference.lstrip().startswith("#") or (fragment and target == urldefrag(self._url).url):
            return f"#{fragment}"
        if address is None:
            return f"#{NOTICE}" if target.lower().startswith("javascript:") else reference
        return reference if urlsplit(address).netloc != urlsplit(self._url).netloc else f"#{NOTICE}"
