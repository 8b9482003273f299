"""Where a failure of an app comes from its own packing, what to write in which place."""

from __future__ import annotations

import re

from sphinx_asgi_live.packing.companions import lacking
from sphinx_asgi_live.packing.requirements import parse_requirement
from sphinx_asgi_live.packing.sources import Sources

_MISSING_FILE = re.compile(
    r"(?:FileNotFoundError: .*?'|RuntimeError: Directory '|TemplateNotFound: '?|TemplateDoesNotExist: '?)([^'\n]+)"
)


def with_remedy(told: str, sources: Sources) -> str:
    """Add to what is told of a failure what mends it, if that can be seen."""
    remedy = _requirement(told, sources) or _file(told)
    return f"{told}\n{remedy}" if remedy else told


def with_origin(told: str, sources: Sources) -> str:
    """Add to what is told of requirements that cannot be had how they were found, if nobody wrote them."""
    if sources.origin != "imports" or not sources.requirements:
        return told
    return (
        f"{told}. They were found in what the app imports: {', '.join(sources.requirements)}; if a package is called"
        " otherwise, or is not needed, write what is right as :requirements:"
    )


def _requirement(told: str, sources: Sources) -> str | None:
    wanted = lacking(told)
    if wanted is None or parse_requirement(wanted).name in {
        parse_requirement(each).name for each in sources.requirements
    }:
        return None
    everything = ", ".join(sorted((*sources.requirements, wanted)))
    place = {
        "option": f"add {wanted} to :requirements:",
        "script": f"add '{wanted}' to the dependencies in the '# /// script' block",
        "metadata": f"add {wanted} to the project's dependencies, or write `:requirements: {everything}`",
        "imports": f"write `:requirements: {everything}`",
    }[sources.origin]
    return f"The app needs {wanted}, which nothing requires: {place}, or add it to asgi_live_requirements in conf.py"


def _file(told: str) -> str | None:
    missing = _MISSING_FILE.findall(told)
    if not missing:
        return None
    return (
        f"The app has no {missing[-1]!r}: name what it reads in :files:, from the folder of conf.py on; beside its own"
        " package only such files come with it"
    )
