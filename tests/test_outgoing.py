"""Outgoing requests of real clients through the gateway, to a real server and back into an app."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request
import xmlrpc.client
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import aiohttp
import aiohttp.connector
import httpx
import httpx2
import pytest
import requests
import urllib3
import urllib3.connection

from sphinx_asgi_live.browser.asgi import RequestResponseCycle, http_scope, is_below
from sphinx_asgi_live.browser.messages import Receive, Scope, Send
from sphinx_asgi_live.browser.outgoing import seams
from sphinx_asgi_live.browser.outgoing.exchange import Request
from sphinx_asgi_live.browser.outgoing.gateway import Gateway
from sphinx_asgi_live.browser.outgoing.loopback import Loopback
from tests.foreign import ForeignServer
from tests.host_network import HostNetwork, LoopThread, put_back

ORIGIN = "https://docs.example"
ROOT = "/asgi-live/shop/app"
CHANGED = (
    http.client.HTTPConnection,
    http.client.HTTPSConnection,
    urllib3.connection.HTTPConnection,
    urllib3.connection.HTTPSConnection,
    httpx.HTTPTransport,
    httpx.AsyncHTTPTransport,
    httpx2.HTTPTransport,
    httpx2.AsyncHTTPTransport,
    aiohttp.connector.TCPConnector,
)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Tells what it was asked, sets a cookie, or streams until its client goes."""
    body = (await receive())["body"]
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    if scope["path"].endswith("/endless"):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        gone.append(scope["path"])
        return
    told = {key: scope[key] for key in ("method", "path", "root_path", "scheme")}
    answer = json.dumps({**told, "query": scope["query_string"].decode(), "headers": headers, "body": body.decode()})
    pairs = [(b"content-type", b"application/json"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]
    if scope["path"].endswith("/moved"):
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"/items")]})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.encode()})


gone: list[str] = []
running: list[Any] = []


async def ask_app(request: Request) -> Loopback:
    path = request.url.partition("?")[0].split("/", 3)[3]
    scope = http_scope(
        method=request.method,
        url_path=f"/{path}" if is_below(ROOT, f"/{path}") else f"{ROOT}/{path}",
        query=request.url.partition("?")[2],
        headers=request.headers,
        root_path=ROOT,
        scheme="https",
        server=("docs.example", 443),
        client=("127.0.0.1", 0),
        state={},
        mounted=True,
    )
    response = Loopback(request.url, request.body)
    cycle = RequestResponseCycle(scope, response.read_request, response)
    response.on_close = cycle.disconnect
    running.append(asyncio.ensure_future(cycle.run_asgi(app)))
    await response.begun.wait()
    return response


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.end()


@pytest.fixture(scope="module")
def network() -> HostNetwork:
    return HostNetwork()


@pytest.fixture(scope="module")
def gateway(loop: LoopThread, network: HostNetwork) -> Iterator[Gateway]:
    """All clients go through it while this module's tests run. Loopback is not the app's here but the server's."""
    gateway = Gateway(network, loop.wait, ask_app, ORIGIN, ROOT, own_hosts=frozenset({"app.local"}))
    with put_back(*CHANGED):
        for name, seam in seams(gateway).items():
            if name in sys.modules:
                seam(sys.modules[name])
        yield gateway


@pytest.fixture(scope="module")
def server(gateway: Gateway) -> Iterator[ForeignServer]:
    with ForeignServer() as server:
        yield server


@pytest.fixture
def url(server: ForeignServer, network: HostNetwork) -> Iterator[str]:
    server.requests.clear()
    network.requests.clear()
    server.hold.clear()
    yield server.url
    server.hold.set()


# One way to call them all


@dataclass
class Answer:
    """What a client made of a response; `url` is where it says that it comes from."""

    status: int
    headers: Any
    body: bytes
    url: str

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


Call = Callable[..., Answer]


def by_urllib(url: str, method: str = "GET", body: Any = None, headers: Any = (), timeout: float = 20) -> Answer:
    request = urllib.request.Request(url, body, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return Answer(answer.status, answer.headers, answer.read(), answer.url)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read(), error.url or "")


