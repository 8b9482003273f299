"""What runs Python at build time: the engine, Pyodide, the standard library, and how long it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sphinx_asgi_live.packing.bundle import Archive
from sphinx_asgi_live.packing.engine import JSON, Engine
from sphinx_asgi_live.packing.pyodide import Runtime
from sphinx_asgi_live.packing.static import static_folder


@dataclass(frozen=True, slots=True)
class Tools:
    """What apps are run with; `timeout` is in seconds, for each run."""

    engine: Engine
    runtime: Runtime
    stdlib: Path
    cache: Path
    timeout: float

    def run(self, command: str, archives: Sequence[Archive], job: JSON) -> JSON:
        """Run a command of `engine.js` in a Python with the files of the archives; raises as `Engine.run` does."""
        task = {
            **job,
            "command": command,
            "runtime": str(self.runtime.folder),
            "stdlib": str(self.stdlib),
            "archives": [{"path": str(archive.path), "mount": archive.mount} for archive in archives],
        }
        return self.engine.run(static_folder() / "engine.js", task, timeout=self.timeout)
