"""What an app asks for, and how the browser answers: requirements, environment markers, wheel tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidName, canonicalize_name

from sphinx_asgi_live.packing import PackingError

PYTHON = "3.14"
PLATFORM = "pyemscripten_2026_0_wasm32"

ENVIRONMENT: Mapping[str, str] = {
    "implementation_name": "cpython",
    "implementation_version": "3.14.2",
    "os_name": "posix",
    "platform_machine": "wasm32",
    "platform_python_implementation": "CPython",
    "platform_release": "5.0.3",
    "platform_system": "Emscripten",
    "platform_version": "#1",
    "python_full_version": "3.14.2",
    "python_version": PYTHON,
    "sys_platform": "emscripten",
    "extra": "",
}
"""The browser's answers to environment markers (`sys_platform == "emscripten"`), as Pyodide gives them."""

ALWAYS = "tzdata"
"""Every app gets it: the browser has no time zones of its own, even `zoneinfo.ZoneInfo("UTC")` fails."""


@cache
def tags() -> tuple[Tag, ...]:
    """The wheel tags that the browser's Python takes, best first."""
    python, platforms = (3, 14), [PLATFORM]
    return (
        *cpython_tags(python, abis=["cp314"], platforms=platforms),
        *compatible_tags(python, interpreter="cp314", platforms=platforms),
    )


def parse_requirement(text: str) -> Requirement:
    """The requirement that `text` states, its name normalised; raises `PackingError` if it states none."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).partition("\n")[0]
        raise PackingError(
            f"{text!r} is not a requirement ({reason}); write a package's name and what versions will do,"
            " as in 'fastapi>=0.100'"
        ) from None
    if requirement.url:
        raise PackingError(
            f"the requirement {text!r} names an address, which a lock cannot hold; write {requirement.name!r},"
            " and put its wheel into a folder that asgi_live_wheels names"
        )
    requirement.name = canonicalize_name(requirement.name)
    return requirement


def normal_requirements(requirements: Iterable[str]) -> tuple[str, ...]:
    """Requirements in one spelling, sorted, each once; raises `PackingError` for an invalid one."""
    return tuple(sorted({str(parse_requirement(each)) for each in requirements}))


def normal_names(names: Iterable[str]) -> tuple[str, ...]:
    """Package names in one spelling, sorted, each once; raises `PackingError` for what is no name."""
    found = set()
    for name in names:
        try:
            found.add(str(canonicalize_name(name.strip(), validate=True)))
        except InvalidName:
            raise PackingError(f"{name!r} is not a package's name; exclude takes names alone, as in 'uvloop'") from None
    return tuple(sorted(found))


def applies(requirement: Requirement, extra: str = "") -> bool:
    """Whether the requirement holds in the browser, with the extra that is asked for, if any."""
    return requirement.marker is None or requirement.marker.evaluate({**ENVIRONMENT, "extra": extra})
