"""Addresses of npm CDNs, and the files behind them: fetched once through the real npm, then the lock decides."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.assets import Asset, CdnFile, cdn_file, collect, find_cdn_files
from sphinx_asgi_live.packing.engine import integrity_of
from sphinx_asgi_live.packing.lock import Lock, NpmPackage
from tests.warm import NO_ENGINE, engine

JSDELIVR = "https://cdn.jsdelivr.net/npm"
UNPKG = "https://unpkg.com"
IS_NUMBER = f"{JSDELIVR}/is-number@7.0.0/index.js"

# Addresses


@pytest.mark.parametrize(
    ("address", "package", "path"),
    [
        (f"{JSDELIVR}/swagger-ui-dist@5/swagger-ui.css", "swagger-ui-dist@5", "swagger-ui.css"),
        (f"{JSDELIVR}/htmx.org@2.0.4/dist/htmx.min.js", "htmx.org@2.0.4", "dist/htmx.min.js"),
        (f"{JSDELIVR}/@picocss/pico@2/css/pico.min.css", "@picocss/pico@2", "css/pico.min.css"),
        (f"{JSDELIVR}/@picocss/pico", "@picocss/pico@latest", ""),
        (f"{JSDELIVR}/vue", "vue@latest", ""),
        (f"{JSDELIVR}/vue/", "vue@latest", ""),
        (f"{JSDELIVR}/vue@3", "vue@3", ""),
        (f"{JSDELIVR}/vue@^3.4/dist/vue.js", "vue@^3.4", "dist/vue.js"),
        (f"{JSDELIVR}/vue@%5E3.4/dist/vue.js", "vue@^3.4", "dist/vue.js"),
        (f"{JSDELIVR}/vue@~3.4/dist/vue.js", "vue@~3.4", "dist/vue.js"),
        (f"{JSDELIVR}/vue@3.x/dist/vue.js", "vue@3.x", "dist/vue.js"),
        (f"{JSDELIVR}/vue@next/dist/vue.js", "vue@next", "dist/vue.js"),
        (f"{JSDELIVR}/vue@3.0.0-beta.1+build/a.js", "vue@3.0.0-beta.1+build", "a.js"),
        (f"{JSDELIVR}/font/My%20Font.woff2", "font@latest", "My Font.woff2"),
        (f"{JSDELIVR}/vue@3/a.js?v=1", "vue@3", "a.js"),
        (f"{UNPKG}/react@18/umd/react.js", "react@18", "umd/react.js"),
        (f"{UNPKG}/@scope/name@1.2.3/a/b.mjs", "@scope/name@1.2.3", "a/b.mjs"),
        (f"{UNPKG}/htmx.org", "htmx.org@latest", ""),
        (f"{UNPKG}/npm@10/index.js", "npm@10", "index.js"),
        (f"{UNPKG}/npm/index.js", "npm@latest", "index.js"),
        (f"{JSDELIVR}/npm/index.js", "npm@latest", "index.js"),
    ],
)
def test_an_address_names_a_package_and_a_path(address: str, package: str, path: str) -> None:
    assert cdn_file(address) == CdnFile(address, package, path)
    assert find_cdn_files(f'<script src="{address}"></script>') == [CdnFile(address, package, path)]


@pytest.mark.parametrize(
    "address",
    [
        f"{JSDELIVR}/vue@3/+esm",
        f"{JSDELIVR}/",
        f"{JSDELIVR}/@scope",
        f"{UNPKG}/",
        "https://cdn.jsdelivr.net/gh/owner/name@1/file.js",
        "https://cdn.jsdelivr.net/combine/npm/a@1,npm/b@2",
        "https://cdn.example/npm/vue@3/a.js",
        "https://unpkg.com.example/vue@3/a.js",
    ],
)
def test_other_addresses_name_none(address: str) -> None:
    assert find_cdn_files(f'<script src="{address}"></script>') == []


def test_addresses_are_found_wherever_a_page_has_them() -> None:
    page = f"""
    <link rel=stylesheet href={UNPKG}/a@1/a.css>
    <script src='{UNPKG}/b@1/b.js#hash' integrity="x"></script>
    <script>import("{UNPKG}/c@1/c.js"); load(`{UNPKG}/d@1/d.js`); const again = "{UNPKG}/a@1/a.css"</script>
    <style>body {{ background: url({UNPKG}/e@1/e.png) }}</style>
    <div data-load="[&quot;{UNPKG}/f@1/f.js?x=1&amp;y=2&quot;]">&lt;{UNPKG}/g@1/g.js&gt;</div>
    """
    found = [file.address.removeprefix(UNPKG) for file in find_cdn_files(page)]
    assert found == [
        "/a@1/a.css", "/b@1/b.js", "/c@1/c.js", "/d@1/d.js", "/e@1/e.png", "/f@1/f.js?x=1&y=2", "/g@1/g.js"
    ]  # fmt: skip


# Files


def fetched(cache: Path, *addresses: str, lock: Lock | None = None) -> tuple[dict[str, Asset], Lock]:
    files = [file for address in addresses if (file := cdn_file(address))]
    assets, lock = collect(files, lock or Lock(), engine(), cache)
    assert [asset.address for asset in assets] == sorted(asset.address for asset in assets)
    return {asset.address: asset for asset in assets}, lock


def test_a_file_is_fetched_once_and_then_the_lock_and_the_cache_are_enough(tmp_path: Path) -> None:
    assets, lock = fetched(tmp_path, IS_NUMBER)
    assert b"module.exports = function(num)" in assets[IS_NUMBER].content
    assert list(lock.npm) == ["is-number@7.0.0"]
    held = lock.npm["is-number@7.0.0"]
    tarball = tmp_path / "npm" / "is-number-7.0.0.tgz"
    assert (held.version, held.integrity) == ("7.0.0", integrity_of(tarball.read_bytes()))
    file = CdnFile(IS_NUMBER, "is-number@7.0.0", "index.js")
    assert collect([file], lock, NO_ENGINE, tmp_path) == (list(assets.values()), lock)
    # A damaged tarball is no tarball.
    tarball.write_bytes(tarball.read_bytes()[:-1])
    with pytest.raises(PackingError, match="npm could not be started"):
        collect([file], lock, NO_ENGINE, tmp_path)
    assert collect([file], lock, engine(), tmp_path) == (list(assets.values()), lock)


def test_a_range_is_locked_to_what_it_meant_at_first(tmp_path: Path) -> None:
    address = f"{UNPKG}/is-number@^6/index.js"
    _, lock = fetched(tmp_path, address)
    assert lock.npm["is-number@^6"].version == "6.0.0"
    older = Lock().with_npm(NpmPackage("is-number@^6", "5.0.0", "sha512-" + "A" * 86 + "=="))
    with pytest.raises(PackingError) as error:
        fetched(tmp_path, address, lock=older)
    told = str(error.value)
    assert told.startswith("npm delivered is-number 5.0.0 with integrity sha512-")
    assert "but the lock holds sha512-AAAA" in told
    assert "delete its line in the lock" in told
    assert not (tmp_path / "npm" / "is-number-5.0.0.tgz").exists()


def test_the_cdn_picks_the_entry_point_and_minifies(tmp_path: Path) -> None:
    entry, minified, bare = (f"{UNPKG}/is-number@7.0.0{path}" for path in ("", "/index.min.js", "/index"))
    assets, _ = fetched(tmp_path, entry, minified, bare, IS_NUMBER)
    assert {asset.content for asset in assets.values()} == {assets[IS_NUMBER].content}
    assert len(assets) == 4
    assert len({asset.media_type for asset in assets.values()}) == 1


def test_a_scoped_package_has_its_own_place_in_the_cache(tmp_path: Path) -> None:
    address = f"{JSDELIVR}/@csstools/normalize.css@12.1.1"
    assets, lock = fetched(tmp_path, address)
    assert assets[address].media_type == "text/css"
    assert list(lock.npm) == ["@csstools/normalize.css@12.1.1"]
    assert [path.name for path in (tmp_path / "npm").iterdir()] == ["@csstools+normalize.css-12.1.1.tgz"]


def test_a_style_sheet_brings_its_fonts_and_images(tmp_path: Path) -> None:
    folder = f"{JSDELIVR}/slick-carousel@1.8.1/slick"
    assets, lock = fetched(tmp_path, f"{folder}/slick-theme.css")
    found = {address.removeprefix(folder): asset.content[:4] for address, asset in assets.items()}
    assert found["/fonts/slick.woff"] == b"wOFF"
    assert found["/ajax-loader.gif"] == b"GIF8"
    assert found["/fonts/slick.svg"] == b"<?xm"
    assert len(lock.npm) == 1


def test_a_file_that_the_package_lacks_is_named(tmp_path: Path) -> None:
    address = f"{UNPKG}/is-number@7.0.0/dist/missing.js"
    with pytest.raises(PackingError) as error:
        fetched(tmp_path, address)
    assert str(error.value) == (
        f"{address}: the npm package is-number@7.0.0 holds no 'dist/missing.js'; correct the address in the app"
    )


def test_without_npm_and_cache_the_package_is_named(tmp_path: Path) -> None:
    _, lock = fetched(tmp_path, IS_NUMBER)
    shutil.rmtree(tmp_path / "npm")
    with pytest.raises(PackingError, match=r"npm could not be started.*check the network"):
        collect([CdnFile(IS_NUMBER, "is-number@7.0.0", "index.js")], lock, NO_ENGINE, tmp_path)
