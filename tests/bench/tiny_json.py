"""A tiny JSON GET, against a worker that answers without Python: `python -m tests.bench.tiny_json`.

The goal is at most 1.3 times the floor in Chromium.
"""

from __future__ import annotations

from functools import partial

from tests.bench.sites import in_turns, parser, ratios, report, trio

COUNT = 40


def main() -> None:
    """Measure in turns; each turn's figure is the median of its requests."""
    options = parser(__doc__).parse_args()
    with trio(options.browser) as sites:
        names = ("floor", "live", "broker")
        taken = in_turns(options.runs, {name: partial(sites.serial, name, "json", COUNT) for name in names})
    for name, figures in taken.items():
        report(f"GET json, {name}", figures, "ms")
    report("live to floor", ratios(taken["live"], taken["floor"]), "times")
    report("broker to floor", ratios(taken["broker"], taken["floor"]), "times")


if __name__ == "__main__":
    main()
