"""The lock file: what it says, what it refuses, and that nothing is left half-written."""

from __future__ import annotations

import errno
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.lock import DependencySet, Lock, LockedPackage, NpmPackage

DIGEST = "ab" * 32
INTEGRITY = f"sha512-{'A' * 86}=="


def package(name: str, version: str = "1.0", file: str | None = None, marker: str = "") -> LockedPackage:
    return LockedPackage(name, version, marker, file or f"{name}-{version}-py3-none-any.whl", DIGEST)


SHOP = DependencySet(
    ("fastapi>=0.100",),
    ("uvloop",),
    (
        package("fastapi", "0.165.0"),
        package("speedy", file="speedy-1.0.tar.gz"),
        package("tzdata", "2026.6", marker="python_full_version >= '3.12'"),
    ),
)
OTHER = DependencySet(("datasette>=1.0a1",), (), (package("datasette", "1.0a41"), package("tzdata", "2026.6")))
SWAGGER = NpmPackage("swagger-ui-dist@5", "5.30.2", INTEGRITY)
LOCK = Lock().with_set(SHOP).with_set(OTHER).with_npm(SWAGGER)


def test_comes_back_as_it_was_written() -> None:
    assert Lock.from_json(LOCK.to_json()) == LOCK
    assert Lock.from_json(Lock().to_json()) == Lock()


def test_locking_again_in_any_order_gives_no_diff() -> None:
    orders = (itertools.permutations([SHOP, OTHER]), [SWAGGER])
    for sets in orders[0]:
        lock = Lock().with_npm(SWAGGER)
        for each in sets:
            lock = lock.with_set(each)
        assert lock.to_json() == LOCK.to_json()


def test_reads_as_one_line_a_package_without_addresses() -> None:
    lines = [line for line in LOCK.to_json().splitlines() if '"sha256"' in line]
    assert [json.loads(line.rstrip(","))["name"] for line in lines] == [
        "datasette",
        "tzdata",
        "fastapi",
        "speedy",
        "tzdata",
    ]
    assert "://" not in LOCK.to_json()


def test_finds_a_set_by_its_requirements_in_any_spelling() -> None:
    assert LOCK.get(["FastAPI >= 0.100"], ["UVLOOP"]) == SHOP
    assert LOCK.get(["fastapi>=0.100"]) is None
    assert LOCK.get([" datasette>=1.0a1", "Datasette >=1.0a1"]) == OTHER


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fastapi==", "'fastapi==' is not a requirement"),
        ("./shop", "'./shop' is not a requirement"),
        ("shop @ file:///srv/shop", "names an address"),
    ],
)
def test_refuses_requirements_that_cannot_be_locked(text: str, says: str) -> None:
    with pytest.raises(PackingError, match=says):
        LOCK.get([text])


def test_refuses_to_exclude_what_is_no_name() -> None:
    with pytest.raises(PackingError, match="'uvloop>=1' is not a package's name"):
        LOCK.get(["fastapi"], ["uvloop>=1"])


Damage = Callable[[dict[str, Any]], None]


def damaged(change: Damage) -> str:
    data = json.loads(LOCK.to_json())
    change(data)
    return json.dumps(data)


def shop(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data["sets"][1]
    return found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(version=2), r"newer sphinx-asgi-live wrote it \(lock version 2.*upgrade"),
        (lambda d: d.update(version="1"), "version should be of type int"),
        (lambda d: d.update(version=True), "version should be of type int"),
        (lambda d: d.update(python="3.13"), "made for python '3.13'.*'3.14'; delete the file"),
        (lambda d: d.pop("platform"), "platform is missing"),
        (lambda d: d.update(sets={}), "sets should be of type list"),
        (lambda d: d.update(npm=[]), "npm should be of type dict"),
        (lambda d: d["sets"].append(3), r"sets\[2\] should be an object, and is 3"),
        (lambda d: shop(d).pop("packages"), r"sets\[1\]\.packages is missing; delete that entry"),
        (lambda d: shop(d).update(requirements=[7]), r"sets\[1\]\.requirements should hold strings"),
        (lambda d: shop(d).update(requirements=["="]), r"sets\[1\]: '=' is not a requirement"),
        (lambda d: shop(d).update(exclude=["a b"]), r"sets\[1\]: 'a b' is not a package's name"),
        (lambda d: shop(d)["packages"][0].pop("file"), r"sets\[1\]\.packages\[0\]\.file is missing"),
        (lambda d: shop(d)["packages"][0].update(sha256="beef"), "sha256 of 'fastapi'.*'beef'"),
        (lambda d: shop(d)["packages"][0].update(file="shop.whl"), "shop.whl"),
        (lambda d: shop(d)["packages"][0].update(version="0.99"), "not a file of fastapi 0.99"),
        (lambda d: shop(d)["packages"][0].update(name="flask"), "not a file of flask"),
        (
            lambda d: shop(d)["packages"][0].update(file="fastapi-0.165.0-cp314-cp314-win_amd64.whl"),
            "win_amd64.whl' is not for the browser",
        ),
        (lambda d: shop(d)["packages"].append(shop(d)["packages"][0]), r"sets\[1\] holds 'fastapi' twice"),
        (
            lambda d: shop(d).update(requirements=["fastapi<0.100"]),
            r"sets\[1\] no longer fits: it requires 'fastapi<0.100' and holds fastapi 0.165.0",
        ),
        (lambda d: shop(d).update(requirements=["flask"]), "requires 'flask' and holds no such package"),
        (lambda d: shop(d)["packages"].pop(), "requires 'tzdata' and holds no such package"),
        (lambda d: d["npm"]["swagger-ui-dist@5"].update(integrity="sha1-x"), "integrity is not a sha512"),
        (lambda d: d["npm"].update({"a@1": {}}), r'npm\["a@1"\]\.version is missing'),
    ],
)
def test_says_what_is_damaged_in_which_file(change: Damage, says: str) -> None:
    with pytest.raises(PackingError, match=rf"(?s)^docs/asgi-live.lock.json: .*{says}"):
        Lock.from_json(damaged(change), "docs/asgi-live.lock.json")


@pytest.mark.parametrize("text", ["", "<<<<<<< HEAD\n{}", "[]", "[" * 100_000, "nul\0"])
def test_refuses_what_is_no_lock_at_all(text: str) -> None:
    with pytest.raises(PackingError, match="delete the file and build again"):
        Lock.from_json(text)


def test_a_requirement_for_other_platforms_need_not_be_held() -> None:
    text = damaged(lambda d: shop(d).update(requirements=["pywin32; sys_platform == 'win32'"]))
    assert Lock.from_json(text).get(["pywin32; sys_platform=='win32'"], ["uvloop"])


def test_is_saved_only_if_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "asgi-live.lock.json"
    assert Lock.load(path) == Lock()
    assert LOCK.save(path)
    before = path.stat().st_mtime_ns
    assert not LOCK.save(path)
    assert path.stat().st_mtime_ns == before
    assert Lock.load(path) == LOCK
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_full_disk_leaves_the_old_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "asgi-live.lock.json"
    Lock().save(path)
    before = path.read_text()

    def full(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PackingError, match=r"asgi-live.lock.json: .*No space left on device.*asgi_live_lock"):
        LOCK.save(path)
    assert path.read_text() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_lock_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "lock.json").write_bytes(b"\xff\xfe")
    for path in (tmp_path, tmp_path / "lock.json"):
        with pytest.raises(PackingError, match="cannot be read"):
            Lock.load(path)
