"""What needs threads, in a Python of its own that cannot start any: the seams change modules for good."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sphinx_asgi_live.browser import threadless
from sphinx_asgi_live.browser.importhook import SeamFinder

PROJECT = Path(__file__).resolve().parent.parent

# A loop of its own: closing the one of asyncio.run joins a thread, which Pyodide's never does.
PRELUDE = """
import asyncio, threading

def refuse(self):
    raise RuntimeError("can't start new thread")

threading.Thread.start = refuse
from sphinx_asgi_live.browser import threadless
assert threadless.install()
loop = asyncio.new_event_loop()
"""


def threadless_python(program: str) -> str:
    """Run a program where no thread starts and return what it printed; its errors fail the test."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PYTHONPATH": str(PROJECT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_where_threads_start_nothing_is_changed() -> None:
    finders = list(sys.meta_path)
    assert threadless.install() is False
    assert sys.meta_path == finders


def test_force_and_twice() -> None:
    program = """
        import sys
        print(threadless.install(force=True), sum(type(each).__name__ == "SeamFinder" for each in sys.meta_path))
    """
    assert threadless_python(program) == "True 1"


def test_installing_imports_no_package() -> None:
    program = "import sys; print(sorted({'anyio', 'asgiref', 'aiosqlite', 'datasette'} & sys.modules.keys()))"
    assert threadless_python(program) == "[]"


def test_a_thread_keeps_its_own_error() -> None:
    with pytest.raises(AssertionError, match="can't start new thread"):
        threadless_python("threading.Thread(target=print).start()")


# The import hook


def test_a_seam_is_applied_once_after_the_import_with_the_loader_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seamed_module.py").write_text("value = 1")
    monkeypatch.syspath_prepend(tmp_path)
    applied: list[int] = []
    finder = SeamFinder({"seamed_module": lambda module: applied.append(module.value)})
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    import seamed_module  # type: ignore[import-not-found]

    assert applied == [1]
    assert type(seamed_module.__spec__.loader).__name__ == "SourceFileLoader"
    assert seamed_module.__loader__ is seamed_module.__spec__.loader
    del sys.modules["seamed_module"]
    import seamed_module

    assert applied == [1]


def test_a_seam_for_what_is_imported_already_is_applied_at_once() -> None:
    applied: list[str] = []
    SeamFinder({"sys": lambda module: applied.append(module.__name__)})
    assert applied == ["sys"]


def test_a_seam_for_what_is_absent_leaves_the_import_error() -> None:
    finder = SeamFinder({"no_such_module": lambda module: None})
    assert finder.find_spec("no_such_module", None) is None


# The standard library


def test_executors_run_their_calls_inline() -> None:
    program = """
        from concurrent.futures import ThreadPoolExecutor, as_completed
        with ThreadPoolExecutor(2, initializer=print, initargs=("once",)) as pool:
            print(list(pool.map(abs, [-1, 2])), [each.result() for each in as_completed([pool.submit(int, "7")])])
            print(repr(pool.submit(int, "x").exception()))
        try:
            pool.submit(int)
        except RuntimeError as error:
            print(error)
    """
    assert threadless_python(program).splitlines() == [
        "once",
        "[1, 2] [7]",
        """ValueError("invalid literal for int() with base 10: 'x'")""",
        "cannot schedule new futures after shutdown",
    ]


def test_asyncios_executors_run_their_calls_inline() -> None:
    program = """
        async def main():
            return await asyncio.to_thread(abs, -1), await loop.run_in_executor(None, abs, -2)

        print(loop.run_until_complete(main()))
    """
    assert threadless_python(program) == "(1, 2)"


def test_a_queue_listener_handles_records_at_once() -> None:
    program = """
        import logging, logging.handlers, queue, sys
        records = queue.SimpleQueue()
        log = logging.getLogger("app")
        log.addHandler(logging.handlers.QueueHandler(records))
        log.warning("before")
        listener = logging.handlers.QueueListener(records, logging.StreamHandler(sys.stdout))
        listener.start()
        log.warning("during")
        listener.stop()
        log.warning("after")
        print(records.qsize())
    """
    assert threadless_python(program).splitlines() == ["before", "during", "1"]


def test_pbkdf2_gives_what_openssl_gives() -> None:
    program = """
        import hashlib
        theirs = hashlib.pbkdf2_hmac
        del hashlib.pbkdf2_hmac
        threadless.SEAMS["hashlib"](hashlib)
        assert hashlib.pbkdf2_hmac is not theirs
        for password in (b"pw", b"long" * 99, bytearray(b"array"), memoryview(b"view")):
            for name, length in (("sha256", None), ("sha1", 50), ("sha512", 5)):
                arguments = name, password, b"salt", 9, length
                assert hashlib.pbkdf2_hmac(*arguments) == theirs(*arguments), arguments
        for wrong in ("md4711", b"", b"", 1, None), ("sha1", b"", b"", 0, None), ("sha1", b"", b"", 1, 0):
            try:
                hashlib.pbkdf2_hmac(*wrong)
            except ValueError as error:
                print(type(error).__name__)
    """
    assert threadless_python(program).split() == ["ValueError"] * 3


def test_multiprocessing_can_be_imported_where_it_is_not_built() -> None:
    program = """
        import importlib.util, sys
        found = importlib.util.find_spec
        importlib.util.find_spec = lambda name: None if name in ("_multiprocessing", "_posixshmem") else found(name)
        threadless._provide_multiprocessing()
        import multiprocessing.forkserver, multiprocessing.synchronize
        from multiprocessing.shared_memory import SharedMemory
        for missing in multiprocessing.Lock, lambda: SharedMemory("x", create=True, size=1):
            try:
                missing()
            except (NotImplementedError, OSError) as error:
                print(error)
    """
    assert [line[:26] for line in threadless_python(program).splitlines()] == ["A browser has no processes"] * 2


# Packages


def test_anyio_workers_run_inline_and_find_their_loop() -> None:
    program = """
        import anyio, anyio.from_thread, anyio.to_thread

        def work(number):
            anyio.from_thread.check_cancelled()
            return number + anyio.from_thread.run_sync(abs, -2)

        def nested():
            async def quick():
                return "quick"
            return anyio.from_thread.run(quick)

        async def main():
            return await anyio.to_thread.run_sync(work, 1), await anyio.to_thread.run_sync(nested)

        print(loop.run_until_complete(main()))
    """
    assert threadless_python(program) == "(3, 'quick')"


def test_waiting_for_a_coroutine_in_synchronous_code_is_told_where_it_cannot_be() -> None:
    program = """
        import anyio, anyio.from_thread, anyio.to_thread

        async def main():
            try:
                await anyio.to_thread.run_sync(anyio.from_thread.run, anyio.sleep, 0.01)
            except RuntimeError as error:
                print(error)

        loop.run_until_complete(main())
    """
    assert threadless_python(program).startswith("Synchronous code waits here for a coroutine, which needs a")


STARLETTE = """
    import pathlib, sys, tempfile
    from starlette.applications import Starlette
    from starlette.background import BackgroundTask
    from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles
    from sphinx_asgi_live.browser.asgi import RequestResponseCycle, http_scope

    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "a.txt").write_text("static")

    def plain(request):
        return PlainTextResponse("def", background=BackgroundTask(print, "background"))

    def file(request):
        return FileResponse(folder / "a.txt")

    def lines(request):
        return StreamingResponse(iter(["one", "two"]))

    def broken(request):
        raise ValueError("boom")

    async def upload(request):
        async with request.form() as form:
            return PlainTextResponse(str(len(await form["file"].read())))

    app = Starlette(routes=[
        Route("/plain", plain), Route("/file", file), Route("/lines", lines), Route("/broken", broken),
        Route("/upload", upload, methods=["POST"]), Mount("/static", StaticFiles(directory=folder)),
    ])

    class Reader:
        def start(self, status, headers):
            self.status, self.content = status, b""
        async def write(self, chunk):
            self.content += chunk
        def end(self):
            print(self.status, self.content.decode().partition(chr(10))[0])

    def ask(method, path, body=(), headers=()):
        chunks = iter(body)
        async def read():
            return next(chunks, None)
        scope = http_scope(
            method=method, url_path="/live" + path, query="", headers=list(headers), root_path="/live",
            scheme="http", server=("localhost", 80), client=("127.0.0.1", 0), state={}, mounted=True,
        )
        loop.run_until_complete(RequestResponseCycle(scope, read, Reader()).run_asgi(app))
"""


def starlette_answers(asked: str) -> list[str]:
    return threadless_python(textwrap.dedent(STARLETTE) + textwrap.dedent(asked)).splitlines()


def test_starlettes_def_endpoint_and_background_task() -> None:
    assert starlette_answers("ask('GET', '/plain')") == ["200 def", "background"]


def test_starlettes_files_and_sync_iterators() -> None:
    asked = "ask('GET', '/file'); ask('GET', '/static/a.txt'); ask('GET', '/lines')"
    assert starlette_answers(asked) == ["200 static", "200 static", "200 onetwo"]


def test_starlettes_upload_that_is_spooled_to_a_file() -> None:
    asked = """
        part = b'--x\\r\\ncontent-disposition: form-data; name="file"; filename="f"\\r\\n\\r\\n'
        chunks = [part, *[b"." * 65536] * 40, b"\\r\\n--x--\\r\\n"]
        ask("POST", "/upload", chunks, [(b"content-type", b"multipart/form-data; boundary=x")])
    """
    assert starlette_answers(asked) == ["200 2621440"]


def test_starlettes_500_shows_the_traceback() -> None:
    assert starlette_answers("ask('GET', '/broken')") == ["500 ValueError: boom"]


def test_aiosqlite_runs_inline() -> None:
    program = """
        import aiosqlite

        async def main():
            async with aiosqlite.connect(":memory:") as db:
                await db.execute("create table t (a)")
                await db.executemany("insert into t values (?)", [(1,), (2,)])
                async with db.execute("select a from t") as rows:
                    print([row async for row in rows])
                try:
                    await db.execute("nonsense")
                except aiosqlite.OperationalError as error:
                    print(error)

        loop.run_until_complete(main())
    """
    assert threadless_python(program).splitlines() == ["[(1,), (2,)]", 'near "nonsense": syntax error']


def test_asgiref_goes_from_async_to_sync_and_back() -> None:
    program = """
        import contextvars
        from asgiref.sync import ThreadSensitiveContext, async_to_sync, sync_to_async
        user = contextvars.ContextVar("user")

        def as_pyodides_loop_does(executor, func, *args):
            future = loop.create_future()
            future.set_result(func(*args))
            return future

        loop.run_in_executor = as_pyodides_loop_does

        async def innermost():
            user.set(await sync_to_async(str.upper)("ada"))
            return "back"

        def middle():
            return async_to_sync(innermost)(), user.get()

        async def main():
            async with ThreadSensitiveContext():
                print(await sync_to_async(middle)(), user.get())

        loop.run_until_complete(main())
        print(async_to_sync(innermost)())
    """
    assert threadless_python(program).splitlines() == ["('back', 'ADA') ADA", "back"]


def test_datasette_reads_and_writes_with_its_default_settings() -> None:
    program = """
        from datasette.app import Datasette

        async def main():
            datasette = Datasette(memory=True)
            db = datasette.add_memory_database("shop")
            await db.execute_write("create table item (name text)")
            await db.execute_write("insert into item values ('tea')")
            response = await datasette.client.get("/shop/item.json?_shape=array")
            print(datasette.setting("num_sql_threads"), [row["name"] for row in response.json()])

        loop.run_until_complete(main())
    """
    assert threadless_python(program) == "0 ['tea']"
