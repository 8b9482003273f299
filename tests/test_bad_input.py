"""Bad input and bad luck: one warning at the directive, the other apps built, nothing half-written, and it heals."""

from __future__ import annotations

import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.handmade import wheel
from tests.projects import APP, INLINE, Build, Project
from tests.warm import cold_cache

PAGE = "Title\n=====\n\n.. asgi-live:: hello:app\n\n.. asgi-live:: bad:app\n   :name: bad\n"
GOOD = {"index.rst": PAGE, "hello.py": APP, "bad.py": APP}
ALONE = {"index.rst": "Title\n=====\n\n.. asgi-live:: hello:app\n", "hello.py": APP}

NOWHERE = "http://127.0.0.1:9/"
OFFLINE = {
    "PIP_NO_INDEX": "1",
    "PIP_CONFIG_FILE": os.devnull,
    "UV_DEFAULT_INDEX": NOWHERE,
    "UV_HTTP_RETRIES": "0",
    "npm_config_registry": NOWHERE,
    "npm_config_fetch_retries": "0",
    "npm_config_prefer_online": "true",
}


def leftovers(build: Build) -> list[str]:
    """Temporary files, of any name that is not the site's own."""
    return [path for path in build.sites() if "/." in f"/{path}" or path.endswith((".tmp", "~"))]


def check_unbuilt(build: Build, name: str, told: list[str], place: str) -> None:
    """Of the one warning, the files and the page of an app that cannot be built."""
    [warning] = build.warnings
    assert warning.startswith(f"{place}: WARNING: asgi-live app '{name}' (")
    for each in told:
        assert each in warning
    assert build.code == 0
    sites = build.sites()
    assert f"{name}/sw.js" not in sites
    shown = sites[f"{name}/app/index.html"].decode()
    assert 'data-asgi-live="unbuilt"' in shown
    assert "could not be built" in shown
    assert not leftovers(build)


def check_built(build: Build, *names: str) -> None:
    assert build.warnings == []
    sites = build.sites()
    for name in names:
        assert f"{name}/sw.js" in sites
        assert b"unbuilt" not in sites[f"{name}/app/index.html"]
    assert not leftovers(build)


LOCAL = {
    "no app": ("empty", ["no app is called app, application, api or made by", "in empty.py", "'empty:attribute'"]),
    "a file": ("bad.py:app", ["names a file, not a module; write 'bad:app'"]),
    "absurd": ("bad\x07 é:app", ["is not the name of a module", "'shop.main:app'"]),
    "no module": ("hallo:app", ["there is no module 'hallo' (did you mean 'hello'?)", "asgi_live_paths"]),
    "no attribute": ("hello:ap", ["defines no 'ap' at its top level (did you mean 'app'?)"]),
    "no syntax": ("syntax:app", ["syntax.py:1: ", "correct the source"]),
    "no encoding": ("encoding:app", ["encoding.py", "correct the source"]),
    "no requirement": (
        "hello:app\n   :requirements: not a requirement!",
        ["'not a requirement!' is not a requirement", "as in 'fastapi>=0.100'"],
    ),
    "no files": ("hello:app\n   :files: data/*.txt", [":files: 'data/*.txt' matches nothing", "correct it"]),
    "files outside": ("hello:app\n   :files: ../*", ["'../*' leaves the folder of conf.py"]),
    "files long": (f"hello:app\n   :files: {'x' * 5000}", ["matches nothing"]),
    "files pattern": ("hello:app\n   :files: [\x01", ["matches nothing"]),
    "an option": ("hello:app\n   :hight: 3", ["there is no option :hight: (did you mean :height:?)"]),
}


def test_what_is_wrong_is_one_warning_an_app_and_its_page_tells_it(tmp_path: Path) -> None:
    docs = Project(
        tmp_path / "docs",
        pages={**ALONE, "empty.py": "", "syntax.py": "def app(:", "encoding.py": "# coding: x\napp = 1"},
    )
    for number, (line, _) in enumerate(LOCAL.values()):
        docs.write(f"p{number}.rst", f":orphan:\n\nTitle\n=====\n\n.. asgi-live:: {line}\n   :name: bad{number}\n")
    build = docs.build()
    assert build.code == 0
    warnings = {warning.partition(".rst")[0]: warning for warning in build.warnings}
    assert len(build.warnings) == len(warnings) == len(LOCAL)
    sites = build.sites()
    for number, (case, (_, told)) in enumerate(LOCAL.items()):
        warning = warnings[f"p{number}"]
        assert warning.startswith(f"p{number}.rst:6: WARNING: asgi-live app 'bad{number}' ("), case
        assert all(each in warning for each in told), warning
        shown = f"p{number}.html" if case == "an option" else f"asgi-live/bad{number}/app/index.html"
        assert "could not be built with the documentation" in build.html(shown)
        assert f"bad{number}/sw.js" not in sites
    assert "hello-app/sw.js" in sites
    assert not leftovers(build)
    # What is found when the apps are packed is told by the next build too.
    assert len(docs.build().warnings) == len(LOCAL) - 1


