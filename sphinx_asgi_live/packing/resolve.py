"""Requirements to locked packages: uv resolves them for the browser, `packaging` chooses one file for each.

Where packages come from is the author's business: uv's settings hold, the user's and the docs project's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.pylock import (
    Package,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockSelectError,
    PylockValidationError,
)
from uv import find_uv_bin

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.indexes import uv_settings
from sphinx_asgi_live.packing.lock import DependencySet, LockedPackage
from sphinx_asgi_live.packing.pyodide_packages import PyodidePackages
from sphinx_asgi_live.packing.requirements import (
    ALWAYS,
    ENVIRONMENT,
    PLATFORM,
    PYTHON,
    normal_names,
    normal_requirements,
    tags,
)
from sphinx_asgi_live.packing.wheels import CannotBuildError, build, run

SECONDS = 300
"""What uv may take; 10 s cold and 1 s warm is usual."""

READABLE = 700
"""Characters of an explanation by uv, which can fill pages."""

GUESSED = (
    "there is only its source, which is not built for a name that is guessed from an import; if it is the right"
    " package, name it in :requirements:"
)

BROWSER = "sys_platform == 'emscripten' and platform_machine == 'wasm32'"

_PYODIDE_ONLY = """
bcrypt brotli cffi contourpy cryptography duckdb fiona h5py jiter kiwisolver lightgbm lxml
matplotlib nh3 numpy opencv-python orjson pandas pillow polars psycopg-binary pyarrow pycryptodome pynacl
pyproj rasterio regex rpds-py scikit-image scikit-learn scipy shapely statsmodels tiktoken ujson xgboost
zstandard
"""
PYODIDE_ONLY = frozenset(_PYODIDE_ONLY.split())
"""Compiled packages that browsers get from Pyodide's own distribution, and from indexes as sources only."""

SERVER_SIDE = frozenset({"gevent", "granian", "httptools", "psutil", "uvloop", "watchfiles"})
"""Compiled packages that nothing in a browser can use."""


def resolve(
    requirements: Iterable[str],
    exclude: Iterable[str],
    *,
    cwd: Path,
    cache: Path | None = None,
    wheels: Sequence[Path] = (),
    pyodide: PyodidePackages | None = None,
    guessed: Collection[str] = (),
) -> DependencySet:
    """Return the newest packages for the browser that fit; `cwd` is the docs project, whose uv settings hold.

    `wheels` are folders with more packages. What no index has for browsers comes from Pyodide's own distribution, if
    `pyodide` has it, and then at the version there. Packages whose names are `guessed` are not built from their
    sources, which would run what somebody has put there under that name.

    A package without a fitting wheel is built from its source here and now (kept in `cache`, if given), so
    that a lock never holds what cannot be had. Raises one `PackingError` that names all which cannot be had.
    """
    requirements, exclude = normal_requirements(requirements), normal_names(exclude)
    with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
        project = Path(scratch)
        own: dict[str, LockedPackage] = {}
        while True:
            settings = {**_settings(cwd, wheels, pyodide, own), "no-build-package": sorted(guessed)}
            pylock = _compile(project, requirements, exclude, cwd, settings)
            packages, unfit = _choose(pylock, cache or project / "cache", own, pyodide, guessed)
            found = {each.name: package for each in unfit if pyodide and (package := pyodide.get(each.name))}
            if not found:
                break
            # Another version may require other packages.
            own |= found
        if unfit:
            raise _refusal(unfit, _requirers(project, cwd))
    return DependencySet(requirements, exclude, tuple(packages))


def _settings(
    cwd: Path, wheels: Sequence[Path], pyodide: PyodidePackages | None, own: Mapping[str, LockedPackage]
) -> dict[str, Any]:
    """What uv is told of where packages come from, with Pyodide's own at the versions that it has."""
    found = uv_settings(cwd, wheels)
    if pyodide and pyodide.folder:
        found["find-links"] = [*found.get("find-links", ()), str(pyodide.folder)]
    pins = [f"{each.name}=={each.version}" for each in own.values()]
    found["constraint-dependencies"] = [*found.get("constraint-dependencies", ()), *pins]
    return found


