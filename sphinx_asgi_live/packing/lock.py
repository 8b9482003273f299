"""What the author commits: each dependency's version, file name and hash, and nowhere where they came from.

A lock is one JSON file for a docs project, one line a package, sorted, so that a diff of it can be read and
locking again gives no diff. It holds no address of an index: any mirror that serves the same files will do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import install_file
from sphinx_asgi_live.packing.requirements import (
    ALWAYS,
    PLATFORM,
    PYTHON,
    applies,
    normal_names,
    normal_requirements,
    parse_requirement,
    tags,
)

VERSION = 1
"""Of the lock file's format."""


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One package at one version, and the one file that holds it: a wheel, or an sdist to build without C.

    `marker` is what the resolver says beyond "in the browser", empty if nothing; `sha256` is the file's, hex.
    """

    name: str
    version: str
    marker: str
    file: str
    sha256: str

    @property
    def is_sdist(self) -> bool:
        """True if no wheel fits the browser and this source builds without a compiler."""
        return not self.file.endswith(".whl")


@dataclass(frozen=True, slots=True)
class DependencySet:
    """What an app's requirements came to: every package that it needs, sorted by name."""

    requirements: tuple[str, ...]
    exclude: tuple[str, ...]
    packages: tuple[LockedPackage, ...]

    @property
    def key(self) -> Key:
        """What the set is looked up by."""
        return self.requirements, self.exclude


Key = tuple[tuple[str, ...], tuple[str, ...]]


def key_of(requirements: Iterable[str], exclude: Iterable[str]) -> Key:
    """What the set of these requirements is looked up by, whatever their order and spelling."""
    return normal_requirements(requirements), normal_names(exclude)


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A package of the npm registry, asked for as `spec` (`swagger-ui-dist@5`).

    `integrity` is what npm calls so: `sha512-` and the digest in base64.
    """

    spec: str
    version: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Lock:
    """Every dependency set and npm package of one docs project; immutable, `with_…` gives the changed one."""

    sets: Mapping[Key, DependencySet] = field(default_factory=dict)
    npm: Mapping[str, NpmPackage] = field(default_factory=dict)

    def get(self, requirements: Iterable[str], exclude: Iterable[str] = ()) -> DependencySet | None:
        """The set that was locked for these, in any order and spelling; `None` if there is none."""
        return self.sets.get(key_of(requirements, exclude))

    def with_set(self, dependencies: DependencySet) -> Lock:
        """This lock and `dependencies`, in the place of what their requirements came to before."""
        return replace(self, sets={**self.sets, dependencies.key: dependencies})

    def with_npm(self, package: NpmPackage) -> Lock:
        """This lock and `package`, in the place of what its spec came to before."""
        return replace(self, npm={**self.npm, package.spec: package})

    def only(self, sets: Iterable[DependencySet], npm: Iterable[str]) -> Lock:
        """This lock without what is not among `sets` and `npm` specs: what no app asks for any more."""
        keys, specs = {each.key for each in sets}, set(npm)
        return Lock(
            {key: each for key, each in self.sets.items() if key in keys},
            {spec: each for spec, each in self.npm.items() if spec in specs},
        )

    def to_json(self) -> str:
        """The file's text: sorted, one line a package."""
        sets = ",\n".join(_set_text(self.sets[key]) for key in sorted(self.sets))
        npm = ",\n".join(
            f"    {_text(spec)}: {_text({'version': each.version, 'integrity': each.integrity})}"
            for spec, each in sorted(self.npm.items())
        )
        return (
            f'{{\n  "version": {VERSION},\n  "python": {_text(PYTHON)},\n  "platform": {_text(PLATFORM)},\n'
            f'  "sets": [{_block(sets, "  ")}],\n  "npm": {{{_block(npm, "  ")}}}\n}}\n'
        )

    @classmethod
    def from_json(cls, text: str, name: str = "the lock file") -> Lock:
        """Read what `to_json` wrote; raises `PackingError`, naming the file as `name`, for anything else."""
        return _Reader(name).lock(text)

    @classmethod
    def load(cls, path: Path) -> Lock:
        """The lock in the file `path`, an empty one if there is no such file."""
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise PackingError(f"{path}: the lock file cannot be read ({error}); delete it and build again") from None
        return cls.from_json(text, str(path))

    def save(self, path: Path) -> bool:
        """Write the lock to `path`, all of it or nothing, and only if it changes; tell if it was written."""
        content = self.to_json().encode()
        try:
            if path.is_file() and path.read_bytes() == content:
                return False
            install_file(content, path)
        except OSError as error:
            raise PackingError(
                f"{path}: the lock file cannot be written ({error.strerror or error});"
                " free the disk or the file, or name another in asgi_live_lock"
            ) from error
        return True


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _block(lines: str, indent: str) -> str:
    return f"\n{lines}\n{indent}" if lines else ""


def _set_text(dependencies: DependencySet) -> str:
    packages = ",\n".join(f"        {_text(_package_record(each))}" for each in dependencies.packages)
    return (
        f'    {{\n      "requirements": {_text(dependencies.requirements)},\n'
        f'      "exclude": {_text(dependencies.exclude)},\n'
        f'      "packages": [{_block(packages, "      ")}]\n    }}'
    )


