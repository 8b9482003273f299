"""One request through each framework that is there, at build time: what it does first, it does before the image.

Imports that wait for the first request, caches, and the interpreter's own adaptation to the code it runs all end up
in an image that the apps of a dependency set share.
"""

# Without `from __future__ import annotations`: frameworks read the annotations of local functions and classes here.

from collections.abc import Awaitable, Callable
from importlib.util import find_spec

from sphinx_asgi_live.browser.asgi import RequestResponseCycle, http_scope
from sphinx_asgi_live.browser.lifespan import Lifespan
from sphinx_asgi_live.browser.messages import ASGIApp, Headers


class _Nowhere:
    """A transport that drops what it is given."""

    def start(self, status: int, headers: Headers) -> None: ...

    async def write(self, chunk: bytes) -> None: ...

    def end(self) -> None: ...

    def fail(self, error: BaseException) -> None: ...


async def get(app: ASGIApp, path: str, query: str = "", root: str = "", mounted: bool = False) -> None:
    """Send a GET request through the app and drop what it answers; what the app raises is raised."""

    async def no_body() -> bytes | None:
        return None

    scope = http_scope(
        method="GET",
        url_path=path,
        query=query,
        headers=[(b"host", b"localhost"), (b"accept", b"text/html,*/*")],
        root_path=root,
        scheme="http",
        server=("localhost", 80),
        client=("127.0.0.1", 0),
        state={},
        mounted=mounted,
    )
    cycle = RequestResponseCycle(scope, no_body, _Nowhere())
    await cycle.run_asgi(app)
    if cycle.error:
        raise cycle.error


async def _live(app: ASGIApp) -> None:
    lifespan = Lifespan()
    await lifespan.startup(app)
    await lifespan.shutdown()


async def _starlette() -> None:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    async def page(request: Request) -> Response:
        return HTMLResponse(str(request.url))

    def data(request: Request) -> Response:
        return JSONResponse(dict(request.query_params))

    app = Starlette(routes=[Route("/", page), Route("/data", data)])
    await _live(app)
    await get(app, "/")
    await get(app, "/data", "a=1")
    await get(app, "/none")


async def _fastapi() -> None:
    from fastapi import Depends, FastAPI
    from pydantic import BaseModel, Field

    class Model(BaseModel):
        name: str
        number: float = Field(gt=0)
        tags: list[str] = []

    def dependency(q: str | None = None) -> str | None:
        return q

    app = FastAPI()

    @app.get("/models/{number}")
    async def show(number: int, q: str | None = Depends(dependency)) -> Model:
        return Model(name=str(q), number=number)

    @app.post("/models")
    def add(model: Model) -> Model:
        return model

    await _live(app)
    for path in ("/models/1", "/models/x", "/docs", "/openapi.json"):
        await get(app, path)


async def _datasette() -> None:
    from datasette.app import Datasette

    datasette = Datasette(memory=True, settings={"num_sql_threads": 0})
    await datasette.invoke_startup()
    for path in ("/", "/_memory", "/_memory/-/query?sql=select+1", "/-/versions.json"):
        await datasette.client.get(path)
    datasette.close()


async def _jinja2() -> None:
    from jinja2 import Environment

    Environment(autoescape=True).from_string("{% for a in b %}{{ a|upper }}{% endfor %}").render(b=["x"])


WARMUPS: dict[str, Callable[[], Awaitable[None]]] = {
    "jinja2": _jinja2,
    "starlette": _starlette,
    "fastapi": _fastapi,
    "datasette": _datasette,
}


async def warm() -> list[str]:
    """Run the warm-ups of the frameworks that are installed; return a line for each that failed."""
    problems = []
    for name, warmup in WARMUPS.items():
        if find_spec(name) is None:
            continue
        try:
            await warmup()
        except Exception as error:
            problems.append(f"{name} was not warmed up: {type(error).__name__}: {error}")
    return problems
