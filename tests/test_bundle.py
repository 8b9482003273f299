"""Archives: the same bytes from the same files, and read back by what reads them in the browser."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sphinx_asgi_live.packing import PackingError, pyc
from sphinx_asgi_live.packing.bundle import (
    HOME,
    Archive,
    Tree,
    app_tree,
    bridge_tree,
    compress,
    pack,
    pack_stdlib,
    wheel_tree,
)
from sphinx_asgi_live.packing.pyodide import SITE_PACKAGES
from sphinx_asgi_live.packing.static import static_folder
from tests.handmade import wheel
from tests.warm import NO_ENGINE, cold_cache, engine, warm_runtime, warm_stdlib

# Names and constants that other code uses too: whether an object was already there must not show in a `.pyc`.
SHOP = """
import json
def order(self, name, value=None, *args, encoding="utf-8", **kwargs):
    return {"name": name, "value": value, "items": (1, 2, 3), "answer": 1234567890123, "self": self, "path": "name"}
class Order:
    name = encoding = "a string that only stands here and there"
"""
ONE = Tree(
    "one",
    HOME,
    {
        "shop.py": SHOP.encode(),
        "größe/日本語.py": "wert = '→'\n".encode(),
        "größe/daten ünd mehr.bin": bytes(range(256)) * 5,
        "empty.txt": b"",
        f"{'deep/' * 25}module.py": b"depth = 25\n",
        f"{'deeper/' * 60}module.py": b"depth = 60\n",
        f"{'ä/' * 140}{'n' * 200}.txt": b"far down",
        "n" * 100 + ".txt": b"just fits",
        "n" * 101 + ".txt": b"just not",
        "a" * 155 + "/" + "b" * 100: b"prefix and name are full",
        "block.bin": b"x" * 512,
        "template.py": b"class {{ name }}: pass\n",
        "nested.py": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
        f"{'m' * 250}.py": b"value = 250\n",
        "named.py/module.py": b"inside = 1\n",
    },
)
OTHER = Tree("other", SITE_PACKAGES, {"shop/__init__.py": SHOP.encode() * 3})

# Mounts an archive with the readers' own code, then changes every source: only the `.pyc` still know the answers.
READ_BACK = """
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
const [jobPath, resultPath] = process.argv.slice(2);
const { modules, runtime, stdlib, archive, pyc, code } = JSON.parse(readFileSync(jobPath, "utf-8"));
const { files } = await import(`${modules}/tar.js`);
const { NO_PACKAGES } = await import(`${modules}/interpreter.js`);
const { loadPyodide } = await import(`${runtime}/pyodide.mjs`);
const python = await loadPyodide({ indexURL: `${runtime}/`, stdLibURL: stdlib, lockFileContents: NO_PACKAGES });
const digests = {};
for (const { path, content } of files(new Uint8Array(gunzipSync(readFileSync(archive))))) {
  digests[path] = createHash("sha256").update(content).digest("hex");
  const place = `/home/web/${path}`;
  python.FS.mkdirTree(place.slice(0, place.lastIndexOf("/")));
  python.FS.writeFile(place, path.endsWith(".py") ? "raise ImportError('the source was read')" : content);
}
python.FS.writeFile("/home/web/pyc.py", readFileSync(pyc));
const told = JSON.parse(python.runPython(code));
writeFileSync(resultPath, JSON.stringify({ digests, told }));
process.exit(0);
"""
CODE = '''
import sys, importlib.util, json, json.decoder, marshal
sys.path.insert(0, "/home/web")
import pyc, shop
source = b"""
def first(x):
    if x in {'only_a', 'only_b', 'only_c'}:
        return 1
def second(x):
    return x in {'only_a', 'only_b', 'only_c'} and 'content=' in x
