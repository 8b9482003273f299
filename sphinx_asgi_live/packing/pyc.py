"""Compiles a tree of Python files; run at build time by Pyodide's own Python, so standard library only."""

from __future__ import annotations

import py_compile
import warnings
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode


def compile_tree(folder: str, mount: str) -> int:
    """Write a `.pyc` beside every module below `folder`, and return how many.

    `mount` is where the reader's Python will find the folder: it stands in tracebacks. The files are of the unchecked
    kind (PEP 552), which holds no time: equal sources give equal bytes. What does not compile, such as a template
    with placeholders, is left to be an error where it is imported.
    """
    count = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in sorted(Path(folder).rglob("*.py")):
            shown = f"{mount}/{path.relative_to(folder).as_posix()}"
            try:
                py_compile.compile(
                    str(path),
                    cfile=cache_from_source(str(path)),
                    dfile=shown,
                    doraise=True,
                    invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
                )
                count += 1
            except (py_compile.PyCompileError, ValueError):
                continue
    return count
