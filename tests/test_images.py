"""Images by the real engine: what is frozen how far, that it is the same each time, and what stands in the way."""

from __future__ import annotations

import gzip
import json
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.packing.bundle import Tree
from sphinx_asgi_live.packing.images import required_modules
from sphinx_asgi_live.packing.packer import Job, Outcome, Packer
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import FOLDER, Site
from sphinx_asgi_live.packing.tools import Tools
from sphinx_asgi_live.spec import AppSpec, Call, RequestSpec
from tests.warm import NO_ENGINE, cold_cache

# What an app does once it is asked by somebody else than a reader.
APP = """
import os, pathlib, uuid
TABLE = [bytes([n % 256]) * 4000 for n in range(1500)]
AT_IMPORT
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError("no lifespan here")
    frozen = scope["root_path"].startswith("/asgi-live/image/")
    body = scope["root_path"]
    if scope["path"].endswith("/varies"):
        body += str(uuid.uuid4())
    AT_A_REQUEST
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body.encode()})
"""
# Files that are written, held open, and held open only; a database that others open as well.
OPENING = """
import sqlite3, tempfile
file = pathlib.Path('made', 'data.txt')
file.parent.mkdir()
file.write_text('kept')
scratch = tempfile.TemporaryFile()
scratch.write(b' scratch')
rows = sqlite3.connect('rows.db')
rows.execute('PRAGMA journal_mode=WAL')
rows.execute('CREATE TABLE numbers (number)')
rows.commit()
"""
OPENED = """
body += file.read_text()
scratch.seek(0)
body += scratch.read().decode()
rows.execute('BEGIN IMMEDIATE')
try: sqlite3.connect('rows.db', timeout=0).execute('DELETE FROM numbers')
except sqlite3.OperationalError as error: body += str(error)
rows.execute('INSERT INTO numbers VALUES (1)')
rows.commit()
body += str(sqlite3.connect('rows.db').execute('SELECT max(number) FROM numbers').fetchone())
"""
APPS = {
    "good": (OPENING, OPENED),
    "ending": ("ends = os.pipe()", "if frozen: os._exit(3)"),
    "hoarding": (
        "import urllib.request\ntry: urllib.request.urlopen('https://api.example/')\nexcept Exception: hoard = []",
        "while frozen: hoard.append(bytearray(10**7))",
    ),
    "rooted": ("root = []", "root.append(body); body = root[0]"),
    "small": ("TABLE.clear()", "import wave"),
    "hanging": ("import asyncio", "if frozen: await asyncio.Event().wait()"),
}
WHOLE = APPS.keys() - {"hanging"}


def job(name: str) -> Job:
    return Job(AppSpec(name, f"{name}:app", requirements=()), ("/", "/varies")[: 2 if name == "good" else 1], name)


def manifest(outdir: Path, name: str) -> dict[str, Any]:
    worker = (outdir / FOLDER / name / "sw.js").read_text()
    found: dict[str, Any] = json.loads(worker[worker.index("{", worker.index("serve(") + 7) : worker.rindex("}") + 1])
    return found


def images(outdir: Path, name: str) -> list[bytes]:
    entries = manifest(outdir, name).get("images", [])
    return [(outdir / FOLDER / name / entry["url"]).read_bytes() for entry in entries]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Settings:
    confdir = tmp_path_factory.mktemp("docs")
    for name, (at_import, at_a_request) in APPS.items():
        source = APP.replace("AT_IMPORT", at_import).replace("    AT_A_REQUEST", textwrap.indent(at_a_request, "    "))
        (confdir / f"{name}.py").write_text(source)
    lock = confdir / "lock.json"
    lock.write_bytes((project / "demo_docs" / "asgi-live.lock.json").read_bytes())
    exclude = tuple(LiveConfig().exclude)
    cache = cold_cache(tmp_path_factory.mktemp("cache"))
    return Settings(confdir, (confdir,), (), exclude, lock, cache, None, 60, 20)


def packed(settings: Settings, outdir: Path, *names: str) -> dict[str, Outcome]:
    outcomes = Packer(settings, Site(outdir)).pack_all(list(map(job, names)))
    return {outcome.job.spec.name: outcome for outcome in outcomes}


@pytest.fixture(scope="module")
def built(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Outcome]]:
    outdir = tmp_path_factory.mktemp("html")
    # The first one proves the base; side by side, each would.
    outcomes = {**packed(settings, outdir, "small"), **packed(settings, outdir, *sorted(WHOLE - {"small"}))}
    assert [outcome.problem or outcome.complaints for outcome in outcomes.values()] == [()] * len(WHOLE)
    return outdir, outcomes


