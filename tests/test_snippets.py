"""Code that sends a request, run: what a server gets by it is the request."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote

import pytest

from sphinx_asgi_live.snippets import snippets
from sphinx_asgi_live.spec import RequestSpec
from tests.warm import engine

JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
PARTS = ("Content-Type", "multipart/form-data; boundary=b")
LONG = {"name": 'A "long" name\\', "list": list(range(20)), "none": None, "yes": True, "deep": [{"a": "ü" * 60}]}

REQUESTS = {
    "plain": RequestSpec("GET", "/items?q=a%20b&c='d'$HOME`x`"),
    "headers": RequestSpec("GET", "/", (("X-Quote", 'it\'s "$HOME" `x` \\'), ("X-Empty", ""))),
    "twice": RequestSpec("GET", "/", (("X-A", "1"), ("x-a", "2"))),
    "delete": RequestSpec("DELETE", "/items/1"),
    "delete with body": RequestSpec("DELETE", "/", (JSON,), '{"a": 1}'),
    "head": RequestSpec("HEAD", "/"),
    "own method": RequestSpec("PROPFIND", "/"),
    "json": RequestSpec("POST", "/items", (JSON, ("X-B", "c")), json.dumps(LONG)),
    "merge": RequestSpec("PATCH", "/", (("Content-Type", "application/merge-patch+json"),), "[1, 2.5]"),
    "unfaithful": RequestSpec("PUT", "/", (JSON,), '{"a": 1, "a": 2}'),
    "form": RequestSpec("POST", "/", (FORM,), "a=1&b=x+y%26"),
    "odd form": RequestSpec("POST", "/", (FORM,), "a=1&a=2"),
    "text": RequestSpec("POST", "/", (("Content-Type", "text/plain"),), '@it\'s\n"$HOME" \\n `x` ü'),
    "untyped": RequestSpec("POST", "/", (), "just text"),
    "parts": RequestSpec("POST", "/", (PARTS,), '--b\nContent-Disposition: form-data; name="a"\n\nit\'s \\n\n--b--'),
    "get with body": RequestSpec("GET", "/", (JSON,), "{}"),
}


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    """Keeps what it gets in `got`, and answers with an empty page."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = sorted((name.lower(), value) for name, value in self.headers.items())
            server.got.append((self.command, self.path, headers, body))  # type: ignore[attr-defined]
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_DELETE = do_POST = do_PUT = do_PATCH = do_PROPFIND = handle_any

        def log_message(self, *arguments: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def base(server: ThreadingHTTPServer) -> str:
    server.got.clear()  # type: ignore[attr-defined]
    return f"http://127.0.0.1:{server.server_port}"


def code(name: str, way: str, base: str) -> str:
    return next((code for each, _, code in snippets(REQUESTS[name], base) if each == way), "")


def check(name: str, got: Any) -> None:
    """Compare what the server got with the request; clients add headers of their own, but no type."""
    request = REQUESTS[name]
    method, path, headers, body = got
    assert (method, unquote(path)) == (request.method, unquote(request.target))
    sent = {n.lower(): ", ".join(v for m, v in request.headers if m.lower() == n.lower()) for n, _ in request.headers}
    found = {n: ", ".join(v for m, v in headers if m == n) for n, _ in headers}
    assert {name: found.get(name) for name in sent} == sent
    assert ("content-type" in found) == ("content-type" in sent)
    if request.is_json and name != "unfaithful":
        assert json.loads(body) == json.loads(request.body)
    elif name == "parts":
        assert body == (request.body.replace("\n", "\r\n") + "\r\n").encode()
    else:
        assert body == request.body.encode()


@pytest.mark.parametrize("way", ["httpx", "requests"])
@pytest.mark.parametrize("name", REQUESTS)
def test_python(
    server: ThreadingHTTPServer, base: str, name: str, way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written = code(name, way, base)
    exec(compile(written, way, "exec"), {})
    assert capsys.readouterr().out.startswith("200")
    check(name, server.got[0])  # type: ignore[attr-defined]


def test_fetch(server: ThreadingHTTPServer, base: str) -> None:
    written = {name: text for name in REQUESTS if (text := code(name, "fetch", base))}
    assert REQUESTS.keys() - written.keys() == {"get with body"}
    script = "\n".join(f"await (async () => {{ {text} }})();" for text in written.values())
    command = [*engine().command, "--input-type=module", "--eval", script]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["200"] * len(written)
    for name, got in zip(written, server.got, strict=True):  # type: ignore[attr-defined]
        check(name, got)


def test_curl() -> None:
    """What the shell makes of it; that curl does what its options say is its own matter."""
    base = "http://localhost:8000"
    lines = ["curl() { printf '%s\\0' \"$@\" END; }", *(code(name, "curl", base) for name in REQUESTS)]
    printed = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, check=True).stdout.decode()
    calls = printed.removesuffix("END\0").split("END\0")
    for (name, request), call in zip(REQUESTS.items(), calls, strict=True):
        arguments = call.split("\0")
        assert base + request.target in arguments, name
        given = [request.method, *(["POST"] if request.body else ["GET"])]
        assert ("--request" in arguments or "--head" in arguments) == (given[0] != given[1])
        headers = [arguments[at + 1] for at, each in enumerate(arguments) if each == "--header"]
        wanted = [f"{key}: {value}" if value else f"{key};" for key, value in request.headers]
        assert headers == [*wanted, *(["Content-Type:"] if name == "untyped" else [])]
        bodies = [arguments[at + 1] for at, each in enumerate(arguments) if each == "--data-raw"]
        sent = request.body.replace("\n", "\r\n") + "\r\n" if name == "parts" else request.body
        assert bodies == ([sent] if request.body else [])


def test_it_reads_as_one_would_write_it() -> None:
    base = "https://shop.example/v1"
    request = RequestSpec("POST", "/items", (JSON,), '{"name": "Assam", "stock": 20}')
    written = {way: text for way, _, text in snippets(request, base)}
    assert written["curl"] == (
        "curl https://shop.example/v1/items \\\n"
        "  --header 'Content-Type: application/json' \\\n"
        '  --data-raw \'{"name": "Assam", "stock": 20}\''
    )
    assert written["httpx"] == (
        "import httpx\n\n"
        "response = httpx.post(\n"
        '    "https://shop.example/v1/items",\n'
        '    json={"name": "Assam", "stock": 20},\n'
        ")\n"
        "print(response.status_code, response.text)"
    )
    assert written["requests"] == written["httpx"].replace("httpx", "requests")
    assert written["fetch"] == (
        'const response = await fetch("https://shop.example/v1/items", {\n'
        '  method: "POST",\n'
        '  headers: {"Content-Type": "application/json"},\n'
        '  body: JSON.stringify({"name": "Assam", "stock": 20}),\n'
        "});\n"
        "console.log(response.status, await response.text());"
    )
    [short, *_] = [text for way, _, text in snippets(RequestSpec("GET", "/items"), base) if way == "httpx"]
    assert 'response = httpx.get("https://shop.example/v1/items")' in short
