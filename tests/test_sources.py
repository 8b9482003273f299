"""Which files and requirements belong to an app: beside the docs, on paths, installed; and what is refused."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.modules import definitions, parse
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.spec import AppSpec
from tests.handmade import metadata

APP = "async def app(scope, receive, send): ...\n"


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    return write(tmp_path / "docs", {"conf.py": ""})


def of(docs: Path, target: str, paths: Sequence[Path] = (), **options: object) -> Sources:
    return find(AppSpec("shop", target, **options), confdir=docs, paths=paths or [docs])  # type: ignore[arg-type]


def inline(docs: Path, source: str, name: str = "page-app", paths: Sequence[Path] = ()) -> Sources:
    return find(AppSpec(name, source=source), confdir=docs, paths=paths or [docs])


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(PackingError) as caught:
        call()
    return str(caught.value)


# Targets beside the docs


def test_a_module_and_what_it_imports(docs: Path) -> None:
    write(
        docs,
        {
            "main.py": "import fastapi, os\nfrom db import save\n" + APP,
            "db.py": "def save():\n    import main, models.user\n",
            "models/__init__.py": "",
            "models/user.py": "from . import order\nfrom .. import nothing\n",
            "models/order.py": "import models.user\n",
            "models/seed.json": "[]",
            "unused.py": "",
        },
    )
    assert list(of(docs, "main:app").files) == [
        "db.py",
        "main.py",
        "models/__init__.py",
        "models/order.py",
        "models/seed.json",
        "models/user.py",
    ]


def test_a_package_comes_whole_without_leftovers(docs: Path) -> None:
    write(
        docs,
        {
            "shop/__init__.py": "",
            "shop/main.py": "from shop import views\n" + APP,
            "shop/views.py": "",
            "shop/templates/größe.html": "x",
            "shop/templates/broken.py": "{{ not python }}",
            **dict.fromkeys(
                (
                    "shop/__pycache__/main.cpython-311.pyc",
                    "shop/main.pyc",
                    "shop/main.py~",
                    "shop/#main.py#",
                    "shop/.main.py.swp",
                    "shop/.secret/key",
                    "shop/.venv/x.py",
                    "shop/env/pyvenv.cfg",
                    "shop/env/x.py",
                    "shop/static/node_modules/x.js",
                    "shop/_speed.cpython-311-x86_64-linux-gnu.so",
                ),
                "",
            ),
        },
    )
    assert list(of(docs, "shop.main:app").files) == [
        "shop/__init__.py",
        "shop/main.py",
        "shop/templates/broken.py",
        "shop/templates/größe.html",
        "shop/views.py",
    ]


def test_a_package_may_import_what_lies_beside_it(docs: Path) -> None:
    files = {
        "shop/__init__.py": APP,
        "shop/a.py": "def f():\n    import beside.x\n",
        "beside/__init__.py": "import last",
    }
    write(docs, {**files, "last.py": "", "beside/x.py": ""})
    assert list(of(docs, "shop:app").files) == ["beside/__init__.py", "beside/x.py", "last.py", *sorted(files)[1:]]


def test_namespace_folders_give_only_what_is_imported(docs: Path) -> None:
    write(
        docs,
        {
            "examples/shop.py": "from . import parts\nfrom examples.deep.inner import y\n" + APP,
            "examples/parts.py": "",
            "examples/deep/inner.py": "y = 1",
            "examples/other.py": "",
            "examples/data.csv": "",
        },
    )
    assert list(of(docs, "examples.shop:app").files) == [
        "examples/deep/inner.py",
        "examples/parts.py",
        "examples/shop.py",
    ]


def test_an_earlier_path_hides_a_later_one(docs: Path, tmp_path: Path) -> None:
    first = write(tmp_path / "first", {"main.py": APP + "import late"})
    second = write(tmp_path / "second", {"main.py": "", "late.py": "", "docs/x.py": ""})
    assert of(docs, "main:app", [first, second]).files == {
        "late.py": second / "late.py",
        "main.py": first / "main.py",
    }


def test_modules_keep_their_path_below_the_root_they_were_found_in(docs: Path) -> None:
    write(docs, {"apps/shop/__init__.py": APP})
    assert list(of(docs, "shop:app", [docs / "apps"]).files) == ["shop/__init__.py"]


def test_the_same_whatever_the_order_of_the_file_system(docs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(docs, {"a.py": "import c, b\n" + APP, "b.py": "", "c.py": ""})
    assert list(of(docs, "a:app").files) == ["a.py", "b.py", "c.py"]
    assert of(docs, "a:app") == of(docs, "a:app")


def test_very_long_and_foreign_names(docs: Path) -> None:
    deep = "/".join(["d" * 200] * 3)
    write(docs, {"läden/__init__.py": APP, f"läden/{deep}/数据.txt": ""})
    assert f"läden/{deep}/数据.txt" in of(docs, "läden:app").files
    assert "there is no module" in refusal(lambda: of(docs, f"{'m' * 5000}:app"))


# Bad targets


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("", "'' in '' is not the name of a module"),
        (
            "shop",
            "no app is called app, application, api or made by create_app.*shop/__init__.py and the modules asgi,",
        ),
        ("json", "'json' is Python's own module"),
        (":app", "'' in ':app' is not the name of a module"),
        ("shop:", "'' in 'shop:' is not the name of an attribute"),
        ("shop main:app", "'shop main' in 'shop main:app' is not the name of a module"),
        ("..shop:app", "not the name of a module"),
        ("shop:app:x", "'app:x'.*not the name of an attribute"),
        ("shop/main.py:app", "names a file.*write 'shop.main:app'$"),
        ("./shop/main.py", "names a file.*write 'shop.main:app'$"),
        ("shop/__init__.py:api", "names a file.*write 'shop:api'$"),
        (r"shop\main.py:app", "names a file.*write 'shop.main:app'$"),
        ("../bad:app", "write 'bad:app', and add '..' to asgi_live_paths in conf.py$"),
        ("../my-apps/shop/main.py:app", "write 'shop.main:app', and add '../my-apps' to asgi_live_paths"),
        ("/srv/shop/main.py:app", "write 'main:app', and add '/srv/shop' to asgi_live_paths"),
        ("/main.py:app", "write 'main:app', and add '/' to asgi_live_paths"),
        ("my-app.py:app", "names a file, not a module; write 'module:attribute', as in 'shop.main:app'$"),
        ("../:app", "names a file, not a module; write 'module:attribute', as in 'shop.main:app'$"),
        ("/:app", "names a file, not a module; write 'module:attribute', as in 'shop.main:app'$"),
        ("main:create()", "write 'main:create' and add :factory:"),
        ("no_such_module_anywhere:app", r"no module 'no_such_module_anywhere' in \..*asgi_live_paths.*install it"),
        ("mian:app", "did you mean 'main'"),
        ("main.sub:app", "'main' is a module and no package"),
        ("space", "space is a folder without __init__.py.*name a module in it .'space.x'., or make it a package"),
        ("space:app", "space is a folder without __init__.py"),
        ("shop.nope:app", "no module 'shop.nope' in shop;"),
        ("shop.veiws:app", "did you mean 'shop.views'"),
        ("shop.views.x:app", "'shop.views' is a module and no package"),
        ("json:app", "'json' is Python's own module"),
        ("packaging.vresion:app", "did you mean 'packaging.version'"),
        ("broken:app", r"^broken.py:2: .*correct the source"),
        ("main:ap", "main.py defines no 'ap' at its top level .did you mean 'app'"),
        ("main:ap.sub", "defines no 'ap'"),
    ],
)
def test_says_what_is_wrong_with_a_target(docs: Path, target: str, says: str) -> None:
    write(docs, {"main.py": APP, "shop/__init__.py": "", "shop/views.py": "", "broken.py": "import os\ndef (:\n"})
    write(docs, {"space/x.py": ""})
    with pytest.raises(PackingError, match=says):
        of(docs, target)


def test_an_attribute_that_only_running_tells_is_left_to_the_engine(docs: Path) -> None:
    for text in ("from shop import *", "def __getattr__(name): ...", "globals()['app'] = 1", "exec('app = 1')"):
        write(docs, {"main.py": text})
        assert of(docs, "main:app").files
    write(docs, {"pkg/__init__.py": "", "pkg/app.py": ""})
    assert of(docs, "pkg:app").files


def test_what_a_module_defines() -> None:
    text = """
