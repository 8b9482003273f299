"""Requests per second, 25 at a time, against brokering through the page: `python -m tests.bench.throughput`.

The goal is at least 1.3 times the broker.
"""

from __future__ import annotations

from functools import partial

from tests.bench.sites import in_turns, parser, ratios, report, trio

COUNT = 250
WIDTH = 25


def main() -> None:
    """Measure in turns."""
    options = parser(__doc__).parse_args()
    with trio(options.browser) as sites:

        def rate(name: str) -> float:
            return COUNT / sites.at_once(name, "json", COUNT, WIDTH)[-1] * 1000

        names = ("floor", "live", "broker")
        taken = in_turns(options.runs, {name: partial(rate, name) for name in names})
    for name, figures in taken.items():
        report(f"{WIDTH} at a time, {name}", figures, "req/s")
    report("live to broker", ratios(taken["live"], taken["broker"]), "times")
    report("live to floor", ratios(taken["live"], taken["floor"]), "times")


if __name__ == "__main__":
    main()
