"""WebSockets of the app's pages: as the browser's own behave towards uvicorn, and what only happens with a worker."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser

from tests import sockets
from tests.browser import engines, tiny
from tests.browser.console import Console
from tests.browser.live import Figure, end_workers
from tests.site_server import StaticSite

# Opens a socket and notes all that happens to it; `act` is called with the socket and the event's name.
RECORD = """
const record = (url, protocols, act = () => {}) => new Promise((done) => {
    const log = [];
    const socket = protocols === undefined ? new WebSocket(url) : new WebSocket(url, protocols);
    socket.binaryType = "arraybuffer";
    const note = (...what) => log.push([...what, socket.readyState]);
    note("new", socket.url.replace(/^.*[/]/, ""), socket.protocol, socket.extensions);
    socket.onopen = (event) => { note("open", socket.protocol, event.constructor.name); act(socket, "open", note); };
    socket.onmessage = ({ data, origin, lastEventId, source, ports, constructor }) => {
        const shown = typeof data === "string" ? data : ["bytes", ...new Uint8Array(data)];
        const own = new URL(socket.url).origin === origin;
        note("message", shown, own, lastEventId, source, ports.length, constructor.name);
        act(socket, "message", note);
    };
    socket.onerror = (event) => note("error", event.constructor.name);
    socket.onclose = ({ code, reason, wasClean, constructor, cancelable, bubbles }) => {
        note("close", code, reason, wasClean, constructor.name, cancelable, bubbles);
        socket.close();
        note("closed again", socket.bufferedAmount);
        done(log);
    };
});
const attempt = (action) => {
    try {
        return [typeof action()];
    } catch (error) {
        return [error.constructor.name, error.name, error.code];
    }
};
"""

# The same script for both classes: one against the app in its worker, one against uvicorn. Answers are compared whole.
CONFORMANCE = (
    "async ([base]) => {"
    + RECORD
    + r"""
    const logs = {};
    const say = (...all) => (socket, event) => {
        if (event === "open") for (const each of all) socket.send(each);
    };
    const echoes = async (name, ...all) => {
        let left = all.length;
        logs[name] = await record(base + "/echo", undefined, (socket, event, note) => {
            if (event === "open") all.forEach((each) => socket.send(each));
            else if (--left === 0) socket.close(1000, "all said");
        });
    };
    await echoes("text", "", "plain", "äöü", "\u{1f600}", "\ud800 alone", "x".repeat(3000));
    await echoes("kinds", 12, null, undefined, { toString: () => "object" }, ["a", "b"], true);
    const bytes = new Uint8Array([1, 2, 3, 254, 255]);
    const { buffer } = bytes;
    await echoes("binary", bytes, buffer, bytes.subarray(1, 3), new DataView(buffer, 3), new ArrayBuffer(0));
    await echoes("in order", new Blob(["slow"]), "text", new Blob(["b", bytes]), bytes, "end");
    logs.protocols = await record(base + "/echo", ["first", "second"], (socket) => socket.close());
    logs.protocol = await record(base + "/echo", "only", (socket) => socket.close(3000));
    logs.unknown = await record(base + "/choose/other", ["one"]);
    logs.plain = await record(base + "/close");
    logs.code = await record(base + "/close/4123/because");
    // Only then has every browser told that it was open.
    logs.left = await record(base + "/listen", undefined, say("go"));
    for (const path of ["reject", "deny/401", "crash"]) logs[path] = await record(`${base}/${path}`);
    logs.twice = await record(base + "/echo", [], (socket, event, note) => {
        socket.close(4000, "ä".repeat(61));
        note("closing");
        socket.close(4001, "ignored");
        socket.send("three");
        note("sent while closing", socket.bufferedAmount >= 5);
    });
    logs.early = await new Promise((done) => {
        const socket = new WebSocket(base + "/echo");
        const log = [attempt(() => socket.send("too early")), socket.readyState];
        socket.close();
        log.push(socket.readyState);
        socket.addEventListener("error", () => log.push("error", socket.readyState));
        socket.addEventListener("close", ({ code, wasClean }) => done([...log, code, wasClean]));
        socket.addEventListener("open", () => log.push("open"));
    });

    const refusals = [
        () => WebSocket(base), () => new WebSocket(),
        () => new WebSocket(base + "/#x"), () => new WebSocket(base + "/#"),
        () => new WebSocket(base, ""), () => new WebSocket(base, "a b"), () => new WebSocket(base, ["a", "a"]),
        () => new WebSocket(base, ["ä"]), () => new WebSocket(base, "a,b"), () => new WebSocket(base, [null, "null"]),
        () => new WebSocket("ftp://x/"), () => new WebSocket("ws://"), () => new WebSocket("ws://x:99999/"),
        () => new WebSocket("mailto:x"), () => new WebSocket(base, Symbol("x")), () => WebSocket.prototype.url,
        () => WebSocket.prototype.send("x"), () => WebSocket.prototype.onopen,
    ];
    logs.refusals = refusals.map(attempt);

    const socket = new WebSocket(base + "/echo");
    await new Promise((resolve) => (socket.onopen = resolve));
    const closes = [
        [999], [1001], [2999], [5000], ["x"], [NaN], [null], [1000, "ä".repeat(62)], [3000.5, "x".repeat(124)], [70000],
    ];
    logs.closes = closes.map((args) => attempt(() => socket.close(...args)));
    logs.arguments = [attempt(() => socket.send()), attempt(() => socket.send(Symbol("x"))), socket.readyState];
    const handler = () => {};
    logs.handlers = ["nonsense", null, 7, {}, handler].map((value) => {
        socket.onmessage = value;
        return [typeof socket.onmessage, socket.onmessage === value];
    });
    logs.binaryType = [socket.binaryType, ...["arraybuffer", "other", "blob"].map((value) => {
        try {
            socket.binaryType = value;
        } catch {}
        return socket.binaryType;
    })];
    const order = [];
    socket.addEventListener("message", () => order.push("first"));
    socket.onmessage = () => order.push("replaced");
    socket.addEventListener("message", () => order.push("last"));
    socket.onmessage = function ({ data }) { order.push("handler", this === socket, data instanceof Blob); };
    await new Promise((resolve) => {
        socket.addEventListener("message", resolve, { once: true });
        socket.send(bytes);
    });
    logs.order = order;
    class Sub extends WebSocket {
        more() {
            return this.readyState;
        }
    }
    const sub = new Sub(base + "/echo");
    logs.sub = [sub instanceof Sub, sub instanceof WebSocket, sub instanceof EventTarget, sub.more(), String(sub)];
    logs.shape = [
        WebSocket.name, WebSocket.length, WebSocket.prototype.constructor === WebSocket, String(socket), socket.CLOSING,
        ...["CONNECTING", "OPEN", "CLOSING", "CLOSED"].map((name) => WebSocket[name]), Object.keys(WebSocket),
        ...Object.entries(Object.getOwnPropertyDescriptors(WebSocket.prototype)).map(([name, each]) => {
            const { get, set, value, enumerable, configurable, writable } = each;
            return [name, typeof get, typeof set, typeof value, enumerable, configurable, writable, value?.length];
        }),
        WebSocket.prototype.send.length, Object.keys(socket),
    ];
    for (const each of [sub, socket]) each.close();
    return logs;
}"""
)


class UvicornThread:
    """The very app of the page, on the host."""

    def __init__(self) -> None:
        self.server = uvicorn.Server(
            uvicorn.Config(sockets.app, port=0, lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
        )
        self.listening = self.server.config.bind_socket()
        self.thread = threading.Thread(target=self.server.run, args=([self.listening],), daemon=True)
        self.thread.start()

    @property
    def base(self) -> str:
        host, port = self.listening.getsockname()
        return f"ws://{host}:{port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Where uvicorn serves the app."""
    running = UvicornThread()
    yield running.base
    running.stop()


