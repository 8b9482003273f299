"""A plain static file server for tests: any folder under any sub-path, requests on record, faults on demand.

It does what an ordinary static host does and no more, so that what works here works on one. Faults happen on
the wire: a status, a body cut short, other bytes, an answer held back.

A browser that takes the site as its HTTP proxy can reach nothing else: requests for the site's own address
are served, every other is noted in `StaticSite.foreign` and hung up on, whoever asked.
"""

from __future__ import annotations

import contextlib
import fnmatch
import posixpath
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self
from urllib.parse import quote, unquote, urlsplit

MIME_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".gz": "application/gzip",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
CHUNK = 64 * 1024


@dataclass(slots=True)
class Request:
    """One request as it came in; `path` is raw, with its query, and `sent` counts the body's bytes."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int = 0
    sent: int = 0


@dataclass(slots=True)
class Fault:
    """What goes wrong for paths below the prefix that match `pattern`; `left` of `None` means every time.

    `status` answers with that status and no file, `body` with these bytes, `truncate` promises the whole file
    and hangs up after so many bytes, `hold` keeps the answer back until the event is set.
    """

    pattern: str
    status: int | None = None
    body: bytes | None = None
    truncate: int | None = None
    hold: threading.Event | None = None
    left: int | None = None
    hits: int = 0


@dataclass(slots=True)
class Answer:
    """A response before it is sent: `length` bytes of `stream`, of which a fault may send fewer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    stream: BinaryIO = field(default_factory=BytesIO)
    length: int = 0