def test_an_app_that_goes_bad_loses_its_worker_until_it_is_mended(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages=GOOD)
    check_built(docs.build(), "hello-app", "bad")
    docs.write("bad.py", "def app(:")
    build = docs.build()
    check_unbuilt(build, "bad", ["bad.py:1: ", "correct the source"], "index.rst:6")
    assert "hello-app/sw.js" in build.sites()
    assert not [path for path in build.sites() if path.startswith("shared/bad-")]
    docs.write("bad.py", APP)
    check_built(docs.build(), "hello-app", "bad")


def test_what_shows_when_the_app_is_run(tmp_path: Path) -> None:
    """All in one build, side by side: not callable, not ASGI 3, an error at import, a path that is not there."""
    sources = {
        "number": "app = 3\n",
        "asgi2": "def app(scope): ...\n",
        "raises": "import hello\n1 / 0\nasync def app(scope, receive, send): ...\n",
        "missing": APP.replace("200", "404"),
    }
    docs = Project(tmp_path / "docs", pages={**ALONE, **{f"{name}.py": text for name, text in sources.items()}})
    with (docs.folder / "index.rst").open("a") as file:
        file.writelines(f"\n.. asgi-live:: {name}:app\n" for name in sources)
    docs.configure("asgi_live_check = 'request'")
    build = docs.build()
    warnings = {warning.partition("'")[2].partition("-")[0]: warning for warning in build.warnings}
    told = {
        "number": ["index.rst:6: ", "number:app is not callable", "Name the variable that holds the app"],
        "asgi2": ["index.rst:8: ", "looks like an ASGI 2 app", "Wrap it in"],
        "raises": ["index.rst:10: ", "the app does not start", "ZeroDivisionError", "raises.py", "line 2"],
        "missing": ["index.rst:12: ", "the app answers / with status 404; correct :path: or the app's routes"],
    }
    assert warnings.keys() == told.keys()
    for name, sentences in told.items():
        assert all(sentence in warnings[name] for sentence in sentences), warnings[name]
    sites = build.sites()
    assert [name for name in (*told, "hello") if f"{name}-app/sw.js" in sites] == ["missing", "hello"]
    assert b"ZeroDivisionError" in sites["raises-app/app/index.html"]
    assert not leftovers(build)


def test_a_secret_is_a_warning_of_a_kind_of_its_own(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages={**ALONE, "hello.py": "", "hello/__init__.py": APP, "hello/id_rsa": "x"})
    (docs.folder / "hello.py").unlink()
    for _ in range(2):
        build = docs.build()
        [warning] = build.warnings
        assert warning.startswith(
            "index.rst:4: WARNING: asgi-live app 'hello-app' (hello:app): hello/id_rsa looks like"
        )
        assert "suppress_warnings = ['asgi-live.secret']" in warning
    docs.configure("suppress_warnings = ['asgi-live.secret']")
    check_built(docs.build(), "hello-app")


def test_circular_imports_are_told_by_python_itself(tmp_path: Path) -> None:
    first = f"from second import x\ny = 1\n{APP}"
    docs = Project(tmp_path / "docs", pages={**ALONE, "bad.py": first, "second.py": "from bad import y\nx = 1\n"})
    docs.configure("asgi_live_check = 'import'")
    docs.write("index.rst", PAGE)
    build = docs.build()
    told = ["the app does not start", "ImportError: cannot import name 'y' from partially initialized module 'bad'"]
    check_unbuilt(build, "bad", [*told, "circular import", "second.py"], "index.rst:6")


def test_an_app_that_hangs_at_import_is_ended(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages=ALONE)
    docs.configure("asgi_live_check = 'request'")
    check_built(docs.build(), "hello-app")
    # What was checked already needs no time.
    docs.configure("asgi_live_timeout = 1")
    for page, text in {**GOOD, "bad.py": f"while True: pass\n{APP}"}.items():
        docs.write(page, text)
    build = docs.build()
    told = ["the app gave no answer to / within asgi_live_timeout = 1 s; look for work at import", "raise the limit"]
    check_unbuilt(build, "bad", told, "index.rst:6")
    assert "hello-app/sw.js" in build.sites()


