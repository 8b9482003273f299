"""What is done in Python before an image is taken and after it is restored; whole images are in test_images.py."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sphinx_asgi_live.browser import freezing, warmups

APP = """
import asyncio, os, pathlib
seen = []
tasks = []
async def app(scope, receive, send):
    seen.append((scope["path"], scope["query_string"], os.environ["GREETING"]))
    if scope["path"].endswith("/task"):
        tasks.append(asyncio.create_task(asyncio.sleep(60)))
    if scope["path"].endswith("/file"):
        pathlib.Path(__file__).with_name("made.txt").write_text("made")
    if scope["path"].endswith("/raise"):
        raise LookupError("as it happens")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
"""


@pytest.fixture(autouse=True)
def nothing_stays_frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(freezing, "frozen_app", None)
    monkeypatch.setattr(freezing, "written", "")
    for name in ("timezone", "altzone", "daylight"):
        monkeypatch.setattr(time, name, getattr(time, name))
    yield
    gc.unfreeze()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module with an app, in a folder that is all there is of files."""
    (tmp_path / "to_be_frozen.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("GREETING", "unset")
    files = freezing.files
    monkeypatch.setattr(freezing, "files", lambda: files(str(tmp_path)))
    yield "to_be_frozen"
    sys.modules.pop("to_be_frozen", None)


def freeze(module: str, paths: str, attribute: str = "app") -> str:
    environ = json.dumps({"GREETING": "hello"})
    return asyncio.run(freezing.freeze_app(module, attribute, False, True, "/root/app", environ, paths))


def test_an_app_is_imported_and_asked_for_its_paths(module: str) -> None:
    assert freeze(module, "/\n/items?q=1") == ""
    assert freezing.frozen_app is sys.modules[module].app
    assert sys.modules[module].seen == [("/root/app/", b"", "hello"), ("/root/app/items", b"q=1", "hello")]
    assert freezing.written == ""


def test_files_that_an_app_writes_are_told(module: str, tmp_path: Path) -> None:
    assert freeze(module, "/file") == ""
    assert freezing.written == f"{tmp_path}/made.txt"


def test_what_goes_on_cannot_be_frozen(module: str) -> None:
    assert freeze(module, "/task") == "it has 1 tasks that go on"


def test_an_app_that_raises_at_a_request_cannot_be_frozen_after_it(module: str) -> None:
    assert freeze(module, "/raise").endswith("LookupError: as it happens\n")


def test_an_app_that_cannot_be_imported_says_why(module: str) -> None:
    assert "has no attribute 'apt'" in freeze(module, "", "apt")


@pytest.mark.parametrize(
    "draw",
    ["secrets.token_hex()", "uuid.uuid4()", "os.urandom(8)", "random.SystemRandom().random()", "borrowed.draw()"],
)
def test_what_the_apps_own_code_draws_at_import_is_not_shared(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw: str
) -> None:
    monkeypatch.chdir(tmp_path)
    packages = tmp_path.parent / "packages"
    packages.mkdir(exist_ok=True)
    (packages / "borrowed.py").write_text("import secrets\n\ndef draw():\n    return secrets.token_hex()\n")
    monkeypatch.syspath_prepend(packages)
    (tmp_path / f"{module}.py").write_text(f"import borrowed, os, random, secrets, uuid\nKEY = {draw}\n{APP}")
    told = freeze(module, "/")
    own = f"{module}.py:2 draws at random what all readers would share"
    assert told == ("" if "borrowed" in draw else own)
    assert "noted" not in repr((os.urandom, random._urandom))  # type: ignore[attr-defined]


def test_modules_that_cannot_be_imported_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "leaving.py").write_text("raise SystemExit(3)")
    (tmp_path / "whole.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    freezing.import_modules(["leaving", "module_that_nobody_has", "whole"])
    assert "leaving" not in sys.modules
    assert sys.modules.pop("whole")


def test_after_a_restore_chance_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    monkeypatch.setenv("GREETING", "frozen")
    drawn = set()
    for _ in range(2):
        random.seed(1)
        tempfile._name_sequence = random  # type: ignore[attr-defined]
        freezing.wake(json.dumps({"GREETING": "hello"}))
        drawn.add(random.random())
        assert tempfile._name_sequence is None  # type: ignore[attr-defined]
        assert (os.environ["GREETING"], os.environ.get("PYTHONHASHSEED")) == ("hello", None)
    assert len(drawn) == 2


def test_an_app_keeps_what_it_has_set_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "frozen_app", print)
    monkeypatch.setenv("GREETING", "changed by the app")
    freezing.wake(json.dumps({"GREETING": "hello"}))
    assert os.environ["GREETING"] == "changed by the app"


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "Australia/Sydney", "UTC"])
def test_the_time_zone_is_the_readers(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    right = (time.timezone, time.altzone, time.daylight)
    time.timezone, time.altzone, time.daylight = 1, 2, 3
    try:
        freezing.wake("{}")
        found = (time.timezone, time.altzone, time.daylight)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert found == right


def test_the_frameworks_that_are_there_are_warmed_up() -> None:
    """Those that are here to be tested with."""
    assert {"jinja2", "starlette", "fastapi", "datasette"} == set(warmups.WARMUPS)
    assert asyncio.run(warmups.warm()) == []


def test_a_framework_that_cannot_be_warmed_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise LookupError("as it happens")

    monkeypatch.setattr(warmups, "WARMUPS", {"sphinx": broken, "module_that_nobody_has": broken})
    assert asyncio.run(warmups.warm()) == ["sphinx was not warmed up: LookupError: as it happens"]
