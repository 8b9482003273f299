"""From an `AppSpec` to files that a static server can serve; knows nothing of Sphinx or docutils."""

from __future__ import annotations


class PackingError(Exception):
    """An app cannot be packed; the message names the value and the remedy, and the caller adds app and line."""
