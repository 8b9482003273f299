"""Locked packages to wheel files on disk: pip fetches them from where it is configured to, and hashes decide.

Nothing is handed out whose bytes are not the locked ones, cached files included; a package that has only a
source is built as pure Python, into a wheel whose bytes depend on nothing but its contents.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import install_file
from sphinx_asgi_live.packing.lock import DependencySet, LockedPackage
from sphinx_asgi_live.packing.pyodide_packages import PyodidePackages
from sphinx_asgi_live.packing.requirements import PLATFORM, PYTHON

SECONDS = 600
"""What pip may take, for all downloads together or for one build."""

COMPILED = (".so", ".pyd", ".dylib", ".dll", ".a", ".lib", ".o")


class CannotBuildError(Exception):
    """A source does not build as pure Python; the message says why in half a sentence."""


def fetch(
    dependencies: DependencySet, cache: Path, options: Sequence[str] = (), pyodide: PyodidePackages | None = None
) -> list[Path]:
    """Return a verified wheel for each package, sorted by package; pip runs only for what `cache` lacks.

    `options` are more places for pip to look in; what `pyodide` has is fetched from there.

    Raises `PackingError` naming what cannot be had, or what is not the file that was locked.
    """
    with _disk(cache):
        missing = [each for each in dependencies.packages if not each.is_sdist and not _cached(each, cache)]
        if missing:
            _download(missing, cache, options, pyodide)
        return [_cached(each, cache) or _built(each, cache) for each in dependencies.packages]


def fetch_ahead(
    sets: Iterable[DependencySet], cache: Path, options: Sequence[str] = (), pyodide: PyodidePackages | None = None
) -> None:
    """Download what several sets lack in as few runs of pip as can be: one takes one version of each package.

    What cannot be had is for `fetch` to tell, which knows whose it is.
    """
    packages = {each for dependencies in sets for each in dependencies.packages if not each.is_sdist}
    missing = sorted((each for each in packages if not _cached(each, cache)), key=lambda each: (each.name, each.file))
    while missing:
        batch = {each.name: each for each in missing}
        with suppress(PackingError), _disk(cache):
            _download(list(batch.values()), cache, options, pyodide)
        missing = [each for each in missing if each is not batch[each.name]]


def build(package: LockedPackage, cache: Path) -> Path:
    """Build the sdist `package` as pure Python and return the wheel, from `cache` if it was built before.

    Raises `CannotBuildError` if it needs a compiler, or `PackingError` if its source cannot be had.
    """
    with _disk(cache):
        if kept := _cached(package, cache):
            return kept
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".build-") as scratch:
            work = Path(scratch)
            name, content = pure_wheel(_pip_wheel(package, work))
        digest = hashlib.sha256(content).hexdigest()
        return install_file(content, cache / "built" / package.sha256 / digest / name)


def _built(package: LockedPackage, cache: Path) -> Path:
    try:
        return build(package, cache)
    except CannotBuildError as error:
        raise PackingError(
            f"{package.name} {package.version} is locked as a source, and cannot be built here: {error};"
            " exclude it, or delete its entry from the lock and build again"
        ) from None


@contextmanager
def _disk(cache: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or cache
        raise PackingError(
            f"{place}: {error.strerror or error}; free the disk, or name another folder in asgi_live_cache"
        ) from error


def _cached(package: LockedPackage, cache: Path) -> Path | None:
    """The file in the cache, if its bytes are what they should be; what is damaged is removed."""
    if package.is_sdist:
        candidates = sorted((cache / "built" / package.sha256).glob("*/*.whl"))
        expected = [path.parent.name for path in candidates]
    else:
        candidates, expected = [cache / "wheels" / package.sha256 / package.file], [package.sha256]
    for path, sha256 in zip(candidates, expected, strict=True):
        try:
            if _sha256(path) == sha256:
                return path
        except FileNotFoundError:
            continue
        path.unlink(missing_ok=True)
    return None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(
    packages: Sequence[LockedPackage], cache: Path, options: Sequence[str], pyodide: PyodidePackages | None
) -> None:
    """Fetch wheels into the cache with a single run of pip."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as scratch:
        work = Path(scratch)
        command = ["download", "--only-binary=:all:", "--platform", PLATFORM, "--platform", "any"]
        command += ["--python-version", PYTHON, "--implementation", "cp"]
        command += ["--abi", "cp314", "--abi", "abi3", "--abi", "none"]
        addresses = pyodide.addresses(packages) if pyodide else {}
        finished = _pip([*command, *options, "--dest", str(work / "files")], packages, work, addresses=addresses)
        if finished.returncode:
            raise _fetch_error(packages, finished.stderr)
        found = {_sha256(path): path for path in (work / "files").iterdir()}
        for each in packages:
            if each.sha256 not in found:
                got = ", ".join(f"{path.name} with {sha256}" for sha256, path in found.items())
                raise _mismatch(each, got)
            destination = cache / "wheels" / each.sha256 / each.file
            destination.parent.mkdir(parents=True, exist_ok=True)
            found[each.sha256].replace(destination)


