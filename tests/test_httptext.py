"""Requests as authors write them: what is understood, and what is told of the rest, at which line."""

from __future__ import annotations

import pytest

from sphinx_asgi_live.httptext import Malformed, parse
from sphinx_asgi_live.spec import RequestSpec


def test_a_whole_request() -> None:
    lines = [
        "post /items?x=1 HTTP/1.1",
        "Content-Type:application/json; charset=utf-8",
        "X-Empty:",
        "",
        "{",
        "",
        "}",
        "",
    ]
    request = parse(lines)
    headers = (("Content-Type", "application/json; charset=utf-8"), ("X-Empty", ""))
    assert request == RequestSpec("POST", "/items?x=1", headers, "{\n\n}")
    assert request.is_json
    assert request.text == (
        "POST /items?x=1 HTTP/1.1\nContent-Type: application/json; charset=utf-8\nX-Empty: \n\n{\n\n}"
    )


@pytest.mark.parametrize("line", ["GET /", "GET / HTTP/1.0", "GET  /  HTTP/2", "PROPFIND /a%20b?c=/?&d=[1]"])
def test_a_request_line_alone(line: str) -> None:
    request = parse([line])
    assert (request.headers, request.body, request.media_type) == ((), "", "")
    assert parse(request.text.split("\n")) == request


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "'' is not a request line; write for example GET /items"),
        ("GET", "'GET' is not a request line"),
        ("GET /a b", "'GET /a b' is not a request line"),
        ("GET /a HTTP/9", "is not a request line"),
        ("GET /grün?a=b", "'/grün?a=b' is not percent-encoded; write /gr%C3%BCn?a=b"),
        ("GET items", "'items' is not a path of the app"),
        ("GET http://localhost:8000/items", "is not a path of the app"),
        ("GET /items#top", "is not a path of the app"),
        ("G(T /items", "illegal method characters"),
        ("GÉT /items", "it has letters beyond ASCII"),
    ],
)
def test_what_is_no_request_line(line: str, told: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse([line, "A: b"])
    assert caught.value.line == 0
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Accept application/json", "'Accept application/json' is not a header; write Name: value, and an empty line"),
        (": value", "is not a header"),
        (" folded: line", "is not a header"),
        ("X Y: z", "illegal header name"),
        ("Größe: 1", "letters beyond ASCII"),
        ("Size: größer", "letters beyond ASCII"),
        ("A: b\0c", "illegal header value"),
        ('{"name": "Assam"}', "is not a header"),
    ],
)
def test_what_is_no_header(line: str, told: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(["GET /", "A: b", line])
    assert caught.value.line == 2
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["Host", "Content-Length", "Transfer-Encoding", "Cookie"])
def test_no_header_is_judged_by_what_it_says(name: str) -> None:
    assert parse(["GET /", f"{name}: x", f"{name}: y"]).headers == ((name, "x"), (name, "y"))


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"])
def test_a_body_that_is_no_json_is_told_at_its_line(kind: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse(["POST /", f"content-type: {kind}", "", "{", '  "a": 1,', "  b: 2", "}"])
    assert caught.value.line == 5
    assert str(caught.value).startswith("the body is not JSON, as its Content-Type says: Expecting property name")
    assert "at column 3 of 'b: 2'" in str(caught.value)


def test_a_body_that_ends_too_early_is_told_at_its_end() -> None:
    with pytest.raises(Malformed) as caught:
        parse(["POST /", "Content-Type: application/json", "", "[1,"])
    assert caught.value.line == 3


@pytest.mark.parametrize("kind", ["Content-Type: text/plain", "X: y"])
def test_other_bodies_are_taken_as_they_are(kind: str) -> None:
    assert parse(["POST /", kind, "", "{no: json"]).body == "{no: json"
