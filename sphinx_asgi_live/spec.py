"""What a page declares of an app, and of requests to it: frozen records, to be compared, hashed and pickled."""

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


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """An HTTP request as a page shows it; `target` is a path of the app with its query, both percent-encoded."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    @property
    def text(self) -> str:
        """The request as HTTP/1.1 has it, without the headers that tell of the connection."""
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers)]
        return "\n".join([*lines, "", self.body] if self.body else lines)

    @property
    def media_type(self) -> str:
        """The body's type without parameters, in lower case; empty if no header tells it."""
        values = [value for name, value in self.headers if name.lower() == "content-type"]
        return values[0].partition(";")[0].strip().lower() if values else ""

    @property
    def is_json(self) -> bool:
        """Whether the body is said to be JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a page shows, and what its author says of the response.

    `status` is None if any will do; each of `contains` is a text that has to be in it. `headers` are the names of
    those that are shown, None for all that tell something. `places` are where the options of those names stand.
    """

    request: RequestSpec
    status: int | None = None
    contains: tuple[str, ...] = ()
    headers: tuple[str, ...] | None = None
    places: tuple[tuple[str, str], ...] = ()


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
