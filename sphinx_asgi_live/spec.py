"""What a page declares of an app: a frozen record, so that it can be compared, hashed and pickled."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

ALLOWED_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")

LONGEST_SEGMENT = 200
"""Bytes of a path's part that every file system takes as a folder's name."""


@dataclass(frozen=True, slots=True)
class AppSpec:
    """One app as the directive's options describe it; two equal specs are one app.

    `requirements` of `None` means: found in the app's own metadata. `files` are glob patterns relative to the
    folder of conf.py; `env` are pairs of name and value. `snapshot` says how much of the started app readers get as
    an image of its memory: "app", "dependencies" or "off"; None leaves it to the project.
    """

    name: str
    target: str | None = None
    source: str | None = None
    requirements: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    factory: bool = False
    snapshot: str | None = None

    @property
    def module(self) -> str:
        """The dotted name of the module that holds the app."""
        return self.target.partition(":")[0] if self.target else inline_module(self.name)

    @property
    def attribute(self) -> str:
        """The attribute path of the app in its module, `app` for an inline source."""
        return self.target.partition(":")[2] if self.target else "app"

    @property
    def label(self) -> str:
        """How messages call the app: its name, and its target where that says more."""
        return label(self.name, self.target)

    @property
    def is_bare(self) -> bool:
        """True if only a target is given, so that another embed of that name and target may say the rest."""
        return self.source is None and self == AppSpec(self.name, self.target)


def label(name: str, target: str | None) -> str:
    """How messages call an app that is not described well enough for a spec."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in shortened(target or ""))
    return f"{name!r} ({shown or 'source in the page'})"


def shortened(value: str, longest: int = 80) -> str:
    """Return a value as messages give it: of an absurdly long one the beginning."""
    return value if len(value) <= longest else f"{value[:longest]}…"


def inline_module(name: str) -> str:
    """The module name under which an app written in the page is imported."""
    return re.sub(r"\W", "_", name) if not name[0].isdigit() else "app_" + re.sub(r"\W", "_", name)


def name_from(text: str) -> str:
    """`shop.main:app` gives `shop-main-app`: the folder under `asgi-live/` when `:name:` is left out.

    What the letters of a name cannot tell apart, a digest does: other alphabets, and texts of any length.
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if len(name) > LONGEST_SEGMENT // 2 or not text.isascii():
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        name = f"{name[: LONGEST_SEGMENT // 2].strip('-')}-{digest}".strip("-")
    return {"": "app", "shared": "shared-app"}.get(name, name)
