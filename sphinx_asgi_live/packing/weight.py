"""What readers download for an app: each file with its bytes as served, for the page to tell and the build to judge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Literal

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
LIMIT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kMG]?B)?", re.IGNORECASE)
LISTED = 0.02
"""Share of the whole from which on a table gives a part a line of its own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: `url` is relative to `sw.js`, `size` in bytes as served.

    An `image` is not there for readers who save data; a `rest` comes when the app is up, if it starts from images.
    """

    name: str
    url: str
    size: int
    kind: Literal["", "image", "rest"] = ""


def parsed_limit(written: int | str) -> int | None:
    """Return the bytes that `15 MB` or a number means, None if it means none."""
    match = LIMIT.fullmatch(str(written).strip())
    return round(float(match[1]) * UNITS[(match[2] or "").upper()]) if match else None


def parts(manifest: dict[str, Any], archives: Sequence[str], runtime: int) -> list[Part]:
    """Return the parts of an app by its manifest, the names of its archives, and the bytes of Pyodide's modules."""

    def part(name: str, entry: dict[str, Any], more: int = 0) -> Part:
        return Part(name, entry["url"], entry["size"] + more, "rest" if entry.get("rest") else "")

    found = [part("Python", manifest["wasm"], runtime), part("its standard library", manifest["stdlib"])]
    found += [part(name, entry) for name, entry in zip(archives, manifest["archives"], strict=True)]
    found += [part("scripts of the app's pages", manifest["inside"])]
    shown = [part(address, entry) for address, entry in manifest["assets"].items()]
    shown += [part(f"recording of {path}", entry) for path, entry in manifest["recordings"].items()]
    images = [replace(part("image of its memory", entry), kind="image") for entry in manifest.get("images", ())]
    return found + [replace(each, kind="rest") if images else each for each in shown] + images


def heaviness(found: Iterable[Part], limit: int) -> str:
    """Return what is wrong if the parts are over a limit in bytes, with a table of them; empty if they are not."""
    # Two addresses may have one content, which is one file.
    distinct = sorted({part.url: part for part in found}.values(), key=lambda part: (-part.size, part.name))
    total = sum(part.size for part in distinct)
    if total <= limit:
        return ""
    named = [part for part in distinct if part.size >= total * LISTED]
    rest = total - sum(part.size for part in named)
    rows = [(part.size, part.name) for part in named]
    if rest:
        rows.append((rest, f"{len(distinct) - len(named)} smaller ones"))
    table = "\n".join(f"{_megabytes(size):>9}  {name}" for size, name in rows)
    return (
        f"readers download {_megabytes(total)} for it, more than asgi_live_size_limit = {_megabytes(limit)}; "
        f"exclude what it does not need, or raise the limit:\n{table}"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 50_000 else f"{size / 1e3:.1f} kB"


def markup(found: Iterable[Part]) -> str:
    """Return the element by which a static page tells the figure around it what there is to download."""
    lines = sorted({f"{part.url} {part.size} {part.kind}".rstrip() for part in found})
    return f'<meta name="asgi-live-files" content="{escape(", ".join(lines))}">\n'