@pytest.fixture(scope="module")
def socket_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StaticSite]:
    folder = tmp_path_factory.mktemp("sockets")
    with StaticSite(tiny.build(tiny.socket_project(folder / "docs"), folder / "out")) as site:
        yield site


@pytest.fixture(scope="module", params=engines.DRIVEN_BY_PLAYWRIGHT)
def live(
    request: pytest.FixtureRequest, browsers: Callable[[str], Browser], socket_site: StaticSite
) -> Iterator[tuple[Figure, Console]]:
    """The app, started once for all tests of this module; it may reach uvicorn."""
    context = browsers(request.param).new_context()
    console = Console()
    console.listen(context)
    page = context.new_page()
    page.goto(socket_site.url + "index.html")
    yield Figure(page, "sockets").start(), console
    context.close()
    assert console.unexpected == []


@pytest.fixture
def app(live: tuple[Figure, Console]) -> Figure:
    return live[0]


def log(app: Figure) -> list[Any]:
    noted: list[Any] = json.loads(app.fetch("log")["text"])
    return noted


def test_it_behaves_as_the_browsers_own_towards_uvicorn(app: Figure, host: str) -> None:
    plain = app.page.context.new_page()
    plain.goto(app.page.url)
    theirs = plain.evaluate(CONFORMANCE, [host])
    plain.close()
    ours = app.frame.evaluate(CONFORMANCE, [""])
    assert set(ours) == set(theirs)
    different = {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}
    assert different == {}