class StaticSite:
    """Serves the folder `root` at `url`, on loopback and a free port, while the context is open.

    `headers` go out with every answer (caching, cross-origin); of those for caching only `ETag` does without.
    `foreign` lists what a browser wanted from other servers: URLs, or `https://host:port` if encrypted.
    """

    def __init__(
        self, root: Path, *, prefix: str = "/some/deep/path/", headers: Mapping[str, str] | None = None
    ) -> None:
        if not (prefix.startswith("/") and prefix.endswith("/")):
            raise ValueError(f"prefix {prefix!r} must begin and end with a slash")
        self.root = root
        self.prefix = prefix
        self.headers = dict(headers or {})
        self.requests: list[Request] = []
        self.foreign: list[str] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def host(self) -> str:
        """The address with the port, as a `Host` header and a proxy's exceptions have it."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def origin(self) -> str:
        """Scheme, address and port, without a slash at the end."""
        return f"http://{self.host}"

    @property
    def url(self) -> str:
        """Where `root` is served, with a slash at the end."""
        return self.origin + self.prefix

    def sent(self, pattern: str = "*") -> int:
        """How many bytes of bodies went out for paths below the prefix that match `pattern`."""
        return sum(request.sent for request in self.matching(pattern))

    def matching(self, pattern: str) -> list[Request]:
        """The requests so far for paths below the prefix that match `pattern`, without their queries."""
        seen = list(self.requests)
        return [one for one in seen if fnmatch.fnmatchcase(self.below(one.path) or "", pattern)]

    def below(self, path: str) -> str | None:
        """`path` of a request relative to the prefix, decoded; `None` when it lies outside."""
        decoded = unquote(urlsplit(path).path)
        return decoded.removeprefix(self.prefix) if decoded.startswith(self.prefix) else None

    def fail(
        self,
        pattern: str,
        *,
        status: int | None = None,
        body: bytes | None = None,
        truncate: int | None = None,
        hold: threading.Event | None = None,
        times: int | None = None,
    ) -> Fault:
        """From now on (or for the next `times` requests) do what `Fault` says; the latest match wins."""
        fault = Fault(pattern, status=status, body=body, truncate=truncate, hold=hold, left=times)
        with self._lock:
            self._faults.insert(0, fault)
        return fault

    def forget(self) -> None:
        """Begin anew for the next test: no faults, nothing on record."""
        self.heal()
        self.requests.clear()
        self.foreign.clear()

    def heal(self) -> None:
        """End every fault and let go of what is held back."""
        with self._lock:
            faults, self._faults = self._faults, []
        for fault in faults:
            if fault.hold:
                fault.hold.set()

    def fault_for(self, below: str) -> Fault | None:
        """The fault that this request meets, counted as met."""
        with self._lock:
            for fault in self._faults:
                if fault.left != 0 and fnmatch.fnmatchcase(below, fault.pattern):
                    fault.hits += 1
                    fault.left = fault.left and fault.left - 1
                    return fault
        return None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop like a server that went away: open connections are cut; closing twice is fine."""
        self.heal()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._server.cut()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: StaticSite) -> None:
        self.site = site
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def cut(self) -> None:
        """Hang up on every connection: their threads end as soon as they read or write."""
        for connection in self.connections.copy():
            # The other side may have been faster.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that hangs up, as it does whenever a page goes away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StaticSite"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def parse_request(self) -> bool:
        """As the base does, and hang up without a word on requests for other servers."""
        if not super().parse_request():
            return False
        target = urlsplit("https://" + self.path if self.command == "CONNECT" else self.path)
        if self.command == "CONNECT" or target.netloc not in ("", self.server.site.host):
            self.server.site.foreign.append(target.geturl())
            self.close_connection = True
            return False
        self.path = target._replace(scheme="", netloc="").geturl()
        return True

    def do_GET(self) -> None:
        site = self.server.site
        request = Request(self.command, self.path, dict(self.headers.items()))
        below = site.below(self.path)
        fault = site.fault_for(below) if below is not None else None
        site.requests.append(request)
        if fault and fault.hold:
            fault.hold.wait()
        answer = self._faulty(fault, below) if fault else self._file(below)
        with answer.stream:
            self._send(answer, request, fault)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Refuse what a static host refuses; its body is read so that the connection stays usable."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, dict(self.headers.items()))
        self.server.site.requests.append(request)
        self._send(_plain(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"}), request, None)

    do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_POST

    def _faulty(self, fault: Fault, below: str | None) -> Answer:
        if fault.status is not None:
            return _plain(HTTPStatus(fault.status))
        answer = self._file(below)
        if fault.body is not None:
            answer.stream.close()
            answer.headers.pop("ETag", None)
            answer.status, answer.stream, answer.length = 200, BytesIO(fault.body), len(fault.body)
        return answer

    def _file(self, below: str | None) -> Answer:
        site = self.server.site
        if below is None or ".." in below.split("/") or "\0" in below:
            return _plain(HTTPStatus.NOT_FOUND)
        path = site.root / below
        folder = below == "" or below.endswith("/")
        if path.is_dir():
            if not folder:
                parts = urlsplit(self.path)
                there = quote(posixpath.basename(below)) + "/" + (f"?{parts.query}" if parts.query else "")
                return _plain(HTTPStatus.MOVED_PERMANENTLY, {"Location": there})
            path /= "index.html"
        elif folder:
            return _plain(HTTPStatus.NOT_FOUND)
        if not path.is_file():
            return _plain(HTTPStatus.NOT_FOUND)
        info = path.stat()
        etag = f'"{info.st_mtime_ns:x}-{info.st_size:x}"'
        if etag in self.headers.get("If-None-Match", ""):
            return Answer(HTTPStatus.NOT_MODIFIED, {"ETag": etag})
        kind = MIME_TYPES.get(path.suffix, "application/octet-stream")
        return Answer(HTTPStatus.OK, {"Content-Type": kind, "ETag": etag}, path.open("rb"), info.st_size)

    def _send(self, answer: Answer, request: Request, fault: Fault | None) -> None:
        request.status = answer.status
        self.send_response(answer.status)
        for name, value in {**answer.headers, **self.server.site.headers}.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(answer.length))
        self.end_headers()
        if self.command == "HEAD" or answer.status == HTTPStatus.NOT_MODIFIED:
            return
        left = answer.length
        if fault and fault.truncate is not None and fault.truncate < left:
            left = fault.truncate
            self.close_connection = True
        while left and (chunk := answer.stream.read(min(CHUNK, left))):
            # Counted first: whoever has received the last byte finds it in the count.
            request.sent += len(chunk)
            left -= len(chunk)
            self.wfile.write(chunk)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: `StaticSite.requests` is the log."""


def _plain(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Answer:
    body = f"{status.value} {status.phrase}\n".encode()
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return Answer(status, {**kind, **(headers or {})}, BytesIO(body), len(body))
