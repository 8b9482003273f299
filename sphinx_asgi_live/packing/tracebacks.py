"""Tracebacks as authors want them: of the frames only those in their own files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from sphinx_asgi_live.browser.errorpage import FRAME, of_libraries

HEADER = re.compile(r"^[ |+]*(?:Exception Group )?Traceback \(most recent call last\):$", re.MULTILINE)
LONGEST = 4000
"""Characters of a message's end that are kept: of a recursion, or a long group, the last."""


def trimmed(text: str) -> str:
    """Take the frames of installed packages and of Python itself out of all tracebacks in a text.

    A traceback that has no others keeps its last one.
    """
    lines = text.splitlines(keepends=True)
    kept: list[str] = []
    for in_stack, group in groupby(zip(of_libraries(lines), lines, strict=True), lambda marked: marked[0] is not None):
        marked = list(group)
        kept += _own(marked) if in_stack else [line for _, line in marked]
    return "".join(kept)


def first_traceback(text: str) -> str:
    """Return a log from its first traceback on, trimmed; empty if there is none."""
    begin = HEADER.search(text)
    return trimmed(text[begin.start() :]).strip()[-LONGEST:] if begin else ""


def _own(stack: Sequence[tuple[bool | None, str]]) -> list[str]:
    own = [line for library, line in stack if not library]
    last = max(number for number, (_, line) in enumerate(stack) if FRAME.match(line))
    return own or [line for _, line in stack[last:]]
