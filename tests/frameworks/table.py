"""The table of the documentation: made of the lock and of what the tests are told, which the tests hold true."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from sphinx_asgi_live.packing.lock import Lock
from tests.frameworks.framework import FOLDER, Framework

FILE = FOLDER.parent.parent / "demo_docs" / "frameworks.csv"
HEAD = ("Framework", "Version", "What is tried", "What differs")


def render(frameworks: Iterable[Framework], lock: Lock) -> str:
    """The table as CSV, its cells reStructuredText."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(HEAD)
    for each in frameworks:
        versions = {package.name: package.version for package in each.locked(lock).packages}
        first, *others = each.packages
        version = "; ".join([versions[first], *(f"{name} {versions[name]}" for name in others)])
        tried = ", ".join(dict.fromkeys(request.tried for request in each.requests if request.tried))
        differs = dict.fromkeys(
            sentence for request in each.requests for sentence in request.differs.values() if sentence
        )
        writer.writerow((each.title, version, tried, _sentences(each.note, *differs)))
    return stream.getvalue()


def _sentences(*parts: str) -> str:
    """Join with capitals and full stops."""
    return " ".join(f"{part[0].upper()}{part[1:].removesuffix('.')}." for part in parts if part)
