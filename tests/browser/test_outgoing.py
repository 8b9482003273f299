"""What an app asks of other servers and of itself, from Python in the worker: one app that runs what a test sends."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import engines, tiny
from tests.browser.console import Console
from tests.browser.live import Figure
from tests.foreign import ForeignServer
from tests.projects import Project
from tests.site_server import StaticSite

OPEN = {"access-control-allow-origin": "*", "access-control-allow-headers": "*", "access-control-expose-headers": "*"}

# Each gives status, text and final URL of the response to `METHOD url`, with `body`.
SYNC = {
    "urllib": """
import urllib.request
with urllib.request.urlopen(urllib.request.Request(url, body, method=method), timeout=timeout) as answer:
    return [answer.status, answer.read().decode(), answer.url]
""",
    "requests": """
import requests
answer = requests.request(method, url, data=body, timeout=timeout)
return [answer.status_code, answer.text, answer.url]
""",
    "httpx": """
import httpx
with httpx.Client(follow_redirects=True, timeout=timeout) as client:
    answer = client.request(method, url, content=body)
return [answer.status_code, answer.text, str(answer.url)]
""",
    "httpx2": """
import httpx2
with httpx2.Client(follow_redirects=True, timeout=timeout) as client:
    answer = client.request(method, url, content=body)
return [answer.status_code, answer.text, str(answer.url)]
""",
}
ASYNC = {
    "async httpx": """
import httpx
async with httpx.AsyncClient(follow_redirects=True, timeout=timeout) as client:
    answer = await client.request(method, url, content=body)
return [answer.status_code, answer.text, str(answer.url)]
""",
    "async httpx2": """
import httpx2
async with httpx2.AsyncClient(follow_redirects=True, timeout=timeout) as client:
    answer = await client.request(method, url, content=body)
return [answer.status_code, answer.text, str(answer.url)]
""",
    "aiohttp": """
import aiohttp
async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(timeout)) as session:
    async with session.request(method, url, data=body) as answer:
        return [answer.status, await answer.text(), str(answer.url)]
""",
}
CLIENTS = SYNC | ASYNC
REFUSED = {
    "urllib": "urllib.error.URLError",
    "requests": "requests.exceptions.ConnectionError",
    "httpx": "httpx.ConnectError",
    "httpx2": "httpx2.ConnectError",
    "async httpx": "httpx.ConnectError",
    "async httpx2": "httpx2.ConnectError",
    "aiohttp": "aiohttp.client_exceptions.ClientOSError",
}
TOO_LATE = {
    "urllib": "builtins.TimeoutError",
    "requests": "requests.exceptions.ReadTimeout",
    "httpx": "httpx.ReadTimeout",
    "httpx2": "httpx2.ReadTimeout",
    "async httpx": "httpx.ReadTimeout",
    "async httpx2": "httpx2.ReadTimeout",
    "aiohttp": "builtins.TimeoutError",
}


@pytest.fixture(scope="module")
def outgoing_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("outgoing")
    with StaticSite(tiny.build(Project(folder / "source", root="outgoing"), folder / "html")) as site:
        yield site


@pytest.fixture(scope="module")
def friend() -> Iterator[ForeignServer]:
    """A server of another origin that every page may ask; `*.localhost` is this machine in all browsers."""
    with ForeignServer(OPEN, host="friend.localhost") as server:
        yield server


@pytest.fixture(scope="module")
def stranger() -> Iterator[ForeignServer]:
    """One that answers, but lets no page see it."""
    with ForeignServer(host="stranger.localhost") as server:
        yield server


@pytest.fixture(scope="module", params=engines.DRIVEN_BY_PLAYWRIGHT)
def app(
    request: pytest.FixtureRequest, browsers: Callable[[str], Browser], outgoing_site: StaticSite
) -> Iterator[Figure]:
    """The running app, one boot in each browser for all tests here."""
    console = Console()
    context = browsers(request.param).new_context()
    console.listen(context)
    page = context.new_page()
    page.goto(outgoing_site.url)
    yield Figure(page, "outgoing").start()
    context.close()
    assert console.unexpected == [], "\n".join(console.lines)


def run(app: Figure, source: str, **names: Any) -> Any:
    """Run the body of an `async def` in the app and return what it returns, or its error's name and message."""
    given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    return json.loads(app.fetch("run", f"{{method: 'POST', body: {json.dumps(given + source)}}}")["text"])


