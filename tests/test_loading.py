"""Modules that hold apps, and everything that is mistaken for one."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sphinx_asgi_live.browser.loading import AppLoadError, check_app, is_wsgi, load_app, not_asgi3
from sphinx_asgi_live.browser.wsgi import WSGIAdapter

SHOP = """
async def app(scope, receive, send): ...

class Site:
    async def __call__(self, scope, receive, send): ...

site = Site()
class box: inner = site

def create_app(config=None): return site
def broken_factory(): raise LookupError("no config")
def needy_factory(config): return site
def wsgi_factory(): return wsgi
async def async_factory(): return site
def wrong_factory(): return {}
nothing = None
words = "text"
def wsgi(environ, start_response): return []
def asgi2(scope): ...
class ASGI2:
    def __init__(self, scope): ...
    async def __call__(self, receive, send): ...
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "main.py").write_text(SHOP)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "shop"
    for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
        del sys.modules[name]


@pytest.mark.parametrize("attribute", ["app", "site", "box.inner"])
def test_apps_load(attribute: str) -> None:
    assert callable(load_app("shop.main", attribute, factory=False))


def test_a_factory_is_called() -> None:
    assert type(load_app("shop.main", "create_app", factory=True)).__name__ == "Site"


@pytest.mark.parametrize(
    ("module", "attribute", "factory", "message"),
    [
        ("shop.mian", "app", False, "There is no module 'shop.mian' (looking for 'shop.mian')."),
        ("shopp.main", "app", False, "There is no module 'shopp' (looking for 'shopp.main')."),
        ("shop.main", "ap", False, "The module 'shop.main' has no attribute 'ap'; did you mean 'app'?"),
        ("shop.main", "qqq", False, "The module 'shop.main' has no attribute 'qqq'. Name the variable"),
        ("shop.main", "box.iner", False, "'box' in the module 'shop.main' has no attribute 'iner'; did you mean"),
        ("shop.main", "nothing", False, "shop.main:nothing is not callable (it is None)"),
        ("shop.main", "words", False, "shop.main:words is not callable (it is of the type str)"),
        ("shop.main", "asgi2", False, "shop.main:asgi2 takes one parameter, so it looks like an ASGI 2 app."),
        ("shop.main", "ASGI2", False, "shop.main:ASGI2 is a class that takes the scope alone: an ASGI 2 app."),
        ("shop.main", "Site", False, "shop.main:Site is the class Site. Name a variable"),
        ("shop.main", "create_app", False, "Add `:factory:` to have it called."),
        ("shop.main", "async_factory", False, "is an async function without parameters;"),
        ("shop.main", "async_factory", True, "shop.main:async_factory is an async function; a factory is"),
        ("shop.main", "needy_factory", True, "shop.main:needy_factory needs parameters"),
        ("shop.main", "wrong_factory", True, "What shop.main:wrong_factory returned is not callable"),
        ("shop.main", "app", True, "shop.main:app is an ASGI app itself, not a factory. Leave `:factory:` out."),
        (
            "shop.main",
            "wsgi",
            True,
            "shop.main:wsgi takes two parameters, but a factory gets none. If it is a WSGI app",
        ),
        ("shop.main", "words", True, "shop.main:words is not callable (it is of the type str): no factory."),
    ],
)
def test_what_is_no_app_is_named(module: str, attribute: str, factory: bool, message: str) -> None:
    with pytest.raises(AppLoadError) as caught:
        load_app(module, attribute, factory)
    assert message in str(caught.value)


def test_what_the_apps_own_code_raises_passes_through(shop: Path) -> None:
    with pytest.raises(LookupError, match="no config"):
        load_app("shop.main", "broken_factory", factory=True)
    (shop / "typo.py").write_text("import no_such_module_of_mine")
    with pytest.raises(ModuleNotFoundError, match="no_such_module_of_mine"):
        load_app("shop.typo", "app", factory=False)
    (shop / "syntax.py").write_text("def :")
    with pytest.raises(SyntaxError):
        load_app("shop.syntax", "app", factory=False)


def test_a_module_that_exits(shop: Path) -> None:
    (shop / "script.py").write_text("import sys; sys.exit(2)")
    with pytest.raises(AppLoadError, match=r"shop\.script:app called sys\.exit\(2\)"):
        load_app("shop.script", "app", factory=False)


class Base:
    async def method(self, scope: Any, receive: Any, send: Any) -> None: ...


class Awaited:
    def __init__(self, scope: Any, receive: Any, send: Any) -> None: ...

    def __await__(self) -> Any: ...


async def with_options(scope: Any, receive: Any, send: Any, debug: bool = False) -> None: ...


async def defaults(scope: Any = None, receive: Any = None, send: Any = None) -> None: ...


def decorated(*args: Any, **kwargs: Any) -> Any: ...


def with_config(config: Any, scope: Any, receive: Any, send: Any) -> Any: ...


@pytest.mark.parametrize(
    "app",
    [Base().method, Awaited, with_options, defaults, decorated, functools.partial(with_config, {})],
    ids=lambda app: getattr(app, "__name__", "partial"),
)
def test_unusual_apps_are_apps(app: Any) -> None:
    assert not_asgi3(app) is None
    assert check_app(app, factory=False) is app


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    return []


class WSGI:
    """As Flask's, Bottle's, Falcon's and Django's apps are."""

    def __call__(self, env: Any, start_response: Any) -> list[bytes]:
        return []

    def wsgi_app(self, environ: Any, start_response: Any) -> list[bytes]:
        return []


class WSGIResponse:
    def __init__(self, environ: Any, start_response: Any) -> None: ...

    def __iter__(self) -> Iterator[bytes]:
        return iter([])


@functools.wraps(wsgi)
def wrapped_wsgi(*args: Any) -> Any:
    return wsgi(*args)


def with_environ(config: Any, environ: Any, start_response: Any) -> list[bytes]:
    return []


WSGI_APPS = [wsgi, WSGI(), WSGI().wsgi_app, WSGIResponse, wrapped_wsgi, functools.partial(with_environ, {})]


@pytest.mark.parametrize("app", WSGI_APPS, ids=lambda app: getattr(app, "__name__", type(app).__name__))
def test_wsgi_apps_are_wrapped(app: Any) -> None:
    adapter = check_app(app, factory=False)
    assert isinstance(adapter, WSGIAdapter)
    assert adapter.app is app
    assert not_asgi3(adapter) is None


@pytest.mark.parametrize(("attribute", "factory"), [("wsgi", False), ("wsgi_factory", True)])
def test_wsgi_apps_load(attribute: str, factory: bool) -> None:
    assert isinstance(load_app("shop.main", attribute, factory), WSGIAdapter)


def either(scope: Any, receive: Any, send: Any = None) -> Any: ...


@pytest.mark.parametrize("app", [either, decorated])
def test_what_may_be_either_is_asgi(app: Any) -> None:
    assert check_app(app, factory=False) is app


async def two(scope: Any, receive: Any) -> None: ...


async def two_generated(scope: Any, receive: Any) -> Any:
    yield b""


class Pair:
    def __init__(self, first: Any, second: Any) -> None: ...


@pytest.mark.parametrize("app", [two, two_generated, Pair, dict, None, lambda: None, lambda scope: None])
def test_not_everything_of_two_is_taken_for_wsgi(app: Any) -> None:
    assert not is_wsgi(app)
    with pytest.raises(AppLoadError):
        check_app(app, factory=False)


def test_an_async_function_of_two_is_told_what_it_lacks() -> None:
    assert str(not_asgi3(two)).startswith("takes neither the parameters of an ASGI app (scope, receive and send)")
