"""Recordings: which answers become pages and how, and a whole app's through the engine into its site."""

from __future__ import annotations

import base64
import json
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.packing.assets import Asset
from sphinx_asgi_live.packing.check import Answer, Check, Resource
from sphinx_asgi_live.packing.packer import Job, Outcome, Packer
from sphinx_asgi_live.packing.recording import LARGEST, record
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.site import FOLDER, Site
from sphinx_asgi_live.spec import AppSpec
from tests.warm import cold_cache

ROOT = "http://localhost/asgi-live/shop/app"


def answer(body: str | bytes, kind: str = "text/html", status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else body.encode()
    pairs = (("content-type", kind), *((name.replace("_", "-"), value) for name, value in headers.items()))
    return Answer("/docs?a=ü", "/docs?a=%C3%BC", f"{ROOT}/docs", status, pairs, content)


def recorded(*given: Answer, resources: tuple[Resource, ...] = (), assets: tuple[Asset, ...] = ()) -> str | None:
    found = record(Check(answers=given, resources=resources), assets)
    return found[0].page.decode() if found else None


def test_a_page_is_recorded_with_what_it_is_shown_with() -> None:
    resource = Resource(f"{ROOT}/a.png", "image/png", b"png")
    asset = Asset("https://unpkg.com/x@1/x.css", "text/css", b"b { color: red }")
    page = '<p>Tür</p><img src="a.png"><link rel="stylesheet" href="https://unpkg.com/x@1/x.css">'
    [found] = record(Check(answers=(answer(page),), resources=(resource,)), [asset])
    assert (found.path, found.address) == ("/docs?a=ü", "/docs?a=%C3%BC")
    text = found.page.decode()
    assert "<p>Tür</p>" in text
    assert base64.b64encode(b"png").decode() in text
    assert "<style>b { color: red }</style>" in text


@pytest.mark.parametrize(
    "given",
    [
        answer("not found", status=404),
        answer("broken", status=500),
        answer("elsewhere", status=302),
        answer("to be saved", "text/plain", content_disposition="Attachment; filename=x"),
        answer("x" * (LARGEST + 1), "text/plain"),
        answer("   ", "text/plain"),
        answer(b"\x00", "application/zip"),
        answer(b"", "text/html"),
        answer("<div id=app></div><script src=x></script>"),
    ],
    ids=["404", "500", "302", "attachment", "large", "empty text", "binary", "empty page", "scripts only"],
)
def test_what_shows_nothing_of_the_app_is_not_recorded(given: Answer) -> None:
    assert recorded(given) is None


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (answer("<p>Grüße".encode("latin-1"), "text/html; charset=ISO-8859-1"), "<p>Grüße"),
        (answer('<meta charset="windows-1252"><p>Grüße €'.encode("cp1252")), "<p>Grüße €"),
        (answer("<p>Grüße".encode("utf-8-sig"), "text/html; charset=latin-1"), "<p>Grüße"),
        (answer("<p>Grüße", "text/html; charset=nonsense"), "<p>Grüße"),
        (answer(b"<p>broken \xff"), "<p>broken \ufffd"),
        (answer("<p>not allowed", status=403), "<p>not allowed"),
    ],
)
def test_every_charset_becomes_utf_8(given: Answer, text: str) -> None:
    assert text in (recorded(given) or "")


@pytest.mark.parametrize(
    ("body", "kind", "shown"),
    [
        ('{"a":[1,"ü"]}', "application/json", '{\n  "a": [\n    1,\n    "ü"\n  ]\n}'),
        ('{"a": "\\u00fc"}', "application/problem+json", '{\n  "a": "\\u00fc"\n}'),
        ('{"price": 1.10}', "application/json", '{"price": 1.10}'),
        ('{"twice":1,"twice":2}', "application/json", '{"twice":1,"twice":2}'),
        ("{broken", "application/json", "{broken"),
        ("\n<b> & 'text'", "text/plain; charset=utf-8", "\n&lt;b&gt; &amp; 'text'"),
        ("<a/>", "text/xml", "&lt;a/&gt;"),
    ],
)
def test_text_is_shown_in_a_page_and_never_saved(body: str, kind: str, shown: str) -> None:
    page = recorded(answer(body, kind)) or ""
    assert page.startswith('<!doctype html>\n<html data-asgi-live="recorded">')
    assert f"<pre>\n{shown}</pre>" in page
    assert "<title>/docs?a=%C3%BC</title>" in page
    assert f"<span>Status 200</span><span>{kind.partition(';')[0]}</span>" in page


def test_an_image_is_shown_in_a_page() -> None:
    assert 'src="data:image/svg+xml;base64,PHN2Zy8+"' in (recorded(answer("<svg/>", "image/svg+xml")) or "")


# Through the engine

