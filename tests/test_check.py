"""What is known of an app that was tried, whatever it answered."""

from __future__ import annotations

import pytest

from sphinx_asgi_live.packing.check import Answer, Check


@pytest.mark.parametrize(
    ("asked", "url", "tried"),
    [
        ("/", "http://localhost/asgi-live/shop/app/", {"/"}),
        ("", "http://localhost/asgi-live/shop/app", {""}),
        ("/caf%C3%A9?a=1", "http://localhost/asgi-live/shop/app/caf%C3%A9?a=1", {"/caf%C3%A9?a=1"}),
        # An app named "app", and one that sends elsewhere.
        ("/", "http://localhost/asgi-live/app/app/app?b=%2F", {"/", "/app?b=%2F"}),
    ],
)
def test_what_was_asked_for_and_where_that_led_was_tried(asked: str, url: str, tried: set[str]) -> None:
    assert Check(answers=(Answer(asked, asked, url, 200, (), b""),)).tried == tried
