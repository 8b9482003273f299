"""The server's side of one HTTP/1.1 exchange, as bytes: for clients that insist on writing to a socket.

https://www.rfc-editor.org/rfc/rfc9112; every connection carries one request, and its answer says so.
"""

from __future__ import annotations

from sphinx_asgi_live.browser.messages import Headers
from sphinx_asgi_live.browser.outgoing.exchange import Refused, Request, Response, reason

END_OF_HEAD = b"\r\n\r\n"


class RequestReader:
    """Takes the bytes of a request as a client writes them to `origin`, such as `https://host:8443`."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.buffer = bytearray()
        self.body = bytearray()
        self.head: tuple[str, str, Headers] | None = None
        self.left: int | None = 0
        """Bytes of the body to come, None for a chunked one."""

    def feed(self, data: bytes) -> Request | None:
        """Take more bytes; return the request once it is complete."""
        self.buffer += data
        if self.head is None and not self._read_head():
            return None
        if self.left is None:
            return self._request() if self._read_chunks() else None
        return self._request() if self._read_counted() else None

    def _read_head(self) -> bool:
        end = self.buffer.find(END_OF_HEAD)
        if end < 0:
            return False
        first, *lines = bytes(self.buffer[:end]).split(b"\r\n")
        del self.buffer[: end + len(END_OF_HEAD)]
        method, target, _ = first.decode("latin-1").split(" ", 2)
        pairs = (line.split(b":", 1) for line in lines)
        headers = [(name, value.strip()) for name, value in pairs]
        fields = {name.lower(): value for name, value in headers}
        chunked = fields.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
        self.left = None if chunked else int(fields.get(b"content-length", 0))
        if b"upgrade" in fields:
            raise Refused(f"{self.origin} cannot be spoken to by {fields[b'upgrade'].decode('latin-1')}, only by HTTP.")
        # To a proxy a client sends whole URLs. Which proxy there is, the browser knows.
        self.head = method, target if "://" in target else self.origin + target, headers
        return True

    def _read_counted(self) -> bool:
        assert self.left is not None
        taken = min(self.left, len(self.buffer))
        self.body += self.buffer[:taken]
        del self.buffer[:taken]
        self.left -= taken
        return self.left == 0

    def _read_chunks(self) -> bool:
        """Decode the chunks that are there; return whether the last was among them."""
        while (end := self.buffer.find(b"\r\n")) >= 0:
            size = int(self.buffer[:end].split(b";")[0], 16)
            if size == 0:
                return self.buffer.find(END_OF_HEAD) >= 0
            behind = end + 2 + size
            if len(self.buffer) < behind + 2:
                break
            self.body += self.buffer[end + 2 : behind]
            del self.buffer[: behind + 2]
        return False

    def _request(self) -> Request:
        assert self.head is not None
        method, url, headers = self.head
        return Request(method, url.partition("#")[0], headers, bytes(self.body))


class ResponseWriter:
    """Turns a response into bytes: in chunks as they come, unless its length is known."""

    def __init__(self, response: Response, method: str) -> None:
        named = {name.lower() for name, _ in response.headers}
        self.has_body = method != "HEAD" and response.status not in (204, 304)
        self.chunked = self.has_body and b"content-length" not in named
        headers = [header for header in response.headers if header[0].lower() not in _FRAMING]
        headers.append((b"connection", b"close"))
        if self.chunked:
            headers.append((b"transfer-encoding", b"chunked"))
        status = f"HTTP/1.1 {response.status} {reason(response.status)}\r\n".encode()
        self.head = status + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n"

    def chunk(self, data: bytes) -> bytes:
        """Return what carries a chunk of the body."""
        return b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data

    @property
    def end(self) -> bytes:
        """What ends the body."""
        return b"0\r\n\r\n" if self.chunked else b""


_FRAMING = frozenset({b"connection", b"keep-alive", b"transfer-encoding"})


def origin(scheme: str, host: str, port: int) -> str:
    """Return the origin of an address, without the port that the scheme implies."""
    name = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{scheme}://{name}" if port == {"http": 80, "https": 443}.get(scheme) else f"{scheme}://{name}:{port}"