def test_fifty_at_once_and_a_page_that_is_left(app: Figure) -> None:
    opened = app.frame.evaluate(
        """() => Promise.all(Array.from({ length: 50 }, (_, at) => new Promise((resolve) => {
            const socket = new WebSocket("echo");
            socket.onopen = () => socket.send(String(at));
            socket.onmessage = ({ data }) => resolve(data === String(at));
        })))"""
    )
    assert opened == [True] * 50
    before = len(log(app))
    app.frame.goto(app.frame.url)
    assert log(app)[before:] == [[1001, ""]] * 50


# Opens a socket and gives the events of its end, to be awaited later.
ENDING = """(path) => new Promise((resolve) => {
    const socket = new WebSocket(path);
    globalThis.events = new Promise((done) => {
        const seen = [];
        socket.onerror = () => seen.push("error");
        socket.onclose = ({ code, wasClean }) => done([...seen, code, wasClean]);
    });
    socket.onopen = () => { globalThis.socket = socket; resolve(); };
})"""
OPENS = "new Promise((done) => (new WebSocket('echo').onopen = () => done(true)))"
LOST = ["error", 1006, False]


def soon(promise: str) -> str:
    """The script of a promise that fails a test when it stays pending, which the driver would wait for without end."""
    return f"Promise.race([{promise}, new Promise((late) => setTimeout(late, 20_000, 'nothing for 20 s'))])"


# What runs away is interrupted; a bystander that was asked for something meanwhile has a time of its own.
SPINS = """async () => {
    const [still, spinning] = await Promise.all(["echo", "spin"].map((path) => new Promise((resolve) => {
        const socket = new WebSocket(path);
        socket.onopen = () => resolve(socket);
    })));
    const told = new Promise((resolve) => (still.onmessage = ({ data }) => resolve(data)));
    const closed = new Promise((resolve) => (spinning.onclose = ({ code, wasClean }) => resolve([code, wasClean])));
    spinning.send("now");
    still.send("meanwhile");
    return [await closed, await told];
}"""


def test_a_message_that_sets_off_an_endless_loop_costs_that_socket_only(app: Figure) -> None:
    assert app.frame.evaluate(SPINS) == [[1011, True], "meanwhile"]


@pytest.mark.parametrize("live", ["chromium"], indirect=True)  # the one that lets a test end a worker
def test_a_worker_that_is_ended_closes_its_sockets(app: Figure) -> None:
    app.frame.evaluate(ENDING, "echo")
    end_workers(app.page.context, app.page)
    assert app.frame.evaluate(soon("events")) == LOST
    # The next one starts another worker.
    assert app.frame.evaluate(OPENS)


def test_a_python_that_ends_closes_its_sockets(app: Figure) -> None:
    app.frame.evaluate(ENDING, "echo")
    app.frame.evaluate("void (globalThis.bystander = globalThis.events)")
    app.frame.evaluate(ENDING, "end")
    app.frame.evaluate("socket.send('now')")
    assert app.frame.evaluate(soon("Promise.all([bystander, events])")) == [LOST, LOST]
    # The next one starts Python anew.
    assert app.frame.evaluate(OPENS)
