"""What an app answered at build time as pages of files: shown before the app runs, and where it cannot run."""

from __future__ import annotations

import codecs
import json
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from sphinx_asgi_live.packing.assets import Asset
from sphinx_asgi_live.packing.check import Answer, Check
from sphinx_asgi_live.packing.still import FOOT, HEAD, Files, data_uri, still

LARGEST = 1_000_000
"""Bytes of an answer that is recorded."""

TEXT = re.compile(r"text/(?!html$).+|application/(?:json|xml|javascript|yaml|x-ndjson|sql)|.+\+(?:json|xml)")
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)

_PAGE = """<!doctype html>
{head}<html lang="en"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; background: #fff; color: #24292f; font: .875rem/1.6 ui-monospace, Menlo, Consolas, monospace; }}
header {{ display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .6rem 1rem; border-block-end: 1px solid #8884;
  color: #57606a; font: .8125rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }}
pre {{ margin: 0; padding: .9rem 1rem; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }}
img {{ display: block; max-inline-size: 100%; margin: 1rem auto; }}
@media (prefers-color-scheme: dark) {{
  body {{ background: #16181b; color: #d7dbe0; }}
  header {{ color: #a3abb5; }}
}}
</style>
</head><body>
<header><span>Status {status}</span><span>{media_type}</span></header>
{content}{foot}</body></html>
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """An answer as a page of its own; `path` is the embedded one, `address` what a browser asks for then."""

    path: str
    address: str
    page: bytes


def record(check: Check, assets: Sequence[Asset]) -> list[Recording]:
    """Return a page for each answer that shows something; what stands for CDNs is part of it."""
    files = {resource.url: (resource.media_type, resource.content) for resource in check.resources}
    files |= {asset.address: (asset.media_type, asset.content) for asset in assets}
    pages = ((answer, _page(answer, files)) for answer in check.answers if _is_shown(answer))
    return [Recording(answer.path, answer.asked, page.encode()) for answer, page in pages if page]


def in_words(answer: Answer) -> str | None:
    """Return what an answer shows as plain text, for where there is nothing else; None if that is nothing."""
    if not _is_shown(answer):
        return None
    if answer.media_type == "text/html":
        # Only here, since it takes a while: most builders show pages.
        from inscriptis import get_text

        lines = "\n".join(map(str.rstrip, get_text(text_of(answer)).splitlines()))
        return textwrap.dedent(re.sub(r"\n{3,}", "\n\n", lines)).strip("\n") or None
    return _laid_out(text_of(answer)).strip() or None if TEXT.fullmatch(answer.media_type) else None


def _is_shown(answer: Answer) -> bool:
    """Tell whether a browser would show this: no redirect, no fault of the app's, no file to be saved."""
    headers = dict(answer.headers)
    saved = headers.get("content-disposition", "").strip().lower().startswith("attachment")
    faulty = answer.status == 404 or answer.status >= 500 or 300 <= answer.status < 400
    return not saved and not faulty and len(answer.body) <= LARGEST


def _page(answer: Answer, files: Files) -> str | None:
    kind = answer.media_type
    if kind == "text/html":
        return still(text_of(answer), answer.url, files)
    if kind.startswith("image/"):
        content = f'<img alt="" src="{data_uri(kind, answer.body)}">'
    elif TEXT.fullmatch(kind) and (text := text_of(answer)).strip():
        content = f"<pre>\n{escape(_laid_out(text), quote=False)}</pre>"
    else:
        return None
    told = {"title": escape(answer.asked), "status": answer.status, "media_type": escape(kind)}
    return _PAGE.format(head=HEAD, foot=FOOT, content=content, **told)


def text_of(answer: Answer) -> str:
    """Return the answer's text by the charset that its header or its markup names, else UTF-8."""
    body = answer.body
    if body.startswith(codecs.BOM_UTF8):
        return body.decode("utf-8-sig", "replace")
    header = CHARSET.search(dict(answer.headers).get("content-type", ""))
    markup = META.search(body[:1024]) if answer.media_type == "text/html" else None
    named = header[1] if header else markup[1].decode("ascii", "replace") if markup else "utf-8"
    try:
        charset = codecs.lookup(named).name
    except LookupError:
        charset = "utf-8"
    # As browsers have it: https://encoding.spec.whatwg.org/#names-and-labels
    return body.decode({"iso8859-1": "cp1252", "ascii": "cp1252"}.get(charset, charset), "replace")


def _laid_out(text: str) -> str:
    """Return JSON in lines of its own where that changes no value, other text as it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    written = text.strip()
    for ascii_only in (False, True):
        for separators in ((",", ":"), (", ", ": ")):
            if json.dumps(value, ensure_ascii=ascii_only, separators=separators) == written:
                return json.dumps(value, ensure_ascii=ascii_only, indent=2)
    return text
