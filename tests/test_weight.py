"""What an app weighs: the limit as authors write it, the table of a warning, what a static page tells the figure."""

from __future__ import annotations

from typing import Any

import pytest

from sphinx_asgi_live.packing.weight import Part, heaviness, markup, parsed_limit, parts

MANIFEST: dict[str, Any] = {
    "wasm": {"url": "../shared/python.gzip", "size": 3_500_000},
    "stdlib": {"url": "../shared/stdlib.zip", "size": 4_500_000},
    "inside": {"url": "../shared/inside.js", "size": 30_000},
    "archives": [{"url": "../shared/a.gzip", "size": 900_000}, {"url": "../shared/b.gzip", "size": 40_000}],
    "assets": {
        "https://unpkg.com/x@1/x.js": {"url": "../shared/x.gzip", "size": 600_000},
        "https://unpkg.com/x@1": {"url": "../shared/x.gzip", "size": 600_000},
    },
    "recordings": {"/": {"url": "../shared/recorded.gzip", "size": 5_000}},
}
IMAGE = {"url": "../shared/image.gzip", "size": 4_000_000}


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        (1500, 1500),
        (0, 0),
        ("1500", 1500),
        ("15 MB", 15_000_000),
        ("1.5MB", 1_500_000),
        (" 800 kb ", 800_000),
        ("1 GB", 10**9),
        ("3 B", 3),
        ("15 MiB", None),
        ("-1", None),
        (-1, None),
        ("MB", None),
        ("", None),
    ],
)
def test_a_limit_is_a_number_or_has_a_unit(written: int | str, limit: int | None) -> None:
    assert parsed_limit(written) == limit


def test_what_is_too_heavy_is_told_with_a_table() -> None:
    found = parts({**MANIFEST, "images": [IMAGE]}, ["pydantic-2.0", "app"], 400_000)
    total = 3_500_000 + 400_000 + 4_500_000 + 30_000 + 940_000 + 600_000 + 5_000 + 4_000_000
    assert heaviness(found, total) == ""
    assert heaviness(found, total - 1) == (
        "readers download 14.0 MB for it, more than asgi_live_size_limit = 14.0 MB; exclude what it does not need, "
        "or raise the limit:\n"
        "   4.5 MB  its standard library\n"
        "   4.0 MB  image of its memory\n"
        "   3.9 MB  Python\n"
        "   0.9 MB  pydantic-2.0\n"
        "   0.6 MB  https://unpkg.com/x@1\n"
        "   0.1 MB  3 smaller ones"
    )


def test_a_page_names_each_file_once_and_those_that_a_start_can_do_without() -> None:
    found = [Part("a", "../shared/a", 1), Part("other", "../shared/a", 1), Part("b", "../shared/<b", 2, "image")]
    assert markup(found) == ('<meta name="asgi-live-files" content="../shared/&lt;b 2 image, ../shared/a 1">\n')


def test_what_comes_once_an_app_is_up_is_told_apart_if_it_starts_from_images() -> None:
    marked = {**MANIFEST, "archives": [{**MANIFEST["archives"][0], "rest": True}, MANIFEST["archives"][1]]}
    kinds = {part.url: part.kind for part in parts({**marked, "images": [IMAGE]}, ["a", "app"], 0)}
    assert {url.rpartition("/")[2]: kind for url, kind in kinds.items() if kind} == {
        "a.gzip": "rest",
        "x.gzip": "rest",
        "recorded.gzip": "rest",
        "image.gzip": "image",
    }
    assert {part.kind for part in parts(MANIFEST, ["a", "app"], 0)} == {""}
