"""Pyodide's own distribution of packages: a folder or an address with wheels and the list of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.lock import LockedPackage
from sphinx_asgi_live.packing.requirements import PLATFORM, tags

SECONDS = 60
"""What the list may take to come."""

LIST = "pyodide-lock.json"


class PyodidePackages:
    """The packages at a `location`, read when they are first asked for; `folder` is that, if it is one here."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/")
        self.folder = None if "://" in location else Path(location)

    def get(self, name: str) -> LockedPackage | None:
        """The package of that normalised name at its one version, `None` if there is none for this browser."""
        return self.packages.get(name)

    def addresses(self, packages: Iterable[LockedPackage]) -> dict[str, str]:
        """Where those of the packages are that are these very files, by name."""
        place = self.folder.absolute().as_uri() if self.folder else self.location
        held = {each.sha256 for each in self.packages.values()}
        return {each.name: f"{place}/{each.file}" for each in packages if each.sha256 in held}

    @cached_property
    def packages(self) -> Mapping[str, LockedPackage]:
        """All wheels that fit this browser; raises `PackingError` if their list cannot be had or is another's."""
        listed = self._list()
        try:
            version, records = listed["info"]["abi_version"], listed["packages"].values()
            wheels = [each for each in records if each["file_name"].endswith(".whl")]
            found = [package for each in wheels if (package := _package(each))]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._unusable(f"{LIST} is not as Pyodide writes it ({error!r})") from None
        if f"pyemscripten_{version}_wasm32" != PLATFORM:
            raise self._unusable(f"its packages are for Pyodide's ABI {version}, and apps run with {PLATFORM}")
        return {each.name: each for each in found}

    def _list(self) -> Any:
        try:
            if self.folder:
                return json.loads((self.folder / LIST).read_bytes())
            with urlopen(f"{self.location}/{LIST}", timeout=SECONDS) as response:
                return json.loads(response.read())
        except (OSError, URLError, ValueError) as error:
            raise self._unusable(f"{LIST} cannot be read ({error})") from None

    def _unusable(self, reason: str) -> PackingError:
        return PackingError(
            f"asgi_live_pyodide_packages = {self.location!r}: {reason}; name the folder or the address of a full"
            " release of Pyodide that fits this version of sphinx-asgi-live"
        )


def _package(record: Mapping[str, Any]) -> LockedPackage | None:
    try:
        _, version, _, fits = parse_wheel_filename(record["file_name"])
    except InvalidWheelFilename:
        return None
    if fits.isdisjoint(tags()):
        return None
    return LockedPackage(canonicalize_name(record["name"]), str(version), "", record["file_name"], record["sha256"])
