"""What is told of an error, to the reader and to the log."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from sphinx_asgi_live.browser.asgi import RequestResponseCycle
from sphinx_asgi_live.browser.errorpage import headline, render, traceback_text
from sphinx_asgi_live.browser.messages import Receive, Scope, Send

HTML: Scope = {
    "method": "GET",
    "path": "/<b>",
    "headers": [(b"accept", b"text/html,application/xhtml+xml,*/*;q=0.8")],
}
ANY: Scope = {**HTML, "headers": [(b"accept", b"*/*")]}


def caught(function: Any, *args: Any) -> BaseException:
    try:
        function(*args)
    except BaseException as error:
        return error
    raise AssertionError("it did not raise")


def test_html_for_a_page_and_text_for_fetch() -> None:
    error = caught(json.loads, "{")
    assert render(error, HTML)[0] == b"text/html; charset=utf-8"
    assert render(error, ANY)[0] == b"text/plain; charset=utf-8"
    assert render(error, {**HTML, "headers": []})[0] == b"text/plain; charset=utf-8"


def test_the_error_comes_first() -> None:
    error = caught(json.loads, "{")
    text = render(error, ANY)[1].decode()
    assert text.startswith("json.decoder.JSONDecodeError: Expecting property name")
    page = render(error, HTML)[1].decode()
    assert "<h1>json.decoder.JSONDecodeError: Expecting property name" in page


def test_the_page_names_the_apps_own_line_above_the_traceback() -> None:
    above = render(caught(json.loads, "{"), HTML)[1].decode().partition("<pre")[0]
    assert f"at <code>{__file__}:" in above
    assert "in <code>caught</code>" in above


def test_the_page_is_themed_and_needs_nothing_else() -> None:
    page = render(caught(json.loads, "{"), HTML)[1].decode()
    assert "prefers-color-scheme: dark" in page
    assert "http" not in page
    assert "src=" not in page


def test_what_the_app_says_is_escaped() -> None:
    page = render(ValueError("<script>alert(1)</script>"), HTML)[1].decode()
    assert "<script>" not in page
    assert "GET /&lt;b&gt;" in page


def test_frames_of_the_standard_library_are_muted() -> None:
    page = render(caught(json.loads, "{"), HTML)[1].decode()
    assert '<span class="library">  File &quot;' in page
    assert "\n  File &quot;" in page  # this test's own frame


def test_own_frames_are_left_out_of_the_causes_too() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send({"type": "http.response.body"})
        except RuntimeError as error:
            raise ValueError("outer") from error

    async def read() -> None:
        return None

    class Nowhere:
        def start(self, status: int, headers: Any) -> None: ...
        async def write(self, chunk: bytes) -> None: ...
        def end(self) -> None: ...
        def fail(self, error: BaseException) -> None: ...

    cycle = RequestResponseCycle({**ANY}, read, Nowhere())
    asyncio.run(cycle.run_asgi(app))
    assert cycle.error is not None
    text = traceback_text(cycle.error)
    assert "sphinx_asgi_live" not in text.replace(__file__, "")
    assert "await send(" in text
    assert "RuntimeError: Expected ASGI message" in text
    assert text.rstrip().endswith("ValueError: outer")


def test_groups_syntax_errors_and_unprintable_text_are_told() -> None:
    group = BaseExceptionGroup("two", [ValueError("one"), caught(compile, "def :", "app.py", "exec")])
    assert "app.py" in traceback_text(group)
    assert headline(ValueError("\udcff")).startswith("ValueError: ")
    assert render(ValueError("\udcff"), HTML)[1].decode()
    assert render(ValueError("\udcff"), ANY)[1].decode()