"""
def dumped(function):
    code = function(source, "x.py")
    return marshal.dumps(code)
plain = lambda source, shown: compile(source, shown, "exec")
before = dumped(plain), dumped(pyc.reproducible)
held = [sys.intern("only_" + each) for each in "abc"]
after = dumped(plain), dumped(pyc.reproducible)
def below(name, count):
    return importlib.import_module(".".join([name] * count) + ".module").depth
json.dumps({
    "the same with interned strings": [before[0] == after[0], before[1] == after[1]],
    "python": list(sys.version_info[:2]),
    "magic": importlib.util.MAGIC_NUMBER.hex(),
    "order": shop.order(1, 2),
    "file": shop.order.__code__.co_filename,
    "values": [importlib.import_module("größe.日本語").wert, below("deep", 25), below("deeper", 60)],
    "stdlib": [
        json.decoder.__spec__.loader.get_filename("json.decoder"),
        json.decoder.JSONDecoder.decode.__code__.co_filename,
    ],
})
'''


@dataclass(frozen=True)
class Packed:
    """The same tree packed twice, in a cache of its own each time, and what a fresh Pyodide makes of it."""

    cache: Path
    along: list[Archive]
    alone: Archive
    read: dict[str, Any]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Packed:
    caches = [cold_cache(tmp_path_factory.mktemp("cache")) for _ in range(2)]
    along = pack([OTHER, ONE], engine(), warm_runtime(), caches[0])
    # The other cache holds the archive already, and it is damaged.
    damaged = caches[1] / "archives" / f"{ONE.key}-{'0' * 64}"
    damaged.parent.mkdir()
    damaged.write_bytes(along[1].path.read_bytes()[:-1])
    [alone] = pack([ONE], engine(), warm_runtime(), caches[1])
    assert not damaged.exists()
    script = tmp_path_factory.mktemp("script") / "read.mjs"
    script.write_text(READ_BACK, encoding="utf-8")
    job = {
        "modules": static_folder().as_uri(),
        "runtime": str(warm_runtime().folder),
        "stdlib": str(warm_stdlib()),
        "archive": str(alone.path),
        "pyc": pyc.__file__,
        "code": CODE,
    }
    return Packed(caches[0], along, alone, engine().run(script, job, timeout=120))


def members(archive: Archive) -> dict[str, tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(archive.path) as tar:
        return {entry.name: (entry, (tar.extractfile(entry) or io.BytesIO()).read()) for entry in tar}


def test_an_archive_has_the_same_bytes_whatever_else_is_packed(packed: Packed) -> None:
    assert packed.alone.path.read_bytes() == packed.along[1].path.read_bytes()
    assert packed.alone.path.name == packed.along[1].path.name


def test_an_archive_is_made_once(packed: Packed) -> None:
    assert pack([OTHER, ONE], NO_ENGINE, warm_runtime(), packed.cache) == packed.along
    assert pack([], NO_ENGINE, warm_runtime(), packed.cache) == []
    assert [(archive.name, archive.mount) for archive in packed.along] == [("other", SITE_PACKAGES), ("one", HOME)]


def test_an_archive_tells_nothing_of_the_authors_machine(packed: Packed) -> None:
    entries = [entry for entry, _ in members(packed.alone).values()]
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    owners = {(entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname, entry.mode) for entry in entries}
    assert owners == {(0, 0, 0, "", "", 0o644)}
    assert packed.alone.path.read_bytes()[4:8] == bytes(4)


def test_the_browsers_reader_finds_every_file_and_every_byte(packed: Packed) -> None:
    told = {name: hashlib.sha256(content).hexdigest() for name, (_, content) in members(packed.alone).items()}
    assert packed.read["digests"] == told
    assert {name: digest for name, digest in told.items() if "__pycache__" not in name} == {
        name: hashlib.sha256(content).hexdigest() for name, content in ONE.members.items()
    }


def test_what_compiles_has_its_pyc_by_pyodides_own_python(packed: Packed) -> None:
    found = {name: content for name, (_, content) in members(packed.alone).items() if "__pycache__" in name}
    left_out = {"template.py", "nested.py", f"{'m' * 250}.py"}
    modules = [Path(name) for name in ONE.members if name.endswith(".py") and name not in left_out]
    assert set(found) == {(path.parent / "__pycache__" / f"{path.stem}.cpython-314.pyc").as_posix() for path in modules}
    assert packed.read["told"]["python"] == [3, 14]
    assert {content[:4].hex() for content in found.values()} == {packed.read["told"]["magic"]}


def test_strings_that_are_interned_already_change_no_byte_of_a_pyc(packed: Packed) -> None:
    # They do change what a plain `compile` gives: without that, there would be nothing to see to.
    assert packed.read["told"]["the same with interned strings"] == [False, True]


def test_pyodide_runs_the_pyc(packed: Packed) -> None:
    told = packed.read["told"]
    assert told["order"] == {
        "name": 2,
        "value": None,
        "items": [1, 2, 3],
        "answer": 1234567890123,
        "self": 1,
        "path": "name",
    }
    assert told["file"] == f"{HOME}/shop.py"
    assert told["values"] == ["→", 25, 60]


def test_the_standard_library_is_pyc_where_zipimport_looks(packed: Packed) -> None:
    assert packed.read["told"]["stdlib"] == [
        "/lib/python314.zip/json/decoder.pyc",
        "/lib/python314.zip/json/decoder.py",
    ]
    with zipfile.ZipFile(warm_runtime().stdlib) as sources, zipfile.ZipFile(warm_stdlib()) as compiled:
        names = compiled.namelist()
        wanted = [name + "c" for name in sources.namelist() if name.endswith(".py")]
        assert sorted(wanted) == [name for name in names if name.endswith(".pyc")]
        assert names == sorted(names)
        assert not any("__pycache__" in name or name.endswith(".py") for name in names)
        assert {info.date_time for info in compiled.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_standard_library_is_compiled_once(tmp_path: Path) -> None:
    cache = cold_cache(tmp_path)
    assert pack_stdlib(NO_ENGINE, warm_runtime(), cache).read_bytes() == warm_stdlib().read_bytes()


def test_a_compressed_file_is_the_same_each_time(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"content " * 1000)
    first, second = (compress(file, tmp_path / cache).read_bytes() for cache in ("one", "two"))
    assert first == second == compress(file, tmp_path / "one").read_bytes()
    assert gzip.decompress(first) == file.read_bytes()
    file.write_bytes(b"other")
    assert gzip.decompress(compress(file, tmp_path / "one").read_bytes()) == b"other"


@pytest.mark.parametrize(
    "changed",
    [
        Tree("one", HOME, {"b.py": b"1"}),
        Tree("one", HOME, {"a.py": b"2"}),
        Tree("one", HOME, {"a.py": b"1", "b": b""}),
        Tree("one", SITE_PACKAGES, {"a.py": b"1"}),
    ],
)
def test_a_trees_key_is_its_content_and_its_place(changed: Tree) -> None:
    tree = Tree("one", HOME, {"a.py": b"1"})
    assert tree.key != changed.key
    assert tree.key == Tree("other name", HOME, {"a.py": b"1"}).key


# What goes into a tree


def test_an_apps_tree_holds_files_and_sources_in_the_page(tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(b"\0\xff")
    tree = app_tree("shop", {"data.bin": tmp_path / "data.bin", "main.py": b"app = 1"})
    assert (tree.name, tree.mount) == ("shop", HOME)
    assert tree.members == {"data.bin": b"\0\xff", "main.py": b"app = 1"}


def test_the_bridge_is_all_that_the_browser_gets_of_this_package() -> None:
    names = set(bridge_tree().members)
    assert {"sphinx_asgi_live/__init__.py", "sphinx_asgi_live/browser/bridge.py"} <= names
    assert all(name.startswith("sphinx_asgi_live/browser/") for name in names - {"sphinx_asgi_live/__init__.py"})


def files_of(folder: Path, files: Mapping[str, str]) -> dict[str, bytes]:
    tree = wheel_tree(wheel(folder, "thing", "1.0", files=files))
    assert (tree.name, tree.mount) == ("thing-1.0", SITE_PACKAGES)
    return {name: content for name, content in tree.members.items() if ".dist-info/" not in name}


def test_a_wheels_tree_is_what_pip_would_install(tmp_path: Path) -> None:
    contents = {
        "thing/__init__.py": "1",
        "thing/data/größe.txt": "2",
        "thing-1.0.data/purelib/pure.py": "3",
        "thing-1.0.data/platlib/thing/plat.py": "4",
        "thing-1.0.data/scripts/thing": "#!python",
        "thing-1.0.data/headers/thing.h": "",
        "thing-1.0.data/data/etc/thing.conf": "",
        "weather.data/today.csv": "5",
        "thing.data/data/two.csv": "6",
    }
    assert files_of(tmp_path, contents) == {
        "thing/__init__.py": b"1",
        "thing/data/größe.txt": b"2",
        "pure.py": b"3",
        "thing/plat.py": b"4",
        "weather.data/today.csv": b"5",
        "thing.data/data/two.csv": b"6",
    }
    assert "thing-1.0.dist-info/METADATA" in wheel_tree(tmp_path / "thing-1.0-py3-none-any.whl").members


@pytest.mark.parametrize(
    "path", ["../outside.py", "thing/../../outside.py", "/etc/outside.py", "thing-1.0.data/purelib/../x.py"]
)
def test_a_wheel_that_leaves_its_folder_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(PackingError, match=r"thing-1\.0-py3-none-any\.whl holds .* a path out of its folder"):
        files_of(tmp_path, {path: ""})


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_a_wheel_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "thing-1.0-py3-none-any.whl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PackingError) as error:
        wheel_tree(path)
    assert str(error.value).startswith(f"{path.name} cannot be read (")
    assert str(error.value).endswith(f"delete it from the cache: {path}")
