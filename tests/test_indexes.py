"""Packages from elsewhere than the index: folders of wheels, more indexes, constraints, Pyodide's own distribution."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.cache import cache_folder
from sphinx_asgi_live.packing.distributions import is_known
from sphinx_asgi_live.packing.indexes import pip_options, uv_settings
from sphinx_asgi_live.packing.lock import Lock
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.pyodide_packages import PyodidePackages
from sphinx_asgi_live.packing.resolve import resolve
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.packing.wheels import fetch
from sphinx_asgi_live.spec import AppSpec
from tests.handmade import sdist, sha256, wheel
from tests.projects import ROOTS
from tests.test_wheels import cache, index, versions

__all__ = ["cache", "index"]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_folder_of_wheels_is_one_more_index(index: Path, tmp_path: Path, cache: Path) -> None:
    (tmp_path / "own").mkdir()
    own = wheel(tmp_path / "own", "unpublished", requires=["helper"])
    wheel(index, "helper")
    found = resolve(["unpublished"], [], cwd=tmp_path, wheels=[tmp_path / "own"])
    assert versions(found) == {"helper": "1.0", "tzdata": "2026.6", "unpublished": "1.0"}
    paths = fetch(found, cache, pip_options(tmp_path, [tmp_path / "own"]))
    assert paths[-1].read_bytes() == own.read_bytes()
    with pytest.raises(PackingError, match="other is not a folder; asgi_live_wheels names folders"):
        resolve(["unpublished"], [], cwd=tmp_path, wheels=[tmp_path / "other"])


def test_an_index_that_only_uv_knows_serves_pip_too(
    index: Path, tmp_path: Path, cache: Path, served: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, address = served
    (folder / "simple" / "internal").mkdir(parents=True)
    wheel(folder / "simple" / "internal", "internal")
    (tmp_path / "uv.toml").write_text(
        f'find-links = ["index"]\n[[index]]\nname = "ours"\nurl = "{address}/simple"\ndefault = true\n'
    )
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", f"{address}/nothing")
    found = resolve(["internal"], [], cwd=tmp_path)
    assert versions(found) == {"internal": "1.0", "tzdata": "2026.6"}
    assert len(fetch(found, cache, pip_options(tmp_path))) == 2


def test_where_the_user_has_uv_look_pip_looks_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "user.toml").write_text('extra-index-url = ["https://a.example/simple"]\nfind-links = ["wheels"]\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / "user.toml"))
    monkeypatch.setenv("UV_INDEX", "ours=https://b.example/s?x=1 https://c.example/simple")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "uv.toml").write_text('[[index]]\nurl = "flat"\nformat = "flat"\n')
    assert pip_options(tmp_path / "docs") == [
        "--extra-index-url=https://a.example/simple",
        f"--find-links={tmp_path / 'wheels'}",
        "--extra-index-url=https://b.example/s?x=1",
        "--extra-index-url=https://c.example/simple",
        f"--find-links={tmp_path / 'docs' / 'flat'}",
    ]
    (tmp_path / "user.toml").write_text("=")
    with pytest.raises(PackingError, match=r"user.toml: uv's settings cannot be read"):
        pip_options(tmp_path)


def test_constraints_and_overrides_of_the_project_hold(index: Path, tmp_path: Path) -> None:
    for version in ("1.0", "2.0", "3.0"):
        wheel(index, "core", version)
        wheel(index, "more", version)
    wheel(index, "web", requires=["core", "more>=3"])
    with (tmp_path / "uv.toml").open("a") as file:
        file.write('constraint-dependencies = ["core<3"]\noverride-dependencies = ["more==1.0"]\n')
    assert uv_settings(tmp_path)["constraint-dependencies"] == ["core<3"]
    assert versions(resolve(["web"], [], cwd=tmp_path)) | {"core": "2.0", "more": "1.0"} == versions(
        resolve(["web"], [], cwd=tmp_path)
    )


def test_a_guessed_name_runs_nothing_that_somebody_has_put_there(index: Path, tmp_path: Path, cache: Path) -> None:
    sdist(index, "fastpai")
    sdist(index, "helper")
    wheel(index, "guessed", requires=["helper"])
    with pytest.raises(PackingError, match=r"fastpai"):
        resolve(["fastpai"], [], cwd=tmp_path, cache=cache, guessed=["fastpai"])
    assert not list(cache.rglob("*.whl"))
    assert "helper" in versions(resolve(["guessed"], [], cwd=tmp_path, cache=cache, guessed=["guessed"]))
    assert "fastpai" in versions(resolve(["fastpai"], [], cwd=tmp_path, cache=cache))
    assert [is_known(each) for each in ("fastapi", "pyjwt", "fastpai")] == [True, True, False]


# Pyodide's own distribution, of one wheel that was made for it


@pytest.fixture(scope="module")
def compiled() -> Path:
    """A wheel with native code for the browser."""
    lock = Lock.load(ROOTS / "test-published" / "asgi-live.lock.json")
    [litestar] = [each for each in lock.sets.values() if each.requirements == ("litestar",)]
    return next(path for path in fetch(litestar, cache_folder()) if path.name.startswith("msgspec-"))


def release(folder: Path, compiled: Path, **changes: object) -> Path:
    """Write a folder as a release of Pyodide is."""
    shutil.copy(compiled, folder)
    names = {"name": "Msgspec", "version": "0", "imports": ["msgspec"], "depends": [], "package_type": "package"}
    record = {**names, "file_name": compiled.name, "sha256": sha256(compiled)}
    others = [{**record, "name": each, "file_name": each} for each in ("libproj-1.zip", "x-1.0-cp313-cp313-linux.whl")]
    packages = {each["name"]: each for each in (record, *others)}
    listed = {"info": {"abi_version": "2026_0", "python": "3.14.2"}, "packages": packages, **changes}
    (folder / "pyodide-lock.json").write_text(json.dumps(listed))
    return folder


@pytest.mark.parametrize("place", ["folder", "address"])
def test_what_only_pyodide_has_comes_at_its_version_and_is_verified(
    index: Path, tmp_path: Path, cache: Path, compiled: Path, served: tuple[Path, str], place: str
) -> None:
    folder, address = served
    release(folder, compiled)
    pyodide = PyodidePackages(str(folder) if place == "folder" else f"{address}/")
    version = compiled.name.split("-")[1]
    wheel(index, "web", requires=["msgspec"])
    # As on the index of all: sources only, and newer ones.
    sdist(index, "msgspec", version, compiled=True)
    sdist(index, "msgspec", "99.0", compiled=True)
    with pytest.raises(PackingError, match=r"msgspec 99.0 \(required by web, that by the app"):
        resolve(["web"], [], cwd=tmp_path)
    found = resolve(["web"], [], cwd=tmp_path, pyodide=pyodide)
    [locked] = [each for each in found.packages if each.name == "msgspec"]
    assert (locked.version, locked.file, locked.sha256) == (version, compiled.name, sha256(compiled))
    assert Lock.from_json(Lock().with_set(found).to_json()).sets[found.key] == found
    assert compiled.read_bytes() in [path.read_bytes() for path in fetch(found, cache, (), pyodide)]
    # In the cache it needs no release any more; what has changed there is refused.
    assert fetch(found, cache)
    shutil.rmtree(cache)
    with (folder / compiled.name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(PackingError, match="is not the file that was locked"):
        fetch(found, cache, (), pyodide)


def test_another_version_than_pyodides_is_a_conflict_that_is_told(index: Path, tmp_path: Path, compiled: Path) -> None:
    pyodide = PyodidePackages(str(release(tmp_path, compiled)))
    sdist(index, "msgspec", "99.0", compiled=True)
    with pytest.raises(PackingError, match=r"cannot be met: .*msgspec"):
        resolve(["msgspec>=99"], [], cwd=tmp_path, pyodide=pyodide)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"info": {"abi_version": "2025_0"}}, "its packages are for Pyodide's ABI 2025_0, and apps run with"),
        ({"info": {}}, "is not as Pyodide writes it"),
        ({"packages": [1]}, "is not as Pyodide writes it"),
        (None, "pyodide-lock.json cannot be read"),
    ],
)
def test_says_what_is_wrong_with_a_release(
    tmp_path: Path, compiled: Path, changes: dict[str, object] | None, says: str
) -> None:
    if changes is not None:
        release(tmp_path, compiled, **changes)
    with pytest.raises(PackingError, match=f"asgi_live_pyodide_packages = .*{says}.*full release of Pyodide"):
        PyodidePackages(str(tmp_path)).get("msgspec")


def test_an_app_runs_with_a_native_package_of_pyodides(
    index: Path, tmp_path: Path, compiled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "release").mkdir()
    shutil.copy(next(cache_folder().glob("wheels/*/tzdata-*")), index)
    (index / "tzdata-2026.6-py3-none-any.whl").unlink()
    (tmp_path / "shop.py").write_text(
        "import msgspec\nasync def app(scope, receive, send):\n"
        "    await send({'type': 'http.response.start', 'status': 200})\n"
        "    body = msgspec.json.encode({'native': msgspec._core.__file__})\n"
        "    await send({'type': 'http.response.body', 'body': body})\n"
    )
    settings = Settings(
        tmp_path, (tmp_path,), (), (), tmp_path / "lock.json", cache_folder(), None, 60, 20, snapshot="off",
        pyodide_packages=str(release(tmp_path / "release", compiled)),
    )  # fmt: skip
    [(_, found)] = Packer(settings, Site(tmp_path / "out")).check_all([Job(AppSpec("shop", "shop"), ("/",), "Shop")])
    assert not isinstance(found, str), found
    assert found.answers[0].body.endswith(b'wasm32-emscripten.so"}')
