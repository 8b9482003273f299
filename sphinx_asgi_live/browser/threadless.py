"""Runs inline, on the event loop's own stack, what Python code hands over to threads: a browser has none.

Each seam below replaces one function of one module, as that module is first imported, so that a seam costs
nothing where its package is absent or unused. What cannot be run inline (`threading.Thread.start`) keeps
Python's own error.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib.util
import os
import sys
import threading
import types
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any

from sphinx_asgi_live.browser.importhook import SeamFinder


def install(force: bool = False) -> bool:
    """Put the seams in place if no thread can be started, or by `force`; return whether they are in place."""
    if not force and _threads_start():
        return False
    if not any(isinstance(finder, SeamFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, SeamFinder(SEAMS))
        _provide_multiprocessing()
    return True


def _threads_start() -> bool:
    thread = threading.Thread(target=lambda: None)
    try:
        thread.start()
    except RuntimeError:
        return False
    thread.join()
    return True


def _anyio(module: Any) -> None:
    """Everything that Starlette, FastAPI and anyio itself do in worker threads goes through one method.

    https://anyio.readthedocs.io/en/stable/threads.html; `anyio.abc.AsyncBackend.run_sync_in_worker_thread`
    """
    backend = module.AsyncIOBackend
    workers = _AnyioWorkers(backend)

    async def run_sync_in_worker_thread(
        cls: Any, func: Callable[..., Any], args: Any, abandon_on_cancel: bool = False, limiter: Any = None
    ) -> Any:
        await cls.checkpoint()
        async with limiter or cls.current_default_thread_limiter():
            with workers:
                return contextvars.copy_context().run(func, *args)

    def run_sync_from_thread(cls: Any, func: Callable[..., Any], args: Any, token: object) -> Any:
        return contextvars.copy_context().run(func, *args)

    def run_async_from_thread(cls: Any, func: Callable[..., Any], args: Any, token: object) -> Any:
        return _wait_for(func(*args), contextvars.copy_context())

    backend.run_sync_in_worker_thread = classmethod(run_sync_in_worker_thread)
    backend.run_sync_from_thread = classmethod(run_sync_from_thread)
    backend.run_async_from_thread = classmethod(run_async_from_thread)


class _AnyioWorkers:
    """Lets `anyio.from_thread` find the event loop that it would find in a worker thread.

    Calls that wait for a request overlap and end in any order; what they find is one and the same, until the last ends.
    """

    def __init__(self, backend: Any) -> None:
        self.backend = backend
        self.running = 0
        self.claim = ExitStack()

    def __enter__(self) -> None:
        from anyio._core._eventloop import claim_worker_thread, threadlocals

        if not self.running:
            self.claim.enter_context(claim_worker_thread(self.backend, asyncio.get_running_loop()))
            threadlocals.current_cancel_scope = None  # a call that runs inline cannot be cancelled meanwhile
            self.claim.callback(delattr, threadlocals, "current_cancel_scope")
        self.running += 1

    def __exit__(self, *error: object) -> None:
        self.running -= 1
        if not self.running:
            self.claim.close()


def _wait_for(coroutine: Coroutine[Any, Any, Any], context: contextvars.Context) -> Any:
    """Wait for a coroutine in synchronous code that runs on the event loop's stack.

    Pyodide's loop can suspend that stack where the browser has JSPI, as Chromium and Firefox do:
    https://pyodide.org/en/stable/usage/api/python-api/webloop.html. Elsewhere a coroutine that never really
    waits can still be run, and much of what Django wraps is of that kind; RuntimeError at the first real wait.
    """

    async def relay() -> Any:
        return await coroutine

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(relay())
    task = loop.create_task(relay(), context=context)
    try:
        return loop.run_until_complete(task)
    except RuntimeError as error:
        if task.done():
            raise
        task.cancel()  # it has not begun, so the coroutine is untouched
        reason = error
    try:
        context.run(coroutine.send, None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise RuntimeError(
        "Synchronous code waits here for a coroutine, which needs a thread or a browser with JavaScript "
        f"Promise Integration (JSPI), and there is neither ({reason}). Make the calling function `async`."
    ) from reason


def _executor(module: Any) -> None:
    """`ThreadPoolExecutor.submit` runs the call at once and returns a future that is done already.

    https://docs.python.org/3/library/concurrent.futures.html#concurrent.futures.Executor.submit
    """
    from concurrent.futures import Future

    pool = module.ThreadPoolExecutor
    original = pool.__init__

    def __init__(
        self: Any,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., Any] | None = None,
        initargs: tuple[Any, ...] = (),
        **options: Any,
    ) -> None:
        original(self, max_workers, thread_name_prefix, initializer, initargs, **options)
        self._threadless_initializer = (initializer, initargs)

    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        initializer, initargs = self._threadless_initializer
        self._threadless_initializer = (None, ())
        try:
            if initializer is not None:
                initializer(*initargs)
            result = fn(*args, **kwargs)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    pool.__init__ = __init__
    pool.submit = submit


def _queue_listener(module: Any) -> None:
    """A `QueueHandler` hands its records to its queue's listener at once; Litestar logs that way by default.

    https://docs.python.org/3/library/logging.handlers.html#queuelistener
    """
    listeners: dict[int, Any] = {}
    enqueue = module.QueueHandler.enqueue

    def start(self: Any) -> None:
        listeners[id(self.queue)] = self
        while not self.queue.empty():
            self.handle(self.queue.get_nowait())

    def stop(self: Any) -> None:
        listeners.pop(id(self.queue), None)

    def enqueue_or_handle(self: Any, record: Any) -> None:
        listener = listeners.get(id(self.queue))
        if listener is not None:
            listener.handle(record)
        else:
            enqueue(self, record)

    module.QueueListener.start = start
    module.QueueListener.stop = stop
    module.QueueHandler.enqueue = enqueue_or_handle


class _InlineQueue:
    """What aiosqlite puts its calls into: runs each and settles its future."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        """Run a call."""
        future, function = item
        try:
            result = function()
        except BaseException as error:
            if future is not None and not future.done():
                future.set_exception(error)
        else:
            if future is not None and not future.done():
                future.set_result(result)


class _NoThread:
    """Takes the place of a thread that has nothing left to do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.daemon = True

    def start(self) -> None:
        """Do nothing."""

    def join(self, timeout: float | None = None) -> None:
        """Return at once."""

    def is_alive(self) -> bool:
        """Return that it is not."""
        return False


