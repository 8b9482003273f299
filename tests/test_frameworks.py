"""How two answers are compared, and the table that is made of what the comparison is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sphinx_asgi_live.packing.lock import Lock
from tests.frameworks import table
from tests.frameworks.compare import differences, normal
from tests.frameworks.framework import APPS, LOCK, Answer, Framework, Request, frameworks, get

ROOT = "http://127.0.0.1:8000/docs/asgi-live/shop/app"
HOST = "http://testserver"
ANSWER = Answer(200, f"{HOST}/a", {"content-type": "text/html"}, '<a href="/a">')


LIVE = replace(ANSWER, url=f"{ROOT}/a")


def compared(live: Answer, host: Answer, request: Request | None = None, **captured: str) -> set[str]:
    request = request or get("/a")
    here, there = normal(live, request, ROOT, captured), normal(host, request, HOST, captured)
    return set(differences(request, here, there))


def test_addresses_are_compared_from_the_apps_root_on() -> None:
    live = replace(LIVE, body='<a href="/docs/asgi-live/shop/app/a">')
    assert compared(live, ANSWER) == set()
    assert compared(replace(live, url=f"{ROOT}/b"), ANSWER) == {"url"}
    assert compared(replace(live, body=f'<a href="{ROOT}/a">'), replace(ANSWER, body=f'<a href="{HOST}/a">')) == set()
    assert compared(replace(live, body=f'<a href="{ROOT}">'), replace(ANSWER, body='<a href="/">')) == set()


@pytest.mark.parametrize(
    ("part", "live"),
    [
        ("status", replace(LIVE, status=201)),
        ("body", replace(LIVE, body="<a>")),
        ("content-type", replace(LIVE, headers={"content-type": "text/plain"})),
        ("content-type", replace(LIVE, headers={})),
        ("x-more", replace(LIVE, headers={**ANSWER.headers, "x-more": ""})),
        ("content-length", replace(LIVE, headers={**ANSWER.headers, "content-length": "12"})),
    ],
)
def test_what_differs_is_named(part: str, live: Answer) -> None:
    assert compared(live, ANSWER) == {part}


def test_what_is_not_compared() -> None:
    more = {"date": "now", "set-cookie": "a=b", "x-frame-options": "DENY", "content-length": "13"}
    assert compared(replace(LIVE, headers={**LIVE.headers, **more}), ANSWER) == set()
    etags = [replace(each, headers={"etag": each.url}) for each in (LIVE, ANSWER)]
    assert compared(etags[0], etags[1]) == set()
    assert compared(etags[0], replace(ANSWER, headers={})) == {"etag"}
    allowed = {"allow": "GET, POST"}, {"allow": "POST,GET"}
    assert compared(replace(LIVE, headers=allowed[0]), replace(ANSWER, headers=allowed[1])) == set()


def test_captured_and_varying_text_is_masked_and_no_other() -> None:
    request = get("/a", varies=(r"took \d+",))
    live, host = replace(LIVE, body="took 1 ms"), replace(ANSWER, body="took 20 ms")
    assert compared(live, host, request) == set()
    assert compared(replace(live, body="took 1 s"), host, request) == {"body"}
    assert normal(ANSWER, request, HOST, {"word": "href"}).body == '<a {word}="/a">'


def test_the_table_is_made_of_this_lock_and_these_requests() -> None:
    made = table.render(frameworks().values(), Lock.load(LOCK))
    assert table.FILE.read_text("utf-8") == made, "run `python -m tests.frameworks` and look at what changed"


def test_every_app_has_its_requests() -> None:
    assert {each.folder for each in frameworks().values()} == {path for path in APPS.iterdir() if path.is_dir()}
    assert len(frameworks()) == len({each.title for each in frameworks().values()})


def test_an_unknown_set_of_requirements_names_the_remedy() -> None:
    stranger = Framework("X", ("x",), "x_app.main:app", ("x==0",), "starlette", ())
    with pytest.raises(KeyError, match=r"python -m tests\.frameworks"):
        stranger.locked(Lock())