APP = '''
import asyncio

PAGES = {
    "/": ("text/html", """<!doctype html><title>Shop</title><link rel=stylesheet href="{root}/static/a.css?v=1">
        <h1>Everything there is to buy</h1><img src="static/none.png"><img src="/endless"><img src="https://example.org/far.png">
        <a href="{root}/items">Items</a><script>location = "/"</script>"""),
    "/static/a.css": ("text/css", "@import 'b.css'; h1 { color: red }"),
    "/static/b.css": ("text/css; charset=utf-8", "h1 { background: url(../dot) }"),
    "/dot": ("image/gif", "GIF89a"),
    "/items": ("application/json", '[{"id":1}]'),
    "/cookie": ("text/plain", "a secret is set"),
}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    path = scope["path"].removeprefix(scope["root_path"])
    if path == "/endless":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/gif")]})
        while True:
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            await asyncio.sleep(0.1)
    if path == "/broken":
        raise ValueError("no such shop")
    kind, body = PAGES.get(path, ("text/plain", ""))
    headers = [(b"content-type", kind.encode()), (b"set-cookie", b"session=secret")]
    await send({"type": "http.response.start", "status": 200 if body else 404, "headers": headers})
    await send({"type": "http.response.body", "body": body.replace("{root}", scope["root_path"]).encode()})
'''
JOB = Job(AppSpec("shop", "shop:app", requirements=()), ("/", "/broken", "/cookie", "/items"), "Tea shop")


@dataclass
class Build:
    settings: Settings
    root: Path
    outcome: Outcome

    def page(self, path: str) -> str:
        return (self.root / "shop" / "app" / path / "index.html").read_text("utf-8")


def build_shop(settings: Settings, outdir: Path) -> Build:
    [outcome] = Packer(settings, Site(outdir)).pack_all([JOB])
    return Build(settings, outdir / FOLDER, outcome)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Build]:
    confdir = tmp_path_factory.mktemp("docs")
    (confdir / "shop.py").write_text(textwrap.dedent(APP))
    lock = confdir / "lock.json"
    lock.write_bytes((project / "demo_docs" / "asgi-live.lock.json").read_bytes())
    cache = cold_cache(tmp_path_factory.mktemp("cache"))
    exclude = tuple(LiveConfig().exclude)
    settings = Settings(confdir, (confdir,), (), exclude, lock, cache, None, 60, 20, snapshot="off")
    yield build_shop(settings, tmp_path_factory.mktemp("html"))


def test_the_pages_of_an_app_are_files_of_its_site(shop: Build) -> None:
    page = shop.page("")
    assert 'data-asgi-live="recorded"' in page
    assert "h1 { color: red }" in page
    gif = base64.b64encode(b"GIF89a").decode()
    inner = f'h1 {{ background: url("data:image/gif;base64,{gif}") }}'
    assert base64.b64encode(inner.encode()).decode() in page
    assert "endless" not in page and "example.org" not in page and "location" not in page
    assert '[\n  {\n    "id": 1\n  }\n]' in shop.page("items")


def test_an_answer_that_fails_is_told_in_the_placeholder_and_the_app_is_there(shop: Build) -> None:
    assert [path for path, _ in shop.outcome.complaints] == ["/broken"]
    page = shop.page("broken")
    assert 'data-asgi-live="placeholder"' in page
    assert "the app answers /broken with status 500: Traceback" in page
    assert "ValueError: no such shop" in page
    assert (shop.root / "shop" / "sw.js").is_file()


def test_an_app_that_is_too_heavy_is_told_at_its_line(shop: Build, tmp_path: Path) -> None:
    outcome = build_shop(replace(shop.settings, size_limit=1_000_000), tmp_path).outcome
    [(path, told)] = set(outcome.complaints) - set(shop.outcome.complaints)
    assert path == "/"
    assert told.startswith("readers download ")
    assert "more than asgi_live_size_limit = 1.0 MB" in told
    assert "its standard library" in told


def test_no_cookie_is_kept(shop: Build) -> None:
    assert "a secret is set" in shop.page("cookie")
    files = [*(shop.root / "shop").rglob("*"), *(shop.settings.cache / "checks").rglob("*")]
    written = b"".join(path.read_bytes() for path in files if path.is_file())
    assert b"a secret is set" in written
    assert b"session=" not in written


def test_the_worker_has_them_by_what_a_browser_asks_for(shop: Build) -> None:
    worker = (shop.root / "shop" / "sw.js").read_text()
    manifest = json.loads(worker[worker.index("{", worker.index("serve(") + 7) : worker.rindex("}") + 1])
    assert sorted(manifest["recordings"]) == ["/", "/cookie", "/items"]
    for entry in manifest["recordings"].values():
        assert entry["type"] == "text/html; charset=utf-8"
        assert (shop.root / "shop" / entry["url"]).is_file()


def test_two_clean_builds_are_the_same_byte_by_byte(shop: Build, tmp_path: Path) -> None:
    # Archives have tests of their own.
    shutil.copytree(shop.settings.cache, tmp_path / "cache", ignore=shutil.ignore_patterns("checks"))
    again = build_shop(replace(shop.settings, cache=tmp_path / "cache"), tmp_path / "html")
    files = [path for path in shop.root.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert (again.root / path.relative_to(shop.root)).read_bytes() == path.read_bytes()