import a.b, c as d
from e import f as g
h: int
i: int = 1
j, (k, *l) = m.n = 1, (2, 3)
if x:
    o = 1
else:
    try:
        p = 1
    except E as q:
        r = 1
for s in t: u = 1
with v as w: y = 1
class Z: inner = 1
def F(argument):
    global late
    local = late = 1
match x:
    case {"k": aa, **bb}: pass
    case [cc, *dd]: pass
(ee := 1)
lambda hidden: 0
"""
    found = definitions(parse(text.encode(), "x"))
    assert found is not None
    assert set("adgijkloprsuwyZF") | {"late", "aa", "bb", "cc", "dd", "ee"} == found


def test_a_path_that_is_not_readable_as_python_is_named(docs: Path) -> None:
    (docs / "nul.py").write_bytes(b"app = 1\0")
    assert refusal(lambda: of(docs, "nul:app")).startswith("nul.py")
    (docs / "latin.py").write_bytes(b"# coding: latin-1\napp = '\xe9'\n")
    assert of(docs, "latin:app").files


# Sources in the page


def test_a_source_in_the_page_and_what_it_imports(docs: Path) -> None:
    write(docs, {"helper.py": "", "conf.py": ""})
    found = inline(docs, "import helper, fastapi\napp = 1\n")
    assert found.files == {"helper.py": docs / "helper.py", "page_app.py": b"import helper, fastapi\napp = 1\n"}
    assert (found.requirements, found.origin) == (("fastapi",), "imports")


@pytest.mark.parametrize(
    ("source", "name", "says"),
    [
        ("app = (", "x", "the source in the page:1: "),
        ("apq = 1", "x", "the source in the page defines no 'app'.*did you mean 'apq'"),
        ("import shop.db\napp = 1", "shop", "imports a module of that name.*choose another :name:"),
        ("app = 1", "calendar", "hides Python's own module 'calendar'; choose another :name:"),
    ],
)
def test_refuses_a_source_in_the_page(docs: Path, source: str, name: str, says: str) -> None:
    with pytest.raises(PackingError, match=says):
        inline(docs, source, name)


# Requirements


BLOCK = """# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "Fastapi >=0.100",
#   "jinja2",
# ]
# ///
"""


def test_script_metadata_gives_requirements_unless_the_page_does(docs: Path) -> None:
    write(docs, {"main.py": BLOCK + APP})
    assert of(docs, "main:app").requirements == ("fastapi>=0.100", "jinja2")
    assert of(docs, "main:app", requirements=("starlette",)).requirements == ("starlette",)
    assert of(docs, "main:app", requirements=()).requirements == ()
    assert inline(docs, BLOCK.replace("\n", "\r\n") + "app = 1").requirements == ("fastapi>=0.100", "jinja2")


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("# /// script\n# dependencies = [\n# ///\n", "is not TOML"),
        ("# /// script\n# dependencies = 'x'\n# ///\n", "should be a list of strings, and is 'x'"),
        ("# /// script\n# dependencies = ['no good']\n# ///\n", "'no good' is not a requirement"),
        (BLOCK + "\n" + BLOCK, "more than one"),
    ],
)
def test_refuses_bad_script_metadata(docs: Path, block: str, says: str) -> None:
    with pytest.raises(PackingError, match=says):
        inline(docs, block + "app = 1")


def test_refuses_a_requirement_that_is_none(docs: Path) -> None:
    write(docs, {"main.py": APP})
    with pytest.raises(PackingError, match=r"'git[+]x' is not a requirement"):
        of(docs, "main:app", requirements=("git+x",))


# Installed


REQUIRES = (
    "starlette>=1",
    "uvicorn; extra == 'server'",
    "pywin32; sys_platform == 'win32'",
    "tz; python_version>'3.13'",
)
WANTED = ("starlette>=1", "tz")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on sys.path that stands for site-packages."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(
    site: Path, name: str, files: Mapping[str, str], editable: Path | None = None, folder: Path | None = None
) -> None:
    """Do what installers do: write the files, METADATA, RECORD, and direct_url.json if it is from a folder."""
    info = f"{name}-1.0.dist-info"
    origin = {"dir_info": {"editable": True}, "url": editable.as_uri()} if editable else {}
    origin = {"dir_info": {}, "url": folder.as_uri()} if folder else origin
    everything = {
        **files,
        f"{info}/METADATA": metadata(name, "1.0", REQUIRES),
        f"{info}/entry_points.txt": "[console_scripts]\nx = y:z\n",
        f"{info}/direct_url.json": json.dumps(origin),
        f"{info}/licenses/docs/LICENSE.txt": "MIT",
        f"{info}/NOTICE": "",
        f"{info}/INSTALLER": "pip",
    }
    record = "".join(f"{file},,\n" for file in [*everything, f"{info}/RECORD", "../../bin/x"])
    write(site, {**everything, f"{info}/RECORD": record})
    importlib.invalidate_caches()


METADATA = [
    f"market-1.0.dist-info/{file}" for file in ("METADATA", "NOTICE", "entry_points.txt", "licenses/docs/LICENSE.txt")
]


def test_an_installed_distribution_gives_its_own_files_and_requirements(docs: Path, site: Path) -> None:
    install(
        site,
        "market",
        {"bazaar/__init__.py": "raise SystemExit", "bazaar/web.py": "import other\n" + APP, "bazaar/a.pyc": ""},
    )
    install(site, "other", {"other/__init__.py": ""})
    found = of(docs, "bazaar.web:app")
    assert list(found.files) == ["bazaar/__init__.py", "bazaar/web.py", *METADATA]
    assert found.requirements == WANTED
    assert "bazaar" not in sys.modules


def test_an_installed_distribution_that_is_required_comes_from_the_index(docs: Path, site: Path) -> None:
    install(site, "market", {"bazaar/__init__.py": APP})
    found = of(docs, "bazaar:app", requirements=("market==1.0",))
    assert (found.files, found.requirements) == ({}, ("market==1.0",))


@pytest.mark.parametrize("layout", ["src", "flat"])
def test_an_editable_install_by_a_path_file(
    docs: Path, site: Path, tmp_path: Path, layout: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    root = project / "src" if layout == "src" else project
    write(root, {"bazaar/__init__.py": "", "bazaar/web.py": "import beside\n" + APP, "beside.py": ""})
    install(site, "market", {"_market.pth": f"{root}\n"}, editable=project)
    monkeypatch.syspath_prepend(str(root))
    found = of(docs, "bazaar.web:app")
    assert list(found.files) == ["bazaar/__init__.py", "bazaar/web.py", "beside.py", *METADATA]
    assert found.requirements == WANTED
    assert of(docs, "bazaar.web:app", [root, docs]) == found


def test_an_editable_install_by_setuptools_finder(
    docs: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "project", {"lib/__init__.py": "", "lib/web.py": APP})
    finder = f"MAPPING: dict[str, str] = {{'bazaar': {str(tmp_path / 'project' / 'lib')!r}}}\n"
    install(site, "market", {"__editable___market_finder.py": finder}, editable=tmp_path / "project")

    class Finder:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> object:
            place = tmp_path / "project" / "lib" / "__init__.py"
            folder = [str(place.parent)]
            make = importlib.util.spec_from_file_location
            return make(name, place, submodule_search_locations=folder) if name == "bazaar" else None

    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    found = of(docs, "bazaar.web:app")
    assert list(found.files) == ["bazaar/__init__.py", "bazaar/web.py", *METADATA]
    assert found.requirements == WANTED


def test_an_app_in_the_docs_of_an_editable_project_is_not_the_project(
    docs: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(site, "market", {"_market.pth": f"{tmp_path / 'src'}\n"}, editable=tmp_path)
    write(docs, {"bazaar.py": APP})
    monkeypatch.syspath_prepend(str(docs))
    found = of(docs, "bazaar:app")
    assert (found.files, found.requirements) == ({"bazaar.py": docs / "bazaar.py"}, ())


def test_a_module_that_no_distribution_owns_does_not_drag_in_its_neighbours(docs: Path, site: Path) -> None:
    write(site, {"loose.py": "import other\n" + APP, "other/__init__.py": ""})
    importlib.invalidate_caches()
    assert list(of(docs, "loose:app").files) == ["loose.py"]


# Further files


def test_patterns_are_matched_below_conf_py_and_then_below_the_paths(docs: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "data", {"far.db": "", "near.db": "far"})
    write(docs, {"main.py": APP, "near.db": "near", "d/a.csv": "", "d/e/b.csv": "", "d/.c.csv": "", "d/x.txt": ""})
    found = of(docs, "main:app", [docs, data], files=("*.db", "far.*", "d/**/*.csv", "d/e"))
    assert list(found.files) == ["d/a.csv", "d/e/b.csv", "far.db", "main.py", "near.db"]
    assert found.files["near.db"] == docs / "near.db"


def test_a_hidden_file_is_taken_if_named(docs: Path) -> None:
    write(docs, {"main.py": APP, ".flaskenv": "A=1"})
    found = of(docs, "main:app", files=(".flaskenv",))
    assert ".flaskenv" in found.files
    assert not found.secrets


KEY = "-----BEGIN RSA PRIVATE KEY-----\n"
SECRETS = {"server.pem": f"...\n{KEY}", "id_ed25519": "", "sub/credentials.json": "{}", "tls.key": KEY, "a.p12": ""}


def test_what_looks_like_a_secret_is_left_out_unless_it_is_named_in_full(docs: Path) -> None:
    harmless = {"ca.pem": "-----BEGIN CERTIFICATE-----", "id_rsa.pub": "", "keys.key": "", "env.py": "", "a.txt": "x"}
    write(docs, {f"shop/{name}": text for name, text in {**SECRETS, **harmless, "__init__.py": APP}.items()})
    write(docs, {".env": "TOKEN=1", ".env.example": ""})
    found = of(docs, "shop:app", files=("shop/*.pem", ".env", ".env.example"))
    packed = {path.removeprefix("shop/") for path in found.files}
    assert packed == {*harmless, "__init__.py", ".env", ".env.example"}
    assert len(found.secrets) == len(SECRETS) + 1
    assert found.secrets[0].startswith(".env looks like a secret, and readers get it: all that")
    assert "shop/server.pem looks like a secret, and is left out: all that an app consists of" in " ".join(
        found.secrets
    )


def test_every_app_gets_the_files_of_the_project(docs: Path) -> None:
    write(docs, {"main.py": APP, "data/a.csv": "", "data/b.txt": ""})
    found = find(AppSpec("x", "main:app", files=("data/b.txt",)), confdir=docs, paths=[docs], files=["data/*.csv"])
    assert list(found.files) == ["data/a.csv", "data/b.txt", "main.py"]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("../x.db", "leaves the folder of conf.py.*asgi_live_paths"),
        ("/etc/hosts", "leaves the folder of conf.py"),
        ("", "leaves the folder of conf.py"),
        ("*.nope", r"':files: '\*.nope' matches nothing in \.|matches nothing"),
        ("d/" + "x" * 5000, "matches nothing"),
    ],
)
def test_refuses_patterns(docs: Path, pattern: str, says: str) -> None:
    write(docs, {"main.py": APP})
    with pytest.raises(PackingError, match=says):
        of(docs, "main:app", files=(pattern,))


def test_refuses_two_files_in_one_place(docs: Path, tmp_path: Path) -> None:
    apps = write(tmp_path / "apps", {"main.py": APP})
    write(docs, {"main.py": "other"})
    message = refusal(lambda: of(docs, "main:app", [apps], files=("main.py",)))
    assert message.startswith("'main.py' would be two files: ")
    (docs / "main.py").write_text(APP)
    assert of(docs, "main:app", [apps], files=("main.py",)).files == {"main.py": apps / "main.py"}


# Links


def test_links_within_the_folder_are_followed_and_loops_end(docs: Path) -> None:
    write(docs, {"shop/__init__.py": APP, "shared/a.txt": ""})
    (docs / "shop" / "data").symlink_to(docs / "shared")
    (docs / "shop" / "again").symlink_to(docs / "shop")
    assert list(of(docs, "shop:app").files) == ["shop/__init__.py", "shop/data/a.txt"]


@pytest.mark.parametrize("link", ["shop/data", "shop/notes.txt", "main.py", "pack"])
def test_refuses_links_that_leave(docs: Path, tmp_path: Path, link: str) -> None:
    outside = write(tmp_path / "outside", {"__init__.py": APP, "main.py": APP, "notes.txt": ""})
    write(docs, {"shop/__init__.py": APP})
    (docs / link).symlink_to(outside / Path(link).name if "." in link else outside)
    target = f"{Path(link).parts[0].removesuffix('.py')}:app"
    message = refusal(lambda: of(docs, target))
    assert message.startswith(f"{link} is a link out of its folder, to {outside}")
    assert "asgi_live_paths" in message
    assert of(docs, target, [docs, outside]).files


def test_refuses_links_to_nothing(docs: Path) -> None:
    write(docs, {"shop/__init__.py": APP})
    (docs / "shop" / "data").symlink_to(docs / "gone")
    assert refusal(lambda: of(docs, "shop:app")).startswith("shop/data is a link to nothing")
