"""The files of npm CDNs and what they load: fetched once through the real npm, then the lock decides."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.assets import Asset, Collected, collect
from sphinx_asgi_live.packing.cdn import CdnFile, cdn_file
from sphinx_asgi_live.packing.engine import Engine, integrity_of
from sphinx_asgi_live.packing.lock import Lock, NpmPackage
from tests.warm import NO_ENGINE, engine

JSDELIVR = "https://cdn.jsdelivr.net/npm"
UNPKG = "https://unpkg.com"
IS_NUMBER = f"{JSDELIVR}/is-number@7.0.0/index.js"


def fetched(cache: Path, *addresses: str, lock: Lock | None = None) -> tuple[dict[str, Asset], Lock]:
    files = [file for address in addresses if (file := cdn_file(address))]
    collected, lock = collect(files, lock or Lock(), engine(), cache)
    assert [asset.address for asset in collected.assets] == sorted(asset.address for asset in collected.assets)
    return {asset.address: asset for asset in collected.assets}, lock


def again(file: CdnFile, lock: Lock, cache: Path, engine: Engine = NO_ENGINE) -> tuple[list[Asset], Lock]:
    collected, lock = collect([file], lock, engine, cache)
    return list(collected.assets), lock


def test_a_file_is_fetched_once_and_then_the_lock_and_the_cache_are_enough(tmp_path: Path) -> None:
    assets, lock = fetched(tmp_path, IS_NUMBER)
    assert b"module.exports = function(num)" in assets[IS_NUMBER].content
    assert list(lock.npm) == ["is-number@7.0.0"]
    held = lock.npm["is-number@7.0.0"]
    tarball = tmp_path / "npm" / "is-number-7.0.0.tgz"
    assert (held.version, held.integrity) == ("7.0.0", integrity_of(tarball.read_bytes()))
    file = CdnFile(IS_NUMBER, "is-number@7.0.0", "index.js")
    assert again(file, lock, tmp_path) == (list(assets.values()), lock)
    # A damaged tarball is no tarball.
    tarball.write_bytes(tarball.read_bytes()[:-1])
    with pytest.raises(PackingError, match="npm could not be started"):
        again(file, lock, tmp_path)
    assert again(file, lock, tmp_path, engine()) == (list(assets.values()), lock)


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


# What a file loads, and whose it is


def tarball(cache: Path, name: str, **files: str) -> NpmPackage:
    """Make a package as npm would have delivered it; return its line in the lock."""
    path = cache / "npm" / f"{name}-1.0.0.tgz"
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for place, text in {"package.json": "{}", **files}.items():
            entry = tarfile.TarInfo(f"package/{place}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return NpmPackage(f"{name}@1", "1.0.0", integrity_of(path.read_bytes()))


MODULE = """\
import "./side.js"; import {a as b, c} from './named';export * from "../up.js"
import main, * as all from "./folder"
import bare from "other"; import deep from "other/deep.js"
import far from "https://unpkg.com/other@1/far.js"
const later = () => import(`./later.js`), unknown = () => import(`./${name}.js`)
const wasm = new URL("data.wasm", import.meta.url)
/* import gone from "./gone.js" */
// import "./comment.js"
"""


def held(cache: Path, *addresses: str, packages: Iterable[NpmPackage]) -> Collected:
    """Collect by lock and cache alone."""
    lock = Lock()
    for package in packages:
        lock = lock.with_npm(package)
    files = [file for address in addresses if (file := cdn_file(address))]
    collected, _ = collect(files, lock, NO_ENGINE, cache)
    return collected


def test_a_module_brings_what_it_imports(tmp_path: Path) -> None:
    places = ("side.js", "named.js", "folder/index.js", "later.js", "comment.js")
    files = {"src/main.js": MODULE, "up.js": "", "src/data.wasm": "", **{f"src/{place}": "" for place in places}}
    one = tarball(tmp_path, "one", **files)
    other = tarball(tmp_path, "other", **{"far.js": 'import "./near.js"', "near.js": "", "deep.js": ""})
    collected = held(tmp_path, f"{UNPKG}/one@1/src/main.js", packages=[one, other])
    found = {asset.address.removeprefix(UNPKG): asset.media_type for asset in collected.assets}
    mine = {f"/one@1/src/{place}" for place in ("main.js", "side.js", "named", "folder", "later.js", "data.wasm")}
    assert set(found) == {*mine, "/one@1/up.js", "/other@1/far.js", "/other@1/near.js"}
    assert found["/one@1/src/named"] == "text/javascript"
    assert collected.packages == {"one@1", "other@1"}


def test_what_a_file_loads_lies_beside_it_however_it_was_asked_for(tmp_path: Path) -> None:
    """The worker's answer has no other address than the one asked for, from which browsers resolve."""
    described = '{"module": "./esm/main.js"}'
    one = tarball(tmp_path, "one", **{"package.json": described, "esm/main.js": 'import "./x.js"', "esm/x.js": "found"})
    found = {asset.address: asset.content for asset in held(tmp_path, f"{UNPKG}/one@1", packages=[one]).assets}
    assert found == {f"{UNPKG}/one@1": b'import "./x.js"', f"{UNPKG}/x.js": b"found"}


def test_a_style_sheet_brings_others(tmp_path: Path) -> None:
    one = tarball(tmp_path, "one", **{"a.css": '@import "b.css"; @import url(c.css);', "b.css": "", "c.css": ""})
    collected = held(tmp_path, f"{UNPKG}/one@1/a.css", packages=[one])
    assert [asset.address.rpartition("/")[2] for asset in collected.assets] == ["a.css", "b.css", "c.css"]


def test_the_licences_of_a_package_come_with_it(tmp_path: Path) -> None:
    texts = {"LICENSE": "MIT", "NOTICE.txt": "by us", "a.js.LICENSE.txt": "and them", "license.js": "code"}
    one = tarball(tmp_path, "one", **{"a.js": "", **texts})
    none = tarball(tmp_path, "none", **{"a.js": "", "package.json": '{"license": "ISC"}', "lib/LICENSE": "another's"})
    collected = held(tmp_path, f"{UNPKG}/one@1/a.js", f"{UNPKG}/none@1/a.js", packages=[one, none])
    assert collected.licences == {
        "one-1.0.0/LICENSE": b"MIT",
        "one-1.0.0/NOTICE.txt": b"by us",
        "one-1.0.0/a.js.LICENSE.txt": b"and them",
        "none-1.0.0/package.json": b'{"license": "ISC"}',
    }
