"""Resolving and fetching with the real uv and pip: on a local folder of handmade packages, a few on the index."""

from __future__ import annotations

import errno
import os
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError, wheels
from sphinx_asgi_live.packing.lock import DependencySet, Lock, LockedPackage
from sphinx_asgi_live.packing.requirements import PLATFORM
from sphinx_asgi_live.packing.resolve import resolve
from sphinx_asgi_live.packing.wheels import CannotBuildError, build, fetch, pure_wheel, run
from tests.handmade import sdist, sha256, wheel


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that uv and pip know, with tzdata in it."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder, "tzdata", "2026.6")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (tmp_path / "uv.toml").write_text('no-index = true\nfind-links = ["index"]\n')
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def versions(dependencies: DependencySet) -> dict[str, str]:
    return {each.name: each.version for each in dependencies.packages}


def no_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, starting any program fails."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")


# Resolving


def test_chooses_the_browser_wheel_and_evaluates_markers_for_the_browser(index: Path, tmp_path: Path) -> None:
    wheel(
        index,
        "app",
        requires=["native", "winonly; sys_platform == 'win32'", "web; sys_platform == 'emscripten'"],
    )
    wheel(index, "winonly", tag="cp314-cp314-win_amd64")
    for tag in ("cp314-cp314-manylinux_2_17_x86_64", f"cp314-cp314-{PLATFORM}", f"cp313-cp313-{PLATFORM}"):
        wheel(index, "native", tag=tag)
    wheel(index, "web", tag=f"cp310-abi3-{PLATFORM}")
    found = resolve(["app"], [], cwd=tmp_path)
    assert [(each.file, each.sha256) for each in found.packages] == [
        (path.name, sha256(path))
        for path in (
            index / "app-1.0-py3-none-any.whl",
            index / f"native-1.0-cp314-cp314-{PLATFORM}.whl",
            index / "tzdata-2026.6-py3-none-any.whl",
            index / f"web-1.0-cp310-abi3-{PLATFORM}.whl",
        )
    ]
    assert Lock.from_json(Lock().with_set(found).to_json()).get(["APP"]) == found


def test_takes_a_pre_release_only_if_one_is_named(index: Path, tmp_path: Path) -> None:
    for version in ("0.65", "1.0a41"):
        wheel(index, "data", version)
    assert versions(resolve(["data"], [], cwd=tmp_path))["data"] == "0.65"
    assert versions(resolve(["data>=1.0a1"], [], cwd=tmp_path))["data"] == "1.0a41"


def test_leaves_out_what_is_excluded(index: Path, tmp_path: Path) -> None:
    wheel(index, "server", requires=["uvloop", "h11"])
    wheel(index, "h11")
    assert versions(resolve(["server"], ["UVloop"], cwd=tmp_path)) == {
        "h11": "1.0",
        "server": "1.0",
        "tzdata": "2026.6",
    }


def test_explains_a_conflict_in_uvs_words(index: Path, tmp_path: Path) -> None:
    wheel(index, "web", requires=["core>=2"])
    for version in ("1.0", "2.0"):
        wheel(index, "core", version)
    with pytest.raises(PackingError, match=r"cannot be met: .*web.*core>=2.*the app depends on.*core<2") as caught:
        resolve(["web", "core<2"], [], cwd=tmp_path)
    assert "the-app" not in str(caught.value)
    assert "tool.uv" not in str(caught.value)


def test_names_every_package_that_the_browser_cannot_have(index: Path, tmp_path: Path) -> None:
    wheel(index, "science", requires=["numpy", "compiled", "linuxonly", "deep"])
    wheel(index, "deep", requires=["deeper"])
    wheel(index, "deeper", requires=["psutil", "numpy"])
    sdist(index, "psutil")
    sdist(index, "numpy")
    sdist(index, "compiled", compiled=True)
    wheel(index, "linuxonly", tag="cp314-cp314-manylinux_2_17_x86_64")
    with pytest.raises(PackingError) as caught:
        resolve(["science"], [], cwd=tmp_path)
    message = str(caught.value)
    assert (
        "compiled 1.0 (required by science, that by the app): it builds only as compiled code (compiled/_speed"
        in message
    )
    assert "psutil 1.0 (required by deeper, that by deep, that by science, that by the app): serves no" in message
    assert (
        "numpy 1.0 (required by science, that by the app): exists for browsers only in Pyodide's own distribution"
        in message
    )
    assert "linuxonly 1.0 (required by science, that by the app): no wheel fits" in message
    assert ":exclude: compiled linuxonly numpy psutil" in message


