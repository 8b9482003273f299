"""What all tests share: Sphinx's own fixtures over the tiny projects in tests/roots, and the order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# Hypothesis's own profile for continuous integration: the same examples in each run, however slow the machine is.
settings.load_profile("ci")

pytest_plugins = ["sphinx.testing.fixtures", "tests.scheduling"]

TESTS = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout's folder."""
    return TESTS.parent


@pytest.fixture(scope="session")
def rootdir() -> Path:
    """Where `@pytest.mark.sphinx(testroot="x")` finds `test-x`."""
    return TESTS / "roots"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no driver of a browser where nothing of it is wanted."""
    unwanted = collection_path == TESTS / "browser" and config.getoption("markexpr") == "not browser"
    return True if unwanted else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests come last and are marked; those that take minutes run only where `-m` names their marker.

    Not for speed alone: once Playwright's synchronous API runs in a process, `asyncio.run` is refused there.
    """
    for item in items:
        if (TESTS / "browser") in item.path.parents:
            item.add_marker("browser")
    if "soak" not in config.getoption("markexpr"):
        items[:] = [item for item in items if not item.get_closest_marker("soak")]
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