def by_urllib3(url: str, method: str = "GET", body: Any = None, headers: Any = (), timeout: float = 20) -> Answer:
    answer = urllib3.PoolManager().request(
        method,
        url,
        body=body,
        headers=dict(headers),
        timeout=timeout,
        retries=urllib3.Retry(connect=0, read=0, other=0, redirect=5),
    )
    return Answer(answer.status, answer.headers, answer.data, urljoin(url, answer.geturl() or ""))


def by_requests(url: str, method: str = "GET", body: Any = None, headers: Any = (), timeout: float = 20) -> Answer:
    answer = requests.request(method, url, data=body, headers=dict(headers), timeout=timeout)
    return Answer(answer.status_code, answer.headers, answer.content, answer.url)


def by_httpx(module: Any) -> Call:
    def call(url: str, method: str = "GET", body: Any = None, headers: Any = (), timeout: float = 20) -> Answer:
        with module.Client(follow_redirects=True, timeout=timeout) as client:
            answer = client.request(method, url, content=body, headers=dict(headers))
            return Answer(answer.status_code, answer.headers, answer.content, str(answer.url))

    return call


def by_async_httpx(module: Any) -> Any:
    async def call(url: str, method: str = "GET", body: Any = None, headers: Any = (), timeout: float = 20) -> Answer:
        async with module.AsyncClient(follow_redirects=True, timeout=timeout) as client:
            answer = await client.request(method, url, content=_aiter(body), headers=dict(headers))
            return Answer(answer.status_code, answer.headers, answer.content, str(answer.url))

    return call


async def by_aiohttp(url: str, method: str = "GET", body: Any = None, headers: Any = (), timeout: float = 20) -> Answer:
    limit = aiohttp.ClientTimeout(timeout)
    async with (
        aiohttp.ClientSession(timeout=limit) as session,
        session.request(method, url, data=_aiter(body), headers=dict(headers)) as answer,
    ):
        return Answer(answer.status, answer.headers, await answer.read(), str(answer.url))


def _aiter(body: Any) -> Any:
    """Make an asynchronous iterator of a plain one."""

    async def parts() -> AsyncIterator[bytes]:
        for part in body:
            yield part

    return body if body is None or isinstance(body, bytes) else parts()


SYNC: dict[str, Call] = {
    "urllib": by_urllib,
    "urllib3": by_urllib3,
    "requests": by_requests,
    "httpx": by_httpx(httpx),
    "httpx2": by_httpx(httpx2),
}
ASYNC: dict[str, Any] = {
    "async httpx": by_async_httpx(httpx),
    "async httpx2": by_async_httpx(httpx2),
    "aiohttp": by_aiohttp,
}
REFUSED = {
    "urllib": urllib.error.URLError,
    "urllib3": urllib3.exceptions.HTTPError,
    "requests": requests.ConnectionError,
    "httpx": httpx.ConnectError,
    "httpx2": httpx2.ConnectError,
    "async httpx": httpx.ConnectError,
    "async httpx2": httpx2.ConnectError,
    "aiohttp": aiohttp.ClientConnectionError,
}
TOO_LATE = {
    "urllib": TimeoutError,
    "urllib3": urllib3.exceptions.MaxRetryError,
    "requests": requests.ReadTimeout,
    "httpx": httpx.ReadTimeout,
    "httpx2": httpx2.ReadTimeout,
    "async httpx": httpx.ReadTimeout,
    "async httpx2": httpx2.ReadTimeout,
    "aiohttp": asyncio.TimeoutError,
}
BROKEN = {
    "urllib": OSError,
    "urllib3": urllib3.exceptions.HTTPError,
    "requests": requests.exceptions.ChunkedEncodingError,
    "httpx": httpx.ReadError,
    "httpx2": httpx2.ReadError,
    "async httpx": httpx.ReadError,
    "async httpx2": httpx2.ReadError,
    "aiohttp": aiohttp.ClientPayloadError,
}


