"""Compiles a tree of Python files; run at build time by Pyodide's own Python, so standard library only."""

from __future__ import annotations

import errno
import marshal
import warnings
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path
from types import CodeType

UNCHECKED_HASH = (0b01).to_bytes(4, "little")
"""The kind of `.pyc` (PEP 552) that holds no time and is never compared with its source."""


def compile_tree(folder: str, mount: str) -> int:
    """Write a `.pyc` beside every module below `folder`, and return how many.

    `mount` is where the reader's Python will find the folder: it stands in tracebacks. Equal sources give equal
    bytes. What does not compile, such as a template with placeholders, is left to be an error where it is imported;
    a name with no room for more gets no `.pyc`.
    """
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(path for path in Path(folder).rglob("*.py") if path.is_file()):
            source = path.read_bytes()
            try:
                code = reproducible(source, f"{mount}/{path.relative_to(folder).as_posix()}")
            except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
                continue
            target = Path(cache_from_source(str(path)))
            target.parent.mkdir(exist_ok=True)
            try:
                target.write_bytes(MAGIC_NUMBER + UNCHECKED_HASH + source_hash(source) + marshal.dumps(code))
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
            else:
                count += 1
    return count


def reproducible(source: bytes, shown: str) -> CodeType:
    """Compile a module to code that marshals to the same bytes whatever else this process holds.

    CPython makes a set constant anew for each function if its strings are interned already, and shares one between
    functions if they are not; which of both would depend on what was compiled before. While a first version of the
    code is alive, they always are.
    """
    code: CodeType = compile(source, shown, "exec", dont_inherit=True)
    return compile(source, shown, "exec", dont_inherit=True) if _holds_sets(code) else code


def _holds_sets(code: CodeType) -> bool:
    return any(
        isinstance(constant, frozenset) or (isinstance(constant, CodeType) and _holds_sets(constant))
        for constant in code.co_consts
    )