def test_an_app_is_frozen_over_its_dependencies(built: tuple[Path, dict[str, Outcome]]) -> None:
    outdir, outcomes = built
    base, overlay = images(outdir, "good")
    assert outcomes["good"].note == ""
    assert len(overlay) < 400_000 < len(base) < 6_000_000
    # Whatever is frozen of the others, they share that base.
    assert {images(outdir, name)[0] for name in WHOLE} == {base}


def test_what_an_app_looks_into_comes_before_it_is_up_and_the_rest_later(
    built: tuple[Path, dict[str, Outcome]],
) -> None:
    outdir, _ = built
    found = manifest(outdir, "good")
    *dependencies, own = found["archives"]
    assert [entry.get("rest") for entry in (found["stdlib"], *dependencies, own)] == [True] * len(found["archives"]) + [
        None
    ]
    assert found["tried"] == ["/", "/varies"]
    # It imports a module at each request.
    found = manifest(outdir, "small")
    assert [entry.get("rest") for entry in (found["stdlib"], *found["archives"])] == [None] + [True] * len(
        dependencies
    ) + [None]


@pytest.mark.usefixtures("built")
def test_requests_of_pages_go_to_apps_that_start_from_a_base_that_is_known_to_hold(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases: list[str | None] = []
    run = Tools.run

    def noting(self: Tools, command: str, archives: Any, job: Any) -> Any:
        bases.append(job["base"])
        return run(self, command, archives, job)

    monkeypatch.setattr(Tools, "run", noting)
    calls = [Call(RequestSpec("GET", "/"), 200), Call(RequestSpec("GET", "/varies"), 200)]
    [(_, found)] = Packer(settings, Site(Path())).replay_all({job("small"): {"a": calls[:1], "b": calls}})
    assert isinstance(found, dict), found
    assert found["a"].texts == found["b"].texts[:1] == ("HTTP/1.1 200 OK\ncontent-type: text/plain",)
    assert found["a"].complaints == found["b"].complaints == ()
    [base] = bases
    assert base and base.startswith(str(settings.cache / "images"))


@pytest.mark.parametrize(
    ("name", "layers", "notes"),
    [
        (
            "ending",
            1,
            ["after a request The app ended Python, with exit code 3", "after its import it holds pipe["],
        ),
        ("hoarding", 1, ["after a request MemoryError", "after its import it makes a request"]),
        ("rooted", 2, ["after a request restored, it answers / in another way"]),
        ("small", 1, []),
    ],
)
def test_what_cannot_be_frozen_falls_back_a_layer(
    built: tuple[Path, dict[str, Outcome]], name: str, layers: int, notes: list[str]
) -> None:
    outdir, outcomes = built
    assert [told for told in notes if told not in outcomes[name].note] == []
    assert bool(notes) == bool(outcomes[name].note)
    assert len(images(outdir, name)) == layers
    assert ("images" in manifest(outdir, name)) == bool(layers)


def test_images_are_made_once_and_again_the_same(
    built: tuple[Path, dict[str, Outcome]],
    settings: Settings,
    tmp_path: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outdir, _ = built
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    again = replace(settings, cache=cold_cache(tmp_path / "cache"))
    shutil.copytree(settings.cache / "archives", again.cache / "archives")
    packed(again, tmp_path / "again", "good")
    assert images(tmp_path / "again", "good") == images(outdir, "good")
    for image in images(outdir, "good"):
        for place in (str(project), str(settings.confdir), str(Path.home())):
            assert place.encode() not in gzip.decompress(image)

    packer = Packer(settings, Site(tmp_path / "cached"))
    packer.__dict__["engine"] = NO_ENGINE
    list(packer.pack_all([job("good"), job("ending")]))
    assert images(tmp_path / "cached", "good") == images(outdir, "good")
    assert len(images(tmp_path / "cached", "ending")) == 1


def test_an_app_that_hangs_while_it_is_frozen_is_shipped_without(
    settings: Settings, built: tuple[Path, dict[str, Outcome]], tmp_path: Path
) -> None:
    outcome = packed(replace(settings, timeout=3), tmp_path, "hanging")["hanging"]
    assert (outcome.problem, outcome.complaints) == (None, ())
    assert outcome.note == "it is not frozen: that did not end within asgi_live_timeout = 3 s"
    assert images(tmp_path, "hanging") == images(built[0], "good")[:1]


def test_the_modules_of_a_requirement_are_what_its_wheel_puts_on_top() -> None:
    members = {path: b"" for path in ("jinja2/__init__.py", "jinja2/ext.py", "jinja2-3.dist-info/METADATA")}
    other = {path: b"" for path in ("six.py", "_private.py", "data/table.txt")}
    wheels = [Tree("Jinja2-3", "", members), Tree("six-1", "", other), Tree("markupsafe-3", "", {"markupsafe.py": b""})]
    assert required_modules(["jinja2[i18n] >= 3", "Six"], wheels) == ("jinja2", "six")