def test_requirements_without_a_browser_wheel_are_all_named(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages={**GOOD, "index.rst": f"{PAGE}   :requirements: psutil, orjson\n"})
    lock = (docs.folder / "asgi-live.lock.json").read_bytes()
    build = docs.build()
    told = ["orjson ", "psutil ", ":exclude: orjson psutil", "an older version", "pure-Python build"]
    check_unbuilt(build, "bad", told, "index.rst:6")
    assert "hello-app/sw.js" in build.sites()
    assert (docs.folder / "asgi-live.lock.json").read_bytes() == lock
    docs.write("index.rst", PAGE)
    check_built(docs.build(), "hello-app", "bad")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text.replace('"requirements": []', '"requirements": ["tzdata>=2999"]'), ["no longer fits"]),
        (lambda text: text.replace('"version": "2026.6"', '"version": "1"'), ["is not a file of tzdata 1"]),
        (lambda text: text[:200], ["this is not JSON", "delete the file and build again"]),
        (lambda text: text.replace('"3.14"', '"3.13"'), ["it was made for python '3.13'"]),
    ],
)
def test_a_lock_that_does_not_fit(tmp_path: Path, damage: Callable[[str], str], told: list[str]) -> None:
    docs = Project(tmp_path / "docs", pages=ALONE)
    lock = docs.folder / "asgi-live.lock.json"
    sound = lock.read_text("utf-8")
    lock.write_text(damage(sound), "utf-8")
    check_unbuilt(docs.build(), "hello-app", [*told, "asgi-live.lock.json", "build again"], "index.rst:4")
    assert lock.read_text("utf-8") == damage(sound)
    lock.write_text(sound, "utf-8")
    check_built(docs.build(), "hello-app")


# The cache, the network, the disk


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds what `ALONE` needs and nothing else."""
    folder = tmp_path_factory.mktemp("warm")
    docs = Project(folder / "docs", pages=ALONE)
    docs.configure(f"asgi_live_cache = {str(cold_cache(folder / 'cache'))!r}")
    check_built(docs.build(), "hello-app")
    return folder / "cache"


@pytest.fixture
def cache(tmp_path: Path, warm: Path) -> Path:
    """One of it for a single test, which is cheap: hard links, so no file in it may be changed in place."""
    return Path(shutil.copytree(warm, tmp_path / "cache", copy_function=os.link))


@pytest.fixture
def docs(tmp_path: Path, cache: Path) -> Project:
    docs = Project(tmp_path / "docs", pages=ALONE)
    docs.configure(f"asgi_live_cache = {str(cache)!r}")
    return docs


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No index and no registry can be reached, and uv has nothing at hand; the monkeypatch undoes it."""
    for name, value in {**OFFLINE, "UV_CACHE_DIR": str(tmp_path / "uv")}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def damage(*files: Path) -> None:
    for path in files:
        # It is a hard link.
        path.unlink()
        path.write_bytes(b"damaged")


def test_a_damaged_cache_heals_itself(docs: Project, cache: Path, offline: pytest.MonkeyPatch) -> None:
    docs.configure("asgi_live_check = 'request'")
    before = docs.build()
    check_built(before, "hello-app")
    damage(*(cache / "archives").iterdir(), *(cache / "attempts").iterdir())
    # The others are megabytes.
    damage(min((cache / "gzip").iterdir(), key=lambda path: path.stat().st_size))
    sites = before.sites()
    shutil.rmtree(before.outdir)
    after = docs.build()
    check_built(after, "hello-app")
    assert after.sites() == sites


def test_a_damaged_wheel_is_never_used(docs: Project, cache: Path, offline: pytest.MonkeyPatch) -> None:
    damage(*(cache / "wheels").rglob("*.whl"))
    build = docs.build()
    check_unbuilt(build, "hello-app", ["pip could not fetch tzdata 2026.6", "build again"], "index.rst:4")
    offline.undo()
    check_built(docs.build(), "hello-app")


