"""What a page declares of an app: a frozen record, so that it can be compared, hashed and pickled."""

from __future__ import annotations

import re
from dataclasses import dataclass

ALLOWED_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class AppSpec:
    """One app as the directive's options describe it; two equal specs are one app.

    `requirements` of `None` means: found in the app's own metadata. `files` are glob patterns relative to the
    folder of conf.py; `env` are pairs of name and value.
    """

    name: str
    target: str | None = None
    source: str | None = None
    requirements: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    factory: bool = False

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
        return f"{self.name!r} ({self.target})" if self.target else f"{self.name!r} (source in the page)"


def inline_module(name: str) -> str:
    """The module name under which an app written in the page is imported."""
    return re.sub(r"\W", "_", name) if not name[0].isdigit() else "app_" + re.sub(r"\W", "_", name)


def name_from_target(target: str) -> str:
    """`shop.main:app` gives `shop-main-app`: the folder under `asgi-live/` when `:name:` is left out."""
    return re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-")
