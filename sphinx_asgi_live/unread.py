"""What a page says in the place of a directive that docutils itself refused."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

from sphinx_asgi_live.nodes import unbuilt

REFUSED = re.compile(r'Error in "asgi-live(?:-request)?" directive:\n(.+?)\.?$', re.MULTILINE)


class Unread(SphinxTransform):
    """Says on the page that there is no app where docutils itself refused the directive: an option given twice, say.

    It has logged that at the line, with the directive's text, but removes from the page what it said.
    """

    default_priority = 500
    """Before quotes become typographic (750) and messages are removed (870)."""

    def apply(self, **kwargs: Any) -> None:
        """Put what a page says in the place of an app where docutils put its error."""
        for message in list(self.document.findall(nodes.system_message)):
            told = REFUSED.search(message.astext())
            if told:
                message.replace_self(unbuilt(f"{told[1]}; give each option once, on a line of its own as :name: value"))
