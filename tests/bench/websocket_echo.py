"""Round trip of a WebSocket message to the app and back: `python -m tests.bench.websocket_echo`.

The floor is a round trip over a MessageChannel between the same page and a service worker without Python that posts
back what it gets. Both are measured in turns in one page. Prints, for text and bytes of a few sizes, the median of the
runs in milliseconds, and the ratio, which is to stay below 2.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import engines, tiny
from tests.browser.live import Figure
from tests.site_server import StaticSite

FLOOR = "onmessage = ({ ports: [port] }) => { port.onmessage = ({ data }) => port.postMessage(data); };"
MEASURE = """async ([floor, runs, trips]) => {
    // From the docs page: pages of the app cannot register one.
    const registration = await top.navigator.serviceWorker.register(floor + "sw.js", { scope: floor });
    const worker = registration.active ?? registration.waiting ?? registration.installing;
    const { port1: port, port2 } = new MessageChannel();
    worker.postMessage(null, [port2]);
    const socket = new WebSocket("echo");
    socket.binaryType = "arraybuffer";
    await new Promise((resolve) => (socket.onopen = resolve));

    const echoed = (target, say) => new Promise((resolve) => {
        target.onmessage = resolve;
        say();
    });
    const timed = async (trip) => {
        const began = performance.now();
        for (let at = 0; at < trips; at++) await trip();
        return (performance.now() - began) / trips;
    };
    const found = {};
    for (const size of [10, 10_000]) {
        for (const [kind, data] of [["text", "x".repeat(size)], ["bytes", new Uint8Array(size)]]) {
            const sides = {
                floor: () => echoed(port, () => port.postMessage(data)),
                socket: () => echoed(socket, () => socket.send(data)),
            };
            for (const trip of Object.values(sides)) await timed(trip);
            const times = (found[`${kind} of ${size}`] = { floor: [], socket: [] });
            for (let run = 0; run < runs; run++) {
                for (const [side, trip] of Object.entries(sides)) times[side].push(await timed(trip));
            }
        }
    }
    return found;
}"""


def main() -> None:
    """Measure in each browser."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--trips", type=int, default=1000)
    parser.add_argument("--browser", action="append", choices=engines.DRIVEN_BY_PLAYWRIGHT)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        out = tiny.build(tiny.socket_project(Path(folder) / "docs"), Path(folder) / "out")
        (out / "floor").mkdir()
        (out / "floor" / "sw.js").write_text(FLOOR)
        with StaticSite(out) as site:
            for name in options.browser or engines.DRIVEN_BY_PLAYWRIGHT:
                browser = engines.launch(playwright, engines.find(playwright, name))
                page = browser.new_page()
                page.goto(site.url + "index.html")
                frame = Figure(page, "sockets").start().frame
                found = frame.evaluate(MEASURE, [site.prefix + "floor/", options.runs, options.trips])
                for what, times in found.items():
                    floor, socket = (statistics.median(times[side]) for side in ("floor", "socket"))
                    told = f"floor {floor:.3f} ms  socket {socket:.3f} ms  ratio {socket / floor:.2f}"
                    print(f"{name:9} {what:14} {told}", flush=True)  # noqa: T201
                browser.close()


if __name__ == "__main__":
    main()
