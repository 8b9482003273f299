"""What is left of a traceback when only the author's own frames are kept: as CPython 3.14 and frameworks print them."""

from __future__ import annotations

import pytest

from sphinx_asgi_live.packing.tracebacks import LONGEST, first_traceback, trimmed

OWN = """\
  File "/home/web/shop/main.py", line 7, in index
    return total(items)
           ~~~~~^^^^^^^
"""
INSTALLED = """\
  File "/lib/python3.14/site-packages/starlette/routing.py", line 290, in app
    response = await f(request)
               ^^^^^^^^^^^^^^^^
  [Previous line repeated 3 more times]
"""
STDLIB = """\
  File "/lib/python314.zip/contextlib.py", line 85, in inner
"""
FROZEN = """\
  File "<frozen importlib._bootstrap>", line 1398, in _gcd_import
"""
HEADER = "Traceback (most recent call last):\n"
END = "ValueError: none left\n"


@pytest.mark.parametrize(
    ("frames", "kept"),
    [
        (INSTALLED + OWN, OWN),
        (OWN + INSTALLED, OWN),
        (FROZEN + OWN + STDLIB + OWN + INSTALLED, OWN + OWN),
        (INSTALLED + STDLIB, STDLIB),
        (INSTALLED, INSTALLED),
        ("", ""),
    ],
)
def test_the_authors_frames_stay_and_else_the_last(frames: str, kept: str) -> None:
    assert trimmed(f"begins\n{HEADER}{frames}{END}") == f"begins\n{HEADER}{kept}{END}"


def test_causes_are_tracebacks_of_their_own() -> None:
    between = "\nDuring handling of the above exception, another exception occurred:\n\n"
    text = HEADER + INSTALLED + "KeyError: 1\n" + between + HEADER + INSTALLED + OWN + END
    assert trimmed(text) == HEADER + INSTALLED + "KeyError: 1\n" + between + HEADER + OWN + END


def test_groups_are_trimmed_within() -> None:
    def nested(text: str) -> str:
        return "".join(f"    | {line}" for line in text.splitlines(keepends=True))

    head = "  + Exception Group Traceback (most recent call last):\n"
    group = f"{head}{nested(INSTALLED + OWN)}    | ExceptionGroup: two (1 sub-exception)\n    +-+---- 1 ----\n"
    inner = nested(nested(HEADER + INSTALLED + OWN + END))
    assert trimmed(group + inner) == group.replace(nested(INSTALLED), "") + nested(nested(HEADER + OWN + END))


def test_a_syntax_error_names_its_file() -> None:
    place = '  File "/home/web/shop/main.py", line 2\n    def (\n        ^\n'
    assert trimmed(HEADER + FROZEN + place + "SyntaxError: invalid syntax\n") == (
        HEADER + place + "SyntaxError: invalid syntax\n"
    )


def test_a_log_is_told_from_its_first_traceback_on() -> None:
    log = f"INFO: started\n[date] ERROR in app: Exception on / [GET]\n{HEADER}{INSTALLED}{OWN}{END}"
    assert first_traceback(log) == f"{HEADER}{OWN}{END}".strip()
    assert first_traceback("no traceback\n") == ""
    assert len(first_traceback(HEADER + OWN * 1000 + END)) == LONGEST
