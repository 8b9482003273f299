"""Where on a page a problem of an app belongs: at the directive of its path, and in a source there at the very line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sphinx_asgi_live.domain import Embed, warn
from sphinx_asgi_live.packing.bundle import HOME
from sphinx_asgi_live.packing.sources import IN_PAGE


def placed(told: str, embed: Embed) -> tuple[str, str]:
    """Return what is told of an app with the lines of its source as the page's, and the place that it is about.

    That is the innermost frame of the source in a traceback, the line that does not parse, or the directive's own.
    """
    if not embed.body:
        return told, embed.location
    page = embed.location.rpartition(":")[0]
    found: list[int] = []

    def moved(match: re.Match[str]) -> str:
        found.append(embed.body + int(match["line"]) - 1)
        file = f'File "{page}", line ' if match["file"] else f"{page}:"
        return f"{file}{found[-1]}"

    file = re.escape(f'File "{HOME}/{embed.spec.module}.py", line ')
    told = re.sub(rf"(?:(?P<file>{file})|{re.escape(IN_PAGE)}:)(?P<line>\d+)", moved, told)
    return told, f"{page}:{found[-1]}" if found else embed.location


def complain(app: str, embeds: Sequence[Embed], complaints: Iterable[tuple[str, str]]) -> None:
    """Log complaints, pairs of embedded path and sentence, each at the first directive with that path."""
    for path, sentence in complaints:
        embed = next(embed for embed in embeds if embed.path == path)
        warn(app, *placed(sentence, embed))