def call(
    app: Figure, client: str, url: str, method: str = "GET", body: bytes | None = None, timeout: float = 20
) -> Any:
    return run(app, CLIENTS[client], url=url, method=method, body=body, timeout=timeout)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_reaches_another_server(app: Figure, friend: ForeignServer, client: str) -> None:
    status, text, url = call(app, client, friend.url + "/things?x=1", "POST", b"sent")
    told = json.loads(text)
    assert (status, url, told["method"], told["body"]) == (200, friend.url + "/things?x=1", "POST", "sent")
    assert "python" not in told["headers"]["user-agent"].lower()
    assert call(app, client, friend.url + "/gzip")[1] == "unpacked " * 100
    assert call(app, client, friend.url + "/status/204")[:2] == [204, ""]
    status, text, url = call(app, client, friend.url + "/redirect/302/landed")
    assert (status, json.loads(text)["path"], url) == (200, "/landed", friend.url + "/landed")
    # What aiohttp names as the content type needs a preflight, of each address on the way.
    status, text, url = call(app, client, friend.url + "/redirect/307/landed", "POST", b"sent")
    told = json.loads(text)
    assert (status, told["method"], told["body"], url) == (200, "POST", "sent", friend.url + "/landed")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_reaches_the_app_itself(app: Figure, friend: ForeignServer, client: str) -> None:
    own = app.frame.url.rstrip("/") + "/later"
    for url in (own, "http://localhost:8000/later"):
        status, text, came_from = call(app, client, url, "POST", b"mine")
        told = json.loads(text)
        assert (status, came_from, told["path"], told["method"], told["body"]) == (200, url, "/later", "POST", "mine")
        assert told["headers"]["host"] == url.split("/")[2]


@pytest.mark.parametrize("client", CLIENTS)
def test_what_cannot_be_is_the_clients_own_error(
    app: Figure, friend: ForeignServer, stranger: ForeignServer, client: str
) -> None:
    told = call(app, client, stranger.url + "/things")
    assert told["error"] == REFUSED[client]
    assert f"did not fetch {stranger.url}/things" in told["message"]
    assert "(CORS): it has to answer with Access-Control-Allow-Origin" in told["message"]
    assert call(app, client, friend.url + "/held", timeout=0.2)["error"] == TOO_LATE[client]
    assert "broke off" in call(app, client, friend.url + "/broken")["message"]


OVERLAP = """
import asyncio, contextvars, requests
name = contextvars.ContextVar("name")
order = []

def ask(which, path):
    name.set(which)
    requests.get(f"http://localhost{path}")
    order.append([which, name.get(), asyncio.current_task().get_name()])

async def task(which, path):
    contextvars.copy_context().run(ask, which, path)

await asyncio.gather(*[
    asyncio.create_task(task(which, path), name=which) for which, path in [("slow", "/later"), ("fast", "/now")]
])
return order
"""
STREAM = """
import httpx, requests, time
async with httpx.AsyncClient() as client, client.stream("GET", url + "/stream") as answer:
    first = await anext(answer.aiter_bytes())
with requests.get(url + "/stream", stream=True) as answer:
    second = next(answer.iter_content(None))
return [first.decode(), second.decode()]
"""
COOKIES = """
import requests
session = requests.Session()
session.get("http://localhost/")
return [session.cookies.get_dict(), session.get("http://localhost/").json()["headers"]["cookie"]]
"""
SOCKETS = """
import asyncio, smtplib, socket
said = []
for one in (lambda: socket.create_connection(("db.example", 25)), lambda: smtplib.SMTP("db.example", 25)):
    try:
        one()
    except OSError as error:
        said.append(str(error))
try:
    await asyncio.open_connection("db.example", 25)
except OSError as error:
    said.append(str(error))
return said
"""


def test_while_one_call_waits_others_go_on(app: Figure) -> None:
    assert run(app, OVERLAP) == [["fast", "fast", "fast"], ["slow", "slow", "slow"]]


def test_a_stream_can_be_left(app: Figure, friend: ForeignServer) -> None:
    assert run(app, STREAM, url=friend.url) == ["first ", "first "]


def test_a_session_with_the_app_itself(app: Figure) -> None:
    assert run(app, COOKIES) == [{"own": "1"}, "own=1"]


def test_sockets_are_refused(app: Figure) -> None:
    said = run(app, SOCKETS)
    assert len(said) == 3 and all(each.startswith("No connection to db.example:25: a browser opens") for each in said)
