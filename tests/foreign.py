"""A server that an app calls: what outgoing requests are tested against, on the host and in browsers."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


class ForeignServer:
    """Runs on loopback and a free port while the context is open, `host` being the name that its `url` has.

    `headers` go out with every answer; `requests` are method, path and body.
    """

    def __init__(self, headers: Mapping[str, str] | None = None, *, host: str = "127.0.0.1") -> None:
        self.headers = dict(headers or {})
        self.host = host
        self.requests: list[tuple[str, str, bytes]] = []
        self.hold = threading.Event()
        """What `/held` waits for, halfway through its body for `/stream`."""
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """Scheme, host and port."""
        return f"http://{self.host}:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.hold.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, foreign: ForeignServer) -> None:
        self.foreign = foreign
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = urlsplit(self.path).path
        if "access-control-request-method" in self.headers:
            # A preflight must be answered itself, not by a redirect: https://fetch.spec.whatwg.org/#cors-preflight-fetch
            return self._answer(204, b"")
        self.server.foreign.requests.append((self.command, self.path, body))
        step, _, rest = path[1:].partition("/")
        getattr(self, f"_{step}", self._echo)(rest, body)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers, **self.server.foreign.headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _echo(self, rest: str, body: bytes) -> None:
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        self._answer(200, json.dumps(told).encode(), content_type="application/json", x_kept="yes")

    def _status(self, rest: str, body: bytes) -> None:
        self._answer(int(rest), b"" if rest == "204" else b"it is so")

    def _redirect(self, rest: str, body: bytes) -> None:
        """`/redirect/302/landed` sends to `/landed`, by way of another."""
        code, _, target = rest.partition("/")
        last = target.startswith("then/")
        self._answer(
            int(code), b"", location="/" + target.removeprefix("then/") if last else f"/redirect/{code}/then/{target}"
        )

    def _gzip(self, rest: str, body: bytes) -> None:
        self._answer(200, gzip.compress(b"unpacked " * 100), content_encoding="gzip", content_type="text/plain")

    def _held(self, rest: str, body: bytes) -> None:
        self.server.foreign.hold.wait()
        self._answer(200, b"at last")

    def _stream(self, rest: str, body: bytes) -> None:
        """Two chunks; the second one waits."""
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        for name, value in self.server.foreign.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"6\r\nfirst \r\n")
        self.server.foreign.hold.wait()
        self.wfile.write(b"6\r\nsecond\r\n0\r\n\r\n")

    def _broken(self, rest: str, body: bytes) -> None:
        self.send_response(200)
        for name, value in {"content-length": "1000", **self.server.foreign.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"only so much")
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""