def _compile(
    project: Path, requirements: Iterable[str], exclude: Iterable[str], cwd: Path, settings: Mapping[str, Any]
) -> Pylock:
    """Have uv resolve for the browser, or for every platform where it takes a package for one without wheels.

    uv does not know that browser wheels are for browsers: it refuses a package that has them and no source, unless
    it resolves for all platforms. That may find conflicts which the browser has not, so it comes second.
    """
    output = project / "pylock.toml"
    options = ("--format", "pylock.toml", "--generate-hashes", "--output-file", str(output))
    _write_project(project, requirements, exclude, {**settings, "environments": [BROWSER]})
    finished = _uv(project, cwd, *options)
    if finished.returncode and "-compatible wheels" in finished.stderr:
        _write_project(project, requirements, exclude, settings)
        second = _uv(project, cwd, *options)
        finished = finished if second.returncode else second
    if finished.returncode:
        raise PackingError(_explain(finished.stderr))
    return _read(output)


def _write_project(
    project: Path, requirements: Iterable[str], exclude: Iterable[str], settings: Mapping[str, Any]
) -> None:
    settings = {
        **settings,
        "exclude-dependencies": list(exclude),
        "managed": True,
    }
    head = {
        "name": "the-app",
        "version": "0",
        "requires-python": f"=={PYTHON}.*",
        "dependencies": [*requirements, ALWAYS],
    }
    lines = [
        f"[{table}]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())
        for table, values in (("project", head), ("tool.uv", settings))
    ]
    (project / "pyproject.toml").write_text("\n".join(lines), encoding="utf-8")


def _toml(value: Any) -> str:
    """A TOML value; JSON's strings, numbers and booleans are TOML's too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value.isoformat())


def _uv(project: Path, cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `uv pip compile` on the generated project."""
    command = [find_uv_bin(), "--project", str(project), "--no-python-downloads", "--no-progress", "--color", "never"]
    command += ["pip", "compile", str(project / "pyproject.toml"), "--python", sys.executable]
    command += ["--universal", "--python-version", PYTHON, "--no-header", "--quiet", *options]
    return run(command, cwd=cwd, seconds=SECONDS, what="uv, which resolves the requirements,")


def _explain(stderr: str) -> str:
    """What uv said, without warnings and hints that concern only the generated project."""
    text = re.split(r"^hint: ", stderr, flags=re.MULTILINE)[0]
    lines = [re.sub(r"^(?:error|cause): ", "", line.strip()) for line in text.splitlines()]
    said = " ".join(line for line in lines if line and not line.startswith("warning:"))
    said = re.sub(r" for split \(markers: [^)]*\)", ":", said).replace("the-app", "the app")
    if len(said) > READABLE:
        # A proof by uv ends with what it comes to.
        said = "… " + said[-READABLE:].partition(". ")[2]
    if "unsatisfiable" in said and "network was disabled" not in stderr:
        return f"the requirements cannot be met: {said} Ask for other versions, or exclude what is not needed"
    return (
        f"uv could not resolve the requirements: {said} Without a lock this needs the network, or an index"
        " that uv knows (UV_DEFAULT_INDEX, uv.toml or [tool.uv]; uv does not read pip's settings)"
    )


def _read(pylock: Path) -> Pylock:
    try:
        return Pylock.from_dict(tomllib.loads(pylock.read_text("utf-8")))
    except (OSError, ValueError, PylockValidationError) as error:
        raise PackingError(f"uv's answer cannot be read ({error}); try another version of uv") from error


@dataclass(frozen=True, slots=True)
class _Unfit:
    """A package that the browser cannot have, and why."""

    name: str
    version: str
    reason: str


