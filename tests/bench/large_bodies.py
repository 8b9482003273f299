"""10 MB down in chunks of 64 KB, and 10 MB up, against a worker without Python: `python -m tests.bench.large_bodies`.

The goal is at most 1.5 times the floor.
"""

from __future__ import annotations

from functools import partial

from tests.bench.sites import in_turns, parser, ratios, report, trio

CHUNKS = 160
SIZE = CHUNKS * 65536


def main() -> None:
    """Measure both directions in turns."""
    options = parser(__doc__).parse_args()
    with trio(options.browser) as sites:
        names = ("floor", "live", "broker")
        down = in_turns(options.runs, {name: partial(sites.serial, name, f"down?{CHUNKS}", 3) for name in names[:2]})
        up = in_turns(options.runs, {name: partial(sites.serial, name, "up", 3, SIZE) for name in names})
    for direction, taken in (("down", down), ("up", up)):
        for name, figures in taken.items():
            report(f"10 MB {direction}, {name}", figures, "ms")
        report(f"10 MB {direction}, live to floor", ratios(taken["live"], taken["floor"]), "times")


if __name__ == "__main__":
    main()
