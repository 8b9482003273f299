from __future__ import annotations

import pytest

from sphinx_asgi_live.browser.messages import Message, Scope
from sphinx_asgi_live.browser.server import CLIENT, Server


async def app(scope: Scope, receive: object, send: object) -> None: ...


def server(origin: str = "https://docs.example", mounted: bool = True) -> Server:
    return Server(app, {"database": "open"}, mounted, "/docs/app", origin)


@pytest.mark.parametrize(
    ("origin", "scheme", "address"),
    [
        ("https://docs.example", "https", ("docs.example", 443)),
        ("http://localhost", "http", ("localhost", 80)),
        ("http://127.0.0.1:8000", "http", ("127.0.0.1", 8000)),
    ],
)
def test_a_scope_tells_where_the_app_is(origin: str, scheme: str, address: tuple[str, int]) -> None:
    scope = server(origin).scope("GET", "/docs/app/items", "a=1", [(b"host", b"x")])
    assert (scope["scheme"], scope["server"], scope["client"]) == (scheme, address, CLIENT)
    assert (scope["path"], scope["root_path"], scope["query_string"]) == ("/docs/app/items", "/docs/app", b"a=1")


def test_each_request_has_the_lifespans_state_to_itself() -> None:
    there = server()
    first: Message = there.scope("GET", "/docs/app/", "", [])["state"]
    first["user"] = "ada"
    assert there.scope("GET", "/docs/app/", "", [])["state"] == {"database": "open"}


def test_cookies_of_a_response_come_with_the_next_request_and_are_kept_once() -> None:
    there = server()
    assert there.cookie_header("/docs/app/", "same") == [] and there.cookies_to_keep() is None
    there.store_cookies(
        [(b"set-cookie", b"one=1"), (b"x-other", b"y"), (b"set-cookie", b"two=2; Secure; HttpOnly")], "/docs/app/"
    )
    assert there.cookie_header("/docs/app/", "same") == [(b"cookie", b"one=1; two=2")]
    assert there.visible_cookies("/docs/app/") == "one=1"
    dump = there.cookies_to_keep()
    assert dump is not None and there.cookies_to_keep() is None
    again = server()
    again.jar.load(dump)
    assert again.cookie_header("/docs/app/", "same") == [(b"cookie", b"one=1; two=2")]


def test_a_cookie_that_is_refused_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    there = server("http://docs.example")
    there.store_cookie(b"secret=1; Secure", "/docs/app/")
    assert there.cookie_header("/docs/app/", "same") == []
    assert "secret" in capsys.readouterr().err