def _choose(
    pylock: Pylock,
    cache: Path,
    own: Mapping[str, LockedPackage],
    pyodide: PyodidePackages | None,
    guessed: Collection[str],
) -> tuple[list[LockedPackage], list[_Unfit]]:
    chosen, unfit = [], []
    for package in _in_browser(pylock):
        name, version = str(package.name), str(package.version or "")
        if name in own:
            chosen.append(replace(own[name], marker=_marker(package)))
            continue
        try:
            locked = _artifact(pylock, package)
            if locked.is_sdist:
                if (pyodide and pyodide.get(name)) or name in PYODIDE_ONLY | SERVER_SIDE:
                    raise CannotBuildError("its source needs a compiler")
                if name in guessed:
                    raise CannotBuildError(GUESSED)
                build(locked, cache)
        except CannotBuildError as error:
            unfit.append(_Unfit(name, version, _known(name) or str(error)))
        else:
            chosen.append(locked)
    return sorted(chosen, key=lambda each: each.name), unfit


def _in_browser(pylock: Pylock) -> Iterator[Package]:
    for package in pylock.packages:
        if package.marker is None or package.marker.evaluate(dict(ENVIRONMENT), context="lock_file"):
            yield package


def _artifact(pylock: Pylock, package: Package) -> LockedPackage:
    """The one file of the package for the browser; `CannotBuildError` if there is none."""
    try:
        # One at a time, so that every package that cannot be had is found, not just the first.
        ((_, artifact),) = replace(pylock, packages=[package]).select(environment=_environment(), tags=tags())
    except PylockSelectError:
        raise CannotBuildError("no wheel fits, and there is no source to build one from") from None
    if not isinstance(artifact, PackageWheel | PackageSdist):
        raise CannotBuildError("it does not come from an index")
    sha256 = artifact.hashes.get("sha256")
    if not sha256:
        raise CannotBuildError("the index gives no sha256 for it")
    return LockedPackage(str(package.name), str(package.version), _marker(package), artifact.filename, sha256)


def _environment() -> Any:
    return {key: value for key, value in ENVIRONMENT.items() if key != "extra"}


def _marker(package: Package) -> str:
    """What the marker says beyond "in the browser"."""
    ours = {part.strip() for part in BROWSER.split(" and ")}
    parts = [part.strip() for part in str(package.marker or "").replace('"', "'").split(" and ")]
    return " and ".join(part for part in parts if part and part not in ours)


def _known(name: str) -> str:
    if name in PYODIDE_ONLY:
        return (
            "exists for browsers only in Pyodide's own distribution, not on the package index; if"
            " asgi_live_pyodide_packages names a copy of that, it is taken from there"
        )
    return "serves no purpose in a browser" if name in SERVER_SIDE else ""


def _requirers(project: Path, cwd: Path) -> dict[str, str]:
    """The shortest chain of who requires each package, by uv's own comments: `h11==0.16.0 ; … # via httpcore, uvicorn`.

    As in "httpcore, that by httpx, that by the app".
    """
    output = _uv(project, cwd, "--annotation-style", "line").stdout
    found = re.findall(r"^([\w.-]+)==.*# via (.+)$", output, flags=re.MULTILINE)
    wanted_by = {name: re.sub(r"the-app \([^)]*\)", "the app", via).split(", ") for name, via in found}
    chains: dict[str, str] = {"the app": "the app"}
    waiting = list(chains)
    for known in waiting:
        for name, wanting in wanted_by.items():
            if known in wanting and name not in chains:
                chains[name] = known if known == "the app" else f"{known}, that by {chains[known]}"
                waiting.append(name)
    return chains


def _refusal(unfit: Iterable[_Unfit], requirers: Mapping[str, str]) -> PackingError:
    packages = "; ".join(
        f"{each.name} {each.version} (required by {requirers.get(each.name, 'the app')}): {each.reason}"
        for each in unfit
    )
    names = " ".join(each.name for each in unfit)
    return PackingError(
        f"no wheel for the browser ({PLATFORM}, Python {PYTHON}, or pure Python): {packages}. Leave out what"
        f" the app can do without (:exclude: {names}), require an older version that has such a wheel, or put"
        " a pure-Python build of it into a folder that asgi_live_wheels names"
    )
