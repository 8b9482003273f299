"""The command line, run as an author runs it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import sphinx_asgi_live
from tests.projects import APP, Project

RUN = "import sys; from sphinx_asgi_live.cli import main; sys.exit(main())"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", RUN, *arguments]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    return subprocess.run(command(*arguments), cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("html")
    (folder / "docs").mkdir()
    for name in (
        "index.html",
        "docs/index.html",
        "sw.js",
        "a.mjs",
        "a.css",
        "a.wasm",
        "a.tar.gz",
        "a.svg",
        "a.json",
        "ä b.txt",
    ):
        (folder / name).write_text(name)
    return folder


@pytest.fixture(scope="module")
def served(site: Path, project: Path) -> Iterator[tuple[subprocess.Popen[str], http.client.HTTPConnection]]:
    process = subprocess.Popen(
        command("serve", str(site), "--port", "0"), cwd=project, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    told = process.stdout.readline()
    found = re.fullmatch(rf"Serving {re.escape(str(site))} at http://127\.0\.0\.1:(\d+)/ until Ctrl-C\n", told)
    assert found, told
    connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=60)
    yield process, connection
    connection.close()
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/", "text/html"),
        ("/docs/", "text/html"),
        ("/sw.js", "text/javascript"),
        ("/a.mjs", "text/javascript"),
        ("/a.css", "text/css"),
        ("/a.wasm", "application/wasm"),
        ("/a.tar.gz", "application/gzip"),
        ("/a.svg", "image/svg+xml"),
        ("/a.json", "application/json"),
        ("/%C3%A4%20b.txt", "text/plain"),
    ],
)
def test_serve_gives_files_their_types(
    served: tuple[subprocess.Popen[str], http.client.HTTPConnection], path: str, media_type: str
) -> None:
    _, connection = served
    connection.request("GET", path)
    response = connection.getresponse()
    assert response.read()
    assert response.status == 200
    assert response.headers["content-type"] == media_type
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["content-encoding"] is None


def test_serve_answers_404_and_stays_in_its_folder(
    served: tuple[subprocess.Popen[str], http.client.HTTPConnection],
) -> None:
    _, connection = served
    for path in ("/missing.js", "/../../../../etc/hostname", "/%2e%2e/%2e%2e/etc/hostname"):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 404


def test_serve_ends_at_ctrl_c(site: Path, project: Path) -> None:
    process = subprocess.Popen(
        command("serve", str(site), "--port", "0"),
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell starts in the background ignores it.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout
    address = process.stdout.readline().split()[3]
    with urllib.request.urlopen(f"{address}index.html", timeout=60) as response:
        assert response.read() == b"index.html"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60) == ("\n", "")
    assert process.returncode == 0


def test_serve_of_a_busy_port_names_it_and_the_remedy(site: Path, project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", str(site), "--port", str(port), cwd=project)
    assert done.returncode == 1
    assert done.stderr == (
        f"sphinx-asgi-live: port {port} cannot be had (Address already in use); "
        "choose another with --port, or --port 0\n"
    )


def test_serve_of_no_port_is_told_as_any_other(site: Path, project: Path) -> None:
    done = run("serve", str(site), "--port", "99999", cwd=project)
    assert done.returncode in (1, 2)
    assert "99999" in done.stderr
    assert "Traceback" not in done.stderr


def test_serve_of_no_folder_says_what_to_do(tmp_path: Path, project: Path) -> None:
    done = run("serve", str(tmp_path / "html"), cwd=project)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"sphinx-asgi-live: {tmp_path / 'html'} is not a folder; build the docs first\n"


def test_demo_of_an_installed_package_tells_where_it_is(tmp_path: Path, project: Path) -> None:
    shutil.copytree(project / "sphinx_asgi_live", tmp_path / "sphinx_asgi_live")
    done = run("demo", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "sphinx-asgi-live: demo_docs is part of the project's repository, not of the installed"
    )


def test_version_and_help_need_no_command(project: Path) -> None:
    assert run("--version", cwd=project).stdout == f"sphinx-asgi-live {sphinx_asgi_live.__version__}\n"
    told = run("--help", cwd=project).stdout
    assert {"check", "demo", "lock", "serve"} <= set(re.findall(r"^ +(\w+) ", told, re.MULTILINE))
    without = run(cwd=project)
    assert without.returncode == 2
    assert "COMMAND" in without.stderr


# check

CHECKED = {
    "index.rst": "Title\n=====\n\n.. asgi-live:: hello:app\n\n.. asgi-live:: hello:app\n   :path: /gone\n\n"
    ".. asgi-live-request::\n\n   GET /yes?a\n\n.. asgi-live-request::\n   :status: 204\n\n   PUT /gone\n\n"
    ".. only:: draft\n\n   .. asgi-live:: nothing:app\n",
    "hello.py": APP.replace('"status": 200', '"status": 404 if scope["path"].endswith("/gone") else 200'),
}


def test_check_tells_of_each_app_and_path(tmp_path: Path, project: Path) -> None:
    docs = Project(tmp_path / "docs", pages=CHECKED)
    docs.configure("asgi_live_check = 'off'")
    before = sorted(tmp_path.rglob("*"))
    done = run("check", str(docs.folder), cwd=project)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines() == [
        "hello-app / 200",
        "hello-app /gone 404: the app answers /gone with status 404; correct :path: or the app's routes",
        "hello-app GET /yes?a 200",
        "hello-app PUT /gone 404: PUT /gone was answered with status 404, not 204: HTTP/1.1 404 Not Found",
        "content-type: text/plain",
        "",
        "/gone",
    ]
    docs.write("index.rst", "Title\n=====\n\n.. asgi-live:: hello:app\n")
    docs.configure("asgi_live_check = 'import'")
    done = run("check", str(docs.folder), cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello-app / imported\n", "")
    assert {*before, docs.folder / "asgi-live.lock.json"} >= set(tmp_path.rglob("*"))


def test_check_of_no_documentation_and_of_a_broken_one(tmp_path: Path, project: Path) -> None:
    done = run("check", str(tmp_path), cwd=project)
    assert (done.returncode, done.stderr) == (
        1,
        f"sphinx-asgi-live: {tmp_path} holds no conf.py; name the folder that does\n",
    )
    docs = Project(tmp_path / "docs", pages={"index.rst": "Title\n=====\n"})
    assert run("check", str(docs.folder), cwd=project).stdout == f"no page of {docs.folder} shows a live app\n"
    docs.configure("asgi_live_check = 'never'")
    done = run("check", str(docs.folder), cwd=project)
    assert done.returncode == 1
    assert done.stderr.startswith("sphinx-asgi-live: Configuration error: asgi_live_check = 'never' should be one of")