def _pip(
    command: Sequence[str],
    packages: Iterable[LockedPackage],
    work: Path,
    environment: Mapping[str, str] | None = None,
    addresses: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    """Run pip on these packages, pinned by version and hash; `addresses` by name are for those that no index has.

    Without their markers, since pip evaluates them for this machine.
    """
    wanted = work / "requirements.txt"
    named = {each: f" @ {addresses[each.name]}" if each.name in addresses else f"=={each.version}" for each in packages}
    lines = [f"{each.name}{named[each]} --hash=sha256:{each.sha256}\n" for each in packages]
    wanted.write_text("".join(lines), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "--no-color"]
    options = ["--no-deps", "--require-hashes", "--progress-bar", "off", "--requirement", str(wanted)]
    return run([*pip, *command, *options], cwd=work, seconds=SECONDS, what="pip", environment=environment)


def _pip_wheel(package: LockedPackage, work: Path) -> Path:
    """Have pip build the verified source with no compiler at hand."""
    files = work / "files"
    # By name: `:all:` would build the build's own requirements from source too. No cache: it may hold a
    # compiled wheel of this very source, and must not be given a pure one.
    command = ["wheel", "--no-binary", package.name, "--no-cache-dir", "--ignore-requires-python"]
    environment = _no_compiler(package.name)
    finished = _pip([*command, "--wheel-dir", str(files)], [package], work, environment)
    wheels = sorted(files.glob("*.whl")) if files.is_dir() else []
    if finished.returncode or not wheels:
        if _is_fetch_trouble(finished.stderr):
            raise _fetch_error([package], finished.stderr)
        said = _last_line(finished.stderr)
        raise CannotBuildError(f"its source does not build without a compiler ({said})")
    return wheels[0]


def _no_compiler(name: str) -> dict[str, str]:
    """An environment in which compilers fail at once, and where known switches ask for pure Python."""
    tools = dict.fromkeys(("CC", "CXX", "CARGO", "RUSTC", "FC", "LD", "LDSHARED"), "false")
    switch = re.sub(r"\W", "_", name.upper()) + "_NO_EXTENSIONS"
    return {**os.environ, **tools, switch: "1", "DISABLE_SQLALCHEMY_CEXT": "1", "DISABLE_SPEEDUPS": "1"}


def pure_wheel(wheel: Path) -> tuple[str, bytes]:
    """The name and the bytes of `wheel` as a pure-Python one that is the same on every machine.

    Build tools tag a wheel for this machine as soon as an extension was tried, even in vain; what counts is
    that nothing compiled is inside. Raises `CannotBuildError` if there is.
    """
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    compiled = sorted(name for name in files if name.endswith(COMPILED) or ".so." in name)
    if compiled:
        raise CannotBuildError(f"it builds only as compiled code ({compiled[0]})")
    name, version = wheel.name.split("-")[:2]
    info = next(each.partition("/")[0] for each in files if each.endswith(".dist-info/WHEEL"))
    files[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: sphinx-asgi-live\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files.pop(f"{info}/RECORD", None)
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    return f"{name}-{version}-py3-none-any.whl", _archive(files)


def _record(files: Mapping[str, bytes], own: str) -> bytes:
    def line(name: str) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
        quoted = f'"{name.replace(chr(34), chr(34) * 2)}"' if set(name) & set(',"') else name
        return f"{quoted},sha256={digest},{len(files[name])}\n"

    return ("".join(map(line, sorted(files))) + f"{own},,\n").encode()


def _archive(files: Mapping[str, bytes]) -> bytes:
    """A zip with nothing of this machine or moment in it; stored, since deflated bytes depend on the zlib."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, files[name])
    return stream.getvalue()


def _fetch_error(packages: Sequence[LockedPackage], stderr: str) -> PackingError:
    wrong = re.search(r"Expected sha256 ([0-9a-f]{64})(?:\s+Or .*)*\s+Got\s+([0-9a-f]{64})", stderr)
    if wrong:
        expected, got = wrong.groups()
        return _mismatch(next((each for each in packages if each.sha256 == expected), packages[0]), got)
    names = ", ".join(f"{each.name} {each.version}" for each in packages)
    network = " (the network or the index did not answer)" if "Retrying (" in stderr else ""
    return PackingError(
        f"pip could not fetch {names}: {_last_line(stderr)}{network}; once it has the network or an index"
        " with these files (see `pip config list`), build again: they are cached from then on"
    )


def _mismatch(package: LockedPackage, got: str) -> PackingError:
    return PackingError(
        f"{package.file} is not the file that was locked: sha256 {package.sha256} was expected, the index"
        f" gave {got}; see what changed, and if {package.name} is to be trusted, lock it anew: delete its set"
        " from the lock and build again, or all with `sphinx-asgi-live lock --upgrade`"
    )


def _is_fetch_trouble(stderr: str) -> bool:
    signs = ("Retrying (", "No matching distribution", "DO NOT MATCH THE HASHES")
    return any(sign in stderr for sign in signs)


def _last_line(stderr: str) -> str:
    """The last thing that pip called an error, else the last that it said."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    said = (errors or lines or ["it said nothing"])[-1]
    return re.sub(r" \(from -r [^)]*\)", "", said.removeprefix("ERROR: "))[:300]


def run(
    command: Sequence[str],
    *,
    cwd: Path,
    seconds: float,
    what: str,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its output; raises `PackingError` if that takes over `seconds`."""
    try:
        # A session of its own, so that what pip starts ends with it.
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise PackingError(f"{what} cannot be started ({error}); install it beside Sphinx") from error
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except BaseException as error:
        _end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise PackingError(f"{what} took longer than {seconds:g} s and was ended; try again") from None
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _end(process: subprocess.Popen[str]) -> None:
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
