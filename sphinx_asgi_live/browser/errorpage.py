"""What the reader and the log see of an app's error: a traceback without the frames of this package."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from html import escape
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any

from sphinx_asgi_live.browser.limits import AnswerTimeout, CpuLimitExceeded
from sphinx_asgi_live.browser.messages import Scope

# `co_filename` of everything in this package begins with it, zipped or not.
_OWN_FOLDER = __file__.rpartition("errorpage.py")[0]

# A frame's first line, within an exception group too.
FRAME = re.compile(r'^[ |]*File "(.*?)"', re.MULTILINE)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ --ink: #1c1d21; --muted: #5d6068; --paper: #fff; --box: #f4f4f6; --bad: #b3261e; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e6e7eb; --muted: #9b9fa9; --paper: #16171a; --box: #202226; --bad: #ff8f86; }}
}}
body {{ margin: 0; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }}
h1 {{ margin: 0 0 .25rem; color: var(--bad); font-size: 1.25rem; overflow-wrap: anywhere;
  white-space: pre-wrap; }}
p {{ margin: 0 0 1rem; color: var(--muted); overflow-wrap: anywhere; }}
.traceback {{ padding: 1rem; background: var(--box); border-radius: .5rem; overflow-x: auto; white-space: pre;
  font: .85rem/1.5 ui-monospace, monospace; }}
details {{ color: var(--muted); }}
summary {{ cursor: pointer; }}
</style>
</head>
<body>
<h1>{headline}</h1>
<p>{status}: {what} <code>{request}</code>{place}</p>
<div class="traceback" role="region" aria-label="Traceback" tabindex="0">{lines}</div>
</body>
</html>
"""


_WHAT = {
    500: "the app raised this while it answered",
    503: "the app was interrupted while it answered",
    504: "the app was given up while it answered",
}


def status_of(error: BaseException) -> HTTPStatus:
    """Return the status of the answer that tells of an error: one of 500, 503 and 504."""
    if isinstance(error, BaseExceptionGroup):
        return max(map(status_of, error.exceptions))
    if isinstance(error, CpuLimitExceeded):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.GATEWAY_TIMEOUT if isinstance(error, AnswerTimeout) else HTTPStatus.INTERNAL_SERVER_ERROR


def headline(error: BaseException) -> str:
    """Return the first thing to know: the class of the error and its message."""
    return "".join(traceback.TracebackException.from_exception(error).format_exception_only()).strip()


def traceback_text(error: BaseException) -> str:
    """Return the error's traceback as Python prints it, causes and groups included, ending with a newline."""
    return "".join(_report(error).format())


def render(error: BaseException, scope: Scope) -> tuple[bytes, bytes]:
    """Return content type and body of the answer that tells of an error: HTML if the request accepts it."""
    if not _wants_html(scope):
        text = f"{headline(error)}\n\n{traceback_text(error)}"
        return b"text/plain; charset=utf-8", text.encode("utf-8", "backslashreplace")
    first = headline(error)
    report = _report(error)
    status = status_of(error)
    page = _PAGE.format(
        status=f"{status.value} {status.phrase}",
        what=_WHAT[status],
        title=escape(first.partition("\n")[0]),
        headline=escape(first),
        request=escape(f"{scope['method']} {scope['path'].removeprefix(scope['root_path'])}"),
        place=_place(report),
        lines="".join(_html_lines(report)),
    )
    return b"text/html; charset=utf-8", page.encode("utf-8", "backslashreplace")


def _wants_html(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"])


def _report(error: BaseException) -> traceback.TracebackException:
    report = traceback.TracebackException.from_exception(error, compact=True)
    _trim(report)
    return report


def _trim(report: traceback.TracebackException) -> None:
    """Take this package's own frames out, of what the error came from too."""
    report.stack = traceback.StackSummary.from_list(
        [frame for frame in report.stack if not frame.filename.startswith(_OWN_FOLDER)]
    )
    related: list[Any] = [report.__cause__, report.__context__, *(report.exceptions or ())]
    for each in related:
        if each is not None:
            _trim(each)


def _place(report: traceback.TracebackException) -> str:
    """Name the innermost line of the app's own, which in a small frame would have to be scrolled to."""
    own = [frame for frame in report.stack if not _is_library(frame.filename)]
    if not own:
        return ""
    return f", at <code>{escape(own[-1].filename)}:{own[-1].lineno}</code> in <code>{escape(own[-1].name)}</code>"


def _html_lines(report: traceback.TracebackException) -> Iterator[str]:
    """Fold the frames of installed packages and of Python itself, so that the app's own are what is seen."""
    lines = "".join(report.format()).splitlines(keepends=True)
    marked = list(zip(of_libraries(lines), lines, strict=True))
    only_libraries = not any(library is False for library, _ in marked)
    for library, group in groupby(marked, key=itemgetter(0)):
        text = "".join(line for _, line in group)
        if not library:
            yield f"<div>{escape(text)}</div>"
            continue
        frames = len(FRAME.findall(text))
        title = f"{frames} frame{'s' * (frames > 1)} in installed packages"
        yield f"<details{' open' * only_libraries}><summary>{title}</summary>{escape(text)}</details>"


def of_libraries(lines: list[str]) -> Iterator[bool | None]:
    """Tell of each line of a traceback whether its frame is a library's; None for a line of no frame."""
    library, indent = None, 0
    for line in lines:
        place = len(line) - len(line.lstrip(" |"))
        if frame := FRAME.match(line):
            library, indent = _is_library(frame[1]), place
        elif place < indent:
            library = None
        yield library


def _is_library(filename: str) -> bool:
    parts = PurePosixPath(filename.replace("\\", "/")).parts
    installed = any(part in {"site-packages", "dist-packages"} or part.startswith("python3") for part in parts)
    return installed or filename.startswith("<frozen ")