class _InlineThread(threading.Thread):
    """Does its work when it is started; only for threads that are known to end."""

    def start(self) -> None:
        """Do the work."""
        self.run()


def _aiosqlite(module: Any) -> None:
    """A connection's calls run where they are made, not in a thread of its own.

    https://github.com/omnilib/aiosqlite: `Connection` has a thread since 0.22 and was one before.
    """
    module.SimpleQueue = _InlineQueue
    module.Thread = _NoThread
    if issubclass(module.Connection, threading.Thread):
        module.Connection.start = _NoThread.start


def _asgiref(module: Any) -> None:
    """`async_to_sync` waits on the running loop, `ThreadSensitiveContext` joins inline (Django, Channels).

    `sync_to_async` needs nothing: it uses the loop's executor. https://github.com/django/asgiref
    """
    # Sync code runs on the loop's stack, where Django would take the ORM call for a mistake.
    # https://docs.djangoproject.com/en/stable/topics/async/#envvar-DJANGO_ALLOW_ASYNC_UNSAFE
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    module.threading = types.SimpleNamespace(**{**vars(threading), "Thread": _InlineThread})

    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:
        context = contextvars.copy_context()
        # Else it refuses a `sync_to_async` further down, which on threads would wait for the one we are in.
        context.run(module.SyncToAsync.deadlock_context.set, False)
        try:
            return _wait_for(self.awaitable(*args, **kwargs), context)
        finally:
            context.run(module.SyncToAsync.deadlock_context.set, False)
            module._restore_context(context)

    module.AsyncToSync.__call__ = __call__


def _datasette(module: Any) -> None:
    """Datasette has a mode without threads, chosen by one setting; its own write thread could not be started.

    https://docs.datasette.io/en/latest/settings.html#num-sql-threads
    """
    setting = module.Datasette.setting

    def threadless_setting(self: Any, key: str) -> Any:
        return 0 if key == "num_sql_threads" else setting(self, key)

    module.Datasette.setting = threadless_setting


def _hashlib(module: Any) -> None:
    """Pyodide has no OpenSSL, and `pbkdf2_hmac` comes from there: Django's and Werkzeug's passwords need it.

    https://docs.python.org/3/library/hashlib.html#hashlib.pbkdf2_hmac
    """
    if hasattr(module, "pbkdf2_hmac"):
        return

    def pbkdf2_hmac(hash_name: str, password: Any, salt: Any, iterations: int, dklen: int | None = None) -> bytes:
        from hmac import digest

        if iterations < 1:
            raise ValueError("iteration value must be greater than 0.")
        if dklen is not None and dklen < 1:
            raise ValueError("key length must be greater than 0.")
        hashed = module.new(hash_name)
        key, salt = bytes(password), bytes(salt)
        if len(key) > hashed.block_size:  # what HMAC does with it, but once
            key = module.new(hash_name, key).digest()
        length = hashed.digest_size if dklen is None else dklen
        derived = b""
        for block in range(1, -(-length // hashed.digest_size) + 1):
            last = digest(key, salt + block.to_bytes(4, "big"), hash_name)
            mixed = int.from_bytes(last, "big")
            for _ in range(iterations - 1):
                last = digest(key, last, hash_name)
                mixed ^= int.from_bytes(last, "big")
            derived += mixed.to_bytes(hashed.digest_size, "big")
        return derived[:length]

    module.pbkdf2_hmac = pbkdf2_hmac


def _provide_multiprocessing() -> None:
    """Quart imports Hypercorn, that `multiprocessing.synchronize`, and that a module which is not there.

    NiceGUI imports `multiprocessing.forkserver`, and that shared memory.
    https://pyodide.org/en/stable/usage/wasm-constraints.html
    """

    class SemLock:
        SEM_VALUE_MAX = 2**31 - 1

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # As `concurrent.futures.ProcessPoolExecutor` says it where Python is built without.
            raise NotImplementedError("A browser has no processes, so it has no semaphores between them either.")

    def shm_open(*args: Any, **kwargs: Any) -> int:
        raise OSError("A browser has no processes, so it has no memory to share between them either.")

    _provide("_multiprocessing", SemLock=SemLock, sem_unlink=lambda name: None)
    _provide("_posixshmem", shm_open=shm_open, shm_unlink=lambda name: None)


def _provide(name: str, **attributes: Any) -> None:
    """Put a module into the place of one that Pyodide is built without; one that is there stays."""
    if importlib.util.find_spec(name) is None:
        module = types.ModuleType(name, "Stands in for what Pyodide is built without.")
        vars(module).update(attributes)
        sys.modules[name] = module


SEAMS: dict[str, Callable[[Any], None]] = {
    "aiosqlite.core": _aiosqlite,
    "anyio._backends._asyncio": _anyio,
    "asgiref.sync": _asgiref,
    "concurrent.futures.thread": _executor,
    "datasette.app": _datasette,
    "hashlib": _hashlib,
    "logging.handlers": _queue_listener,
}
