"""Which tests one process of `pytest --numprocesses` runs: those that share what is costly to make."""

from __future__ import annotations

import re

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.scheduler.protocol import Scheduling

APART = frozenset({"tests/test_build.py", "tests/test_wheels.py", "tests/browser/test_frameworks.py"})
"""Long files whose tests share nothing in a process: as groups of one they keep all processes busy to the end."""
ENGINE = re.compile(r"[\[-](chromium|firefox)[\]-]")


class ByBrowser(LoadScopeScheduling):
    """Keeps a browser's tests in one process, and so its profiles in which apps run already; other tests by file."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        if file in APART:
            return nodeid
        engine = ENGINE.search(name)
        return engine[1] if engine and file.startswith("tests/browser/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Take the place of xdist's own schedulers."""
    return ByBrowser(config, log)
