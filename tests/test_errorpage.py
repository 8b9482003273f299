"""What is told of an error, to the reader and to the log."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from sphinx_asgi_live.browser.asgi import RequestResponseCycle
from sphinx_asgi_live.browser.errorpage import headline, render, traceback_text
from sphinx_asgi_live.browser.messages import Receive, Scope, Send

HTML: Scope = {
    "method": "GET",
    "path": "/docs/app/<b>",
    "root_path": "/docs/app",
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
    above = render(caught(json.loads, "{"), HTML)[1].decode().partition("<div")[0]
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


def test_frames_of_libraries_are_folded() -> None:
    page = render(caught(json.loads, "{"), HTML)[1].decode()
    own, _, folded = page.partition("<details>")
    assert f"File &quot;{__file__}" in own
    assert "<summary>3 frames in installed packages</summary>  File &quot;" in folded
    assert folded.index("</details>") < folded.index("JSONDecodeError")


def test_frames_of_libraries_are_open_when_there_are_no_others() -> None:
    error = caught(json.loads, "{")
    assert error.__traceback__
    error.__traceback__ = error.__traceback__.tb_next
    assert "<details open>" in render(error, HTML)[1].decode()


def test_frames_of_groups_and_causes_are_folded_too() -> None:
    group = BaseExceptionGroup("two", [caught(json.loads, "{"), caught(json.loads, "[")])
    page = render(group, HTML)[1].decode()
    assert page.count("<summary>3 frames in installed packages</summary>") == 2
    folded = re.findall(r"<details>.*?</details>", page, re.DOTALL)
    assert not any("JSONDecodeError: Expecting" in each or "-----" in each for each in folded)
    assert page.count("JSONDecodeError: Expecting") == 2


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
