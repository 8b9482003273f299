"""Starlette, and what builds on it."""

from __future__ import annotations

from tests.frameworks.framework import Framework, form, get, upload
from tests.frameworks.notes import OUR_500, UPLOADED, notes

FRAMEWORKS = [
    Framework(
        title="Starlette",
        packages=("starlette",),
        target="starlette_app.main:app",
        requirements=("starlette", "jinja2", "python-multipart", "itsdangerous"),
        client="starlette",
        test_requires=("httpx2",),
        requests=(
            *notes(),
            get("/ticks", "async iterators"),
            get("/background", "background tasks"),
            get("/download", "``FileResponse``"),
            get("/download", "ranges", headers={"range": "bytes=5-10"}),
            get("/broken", "an exception", differs=OUR_500),
        ),
    ),
    Framework(
        title="sse-starlette",
        packages=("sse-starlette",),
        target="sse_starlette_app.main:app",
        requirements=("sse-starlette",),
        client="starlette",
        test_requires=("httpx2",),
        requests=(
            get("/"),
            get("/events", "server-sent events"),
            get("/sync-events", "sync iterators"),
            get("/heard", "``Last-Event-ID``", headers={"last-event-id": "7"}),
        ),
    ),
    Framework(
        title="FastHTML",
        packages=("python-fasthtml",),
        target="fasthtml_app.main:app",
        requirements=("python-fasthtml", "soupsieve<3"),  # 3.0 requires Python 3.11.5, and the host's may be older
        client="starlette",
        note="The scripts in its default headers lie on GitHub and are not shipped: give "
        "``fast_app(default_hdrs=False, pico=True, hdrs=(charset, viewport, htmxsrc))``.",
        requests=(
            get("/", "pages of components"),
            form("/notes", {"text": "Tea & <cake>", "urgent": "1"}, "forms into dataclasses"),
            form("/notes", {"text": "More"}, "htmx requests", headers={"hx-request": "1"}),
            get("/notes/2?shout=%C3%A9", "JSON"),
            get("/notes/99", "an HTTP error"),
            get("/no/such/page", "an unknown path"),
            form("/login", {"name": "ada"}, "sessions"),
            get("/whoami"),
            get("/whoami", headers={"hx-request": "1"}),
            upload("/upload", UPLOADED, "an upload of 3 MB"),
            get("/away", "``HX-Redirect``", headers={"hx-request": "1"}),
        ),
    ),
]
