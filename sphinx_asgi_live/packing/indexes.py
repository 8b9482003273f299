"""Where packages come from: uv's settings, the user's and the docs project's, and folders of the docs project.

uv resolves by them, and pip, which has settings of its own, is told of the same places.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sphinx_asgi_live.packing import PackingError

_INDEX_SETTINGS = """
index index-url extra-index-url find-links no-index index-strategy keyring-provider allow-insecure-host
native-tls system-certs exclude-newer exclude-newer-package prerelease cache-dir
constraint-dependencies override-dependencies build-constraint-dependencies
"""
INDEX_SETTINGS = tuple(_INDEX_SETTINGS.split())
"""The settings of uv that say where packages come from and which of them count."""


def uv_settings(cwd: Path, wheels: Sequence[Path] = ()) -> dict[str, Any]:
    """What holds of the settings that are found from `cwd` on, with folders of `wheels` added."""
    found = _project_settings(cwd)
    if wheels:
        found["find-links"] = [*found.get("find-links", ()), *map(str, _folders(wheels))]
    return found


def pip_options(cwd: Path, wheels: Sequence[Path] = ()) -> list[str]:
    """Options that let pip find what uv has found, besides where pip's own settings say.

    One place more does no harm: hashes decide.
    """
    options = []
    for settings in (*_user_settings(), uv_settings(cwd, wheels)):
        listed = settings.get("index", ())
        indexes = [each["url"] for each in listed if each.get("format") != "flat"]
        indexes += [settings[key] for key in ("index-url",) if key in settings]
        places = [each["url"] for each in listed if each.get("format") == "flat"]
        options += [f"--extra-index-url={url}" for url in (*indexes, *settings.get("extra-index-url", ()))]
        options += [f"--find-links={place}" for place in (*places, *settings.get("find-links", ()))]
    return options


def _folders(wheels: Sequence[Path]) -> Iterator[Path]:
    for folder in wheels:
        if not folder.is_dir():
            raise PackingError(f"{folder} is not a folder; asgi_live_wheels names folders that hold wheels")
        yield folder


def _user_settings() -> Iterator[dict[str, Any]]:
    """What the user's own file and environment say: https://docs.astral.sh/uv/concepts/configuration-files/."""
    base = os.environ.get("APPDATA") or os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(os.environ.get("UV_CONFIG_FILE") or Path(base, "uv", "uv.toml"))
    try:
        yield _select(tomllib.loads(path.read_text("utf-8")), path.parent)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        raise PackingError(f"{path}: uv's settings cannot be read ({error}); mend the file") from None
    indexes = [
        os.environ.get(name, "") for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX")
    ]
    # An index may have a name: https://docs.astral.sh/uv/reference/environment/#uv_index
    urls = [each.partition("=")[2] if "=" in each.partition("://")[0] else each for each in " ".join(indexes).split()]
    yield {"extra-index-url": urls, "find-links": os.environ.get("UV_FIND_LINKS", "").replace(",", " ").split()}


def _project_settings(cwd: Path) -> dict[str, Any]:
    """What uv.toml or [tool.uv] of the docs project says, its paths made absolute.

    uv would find that file from the docs' folder, but reads the settings of one project only, and that is
    the generated one.
    """
    for folder in (cwd, *cwd.parents):
        for name, table in (("uv.toml", ()), ("pyproject.toml", ("tool", "uv"))):
            try:
                found: Any = tomllib.loads((folder / name).read_text("utf-8"))
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                message = f"{folder / name}: uv's settings cannot be read ({error}); mend the file"
                raise PackingError(message) from None
            for key in table:
                found = found.get(key, {})
            if name == "uv.toml" or found:
                return {**_select(found.get("pip", {}), folder), **_select(found, folder)}
        if (folder / "pyproject.toml").is_file():
            break
    return {}


def _select(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    found = {key: settings[key] for key in INDEX_SETTINGS if key in settings}
    for key in ("index-url", "extra-index-url", "find-links", "cache-dir"):
        if key in found:
            value = found[key]
            many = isinstance(value, list)
            found[key] = [_absolute(each, folder) for each in value] if many else _absolute(value, folder)
    for index in found.get("index", ()):
        index["url"] = _absolute(index["url"], folder)
    return found


def _absolute(location: str, folder: Path) -> str:
    return location if "://" in location else str((folder / location).absolute())