def test_a_download_with_other_bytes_is_never_used(
    docs: Project, cache: Path, offline: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.rmtree(cache / "wheels")
    (tmp_path / "index").mkdir()
    wheel(tmp_path / "index", "tzdata", "2026.6", tag="py2.py3-none-any")
    offline.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    told = ["tzdata-2026.6-py2.py3-none-any.whl is not the file that was locked: sha256 0a10ee", "the index gave "]
    check_unbuilt(docs.build(), "hello-app", [*told, "delete its set from the lock"], "index.rst:4")
    assert not [path for path in cache.rglob("*.whl")]
    offline.undo()
    check_built(docs.build(), "hello-app")


def test_no_network_and_no_runtime(docs: Project, cache: Path, offline: pytest.MonkeyPatch) -> None:
    (cache / "pyodide").rename(cache / "away")
    told = ["npm could not fetch pyodide@", "check the network and npm's own configuration", "build again"]
    check_unbuilt(docs.build(), "hello-app", told, "index.rst:4")
    assert not (cache / "pyodide").exists()
    (cache / "away").rename(cache / "pyodide")
    check_built(docs.build(), "hello-app")


def test_no_network_and_no_lock(docs: Project, offline: pytest.MonkeyPatch) -> None:
    lock = docs.folder / "asgi-live.lock.json"
    sound = lock.read_bytes()
    lock.unlink()
    told = ["uv could not resolve the requirements", "tzdata", "Without a lock this needs the network"]
    check_unbuilt(docs.build(), "hello-app", told, "index.rst:4")
    assert not lock.exists()
    lock.write_bytes(sound)
    check_built(docs.build(), "hello-app")


@contextmanager
def full_disk(largest: int) -> Iterator[None]:
    """No file can grow beyond some bytes: the system call fails in the middle of a file, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def test_a_disk_that_is_full_for_the_large_files(docs: Project) -> None:
    warm = docs.build()
    check_built(warm, "hello-app")
    sites = warm.sites()
    shutil.rmtree(warm.outdir)
    with full_disk(100_000):
        build = docs.build()
    check_unbuilt(build, "hello-app", ["File too large", "free the disk"], "index.rst:4")
    assert all(content == sites.get(path, content) for path, content in build.sites().items() if "/app/" not in path)
    check_built(docs.build(), "hello-app")
    assert docs.build().sites() == sites


def test_a_disk_that_is_full_for_the_cache(docs: Project, cache: Path) -> None:
    before = {path for path in cache.rglob("*") if path.is_file()}
    docs.write("large.txt", random.Random(0).randbytes(200_000).hex())
    docs.write("index.rst", ALONE["index.rst"] + "   :files: large.txt\n")
    with full_disk(100_000):
        build = docs.build()
    check_unbuilt(build, "hello-app", ["free the disk"], "index.rst:4")
    assert not [path for path in cache.rglob(".*")]
    assert {path for path in cache.rglob("*") if path.is_file()} == before


def test_an_output_folder_where_nothing_can_be_written(docs: Project, cache: Path) -> None:
    """A file stands where the folder belongs: the same for root and everybody."""
    (docs.folder / "_build" / "html").mkdir(parents=True)
    blocked = docs.folder / "_build" / "html" / "asgi-live"
    blocked.write_text("mine")
    build = docs.build()
    [warning] = build.warnings
    assert warning.startswith("index.rst:4: WARNING: asgi-live app 'hello-app' (hello:app): ")
    assert str(Path("_build", "html", "asgi-live")) in warning
    assert blocked.read_text() == "mine"
    blocked.unlink()
    check_built(docs.build(), "hello-app")


def test_a_page_called_as_the_index_of_another(docs: Project) -> None:
    docs.write("index.rst", f"{ALONE['index.rst']}\n.. asgi-live:: hello:app\n   :path: /index.html\n")
    build = docs.build()
    check_built(build, "hello-app")
    assert [path for path in build.sites() if "/app/" in path] == ["hello-app/app/index.html"]


def test_absurd_folders_files_and_paths(tmp_path: Path) -> None:
    pages = {
        "index.rst": "Title\n=====\n\n.. toctree::\n   :glob:\n\n   *\n",
        "страница #1 100%.rst": "Title\n=====\n\n.. asgi-live:: пакет.главный:app\n"
        "   :path: /caf%C3%A9/日本/%23%3F%25\n   :files: data/*\n\n.. asgi-live::\n\n" + INLINE,
        "пакет/__init__.py": "",
        "пакет/главный.py": APP,
        "data/a#b?c%20.txt": "1",
        "data/'quoted' \"twice\" & <b>.txt": "2",
        "data/" + "ж" * 100 + ".txt": "3",
    }
    docs = Project(tmp_path / "docs ünï #1 100% 'x'", pages=pages)
    build = docs.build()
    assert build.warnings == []
    names = {path.partition("/")[0]: path for path in build.sites() if path.endswith("sw.js")}
    assert len(names) == 2
    html = build.html("страница #1 100%.html")
    [inline, target] = sorted(names, key=lambda name: name.endswith("-1"), reverse=True)
    assert f'src="asgi-live/{inline}/app/"' in html
    assert f'src="asgi-live/{target}/app/caf%C3%A9/日本/%23%3F%25"' in html
    assert f"{target}/app/café/日本/#?%/index.html" in build.sites()
    assert docs.build().sites() == build.sites()