@pytest.fixture(params=[*SYNC, *ASYNC])
def client(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def call(client: str, gateway: Gateway, loop: LoopThread) -> Call:
    if client in SYNC:
        return SYNC[client]

    def call(*arguments: Any, **options: Any) -> Answer:
        answer: Answer = loop.wait(ASYNC[client](*arguments, **options))
        return answer

    return call


def test_a_get(call: Call, url: str) -> None:
    answer = call(url + "/things?a=%20&b", headers={"X-Mine": "1"})
    assert (answer.status, answer.headers["x-kept"], answer.url) == (200, "yes", url + "/things?a=%20&b")
    assert (answer.told["method"], answer.told["path"]) == ("GET", "/things?a=%20&b")
    assert answer.told["headers"]["x-mine"] == "1"


def test_only_what_a_browser_lets_be_sent_is_sent(
    call: Call, url: str, network: HostNetwork, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.told.clear()
    call(url + "/things", headers={"Cookie": "a=1", "Sec-Own": "x", "Accept": "text/csv"})
    sent = {name.lower() for name, _ in network.requests[0].headers}
    assert b"accept" in sent
    assert not sent & {b"cookie", b"sec-own", b"host", b"user-agent", b"accept-encoding", b"connection"}
    assert {record.args[0] for record in caplog.records if record.args} == {"cookie", "sec-own"}  # type: ignore[index]


@pytest.mark.parametrize("body", [b"", b"x", b"y" * 300_000], ids=len)
def test_a_body(call: Call, url: str, body: bytes) -> None:
    assert call(url + "/things", "POST", body).told["body"] == body.decode()


def test_a_body_in_parts_of_unknown_length(call: Call, url: str) -> None:
    told = call(url + "/things", "PUT", iter([b"one ", b"two ", b"three"])).told
    assert (told["method"], told["body"]) == ("PUT", "one two three")
    assert told["headers"]["content-length"] == "13"


@pytest.mark.parametrize("status", [204, 404, 500])
def test_a_status(call: Call, url: str, status: int) -> None:
    answer = call(f"{url}/status/{status}")
    assert (answer.status, answer.body) == (status, b"" if status == 204 else b"it is so")


def test_head_has_the_headers_and_no_body(call: Call, url: str) -> None:
    answer = call(url + "/gzip", "HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_what_the_browser_has_unpacked_is_not_unpacked_again(call: Call, url: str) -> None:
    assert call(url + "/gzip").body == b"unpacked " * 100


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_redirects_lead_to_their_end_at_one_request_each(
    call: Call, url: str, server: ForeignServer, network: HostNetwork, code: int, method: str
) -> None:
    answer = call(f"{url}/redirect/{code}/landed?x=1", method, b"sent" if method == "POST" else None)
    assert (answer.status, answer.url) == (200, url + "/landed")
    kept = method == "POST" and code in (307, 308)
    assert (answer.told["method"], answer.told["body"]) == ("POST" if kept else "GET", "sent" if kept else "")
    assert [path for _, path, _ in server.requests].count("/landed") == len(network.requests) == 1


def test_a_redirect_that_nobody_follows_is_let_go_of(
    url: str, gateway: Gateway, network: HostNetwork, monkeypatch: pytest.MonkeyPatch, loop: LoopThread
) -> None:
    monkeypatch.setattr("sphinx_asgi_live.browser.outgoing.gateway.PATIENCE", 0)
    aborted = network.aborted
    answer = httpx.get(url + "/redirect/302/landed")
    assert (answer.status_code, answer.headers["location"]) == (302, url + "/landed")
    loop.wait(asyncio.sleep(0.01))
    assert (gateway.held, network.aborted) == ({}, aborted + 1)


def test_a_refusal_is_the_clients_own_error_with_the_reason(call: Call, client: str, url: str) -> None:
    with pytest.raises(REFUSED[client], match=r"did not fetch http://127\.0\.0\.1:9/nothing \(.*refused"):
        call("http://127.0.0.1:9/nothing")


def test_a_body_with_get_is_refused(call: Call, client: str, url: str) -> None:
    with pytest.raises(REFUSED[client], match="sends no body with GET"):
        call(url + "/search", "GET", b"{}")


def test_a_late_answer_is_the_clients_own_timeout(call: Call, client: str, url: str) -> None:
    with pytest.raises(TOO_LATE[client]):
        call(url + "/held", timeout=0.1)


def test_a_body_that_breaks_off(call: Call, client: str, url: str) -> None:
    with pytest.raises(BROKEN[client], match="broke off"):
        call(url + "/broken")


# Streams


def test_chunks_come_as_they_are_sent(url: str, server: ForeignServer, loop: LoopThread) -> None:
    async def aiohttp_stream() -> list[bytes]:
        async with aiohttp.ClientSession() as session, session.get(url + "/stream") as answer:
            first = await answer.content.readany()
            server.hold.set()
            return [first, await answer.content.read()]

    async def httpx_stream() -> list[bytes]:
        async with httpx.AsyncClient() as client, client.stream("GET", url + "/stream") as answer:
            chunks = answer.aiter_bytes()
            first = await anext(chunks)
            server.hold.set()
            return [first, await anext(chunks)]

    def sync_stream(chunks: Iterator[bytes]) -> list[bytes]:
        first = next(chunks)
        server.hold.set()
        return [first, next(chunks)]

    whole = [b"first ", b"second"]
    for stream in (aiohttp_stream, httpx_stream):
        assert loop.wait(stream()) == whole
        server.hold.clear()
    with httpx.stream("GET", url + "/stream") as answer:
        assert sync_stream(answer.iter_bytes()) == whole
    server.hold.clear()
    with requests.get(url + "/stream", stream=True) as response:
        assert sync_stream(response.iter_content(None)) == whole
    server.hold.clear()
    with urllib.request.urlopen(url + "/stream") as file:
        assert sync_stream(iter(lambda: file.read1(), b"")) == whole


def test_leaving_a_stream_ends_it(url: str, network: HostNetwork, loop: LoopThread) -> None:
    async def leave() -> None:
        async with aiohttp.ClientSession() as session, session.get(url + "/stream") as answer:
            await answer.content.readany()
        async with httpx.AsyncClient() as client, client.stream("GET", url + "/stream") as left:
            await anext(left.aiter_bytes())
        await asyncio.sleep(0)

    aborted = network.aborted
    with requests.get(url + "/stream", stream=True) as response:
        next(response.iter_content(None))
    assert network.aborted == aborted + 1
    loop.wait(leave())
    assert network.aborted == aborted + 3


# Back into the app


@pytest.mark.parametrize(
    ("asked", "path"),
    [
        ("http://app.local:8000/items?x=1", ROOT + "/items"),
        (f"http://app.local{ROOT}/items?x=1", ROOT + "/items"),
        (f"{ORIGIN}{ROOT}/items?x=1", ROOT + "/items"),
    ],
)
def test_requests_to_itself_go_straight_into_the_app(
    call: Call, gateway: Gateway, network: HostNetwork, asked: str, path: str
) -> None:
    network.requests.clear()
    answer = call(asked, "POST", b"mine", {"Cookie": "c=1", "User-Agent": "me"})
    told = answer.told
    assert (answer.status, answer.url, told["path"], told["query"]) == (200, asked, path, "x=1")
    assert (told["method"], told["body"], told["root_path"], told["scheme"]) == ("POST", "mine", ROOT, "https")
    assert (told["headers"]["cookie"], told["headers"]["user-agent"]) == ("c=1", "me")
    assert told["headers"]["host"] == asked.split("/")[2]
    assert network.requests == []


def test_what_only_looks_like_the_app_is_fetched(gateway: Gateway) -> None:
    assert gateway.is_own(ORIGIN + ROOT) and gateway.is_own(ORIGIN + ROOT + "/%69tems")
    foreign = [ORIGIN + ROOT + "2", ORIGIN + "/other", "http://docs.example" + ROOT, "https://docs.example:444" + ROOT]
    assert not any(gateway.is_own(url) for url in foreign)
    assert is_below("/a%20b", "/a b/c") and not is_below("/a", "/ab")


def test_redirects_of_the_app_itself(call: Call, gateway: Gateway) -> None:
    answer = call("http://app.local/moved")
    assert (answer.told["path"], answer.url) == (ROOT + "/items", "http://app.local/items")


def test_a_session_with_the_app_itself_keeps_its_cookies(gateway: Gateway, loop: LoopThread) -> None:
    session = requests.Session()
    assert session.get("http://app.local/").cookies.get_dict() == {"a": "1", "b": "2"}
    assert session.get("http://app.local/").json()["headers"]["cookie"] == "a=1; b=2"
    with httpx.Client() as client:
        assert dict(client.get("http://app.local/").cookies) == {"a": "1", "b": "2"}

    async def by_aiohttp() -> str:
        async with aiohttp.ClientSession() as session:
            await session.get("http://app.local/")
            async with session.get("http://app.local/") as answer:
                return str((await answer.json())["headers"]["cookie"])

    assert loop.wait(by_aiohttp()) == "a=1; b=2"


def test_a_client_that_leaves_is_a_disconnect_for_the_app(gateway: Gateway, loop: LoopThread) -> None:
    gone.clear()
    with httpx.stream("GET", "http://app.local/endless") as answer:
        assert next(answer.iter_bytes()) == b"begun"
    loop.wait(asyncio.sleep(0.01))
    assert gone == [ROOT + "/endless"]


# What has no effect, and what is not HTTP


def test_settings_that_the_browser_decides_are_told(url: str, loop: LoopThread) -> None:
    proxies = {"http": "http://proxy.example:3128"}
    with pytest.warns(UserWarning, match=r"The proxy http://proxy.example:3128 is not used"):
        assert requests.get(url + "/things", proxies=proxies).json()["path"] == "/things"
    with (
        pytest.warns(UserWarning, match=r"proxy http://proxy.example:3128.* is not used"),
        httpx.Client(proxy=proxies["http"]) as client,
    ):
        assert client.get(url + "/things").json()["path"] == "/things"
    with pytest.warns(UserWarning, match="checks certificates"), httpx.Client(verify=False):
        pass
    with pytest.warns(UserWarning, match="checks certificates"):
        assert requests.get(f"{ORIGIN}{ROOT}/", verify=False).status_code == 200

    async def by_aiohttp() -> None:
        async with aiohttp.ClientSession() as session:
            await session.get(url, proxy=proxies["http"], ssl=False)

    with pytest.warns(UserWarning, match="is not used"), pytest.warns(UserWarning, match="checks certificates"):
        loop.wait(by_aiohttp())


def test_https_is_fetched_as_https(call: Call, client: str, gateway: Gateway) -> None:
    with pytest.raises(REFUSED[client], match=r"did not fetch https://127\.0\.0\.1:9/x"):
        call("https://127.0.0.1:9/x")


def test_xmlrpc_rides_on_http_client(url: str) -> None:
    with pytest.raises(xmlrpc.client.ProtocolError, match="404"):
        xmlrpc.client.ServerProxy(url + "/status/404").method()


def test_an_upgrade_is_refused(url: str) -> None:
    with pytest.raises(urllib.error.URLError, match="cannot be spoken to by websocket"):
        urllib.request.urlopen(urllib.request.Request(url, headers={"Upgrade": "websocket"}))


REFUSALS = """
import asyncio, smtplib, socket
from sphinx_asgi_live.browser.outgoing.refusal import refuse_sockets

loop = asyncio.new_event_loop()
refuse_sockets(type(loop))
plain = socket.socket()
tries = [
    lambda: socket.create_connection(("db.example", 5432)),
    lambda: plain.connect(("db.example", 5432)),
    lambda: plain.sendto(b"x", ("db.example", 5432)),
    lambda: smtplib.SMTP("db.example", 5432),
    lambda: loop.run_until_complete(asyncio.open_connection("db.example", 5432)),
]
for one in tries:
    try:
        one()
    except OSError as error:
        print(error)
"""


def test_sockets_are_refused_with_the_reason() -> None:
    project = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", REFUSALS], capture_output=True, text=True, env={"PYTHONPATH": str(project)}, check=True
    )
    assert done.stdout.count("No connection to db.example:5432: a browser opens no sockets.") == 5
