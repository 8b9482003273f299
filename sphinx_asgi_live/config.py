"""Every `asgi_live_*` value of conf.py, declared once: default, type, check, help."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

from sphinx_asgi_live.listing import SHOWN
from sphinx_asgi_live.packing.attempt import MODES
from sphinx_asgi_live.packing.cache import cache_folder
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.static import modules_folder
from sphinx_asgi_live.packing.weight import parsed_limit

PREFIX = "asgi_live_"
STARTS = ("click", "visible", "load")
SNAPSHOTS = ("app", "dependencies", "off")
LONGEST = 24 * 60 * 60
"""Seconds that an app may be given at build time."""
LONGEST_CPU = 50
"""Seconds of Python at a stretch: at 60 browsers end the whole worker, and what the app kept in memory is lost."""


def _strings(value: Any) -> str | None:
    if isinstance(value, str) or not all(isinstance(item, str) for item in value):
        return "should be a list of strings"
    return None


def _one_of(*values: str) -> Callable[[str], str | None]:
    return lambda value: None if value in values else f"should be one of {', '.join(map(repr, values))}"


def _seconds(value: float) -> str | None:
    # A bool is an int, and no time limit at all would let a hung app hang the build.
    fits = not isinstance(value, bool) and 0 < value <= LONGEST
    return None if fits else f"should be a number of seconds above 0 and at most {LONGEST}"


def _cpu_seconds(value: float) -> str | None:
    fits = not isinstance(value, bool) and 0 <= value <= LONGEST_CPU
    return None if fits else f"should be a number of seconds from 0 (no limit) to {LONGEST_CPU}"


def _size(value: int | str | None) -> str | None:
    fits = value is None or (not isinstance(value, bool) and parsed_limit(value) is not None)
    return None if fits else "should be a number of bytes, a size such as '15 MB', or None for no limit"


def _address(value: str) -> str | None:
    parts = urlsplit(value)
    fits = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    return (
        None
        if fits and not value.endswith("/")
        else "should be an address such as 'http://localhost:8000', without '/' at its end"
    )


def _value(
    default: Any,
    help_text: str,
    *types: type,
    check: Callable[[Any], str | None] | None = None,
    rebuild: str = "",
) -> Any:
    about = {"help": help_text, "types": types, "check": check, "rebuild": rebuild}
    return field(default=default, metadata=about)


def _location(value: str | None, confdir: Path) -> str | None:
    return value if value is None or "://" in value else str((confdir / value).resolve())


@dataclass(frozen=True, slots=True)
class LiveConfig:
    """The values of conf.py, without their prefix."""

    paths: Sequence[str] = _value(
        (".",), "Folders that hold apps, relative to conf.py.", list, tuple, check=_strings, rebuild="env"
    )
    requirements: Sequence[str] = _value((), "Requirements of every app, besides its own.", list, tuple, check=_strings)
    exclude: Sequence[str] = _value(
        ("gevent", "granian", "gunicorn", "httptools", "uvloop", "watchfiles"),
        "Packages that are left out of every app: servers' parts that do nothing in a browser.",
        list,
        tuple,
        check=_strings,
    )
    files: Sequence[str] = _value(
        (), "Files of every app, besides its own: globs as in ':files:'.", list, tuple, check=_strings, rebuild="env"
    )
    wheels: Sequence[str] = _value(
        (), "Folders with wheels that no index has, relative to conf.py.", list, tuple, check=_strings
    )
    pyodide_packages: str | None = _value(
        None,
        "Where Pyodide's own packages are, numpy for one: the address, or the folder relative to conf.py, of a full "
        "release of Pyodide.",
        str,
        type(None),
    )
    lock: str = _value("asgi-live.lock.json", "The lock file, relative to conf.py; commit it.", str)
    start: str = _value(
        "click",
        "When apps start that say nothing else: 'click', 'visible' or 'load'.",
        str,
        check=_one_of(*STARTS),
        rebuild="env",
    )
    source: str = _value(
        "hide",
        "Whether pages show the source of apps, where a directive says nothing else: 'hide', 'show' or 'beside'.",
        str,
        check=_one_of(*SHOWN),
        rebuild="env",
    )
    snapshot: str = _value(
        "app",
        "How much of a started app is frozen at build time, where a directive says nothing else: 'app', "
        "'dependencies' or 'off'.",
        str,
        check=_one_of(*SNAPSHOTS),
    )
    engine: str | None = _value(
        None,
        "'node', 'deno' or the path of either, in the place of the one that pip installed.",
        str,
        type(None),
    )
    timeout: float = _value(
        60, "Seconds that an app may take to start and answer at build time.", int, float, check=_seconds
    )
    check: str = _value(
        "request",
        "How apps are tried at build time: 'request' for their first pages, 'import' for no more than that, or 'off'.",
        str,
        check=_one_of(*MODES),
    )
    cpu_limit: float = _value(
        20,
        "Seconds of Python at a stretch, in the reader's browser, after which a request is given up; 0 for no limit.",
        int,
        float,
        check=_cpu_seconds,
    )
    size_limit: int | str | None = _value(
        None,
        "What readers may have to download for an app, in bytes or as '15 MB'; an app over it is a warning.",
        int,
        str,
        type(None),
        check=_size,
    )
    base_url: str = _value(
        "http://localhost:8000",
        "The address of the server in code that sends a request, which apps also take themselves for then.",
        str,
        check=_address,
        rebuild="env",
    )
    cache: str | None = _value(
        None,
        "Folder for downloads and compiled archives, relative to conf.py; else the user's cache folder.",
        str,
        type(None),
    )

    @classmethod
    def of(cls, config: Config) -> LiveConfig:
        """Read the values of a project; raises `ConfigError` that names the value and what it should be."""
        values: dict[str, Any] = {}
        for declared in fields(cls):
            value = getattr(config, PREFIX + declared.name)
            check = declared.metadata["check"]
            wanted = declared.metadata["types"]
            names = " or ".join("None" if kind is type(None) else kind.__name__ for kind in wanted)
            problem = f"should be of type {names}" if not isinstance(value, wanted) else check and check(value)
            if problem:
                raise ConfigError(f"{PREFIX}{declared.name} = {value!r} {problem}")
            values[declared.name] = tuple(value) if isinstance(value, list) else value
        return cls(**values)

    def settings(self, confdir: Path) -> Settings:
        """Return what packing needs to know, with absolute paths."""
        return Settings(
            confdir=confdir,
            paths=tuple((confdir / path).resolve() for path in self.paths),
            requirements=tuple(self.requirements),
            exclude=tuple(self.exclude),
            lock=confdir / self.lock,
            cache=cache_folder(str(confdir / self.cache) if self.cache else None).absolute(),
            engine=self.engine,
            timeout=self.timeout,
            cpu_limit=self.cpu_limit,
            check=self.check,
            size_limit=None if self.size_limit is None else parsed_limit(self.size_limit),
            snapshot=self.snapshot,
            base_url=self.base_url,
            files=tuple(self.files),
            wheels=tuple((confdir / folder).resolve() for folder in self.wheels),
            pyodide_packages=_location(self.pyodide_packages, confdir),
        )


def add_config_values(app: Sphinx) -> None:
    """Declare all values to Sphinx, and one that nobody sets: when it changes, pages link other modules."""
    for declared in fields(LiveConfig):
        about = declared.metadata
        # Sphinx takes lists only from its command line.
        default = list(declared.default) if isinstance(declared.default, tuple) else declared.default
        app.add_config_value(PREFIX + declared.name, default, about["rebuild"], frozenset(about["types"]))
    app.add_config_value("_asgi_live_modules", modules_folder(), "html", frozenset((str,)))
