"""An app that knows nothing of the prefix it is served under, with every way to leave it; requires nothing."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from tests.browser.live import Figure
from tests.projects import Build, Project

APP = r'''
import gzip
import json
import logging
import sys
import zlib
from urllib.parse import parse_qs, unquote

log = []
PAGES = {}


def page(path, html, **headers):
    content = html.encode() if isinstance(html, str) else html
    PAGES[path] = content, {"content_type": "text/html; charset=utf-8", **headers}


page("/", "<!doctype html><title>Hub</title><h1>hub</h1>")
page("/hub", """<!doctype html><html lang="en"><title>Hub</title><h1>hub</h1>
<a id="link" href="/landed?via=link">link</a>
<a id="blank" href="/landed?via=blank" target="_blank">blank</a>
<a id="here" href="landed?via=relative">relative</a>
<map name="map"><area id="area" href="/landed?via=area" shape="default"></map><img usemap="#map" width="9" height="9">
<svg width="60" height="20"><a id="svg" href="/landed?via=svg"><text y="15">svg</text></a>
<a id="xlink" xlink:href="/landed?via=xlink"><text y="15">xlink</text></a></svg>
<form id="get" action="/landed"><input name="via" value="get"><button>Get</button></form>
<form id="post" action="/landed?via=post" method="post"><input name="action" value="x"><button>Post</button></form>
<form id="plain"><button formaction="/landed?via=formaction" formmethod="post">Formaction</button></form>
<form id="new" action="/landed?via=newform" target="_blank" method="post"><button>New</button></form>
<div id="spa"><a href="/landed?via=spa">handled by the page</a></div>""")
page("/meta", """<!doctype html><title>Meta</title><meta http-equiv="refresh" content="0; url=/landed?via=meta">""")
page("/header", "<!doctype html><title>Header</title>", refresh="0;url='/landed?via=header'")
page("/based/deep", """<!doctype html><title>Based</title><base href="/"><a id="based" href="landed?via=based">x</a>
<a id="fragment" href="#x">y</a><script src="script.js"></script>""")
page("/frames", """<!doctype html><title>Frames</title>
<iframe id="html" src="/landed?via=html"></iframe>
<iframe id="srcdoc" srcdoc="&lt;a href='/landed?via=srcdoc'&gt;go&lt;/a&gt;"></iframe>
<iframe id="empty"></iframe>""")
page("/framed/set", """<!doctype html><frameset cols="50%,50%"><frame id="left" src="/landed?via=left"></frameset>""")
page("/script.js", "var ran = (window.ran || 0) + 1;", content_type="text/javascript")
page("/worker.js", "postMessage(location.pathname)", content_type="text/javascript")
page("/shared.js", "onconnect = ({ports}) => ports[0].postMessage(location.pathname)", content_type="text/javascript")
page("/events", "data: hello\n\n", content_type="text/event-stream")
page("/image.svg", '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>', content_type="image/svg+xml")
page("/file", "content of the file", content_type="text/plain")
page("/gr%C3%B6%C3%9Fe.txt", "large", content_type="text/plain")
page("/attached", "attached", content_disposition="attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%E2%86%92.txt")
page("/report.html", "<!doctype html><p>to be saved as it is", content_disposition='attachment; filename="report.html"')
page("/gzip", gzip.compress(b"<!doctype html><title>gzip</title><p id=ok>unpacked"), content_encoding="gzip")
page("/deflate", zlib.compress(b"deflated"), content_encoding="deflate", content_type="text/plain")
page("/twice", gzip.compress(zlib.compress(b"twice")), content_encoding="deflate, gzip", content_type="text/plain")
page("/image.gzip.svg", gzip.compress(b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"/>'),
     content_encoding="gzip", content_type="image/svg+xml")
WAVE = b"RIFF" + (36 + 800000).to_bytes(4, "little") + b"WAVEfmt " + bytes.fromhex(
    "10000000 0100 0100 401f0000 401f0000 0100 0800") + b"data" + (800000).to_bytes(4, "little") + b"\x80" * 800000


async def answer(send, body=b"", status=200, **headers):
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def app(scope, receive, send):
    assert scope["type"] == "http"
    headers = dict(scope["headers"])
    path, query = scope["path"], parse_qs(scope["query_string"].decode())
    log.append(f"{scope['method']} {path}")
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    if path == "/landed":
        via = (query.get("via") or parse_qs(body.decode()).get("via") or [""])[0]
        await answer(send, f"<!doctype html><title>{via}</title><h1>{via}</h1>".encode(), content_type="text/html")
    elif path == "/log":
        await answer(send, json.dumps(log).encode(), content_type="application/json")
    elif path == "/say":
        # The page itself says what it is to be answered.
        asked = json.loads(query["as"][0])
        more = {name: value for name, value in asked["headers"].items() if value}
        await answer(send, asked["body"].encode(asked["encoding"]), asked["status"], **more)
    elif path == "/print":
        print(query["text"][0])
        print("and an error", file=sys.stderr)
        logging.getLogger("shop").warning("from logging")
        await answer(send)
    elif path == "/raise":
        raise ValueError("on purpose")
    elif path == "/break":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        raise ValueError("after it began")
    elif path == "/cookie":
        cookie = query.get("set", ["unseen=1; HttpOnly"])[0]
        await answer(send, headers.get(b"cookie", b""), content_type="text/html", set_cookie=cookie)
    elif path == "/sound.wav":
        await sound(send, headers.get(b"range", b"").decode())
    elif path == "/etag":
        known = headers.get(b"if-none-match") == b'"one"'
        await answer(send, b"" if known else b"tagged", 304 if known else 200, etag='"one"', content_type="text/plain")
    elif scope["raw_path"].decode() in PAGES:
        content, more = PAGES[scope["raw_path"].decode()]
        await answer(send, content, **more)
    else:
        await answer(send, b"nothing here: " + path.encode(), 404, content_type="text/plain")


async def sound(send, wanted):
    log.append(wanted)
    if not wanted:
        return await answer(send, WAVE, content_type="audio/wav", accept_ranges="bytes", content_length=str(len(WAVE)))
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    part = WAVE[int(first) : int(last) + 1 if last else len(WAVE)]
    place = f"bytes {first}-{int(first) + len(part) - 1}/{len(WAVE)}"
    await answer(send, part, 206, content_type="audio/wav", content_range=place, content_length=str(len(part)))
'''

INDEX = """\
Roaming
=======

.. asgi-live:: roaming:app
   :name: roaming
"""


def build(folder: Path) -> Path:
    """Build the documentation with this app, warnings being errors; return the folder to serve."""
    project = Project(folder / "docs", root="live")
    for left in ("markdown.md", "hello.py", "nested/deep/page.rst"):
        (project.folder / left).unlink()
    project.write("roaming.py", APP)
    project.write("index.rst", INDEX)
    built: Build = project.run("-W", out=folder / "out")
    assert built.code == 0, "\n".join([built.status, *built.warnings])
    return built.outdir


def visit(app: Figure, path: str) -> None:
    """Have the frame show a page of the app, by an address under the prefix."""
    app.frame.goto(app.page.url.rpartition("/")[0] + "/asgi-live/roaming/app/" + path)


def say(body: str, *, encoding: str = "utf-8", status: int = 200, **headers: str) -> str:
    """Return a path that the app answers with exactly this; `content_type` is text/html unless given."""
    asked = {"body": body, "encoding": encoding, "status": status, "headers": {"content_type": "text/html", **headers}}
    return "say?as=" + quote(json.dumps(asked))