def test_says_when_there_is_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(PackingError, match=r"uv could not resolve.*Connection refused.*UV_DEFAULT_INDEX"):
        resolve(["fastapi"], [], cwd=tmp_path)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("uv.toml", 'no-index = true\nfind-links = ["./mine"]\n'),
        ("pyproject.toml", '[tool.uv]\nno-index = true\nfind-links = ["mine"]\ndev-dependencies = ["x"]\n'),
        ("pyproject.toml", '[tool.uv.pip]\nno-index = true\nfind-links = ["mine"]\n'),
        (
            "pyproject.toml",
            '[[tool.uv.index]]\nname = "mine"\nurl = "mine"\nformat = "flat"\ndefault = true\n',
        ),
    ],
)
def test_the_docs_projects_own_uv_settings_hold(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / file).write_text(text)
    wheel(tmp_path / "mine", "tzdata", "2026.6")
    wheel(tmp_path / "mine", "only-here", "3.1")
    found = versions(resolve(["only-here"], [], cwd=tmp_path / "docs"))
    assert found == {"only-here": "3.1", "tzdata": "2026.6"}


def test_unreadable_uv_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "uv.toml").write_text("index = ]")
    with pytest.raises(PackingError, match=r"uv.toml: uv's settings cannot be read.*mend the file"):
        resolve(["web"], [], cwd=tmp_path)


# Building what has a source only


