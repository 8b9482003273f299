"""Requests of pages through the real engine: order, state, cookies, and what is wrong with a response."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.replay import Complaint, Played, Replayed
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.spec import AppSpec, Call, RequestSpec
from tests.warm import NO_ENGINE, cold_cache

APP = """
import json
import sys
import urllib.request

count = 0

async def app(scope, receive, send):
    global count
    if scope["type"] == "lifespan":
        raise NotImplementedError("no lifespan here")
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    sent = [(b"content-type", b"application/json; charset=utf-8")]
    match scope["path"].removeprefix(scope["root_path"]):
        case "/count":
            count += 1
            answer = {"count": count, "cookie": headers.get("cookie")}
            sent.append((b"set-cookie", b"seen=%d; HttpOnly" % count))
        case "/echo":
            where = [scope["root_path"], scope["scheme"], *scope["server"]]
            answer = {"method": scope["method"], "where": where, "headers": headers, "body": body.decode()}
        case "/raise":
            raise ValueError("as it should")
        case "/outside":
            urllib.request.urlopen("https://api.example/rates")
        case "/large":
            sent = [(b"content-type", b"text/plain")]
            answer = "x" * 30_000
        case "/binary":
            sent = [(b"content-type", b"image/png"), (b"x-own", b"1"), (b"date", b"now"), (b"content-length", b"4")]
            await send({"type": "http.response.start", "status": 200, "headers": sent})
            return await send({"type": "http.response.body", "body": b"\\x89PNG"})
        case "/end":
            import os
            os._exit(3)
        case _:
            answer = {}
    await send({"type": "http.response.start", "status": 200 if answer else 404, "headers": sent})
    text = answer if isinstance(answer, str) else json.dumps(answer)
    await send({"type": "http.response.body", "body": text.encode()})
"""


def call(target: str, status: int | None = None, contains: tuple[str, ...] = ()) -> Call:
    return Call(RequestSpec("GET", target), status, contains)


ECHO = RequestSpec(
    "POST",
    "/echo?a=b",
    (("Content-Type", "multipart/form-data; boundary=b"), ("Cookie", "own=1"), ("Origin", "https://x.example")),
    "--b\n--b--",
)
PAGES = {
    "first": [call("/count"), Call(ECHO, 200), call("/count", 200, ('"count": 2', "seen=1"))],
    # Each start of Python takes time: all that needs no page of its own is in one.
    "second": [
        call("/count", 201),
        call("/count", 200, ("nothing of it", '"count"')),
        call("/raise"),
        call("/raise", 500),
        call("/none"),
        call("/outside"),
        call("/large"),
        call("/binary"),
        Call(RequestSpec("GET", "/binary"), headers=("x-own", "date")),
        call("/end"),
        call("/count"),
    ],
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Settings:
    confdir = tmp_path_factory.mktemp("docs")
    (confdir / "counting.py").write_text(APP)
    lock = confdir / "lock.json"
    lock.write_bytes((project / "demo_docs" / "asgi-live.lock.json").read_bytes())
    exclude = ("httptools", "uvloop", "watchfiles")
    cache = cold_cache(tmp_path_factory.mktemp("cache"))
    return Settings(confdir, (confdir,), (), exclude, lock, cache, None, 60, 20, base_url="https://api.example:8443/v1")


JOB = Job(AppSpec("counting", "counting:app", requirements=()), (), "Counting")


@pytest.fixture(scope="module")
def played(settings: Settings) -> Replayed:
    [(job, found)] = Packer(settings, Site(Path())).replay_all({JOB: PAGES})
    assert job is JOB and isinstance(found, dict), found
    return found


def body(text: str) -> object:
    return json.loads(text.split("\n\n", 1)[1])


def test_the_requests_of_a_page_share_an_app_and_its_cookies_in_their_order(played: Replayed) -> None:
    first, echo, second = played["first"].texts
    assert played["first"] == Played((first, echo, second), bodies=played["first"].bodies)
    assert first == (
        "HTTP/1.1 200 OK\n"
        "content-type: application/json; charset=utf-8\n"
        "set-cookie: seen=1; HttpOnly\n"
        '\n{\n  "count": 1,\n  "cookie": null\n}'
    )
    assert body(second) == {"count": 2, "cookie": "seen=1"}


def test_another_page_has_an_app_of_its_own(played: Replayed) -> None:
    assert body(played["second"].texts[0]) == {"count": 1, "cookie": None}


def test_to_the_app_it_is_a_request_of_a_program_to_the_authors_server(played: Replayed) -> None:
    assert body(played["first"].texts[1]) == {
        "method": "POST",
        "where": ["/v1", "https", "api.example", 8443],
        "headers": {
            "host": "api.example:8443",
            "accept": "*/*",
            "user-agent": "sphinx-asgi-live",
            "content-length": "12",
            "content-type": "multipart/form-data; boundary=b",
            "cookie": "own=1",
            "origin": "https://x.example",
        },
        "body": "--b\r\n--b--\r\n",
    }


def test_what_an_author_says_of_a_response_is_compared_with_it(played: Replayed) -> None:
    status, contains, *_ = played["second"].complaints
    assert (status.number, status.option) == (0, "status")
    assert status.sentence.startswith("GET /count was answered with status 200, not 201: HTTP/1.1 200 OK\ncontent-type")
    assert (contains.number, contains.option) == (1, "contains")
    assert contains.sentence.startswith("GET /count was not answered with 'nothing of it': HTTP/1.1 200 OK")


def test_what_an_app_raises_is_told_unless_it_is_meant(played: Replayed) -> None:
    [raised] = [each for each in played["second"].complaints if each.number in (2, 3, 4)]
    assert raised == Complaint(
        2,
        "GET /raise was answered with status 500: Traceback (most recent call last):\n"
        '  File "/home/web/counting.py", line 27, in app\n'
        '    raise ValueError("as it should")\n'
        "ValueError: as it should\n"
        "If that is meant, say :status: 500",
    )
    assert "HTTP/1.1 404 Not Found" in played["second"].texts[4]


def test_what_an_app_asks_of_others_is_not_held_against_it(played: Replayed) -> None:
    assert [each for each in played["second"].complaints if each.number == 5] == []
    assert played["second"].texts[5] == ""
    assert played["second"].untried.startswith("a request needs more than the app")


def test_what_is_no_text_is_told_by_its_size_and_long_text_by_its_beginning(played: Replayed) -> None:
    assert played["second"].texts[7] == "HTTP/1.1 200 OK\ncontent-type: image/png\nx-own: 1\n\n(4 bytes)"
    assert played["second"].texts[6].endswith("x\n…") and len(played["second"].texts[6]) < 20_100


def test_the_author_chooses_the_headers(played: Replayed) -> None:
    assert played["second"].texts[8] == "HTTP/1.1 200 OK\nx-own: 1\ndate: now\n\n(4 bytes)"


def test_where_python_ends_the_page_ends_too(played: Replayed) -> None:
    page = played["second"]
    assert page.texts[8] and page.texts[9:] == ("", "")
    assert page.complaints[-1].number == 9
    assert page.complaints[-1].sentence.startswith("GET /end: ")


@pytest.mark.usefixtures("played")
def test_a_page_that_is_unchanged_is_not_played_again(settings: Settings) -> None:
    packer = Packer(settings, Site(Path()))
    packer.engine = replace(NO_ENGINE, version=packer.engine.version)
    [(_, found)] = packer.replay_all({JOB: {"first": PAGES["first"]}})
    assert isinstance(found, dict), found
    assert found["first"].complaints == ()
