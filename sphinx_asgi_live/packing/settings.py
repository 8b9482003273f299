"""What a documentation project says about all its apps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What the documentation project says about all its apps; paths are absolute, times are in seconds."""

    confdir: Path
    paths: tuple[Path, ...]
    requirements: tuple[str, ...]
    exclude: tuple[str, ...]
    lock: Path
    cache: Path
    engine: str | None
    timeout: float
    cpu_limit: float
    check: str = "request"
    size_limit: int | None = None
    snapshot: str = "app"
    base_url: str = "http://localhost:8000"
    files: tuple[str, ...] = ()
    wheels: tuple[Path, ...] = ()
    pyodide_packages: str | None = None
