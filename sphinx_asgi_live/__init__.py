"""Live Python web apps in Sphinx documentation, run by the reader's browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__version__ = "0.1.0"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension; imported here, so that the browser can import `sphinx_asgi_live.browser` alone."""
    from sphinx_asgi_live.extension import register

    return register(app)
