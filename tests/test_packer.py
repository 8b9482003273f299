"""Whole apps through the real engine: what is written, what is complained about, and what an app may not break."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.packing.bundle import app_tree, pack
from sphinx_asgi_live.packing.check import Check
from sphinx_asgi_live.packing.packer import Job, Outcome, Packer
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import FOLDER, Site
from sphinx_asgi_live.packing.sources import find
from sphinx_asgi_live.spec import AppSpec
from tests.warm import cold_cache, engine, warm_runtime

CDN = "https://cdn.jsdelivr.net/npm/is-number@7.0.0"
ANSWER = """
async def answer(send, status, text, kind=b"text/html"):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": text.encode()})
"""

# Each app, the paths that pages embed, and the source; all of them are `<name>:app`.
APPS = {
    "whole": (
        ("/", "/moved", "/missing", "/broken", "/circle", "/short"),
        f"""
        from answering import answer
        async def app(scope, receive, send):
            if scope["type"] == "lifespan":
                raise NotImplementedError("no lifespan here")
            path = scope["path"].removeprefix(scope["root_path"])
            if path == "/":
                page = '<script src="{CDN}/index.js"></script><script src="{CDN}/none.js"></script>' \
                    '<script type="module" src="https://esm.sh/is-number"></script>'
                await answer(send, 200, page)
            elif path == "/moved":
                headers = [(b"location", b"https://elsewhere.example/login")]
                await send({{"type": "http.response.start", "status": 302, "headers": headers}})
                await send({{"type": "http.response.body"}})
            elif location := {{"/circle": b"round", "/round": b"circle", "/short": b"."}}.get(path):
                await send({{"type": "http.response.start", "status": 307, "headers": [(b"location", location)]}})
                await send({{"type": "http.response.body"}})
            elif path == "/broken":
                print("just before it breaks")
                raise ValueError("Grüße aus der App")
            else:
                await answer(send, 404, "nothing here")
        """,
    ),
    "calling": (
        ("/",),
        """
        import urllib.request
        app = urllib.request.urlopen("https://api.example/rates")
        """,
    ),
    "careful": (
        ("/", "/missing"),
        """
        from answering import answer
        async def app(scope, receive, send):
            if scope["path"].endswith("/missing"):
                return await answer(send, 404, "nothing here")
            from js import fetch
            await fetch("https://api.example/rates")
        """,
    ),
    "rootless": (
        ("/hello",),
        """
        from answering import answer
        async def app(scope, receive, send):
            known = scope["type"] == "http" and scope["path"] == "/hello"
            await answer(send, 200 if known else 404, "hello")
        """,
    ),
    "slashless": (
        ("/",),
        """
        from answering import answer
        async def app(scope, receive, send):
            path = scope.get("path", "")
            if len(path) > 1 and path.endswith("/"):
                headers = [(b"location", path.rstrip("/").encode())]
                await send({"type": "http.response.start", "status": 302, "headers": headers})
                await send({"type": "http.response.body"})
            else:
                await answer(send, 200 if path == "/" else 404, "hello")
        """,
    ),
    "reading": (
        ("/",),
        """
        from pathlib import Path
        from answering import answer
        async def app(scope, receive, send):
            await answer(send, 200, open("data/tea.txt").read() + Path("data/sub/milk.txt").read_text())
        """,
    ),
    "raising": (
        ("/",),
        """
        for line in range(3000):
            print("much output " * 100, line)
        import no_such_library
        app = None
        """,
    ),
    "unready": (
        ("/",),
        """
        async def app(scope, receive, send):
            await send({"type": "lifespan.startup.failed", "message": "no database here"})
        """,
    ),
    "exiting": (("/",), "import sys\nsys.exit(3)\napp = None"),
    "dying": (("/",), "import os\nprint('about to die')\nos._exit(3)\napp = None"),
    "hanging": (("/a", "/b"), "while True:\n    pass\napp = None"),
}


@dataclass
class Build:
    """A build of all apps but the hanging one, in a cache that had no archive and no check of them."""

    settings: Settings
    outdir: Path
    outcomes: dict[str, Outcome]

    @property
    def root(self) -> Path:
        return self.outdir / FOLDER

    def manifest(self, name: str) -> dict[str, object]:
        worker = (self.root / name / "sw.js").read_text()
        found: dict[str, object] = json.loads(
            worker[worker.index("{", worker.index("serve(") + 7) : worker.rindex("}") + 1]
        )
        return found

    def placeholder(self, name: str, path: str = "") -> str:
        return (self.root / name / "app" / path / "index.html").read_text()


def job(name: str) -> Job:
    return Job(AppSpec(name, f"{name}:app", requirements=()), APPS[name][0], name.title())


def outcomes(packer: Packer, *jobs: Job) -> dict[str, Outcome]:
    found = list(packer.pack_all(jobs))
    assert [outcome.job for outcome in found] == list(jobs)
    return {outcome.job.spec.name: outcome for outcome in found}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Build]:
    confdir = tmp_path_factory.mktemp("docs")
    (confdir / "answering.py").write_text(ANSWER)
    for name, (_, source) in APPS.items():
        (confdir / f"{name}.py").write_text(textwrap.dedent(source))
    for name in ("tea", "sub/milk"):
        (confdir / "data" / f"{name}.txt").parent.mkdir(exist_ok=True)
        (confdir / "data" / f"{name}.txt").write_text(f"{name} ")
    # The lock of these docs knows what an app without requirements needs: nothing is resolved here.
    lock = confdir / "lock.json"
    lock.write_bytes((project / "demo_docs" / "asgi-live.lock.json").read_bytes())
    exclude = tuple(LiveConfig().exclude)
    cache = cold_cache(tmp_path_factory.mktemp("cache"))
    settings = Settings(confdir, (confdir,), (), exclude, lock, cache, None, 60, 20, snapshot="off", files=("data",))
    hanging = find(job("hanging").spec, confdir=confdir, paths=(confdir,))
    outdir = tmp_path_factory.mktemp("html")
    site = Site(outdir)
    found = outcomes(Packer(settings, site), *map(job, APPS.keys() - {"hanging"}), misspelt())
    site.prune()
    pack([app_tree("hanging", hanging.files)], engine(), warm_runtime(), cache)
    yield Build(settings, outdir, found)


def misspelt() -> Job:
    return Job(AppSpec("misspelt", "whole:ap", requirements=()), ("/",), "Misspelt")


def test_an_app_that_answers_is_written_with_all_that_its_worker_names(build: Build) -> None:
    assert build.outcomes["whole"].problem is None
    manifest = build.manifest("whole")
    assert (manifest["name"], manifest["module"], manifest["attribute"]) == ("whole", "whole", "app")
    assert manifest["mounted"] is True
    urls = re.findall(r'"url": "([^"]+)"', (build.root / "whole" / "sw.js").read_text())
    assert len(urls) > 5
    assert all((build.root / "whole" / url).is_file() for url in urls)
    assert 'data-asgi-live="placeholder"' in build.placeholder("whole", "missing")


def test_each_path_that_fails_is_complained_about(build: Build) -> None:
    told = dict(build.outcomes["whole"].complaints)
    assert told["/missing"] == "the app answers /missing with status 404; correct :path: or the app's routes"
    assert told["/broken"] == (
        "the app answers /broken with status 500: Traceback (most recent call last):\n"
        '  File "/home/web/whole.py", line 19, in app\n'
        '    raise ValueError("Grüße aus der App")\n'
        "ValueError: Grüße aus der App"
    )
    assert told["/circle"] == (
        "the app answers /circle with redirects that do not end, the last one to /circle; "
        "correct :path: or the app's routes"
    )
    # A redirect away is the app's own business, and so is a single one.
    assert set(told) == {"/", "/missing", "/broken", "/circle"}


def test_what_an_app_asks_of_others_is_not_held_against_it(build: Build) -> None:
    calling, careful = build.outcomes["calling"], build.outcomes["careful"]
    assert (calling.problem, calling.complaints) == (None, ())
    assert "not fully tried" in calling.untried
    assert dict(careful.complaints).keys() == {"/missing"}
    assert careful.untried.endswith("nothing is fetched while the documentation is built: https://api.example/rates")


def test_what_its_page_loads_from_a_cdn_is_shipped_and_locked(build: Build) -> None:
    assets = build.manifest("whole")["assets"]
    assert isinstance(assets, dict)
    assert list(assets) == [f"{CDN}/index.js"]
    locked = json.loads(build.settings.lock.read_text())["npm"]
    assert locked["is-number@7.0.0"]["version"] == "7.0.0"
    told = [sentence for path, sentence in build.outcomes["whole"].complaints if path == "/"]
    assert len(told) == 2
    assert told[0].startswith("the page's https://esm.sh/is-number is not shipped: the CDN makes it")
    assert told[1].startswith(f"the page's {CDN}/none.js is not shipped: ")
    assert b"Jon Schlinkert" in (build.root / "shared" / "licences" / "is-number-7.0.0" / "LICENSE").read_bytes()


def test_an_app_that_ignores_its_root_is_served_without_it(build: Build) -> None:
    assert build.outcomes["rootless"] == Outcome(job("rootless"))
    assert build.manifest("rootless")["mounted"] is False


def test_an_app_that_only_turns_its_root_round_is_served_without_it(build: Build) -> None:
    assert build.outcomes["slashless"] == Outcome(job("slashless"))
    assert build.manifest("slashless")["mounted"] is False


def test_files_are_opened_by_the_path_that_they_have_beside_conf_py(build: Build) -> None:
    assert build.outcomes["reading"].problem is None
    assert "tea sub/milk" in build.placeholder("reading")


def test_an_app_that_does_not_import_shows_its_traceback_only(build: Build) -> None:
    problem = build.outcomes["raising"].problem or ""
    assert problem.startswith("the app does not start: Traceback (most recent call last):\n")
    assert 'File "/home/web/raising.py", line 4, in <module>' in problem
    assert "\nModuleNotFoundError: No module named 'no_such_library'\nThe app needs no-such-library, which" in problem
    assert len(problem) < 2000


def test_an_app_that_exits_at_import_is_told(build: Build) -> None:
    assert "exiting:app called sys.exit(3) while it was loaded" in (build.outcomes["exiting"].problem or "")


def test_an_app_that_ends_the_process_takes_no_other_with_it(build: Build) -> None:
    problem = build.outcomes["dying"].problem or ""
    assert re.fullmatch(r"the app does not start: The app ended Python, with exit code 3, .*", problem)
    assert build.outcomes["rootless"].problem is None


def test_a_misspelt_attribute_is_told_without_running_anything(build: Build) -> None:
    problem = build.outcomes["misspelt"].problem or ""
    assert "'ap'" in problem
    assert "app" in problem


@pytest.mark.parametrize("name", ["raising", "exiting", "dying", "misspelt"])
def test_the_page_of_an_app_that_is_not_there_says_why(build: Build, name: str) -> None:
    page = build.placeholder(name)
    assert 'data-asgi-live="unbuilt"' in page
    assert not (build.root / name / "sw.js").exists()
    first_line = (build.outcomes[name].problem or "").splitlines()[0]
    assert first_line.replace("'", "&#39;").replace("<", "&lt;").replace(">", "&gt;") in page


def test_an_app_that_never_answers_is_ended_in_time(build: Build, tmp_path: Path) -> None:
    settings = replace(build.settings, timeout=1.5)
    outcome = outcomes(Packer(settings, Site(tmp_path)), job("hanging"))["hanging"]
    assert outcome.problem == (
        "the app gave no answer to /a, /b within asgi_live_timeout = 1.5 s; "
        "look for work at import or in its lifespan that does not end, or raise the limit"
    )
    assert not (tmp_path / FOLDER / "hanging" / "sw.js").exists()


def test_a_second_build_runs_nothing_and_writes_the_same(build: Build, tmp_path: Path) -> None:
    sleeper = tmp_path / "node"
    sleeper.write_text('#!/bin/sh\n[ "$1" = --version ] && echo v24.0.0 && exit\nexit 1\n')
    sleeper.chmod(0o755)
    settings = replace(build.settings, engine=str(sleeper))
    found = outcomes(Packer(settings, Site(tmp_path)), job("whole"), job("rootless"))
    assert found == {name: build.outcomes[name] for name in found}
    for name in found:
        for path in (build.root / name).rglob("*.*"):
            assert (tmp_path / FOLDER / path.relative_to(build.root)).read_bytes() == path.read_bytes()


def test_an_app_may_only_be_imported_or_not_run_at_all(build: Build, tmp_path: Path) -> None:
    only = replace(build.settings, check="import")
    jobs = [job(name) for name in ("rootless", "unready", "raising")]
    assert build.outcomes["unready"].problem == "the app does not start: no database here"
    found = outcomes(Packer(only, Site(tmp_path)), *jobs)
    assert [(each.problem or "")[:45] for each in found.values()] == [
        *[""] * 2,
        "the app does not start: Traceback (most recen",
    ]
    assert not any(each.complaints for each in found.values())
    assert '"mounted": true' in (tmp_path / FOLDER / "rootless" / "sw.js").read_text()
    nothing = replace(build.settings, check="off", timeout=0.001)
    assert not any(each.problem for each in outcomes(Packer(nothing, Site(tmp_path)), *jobs).values())


def test_apps_are_tried_without_a_site(build: Build, tmp_path: Path) -> None:
    whole, raising = (
        found for _, found in Packer(build.settings, Site(tmp_path)).check_all([job("whole"), job("raising")])
    )
    assert isinstance(whole, Check)
    statuses = {answer.path: answer.status for answer in whole.answers}
    assert statuses == {"/": 200, "/moved": 302, "/missing": 404, "/broken": 500, "/circle": 307, "/short": 200}
    assert raising == build.outcomes["raising"].problem
    assert list(tmp_path.iterdir()) == []


def test_an_output_folder_that_cannot_be_written_is_a_problem_of_the_app(build: Build, tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("a file in the way")
    found = outcomes(Packer(build.settings, Site(tmp_path)), job("rootless"), misspelt())
    assert str(tmp_path / FOLDER) in (found["rootless"].problem or "")
    assert "'ap'" in (found["misspelt"].problem or "")


def test_no_runtime_and_no_npm_is_a_problem_of_every_app(build: Build, tmp_path: Path) -> None:
    settings = replace(build.settings, cache=cold_cache(tmp_path / "cache"), engine="no-such-engine")
    found = outcomes(Packer(settings, Site(tmp_path)), job("rootless"), job("whole"))
    assert [
        "asgi_live_engine = 'no-such-engine' is not an executable" in (each.problem or "") for each in found.values()
    ] == [True] * 2
