"""Handmade wheels and sdists in a local folder: real pip and uv run on them without a network."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

# A build backend inside the sdist itself, so that building needs nothing from an index. `compiled` makes it add
# what a C compiler would have made; the package tells which compiler its build saw.
BACKEND = """
import os, zipfile
NAME, VERSION, COMPILED, TAG = {name!r}, {version!r}, {compiled!r}, "cp311-cp311-linux_x86_64"
def build_wheel(folder, config_settings=None, metadata_directory=None):
    info = NAME + "-" + VERSION + ".dist-info"
    file = NAME + "-" + VERSION + "-" + TAG + ".whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(NAME + "/__init__.py", "COMPILER = " + repr(os.environ.get("CC")))
        if COMPILED:
            wheel.writestr(NAME + "/_speed.cpython-311-x86_64-linux-gnu.so", b"ELF")
        wheel.writestr(info + "/METADATA", open("PKG-INFO").read())
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: " + TAG)
        wheel.writestr(info + "/RECORD", "")
    return file
"""


def metadata(name: str, version: str, requires: Iterable[str] = ()) -> str:
    lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
    return "\n".join([*lines, *(f"Requires-Dist: {each}" for each in requires)]) + "\n"


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    tag: str = "py3-none-any",
    requires: Iterable[str] = (),
    files: Mapping[str, str] | None = None,
) -> Path:
    """Make a wheel that holds one package, or the given files."""
    package = name.replace("-", "_")
    info = f"{package}-{version}.dist-info"
    contents = {
        **(files or {f"{package}/__init__.py": f"VERSION = {version!r}\n"}),
        f"{info}/METADATA": metadata(name, version, requires),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    contents[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*contents, f"{info}/RECORD"])
    path = folder / f"{package}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in contents.items():
            archive.writestr(file, text)
    return path


def sdist(folder: Path, name: str, version: str = "1.0", *, compiled: bool = False) -> Path:
    """Make a source distribution that builds itself, into a wheel tagged for this machine as C packages are."""
    contents = {
        "PKG-INFO": metadata(name, version),
        "backend.py": BACKEND.format(name=name, version=version, compiled=compiled),
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        f'[project]\nname = "{name}"\nversion = "{version}"\n',
    }
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in contents.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
