"""Write library.db beside this file: `python data/make.py`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

HERE = Path(__file__).parent


def make(path: Path) -> None:
    """Write the database to `path`, in place of what is there."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.execute("pragma page_size = 1024")
    connection.executescript((HERE / "library.sql").read_text(encoding="utf-8"))
    connection.execute("vacuum")
    connection.close()


if __name__ == "__main__":
    make(HERE / "library.db")
