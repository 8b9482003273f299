"""User interfaces of Python whose pages talk to it without pause: what they do over HTTP."""

from __future__ import annotations

from tests.frameworks.framework import Framework, Request, get

SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
SESSION = {"sid": r'"sid":"([^"]+)"'}

ITS_OWN_FILES = {
    "content-type": "it serves its files in a way of its own in Pyodide, without ``etag`` and ``last-modified``",
    "etag": "",
    "last-modified": "",
}

VARY = {"vary": "``vary`` names ``Accept-Encoding`` too"}

FRAMEWORKS = [
    Framework(
        title="NiceGUI",
        packages=("nicegui", "fastapi"),
        target="nicegui_app.main:app",
        requirements=("nicegui",),
        exclude=("orjson",),
        client="starlette",
        test_requires=("httpx2",),
        note="It requires orjson, which has no wheel for the browser, but does without: ``:exclude: orjson``.",
        requests=(
            get("/", "pages", varies=(r"(?<=/esm/)\w+", r"(?s)<body.*"), differs=VARY),
            get("/api"),
            get(SOCKET, "its socket.io over HTTP", capture=SESSION, differs=VARY),
            Request(
                "POST", f"{SOCKET}&sid={{sid}}", "", {"content-type": "text/plain;charset=UTF-8"}, "40", differs=VARY
            ),
        ),
    ),
    Framework(
        title="Shiny",
        packages=("shiny",),
        target="shiny_app.main:app",
        requirements=("shiny<1", "starlette<0.33"),
        client="starlette",
        test_requires=("httpx<0.28",),
        note="1.0 and newer require orjson and libsass, which have no wheel for the browser, and its files for Pyodide "
        "need an older Starlette: require ``shiny<1, starlette<0.33``.",
        requests=(
            get("/", "pages"),
            get("/lib/shiny-0.10.2/shiny.min.js", "its scripts", differs=ITS_OWN_FILES),
            get("/no/such/page", "an unknown path"),
        ),
    ),
]
