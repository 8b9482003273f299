"""What an app imports is what it requires: followed through its own files, mapped to distributions."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from sphinx_asgi_live.packing.conditions import required_imports
from sphinx_asgi_live.packing.distributions import distribution_of, is_stdlib
from sphinx_asgi_live.packing.sources import find
from sphinx_asgi_live.spec import AppSpec
from tests.test_sources import APP, docs, install, of, site, write

__all__ = ["docs", "site"]


def needed(source: str) -> list[str]:
    found = required_imports(ast.parse(source), "shop", is_stdlib)
    return [each.name for each in found if not each.optional]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a, b.c as d\nfrom e import f, g", ["a", "b.c", "e", "e.f", "e.g"]),
        ("from . import x\nfrom .y import z", ["shop", "shop.x", "shop.y", "shop.y.z"]),
        ("def f():\n    async def g():\n        import a\nclass C:\n    import b", ["a", "b"]),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", ["b"]),
        ("if typing.TYPE_CHECKING or t.TYPE_CHECKING:\n    import a", []),
        ("if not TYPE_CHECKING:\n    import a", ["a"]),
        ("if __name__ == '__main__':\n    import uvicorn\n    uvicorn.run(app)", []),
        ("if sys.version_info >= (3, 11):\n    import a\nelse:\n    import b", ["a"]),
        (
            "if sys.platform == 'win32':\n    import a\nelif os.name == 'posix':\n    import b\nelse:\n    import c",
            ["b"],
        ),
        ("if debug:\n    import a\nelse:\n    import b", ["a", "b"]),
        ("if sys.version_info > 'x' or f():\n    import a", ["a"]),
        ("try:\n    import a\nexcept ImportError:\n    a = None", []),
        ("try:\n    import a\nexcept (KeyError, ModuleNotFoundError):\n    pass\nelse:\n    import a.b", []),
        ("try:\n    import a\nexcept:\n    raise RuntimeError('install a')", ["a"]),
        ("try:\n    import a\nexcept KeyError:\n    import b", ["a", "b"]),
        ("try:\n    import tomllib\nexcept ImportError:\n    import tomli as tomllib", ["tomllib"]),
        ("try:\n    import ujson as json\nexcept ImportError:\n    import json", ["json"]),
        (
            "try:\n    import a\nexcept ImportError:\n    try:\n        import b\n    except:\n        b = 0",
            [],
        ),
        ("try:\n    import a\nexcept ImportError:\n    import b\nfinally:\n    import c", ["b", "c"]),
        ("with suppress(ImportError):\n    import a\nwith contextlib.suppress(Exception):\n    import b", []),
        ("with open(x):\n    import a\nmatch x:\n    case 1:\n        import b", ["a", "b"]),
        ("INSTALLED_APPS = ['django.contrib.admin', 'rest_framework']", ["django.contrib.admin", "rest_framework"]),
        ("NAMES = ['polls', 'polls.urls']", []),
    ],
)
def test_which_imports_count_in_the_browser(source: str, names: list[str]) -> None:
    assert needed(source) == names


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("yaml", "pyyaml"),  # installed here
        ("multipart.multipart", "python-multipart"),
        ("jwt", "pyjwt"),  # famous
        ("PIL.Image", "pillow"),
        ("google.protobuf.message", "protobuf"),
        ("litestar.openapi", "litestar"),  # as nearly all
        ("flask_htmx", "flask-htmx"),
    ],
)
def test_the_distribution_of_a_module(module: str, distribution: str) -> None:
    assert distribution_of(module) == distribution


def test_no_distribution_is_called_like_a_private_or_a_foreign_name() -> None:
    assert [distribution_of(each) for each in ("_speedups", "läden", "x" * 3)] == [None, None, "xxx"]
    assert is_stdlib("__main__")


def test_pythons_own_modules_are_those_of_the_browser() -> None:
    assert is_stdlib("compression.zstd")
    assert not is_stdlib("cgi")
    assert distribution_of("cgi") == "legacy-cgi"


def test_imports_are_followed_through_the_apps_own_files_only(docs: Path) -> None:
    write(
        docs,
        {
            "shop/__init__.py": "import structlog",
            "shop/main.py": "import fastapi\nfrom . import views\n" + APP,
            "shop/views.py": "import yaml, os\nfrom beside import x\nfrom data.tables import y\n",
            "shop/tests.py": "import pytest",
            "shop/broken.py": "import x; def (",
            "beside.py": "from jinja2 import Template\nimport shop.main\nimport shop.broken",
            "data/tables.py": "import jwt",
        },
    )
    found = of(docs, "shop.main:app")
    assert found.requirements == ("fastapi", "jinja2", "pyjwt", "pyyaml", "structlog")
    assert found.origin == "imports"


def test_a_django_project_is_followed_by_the_names_in_its_settings(docs: Path) -> None:
    write(
        docs,
        {
            "mysite/__init__.py": "",
            "mysite/asgi.py": "import os\nfrom django.core import asgi\n"
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
            "application = asgi.get_asgi_application()\n",
            "mysite/settings.py": "INSTALLED_APPS = ['polls.apps.PollsConfig', 'votes', 'rest_framework']\n"
            "ROOT_URLCONF = 'mysite.urls'\n",
            "mysite/urls.py": "from django.urls import include, path\nurlpatterns = [include('polls.urls')]\n",
            "polls/__init__.py": "",
            "polls/apps.py": "import slugify",
            "polls/urls.py": "import markdown",
            "votes/__init__.py": "",
            "votes/models.py": "",
            "unused/__init__.py": "",
        },
    )
    for target in ("mysite.asgi:application", "mysite.asgi", "mysite"):
        found = of(docs, target)
        assert (found.spec.module, found.spec.attribute) == ("mysite.asgi", "application")
        assert {"polls/apps.py", "votes/models.py"} < set(found.files)
        assert "unused/__init__.py" not in found.files
        assert found.requirements == ("django", "djangorestframework", "markdown", "python-slugify")


@pytest.mark.parametrize(
    ("files", "target", "chosen"),
    [
        ({"main.py": "app = 1\napplication = 2"}, "main", "main:app"),
        ({"main.py": "application = 2\ndef create_app(): ..."}, "main", "main:application"),
        ({"main.py": "def create_app(debug=False, *, x=1): ..."}, "main", "main:create_app()"),
        ({"main.py": "from factory import make_app"}, "main", "main:make_app()"),
        ({"main.py": "from x import *"}, "main", "main:app"),
        ({"space/asgi.py": "app = 1", "space/x.py": ""}, "space", "space.asgi:app"),
        ({"shop/__init__.py": "", "shop/main.py": "app = 1", "shop/asgi.py": ""}, "shop", "shop.main:app"),
        ({"shop/__init__.py": "def create_app(): ...", "shop/main.py": "app = 1"}, "shop", "shop:create_app()"),
    ],
)
def test_an_app_is_found_where_the_target_names_its_module_alone(
    docs: Path, files: dict[str, str], target: str, chosen: str
) -> None:
    spec = of(write(docs, files), target).spec
    assert f"{spec.module}:{spec.attribute}{'()' if spec.factory else ''}" == chosen


def test_a_factory_is_preferred_where_the_page_says_so(docs: Path) -> None:
    write(docs, {"main.py": "app = 1\ndef create_app(): ..."})
    assert of(docs, "main", factory=True).spec.attribute == "create_app"
    spec = find(AppSpec("x", source="def create_app(): ..."), confdir=docs, paths=[docs]).spec
    assert (spec.attribute, spec.factory) == ("create_app", True)


def test_a_local_project_is_packed_as_it_is_with_what_it_requires(
    docs: Path, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(tmp_path / "project", {"bazaar/__init__.py": "import orjson, stalls", "bazaar/a.txt": ""})
    install(site, "market", {"_market.pth": f"{project}\n"}, editable=project)
    install(site, "stall", {"stalls/__init__.py": "import hidden"}, folder=tmp_path / "stall")
    write(docs, {"main.py": "import bazaar, httpx\n" + APP})
    monkeypatch.syspath_prepend(str(project))
    found = of(docs, "main:app")
    packed = {path.partition("/")[0] for path in found.files}
    assert packed == {"bazaar", "main.py", "market-1.0.dist-info", "stall-1.0.dist-info", "stalls"}
    # What the two require, and not what their modules import.
    assert found.requirements == ("httpx", "starlette>=1", "tz")


def test_what_conf_py_has_put_on_the_path_is_packed(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "src", {"teahouse/__init__.py": "import httpx, beside", "beside.py": "import jwt"})
    monkeypatch.syspath_prepend(str(source))
    # The last one was Python's own, and is in the Python that builds the documentation perhaps.
    write(docs, {"main.py": "from teahouse import menu\nimport cgi\n" + APP})
    found = of(docs, "main:app")
    assert list(found.files) == ["beside.py", "main.py", "teahouse/__init__.py"]
    assert found.requirements == ("httpx", "legacy-cgi", "pyjwt")


def test_a_local_project_that_a_script_requires_is_packed_and_one_that_the_page_requires_is_not(
    docs: Path, site: Path, tmp_path: Path
) -> None:
    install(site, "market", {"bazaar/__init__.py": ""}, folder=tmp_path)
    block = "# /// script\n# dependencies = ['httpx', 'market[server]']\n# ///\n"
    write(docs, {"main.py": f"{block}import bazaar\n{APP}"})
    found = of(docs, "main:app")
    assert found.requirements == ("httpx", "starlette>=1", "tz", "uvicorn")
    assert "bazaar/__init__.py" in found.files
    found = of(docs, "main:app", requirements=("market",))
    assert (list(found.files), found.requirements) == (["main.py"], ("market",))
