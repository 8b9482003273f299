# /// script
# requires-python = ">=3.11"
# dependencies = ["datasette>=1.0a41"]
# ///
"""Datasette over data/library.db, signed in as root, so that rows can be added and changed."""

from __future__ import annotations

from pathlib import Path

from datasette.app import Datasette
from datasette.plugins import pm

from library import badge

DATABASE = Path(__file__).parent.parent / "data" / "library.db"

pm.register(badge)

datasette = Datasette([str(DATABASE)], metadata={"title": "Library", "description": "Books, authors and loans"})
datasette.root_enabled = True  # what `datasette --root` does

app = datasette.app()