def test_builds_a_source_without_a_compiler_the_same_bytes_twice(
    index: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = sdist(index, "pure")
    found = resolve(["pure"], [], cwd=tmp_path, cache=cache)
    locked = found.packages[0]
    assert locked == LockedPackage("pure", "1.0", "", "pure-1.0.tar.gz", sha256(source))
    again = build(locked, tmp_path / "elsewhere")
    built, _ = fetch(found, cache)
    assert built.name == again.name == "pure-1.0-py3-none-any.whl"
    assert built.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(built) as archive:
        assert archive.read("pure/__init__.py") == b"COMPILER = 'false'"
        assert b"Root-Is-Purelib: true\nTag: py3-none-any\n" in archive.read("pure-1.0.dist-info/WHEEL")
        assert archive.read("pure-1.0.dist-info/RECORD").count(b",sha256=") == 3
    no_pip(monkeypatch)
    assert fetch(found, cache)[0] == built


def test_a_damaged_built_wheel_is_built_again(index: Path, cache: Path) -> None:
    locked = LockedPackage("pure", "1.0", "", "pure-1.0.tar.gz", sha256(sdist(index, "pure")))
    good = build(locked, cache).read_bytes()
    build(locked, cache).write_bytes(b"cut")
    assert build(locked, cache).read_bytes() == good


def test_a_locked_source_that_does_not_build_is_named(index: Path, cache: Path) -> None:
    locked = LockedPackage("fast", "1.0", "", "fast-1.0.tar.gz", sha256(sdist(index, "fast", compiled=True)))
    with pytest.raises(PackingError, match=r"fast 1.0 is locked as a source, and cannot be built here"):
        fetch(DependencySet(("fast",), (), (locked,)), cache)


def test_compiled_code_never_passes_as_pure(tmp_path: Path) -> None:
    for file in ("a.so", "a.pyd", "lib/a.so.1"):
        with pytest.raises(CannotBuildError, match="compiled code"):
            pure_wheel(wheel(tmp_path, "fast", files={file: "ELF"}))


# Fetching


def locked(path: Path) -> LockedPackage:
    name, version = path.name.split("-")[:2]
    return LockedPackage(name.replace("_", "-"), version, "", path.name, sha256(path))


@pytest.fixture
def pair(index: Path) -> DependencySet:
    """Two packages, one of them for the browser alone."""
    native = wheel(index, "two_words", tag=f"cp311-abi3-{PLATFORM}")
    wheel(index, "two_words", tag="cp314-cp314-manylinux_2_17_x86_64")
    return DependencySet(("two-words",), (), (locked(index / "tzdata-2026.6-py3-none-any.whl"), locked(native)))


def test_fetches_once_and_then_needs_no_pip(pair: DependencySet, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fetch(pair, cache)
    assert [(path.name, sha256(path)) for path in found] == [(each.file, each.sha256) for each in pair.packages]
    no_pip(monkeypatch)
    assert fetch(pair, cache) == found


def test_a_damaged_file_in_the_cache_is_fetched_again(pair: DependencySet, cache: Path) -> None:
    damaged = fetch(pair, cache)[0]
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert sha256(fetch(pair, cache)[0]) == pair.packages[0].sha256


def test_a_file_that_is_not_the_locked_one_is_refused(pair: DependencySet, index: Path, cache: Path) -> None:
    changed = wheel(index, "tzdata", "2026.6", requires=["malware"])
    with pytest.raises(PackingError) as caught:
        fetch(pair, cache)
    message = str(caught.value)
    assert "tzdata-2026.6-py3-none-any.whl is not the file that was locked" in message
    assert pair.packages[0].sha256 in message
    assert sha256(changed) in message
    assert not list(cache.rglob("*.whl"))


def test_a_cold_cache_without_index_names_what_is_missing(
    pair: DependencySet, cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(PackingError, match=r"tzdata 2026.6, two-words 1.0: No matching distribution.*pip config"):
        fetch(pair, cache)
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_two_builds_at_once_share_a_cache(pair: DependencySet, cache: Path) -> None:
    found: list[list[Path]] = []
    threads = [threading.Thread(target=lambda: found.append(fetch(pair, cache))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found[0] == found[1]
    assert [sha256(path) for path in found[0]] == [each.sha256 for each in pair.packages]


def test_a_full_disk_is_named(pair: DependencySet, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PackingError, match=r"tzdata.*: No space left on device; .*asgi_live_cache"):
        fetch(pair, cache)
    assert not list(cache.rglob("*.whl"))


def test_a_cache_that_is_a_file_is_named(pair: DependencySet, cache: Path) -> None:
    cache.write_text("")
    with pytest.raises(PackingError, match="cache"):
        fetch(pair, cache)


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    with pytest.raises(PackingError, match=r"pip took longer than 0.5 s"):
        run([sys.executable, "-c", child], cwd=tmp_path, seconds=0.5, what="pip")


def test_a_program_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackingError, match="pip cannot be started"):
        run(["/nonexistent/pip"], cwd=tmp_path, seconds=1, what="pip")


# On the real index


def test_fastapi_resolves_and_arrives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = resolve(["fastapi"], [], cwd=tmp_path)
    files = {path.name.split("-")[0]: path.name for path in fetch(found, tmp_path / "cache")}
    assert files["pydantic_core"].endswith(f"cp314-{PLATFORM}.whl")
    assert {"fastapi", "starlette", "tzdata"} <= set(files)
    no_pip(monkeypatch)
    assert len(fetch(found, tmp_path / "cache")) == len(found.packages)


def test_markupsafe_builds_as_pure_python(tmp_path: Path) -> None:
    found = resolve(["markupsafe"], [], cwd=tmp_path, cache=tmp_path / "cache")
    built = fetch(found, tmp_path / "cache")[0]
    assert built.name == f"markupsafe-{versions(found)['markupsafe']}-py3-none-any.whl"
    assert not [name for name in zipfile.ZipFile(built).namelist() if name.endswith(wheels.COMPILED)]


def test_numpy_and_httptools_are_refused_together(tmp_path: Path) -> None:
    with pytest.raises(PackingError, match=r"httptools .*\(required by the app\): .*numpy .*Pyodide's own") as caught:
        resolve(["numpy", "httptools"], [], cwd=tmp_path)
    assert ":exclude: httptools numpy" in str(caught.value)
