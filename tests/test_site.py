"""What is written below `asgi-live/`: only what changed, whole files, and nothing that no app needs."""

from __future__ import annotations

import gzip
import html
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from sphinx_asgi_live.packing.assets import Asset
from sphinx_asgi_live.packing.bundle import Archive
from sphinx_asgi_live.packing.site import FOLDER, Site
from tests.warm import warm_runtime

SHARE_TOO_MUCH = """
import resource, sys
from pathlib import Path
from sphinx_asgi_live.packing.site import Site
site = Site(Path(sys.argv[1]))
site.share("small", ".bin", b"s")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    site.share("large", ".bin", b"l" * 5000)
except OSError as error:
    print("refused:", error.strerror)
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def fill(site: Site, name: str = "shop", content: bytes = b"content") -> dict[str, object]:
    """Write all that an app has; return its manifest."""
    archive = site.root.parent / "archive"
    archive.write_bytes(content)
    modules, runtime = site.write_modules(), site.write_runtime(warm_runtime())
    manifest: dict[str, object] = {
        "archives": [site.share_archive(Archive("app", "/home/web", archive))],
        "title": "Tür </script>",
    }
    site.write_worker(name, modules, runtime, manifest)
    site.write_pages(name, "Shop", ["/", "/docs"], {}, {})
    archive.unlink()
    return manifest


def state(site: Site) -> dict[str, tuple[int, int]]:
    paths = [path for path in site.root.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def placeholder(site: Site, path: str = "") -> str:
    return (site.root / "shop" / "app" / path / "index.html").read_text(encoding="utf-8")


def test_an_app_is_a_worker_its_placeholders_and_what_is_shared(site: Site) -> None:
    manifest = fill(site)
    assert all((site.root / name).is_file() for name in site.files())
    assert len(state(site)) == len(site.files())
    worker = (site.root / "shop" / "sw.js").read_text()
    sources = re.findall(r'^import .* from "(.*)";$', worker, re.MULTILINE)
    assert len(sources) == 3
    assert all((site.root / "shop" / source).is_file() for source in sources)
    written = worker[worker.index("{", worker.index("serve(") + len("serve({")) : worker.rindex("}") + 1]
    assert json.loads(written) == manifest
    assert worker.isascii()
    [archive] = re.findall(r'"url": "(.*)"', worker)
    assert (site.root / "shop" / archive).read_bytes() == b"content"


def test_readers_get_neither_the_build_s_module_nor_the_compiler_s_files(site: Site) -> None:
    folder = site.root / site.write_modules().removeprefix("../")
    names = {path.name for path in folder.iterdir()}
    assert {"worker.js", "page.js", "page.css", "inside.js", "protocol.js"} <= names
    assert "engine.js" not in names
    assert {Path(name).suffix for name in names} == {".js", ".css"}


def test_what_is_unchanged_is_not_written_again(site: Site, tmp_path: Path) -> None:
    fill(site)
    for path in site.root.rglob("*"):
        os.utime(path, (0, 0))
    before = state(site)
    again = Site(tmp_path)
    fill(again)
    again.prune()
    assert state(again) == before


def test_what_apps_share_is_looked_at_once_a_build(site: Site, tmp_path: Path) -> None:
    fill(site)
    shared = [site.root / name for name in site.files() if name.startswith("shared/") and "/app-" not in name]
    assert len(shared) > 10
    for path in shared:
        path.write_bytes(b"")
    fill(site, "other")
    assert {path.read_bytes() for path in shared} == {b""}
    fill(Site(tmp_path))
    assert b"" not in {path.read_bytes() for path in shared}


def test_what_was_damaged_is_mended(site: Site, tmp_path: Path) -> None:
    fill(site)
    worker = site.root / "shop" / "sw.js"
    right = worker.read_bytes()
    worker.write_bytes(right.replace(b"title", b"tItle"))
    fill(Site(tmp_path))
    assert worker.read_bytes() == right


def test_what_no_app_needs_is_deleted(site: Site, tmp_path: Path) -> None:
    fill(site)
    fill(site, "old", b"old")
    (site.root / "shared" / ".new-left-behind").write_text("")
    (site.root / "empty" / "folder").mkdir(parents=True)
    again = Site(tmp_path)
    fill(again)
    again.prune()
    assert not (site.root / "old").exists()
    assert not (site.root / "empty").exists()
    assert sorted(state(again)) == sorted(str(site.root / name) for name in again.files())


def test_with_no_app_left_nothing_is_left(site: Site, tmp_path: Path) -> None:
    Site(tmp_path).prune()
    fill(site)
    (tmp_path / "index.html").write_text("")
    Site(tmp_path).prune()
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path, project: Path) -> None:
    command = [sys.executable, "-c", SHARE_TOO_MUCH, str(tmp_path)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("refused:"), done.stderr
    assert [re.sub("-.*", "", path.name) for path in (tmp_path / FOLDER / "shared").iterdir()] == ["small"]


def test_the_name_of_a_shared_file_follows_its_content(site: Site) -> None:
    first, same, other = (site.share("name", ".bin", content) for content in (b"a", b"a", b"b"))
    assert first == same
    assert first["url"] != other["url"]
    assert site.share("name", ".zip", b"a", type="application/zip")["type"] == "application/zip"
    assert re.fullmatch(r"\.\./shared/name-[0-9a-f]{16}\.bin", first["url"])
    assert first["size"] == 1


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ("style.min.css", "style.min-HASH.css.gzip"),
        ("style.css?v=1", "style-HASH.css.gzip"),
        ("htmx.org", "htmx-HASH.org.gzip"),
        ("react@18", "react_18-HASH.gzip"),
        ("My%20Font%2Fbold.woff2", "My_20Font_2Fbold-HASH.woff2.gzip"),
        ("größe*.js", "gr_e_-HASH.js.gzip"),
        (".js", "js-HASH.gzip"),
        ("", "index-HASH.gzip"),
        ("n" * 300 + ".js", "n" * 77 + "-HASH.js.gzip"),
        ("n." + "s" * 300, "s" * 80 + "-HASH.gzip"),
    ],
)
def test_an_asset_has_a_name_that_every_server_finds(site: Site, last: str, name: str) -> None:
    entry = site.share_asset(Asset(f"https://unpkg.com/package/{last}", "text/css", b"content"))
    assert re.sub("-[0-9a-f]{16}", "-HASH", entry["url"]) == f"../shared/{name}"
    # A server looks for the unescaped path of the request.
    served = site.root / unquote(entry["url"].removeprefix("../"))
    assert gzip.decompress(served.read_bytes()) == b"content"
    assert entry["type"] == "text/css"


# Placeholders

WILD = "</title><script>alert('1')</script> & \"Tür\" {{ 7 * 7 }} {% raw %}"


def test_a_placeholder_escapes_what_authors_write(site: Site) -> None:
    site.write_placeholders("shop", WILD, ["/"], problem=f"no {WILD}\n  second line")
    page = placeholder(site)
    assert "<script>" not in page
    assert page.count(str(html.escape(WILD, quote=False)).replace('"', "&#34;").replace("'", "&#39;")) == 3
    assert "\n  second line" in page
    assert 'data-asgi-live="unbuilt"' in page


def test_a_placeholder_without_a_problem_says_where_the_app_runs(site: Site) -> None:
    site.write_pages("shop", "Shop", ["/"], {}, {})
    assert 'data-asgi-live="placeholder"' in placeholder(site)
    assert "<title>Shop</title>" in placeholder(site)
    assert "could not be built" not in placeholder(site)


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/", ""),
        ("/docs", "docs"),
        ("/docs/", "docs"),
        ("/a/b?c=1&d=/e/#f", "a/b"),
        ("/gr%C3%B6%C3%9Fe%20x", "größe x"),
    ],
)
def test_a_placeholder_lies_where_a_server_looks_for_the_path(site: Site, path: str, folder: str) -> None:
    site.write_pages("shop", "Shop", [path], {}, {})
    assert placeholder(site, folder)
    assert site.files() == [f"shop/app/{folder}/index.html".replace("//", "/")]


def test_a_recorded_page_takes_the_placeholders_place(site: Site) -> None:
    recorded = {"/docs": b"<p>docs", "/a?b": b"<p>ab", "/list": b"<p>list", "/list?page=2": b"<p>2"}
    paths = ["/", *recorded, "/q?a=1", "/q?a=2", "/faulty"]
    site.write_pages("shop", "Shop", paths, {**recorded, "/q?a=1": b"1", "/q?a=2": b"2"}, {"/faulty": "status 500 <b>"})
    assert [placeholder(site, path) for path in ("docs", "a", "list")] == ["<p>docs", "<p>ab", "<p>list"]
    # Neither of them is right for both.
    assert 'data-asgi-live="placeholder"' in placeholder(site, "q")
    assert "status 500 &lt;b&gt;" in placeholder(site, "faulty")
    assert 'data-asgi-live="placeholder"' in placeholder(site, "faulty")
    entry = site.share_page("shop", b"<p>docs")
    assert entry["type"] == "text/html; charset=utf-8"
    assert gzip.decompress((site.root / entry["url"].removeprefix("../")).read_bytes()) == b"<p>docs"
