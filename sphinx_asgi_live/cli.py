"""The command line: `sphinx-asgi-live check`, `demo`, `lock` and `serve`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sphinx.cmd.build import main as sphinx_build
from sphinx.errors import SphinxError

from sphinx_asgi_live import __version__
from sphinx_asgi_live.checking import check_project
from sphinx_asgi_live.locking import check_lock, lock_project
from sphinx_asgi_live.packing import PackingError

ADDRESS = "127.0.0.1"
"""Browsers take it for secure, as service workers demand, and no other machine reaches it."""

PORT = 8000
NO_CONF = "{} holds no conf.py; name the folder that does"


class _Handler(SimpleHTTPRequestHandler):
    """Serves files as a plain static host does, with media types that do not depend on the machine."""

    protocol_version = "HTTP/1.1"
    extensions_map = {  # noqa: RUF012  (an instance variable to its base class)
        **SimpleHTTPRequestHandler.extensions_map,
        ".gz": "application/gzip",
        ".js": "text/javascript",
        ".json": "application/json",
        ".mjs": "text/javascript",
        ".svg": "image/svg+xml",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        """Let the browser ask each time whether a file changed: the docs are being written."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of what was served; what was not is logged as an error."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    options = _parser().parse_args(arguments)
    code: int = options.run(options)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sphinx-asgi-live", description="Live Python web apps in Sphinx docs.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="try all apps of a documentation, and write nothing")
    check.add_argument("source", type=Path, nargs="?", default=Path(), help="the folder of conf.py (default: this one)")
    check.set_defaults(run=lambda options: _check(options.source))
    demo = commands.add_parser("demo", help="build this project's own documentation and serve it")
    demo.add_argument("--build", type=Path, metavar="FOLDER", help="where to build (default: demo_docs/_build)")
    demo.set_defaults(run=_demo)
    lock = commands.add_parser("lock", help="lock what the apps of a documentation require, without a build")
    lock.add_argument("source", type=Path, nargs="?", default=Path(), help="the folder of conf.py (default: this one)")
    lock.add_argument("--upgrade", action="store_true", help="take the newest versions of all")
    lock.add_argument("--check", action="store_true", help="only tell what is stale, and then exit with 1")
    lock.set_defaults(run=_lock)
    serve = commands.add_parser("serve", help="serve a built site on this machine")
    serve.add_argument("folder", type=Path, help="for example docs/_build/html")
    serve.set_defaults(run=lambda options: _serve(options.folder, options.port))
    for command in (demo, serve):
        command.add_argument("--port", type=int, default=PORT, help="default: %(default)s; 0 takes any free one")
    return parser


def _lock(options: argparse.Namespace) -> int:
    source = options.source.absolute()
    if options.upgrade and options.check:
        return _fail("--check changes nothing, so it takes no --upgrade; leave one out")
    if not (source / "conf.py").is_file():
        return _fail(NO_CONF.format(source))
    failed = False
    try:
        for line in check_lock(source) if options.check else lock_project(source, upgrade=options.upgrade):
            print(line.text, flush=True)
            failed = failed or line.failed
    except SphinxError as error:
        return _fail(f"{error.category}: {error}")
    except PackingError as error:
        return _fail(str(error))
    return int(failed)


def _check(source: Path) -> int:
    if not (source / "conf.py").is_file():
        return _fail(NO_CONF.format(source.absolute()))
    try:
        results = []
        for result in check_project(source.absolute()):
            print(result.app, result.path, result.told, flush=True)
            results.append(result)
    except SphinxError as error:
        return _fail(f"{error.category}: {error}")
    if not results:
        print(f"no page of {source.absolute()} shows a live app")
    return int(any(result.failed for result in results))


def _demo(options: argparse.Namespace) -> int:
    source = Path(__file__).parent.parent / "demo_docs"
    if not (source / "conf.py").is_file():
        return _fail("demo_docs is part of the project's repository, not of the installed package; run this there")
    build = options.build or source / "_build"
    if code := sphinx_build(["-M", "html", str(source), str(build), "-j", "auto"]):
        return code
    return _serve(build / "html", options.port)


def _serve(folder: Path, port: int) -> int:
    if not folder.is_dir():
        return _fail(f"{folder} is not a folder; build the docs first")
    try:
        server = ThreadingHTTPServer((ADDRESS, port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return _fail(f"port {port} cannot be had ({reason}); choose another with --port, or --port 0")
    with server:
        try:
            print(f"Serving {folder} at http://{ADDRESS}:{server.server_port}/ until Ctrl-C", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    return 0


def _fail(message: str) -> int:
    print(f"sphinx-asgi-live: {message}", file=sys.stderr)
    return 1