def _package_record(package: LockedPackage) -> dict[str, str]:
    marker = {"marker": package.marker} if package.marker else {}
    return {
        "name": package.name,
        "version": package.version,
        **marker,
        "file": package.file,
        "sha256": package.sha256,
    }


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns JSON into a lock and says exactly where it is damaged."""

    name: str

    def refuse(self, problem: str, remedy: str = "delete that entry and build again") -> PackingError:
        return PackingError(f"{self.name}: {problem}; {remedy}")

    def lock(self, text: str) -> Lock:
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self.refuse(f"this is not JSON ({error})", "delete the file and build again") from None
        if not isinstance(data, dict):
            raise self.refuse("this is not a lock", "delete the file and build again")
        self.versions(data)
        sets = (self.dependencies(each, f"sets[{n}]") for n, each in enumerate(self.values(data, "sets", "")))
        npm = self.value(data, "npm", dict, "")
        return Lock({each.key: each for each in sets}, {spec: self.npm(spec, each) for spec, each in npm.items()})

    def versions(self, data: dict[str, Any]) -> None:
        version = self.value(data, "version", int, "")
        if version > VERSION:
            raise self.refuse(
                f"a newer sphinx-asgi-live wrote it (lock version {version}, this one knows {VERSION})",
                "upgrade sphinx-asgi-live, or delete the file and build again",
            )
        for key, ours in (("python", PYTHON), ("platform", PLATFORM)):
            theirs = self.value(data, key, str, "")
            if theirs != ours:
                raise self.refuse(
                    f"it was made for {key} {theirs!r}, and this sphinx-asgi-live runs {ours!r}",
                    "delete the file and build again",
                )

    def value(self, record: Any, key: str, kind: type, where: str) -> Any:
        place = f"{where}.{key}" if where else key
        if not isinstance(record, dict):
            raise self.refuse(f"{where} should be an object, and is {_text(record)[:80]}")
        if key not in record:
            raise self.refuse(f"{place} is missing")
        if not isinstance(record[key], kind) or isinstance(record[key], bool):
            raise self.refuse(f"{place} should be of type {kind.__name__}, and is {_text(record[key])[:80]}")
        return record[key]

    def values(self, record: Any, key: str, where: str) -> list[Any]:
        return cast("list[Any]", self.value(record, key, list, where))

    def strings(self, record: Any, key: str, where: str) -> list[str]:
        values = self.values(record, key, where)
        for each in values:
            if not isinstance(each, str):
                raise self.refuse(f"{where}.{key} should hold strings, and holds {_text(each)[:80]}")
        return values

    def npm(self, spec: str, record: Any) -> NpmPackage:
        where = f"npm[{_text(spec)}]"
        version, integrity = (self.value(record, key, str, where) for key in ("version", "integrity"))
        if not re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", integrity):
            raise self.refuse(f"{where}.integrity is not a sha512: {integrity!r}")
        return NpmPackage(spec, version, integrity)

    def dependencies(self, record: Any, where: str) -> DependencySet:
        requirements = self.normal(normal_requirements, self.strings(record, "requirements", where), where)
        exclude = self.normal(normal_names, self.strings(record, "exclude", where), where)
        packages: dict[str, LockedPackage] = {}
        for number, each in enumerate(self.values(record, "packages", where)):
            package = self.package(each, f"{where}.packages[{number}]")
            if package.name in packages:
                raise self.refuse(f"{where} holds {package.name!r} twice")
            packages[package.name] = package
        self.check_fit(requirements, exclude, packages, where)
        return DependencySet(requirements, exclude, tuple(packages[name] for name in sorted(packages)))

    def normal(
        self, normalise: Callable[[list[str]], tuple[str, ...]], values: list[str], where: str
    ) -> tuple[str, ...]:
        try:
            return normalise(values)
        except PackingError as error:
            raise self.refuse(f"{where}: {error}") from None

    def package(self, record: Any, where: str) -> LockedPackage:
        name, version, file, sha256 = (
            self.value(record, key, str, where) for key in ("name", "version", "file", "sha256")
        )
        marker = self.value(record, "marker", str, where) if "marker" in record else ""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise self.refuse(f"{where}: the sha256 of {name!r} should be 64 hex digits, and is {sha256!r}")
        self.check_file(name, version, file, where)
        return LockedPackage(name, version, marker, file, sha256)

    def check_file(self, name: str, version: str, file: str, where: str) -> None:
        try:
            if file.endswith(".whl"):
                owner, release, _, fits = parse_wheel_filename(file)
            else:
                owner, release = parse_sdist_filename(file)
                fits = frozenset(tags())
            same = owner == name and release == Version(version)
        except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion) as error:
            raise self.refuse(f"{where}: {file!r} is not a file of {name} {version} ({error})") from None
        if not same or "/" in file or "\\" in file:
            raise self.refuse(f"{where}: {file!r} is not a file of {name} {version}")
        if fits.isdisjoint(tags()):
            raise self.refuse(f"{where}: {file!r} is not for the browser ({PLATFORM})")

    def check_fit(
        self,
        requirements: Iterable[str],
        exclude: Iterable[str],
        packages: Mapping[str, LockedPackage],
        where: str,
    ) -> None:
        for text in (*requirements, ALWAYS):
            requirement = parse_requirement(text)
            if requirement.name in exclude or not applies(requirement):
                continue
            if requirement.name not in packages:
                raise self.refuse(f"{where} no longer fits: it requires {text!r} and holds no such package")
            version = packages[requirement.name].version
            if not requirement.specifier.contains(version, prereleases=True):
                raise self.refuse(
                    f"{where} no longer fits: it requires {text!r} and holds {requirement.name} {version}"
                )
