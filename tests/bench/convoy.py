"""25 requests at once against the same ones in a row, and beside slow ones: `python -m tests.bench.convoy`.

No convoy: at once they take no longer in all than in a row, each is answered in its turn rather than all in the end,
and those that wait for something wait together.
"""

from __future__ import annotations

from tests.bench.sites import in_turns, parser, ratios, report, trio

WIDTH = 25
ASLEEP = 0.3


def main() -> None:
    """Measure in turns."""
    options = parser(__doc__).parse_args()
    with trio(options.browser) as sites:
        answered: list[list[float]] = []

        def at_once() -> float:
            answered.append(sites.at_once("live", "json", WIDTH, WIDTH))
            return answered[-1][-1]

        taken = in_turns(
            options.runs,
            {
                "in a row": lambda: sites.at_once("live", "json", WIDTH, 1)[-1],
                "at once": at_once,
                "asleep at once": lambda: sites.at_once("live", f"sleep?{ASLEEP}", WIDTH, WIDTH)[-1],
            },
        )
    for name, figures in taken.items():
        report(f"{WIDTH} requests {name}", figures, "ms")
    report("at once to in a row", ratios(taken["at once"], taken["in a row"]), "times")
    report("slowest to fastest at once", [times[-1] / times[0] for times in answered], "times")
    report("asleep at once to one", [time / (ASLEEP * 1000) for time in taken["asleep at once"]], "times")


if __name__ == "__main__":
    main()
