"""From `module:attribute` to the ASGI or WSGI app, with a sentence for each way in which it may be neither."""

from __future__ import annotations

import importlib
import inspect
from difflib import get_close_matches
from typing import Any, cast

from sphinx_asgi_live.browser.messages import ASGIApp

ASGI2_REMEDY = "Wrap it in `asgiref.compatibility.guarantee_single_callable`."
FACTORY = "a factory is a plain function that returns the app."


class AppLoadError(Exception):
    """The target is no app; the message names it and the remedy."""


def load_app(module: str, attribute: str, factory: bool) -> ASGIApp:
    """Import `module`, walk the dotted `attribute`, call it if it is a `factory`, and return the app.

    A WSGI app is wrapped into an ASGI one. Raises AppLoadError if the target is neither. What the author's own
    code raises passes through, so that its traceback can be shown; only `sys.exit` is turned into an AppLoadError.
    """
    target = f"{module}:{attribute}"
    try:
        found = _walk(_import(module), module, attribute)
        return check_app(found, factory, target)
    except SystemExit as error:
        raise AppLoadError(
            f"{target} called sys.exit({error.code!r}) while it was loaded. "
            "Put what starts a server or a command under `if __name__ == '__main__':`."
        ) from error


def check_app(app: Any, factory: bool, target: str = "The target") -> ASGIApp:
    """Return the ASGI 3 app that `app` is or, as a `factory`, makes; raise AppLoadError if there is none.

    A WSGI app is wrapped into an ASGI one.
    """
    if factory:
        app = _made_by(app, target)
        target = f"What {target} returned"
    if (reason := not_asgi3(app)) is not None:
        if is_wsgi(app):
            # Here, since it imports what an ASGI app should not have to wait for.
            from sphinx_asgi_live.browser.wsgi import WSGIAdapter

            return WSGIAdapter(app)
        raise AppLoadError(f"{target} {reason}")
    return cast(ASGIApp, app)


def not_asgi3(app: Any) -> str | None:
    """Return None for an ASGI 3 app, else what is wrong, as a sentence that lacks its subject."""
    if not callable(app):
        return f"is not callable ({_kind(app)}), so it is no ASGI app. Name the variable that holds the app."
    if inspect.isclass(app):
        return _not_asgi3_class(app)
    asynchronous = _is_async(app)
    if _takes(app, 3) and (asynchronous or not _takes(app, 0) or _takes(app, 30)):
        return None
    if _takes(app, 0):
        if asynchronous:
            return f"is an async function without parameters; {FACTORY}"
        return "takes no parameters, so it looks like a factory. Add `:factory:` to have it called."
    if not asynchronous and _takes(app, 1):
        return f"takes one parameter, so it looks like an ASGI 2 app. {ASGI2_REMEDY}"
    return (
        "takes neither the parameters of an ASGI app (scope, receive and send) "
        "nor, as a plain function, those of a WSGI app (environ and start_response)."
    )


def is_wsgi(app: Any) -> bool:
    """Whether an `app` that is no ASGI 3 app looks like a WSGI app: not async, and called with two arguments.

    What takes any number of arguments can be either, and is left to ASGI.
    """
    if not callable(app) or _takes(app, 0) or not _takes(app, 2) or _is_async(app):
        return False
    # An instance of the class is the response then, as in PEP 3333's own `AppClass`.
    return not inspect.isclass(app) or hasattr(app, "__iter__")


def _not_asgi3_class(app: type) -> str | None:
    if hasattr(app, "__await__") and _takes(app, 3):
        return None  # `await App(scope, receive, send)`, as Starlette's endpoints
    if _takes(app, 1) and not _takes(app, 0) and "__call__" in vars(app):
        return f"is a class that takes the scope alone: an ASGI 2 app. {ASGI2_REMEDY}"
    return f"is the class {app.__name__}. Name a variable that holds an instance, or add `:factory:`."


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there; one that it imports is not
        raise AppLoadError(
            f"There is no module {error.name!r} (looking for {module!r}). Check the spelling, and that "
            "`asgi_live_paths` names the folder that holds it or `:requirements:` the package."
        ) from error


def _walk(found: Any, module: str, attribute: str) -> Any:
    place = f"The module {module!r}"
    for name in attribute.split("."):
        missing = object()
        following = getattr(found, name, missing)
        if following is missing:
            raise AppLoadError(f"{place} has no attribute {name!r}{_did_you_mean(name, dir(found))}")
        found, place = following, f"{name!r} in the module {module!r}"
    return found


def _did_you_mean(name: str, known: list[str]) -> str:
    close = get_close_matches(name, [each for each in known if not each.startswith("__")], n=1)
    return f"; did you mean {close[0]!r}?" if close else ". Name the variable that holds the app."


def _made_by(factory: Any, target: str) -> Any:
    if not callable(factory):
        raise AppLoadError(f"{target} is not callable ({_kind(factory)}): no factory. Leave `:factory:` out.")
    if not _takes(factory, 0):
        if not_asgi3(factory) is None:
            raise AppLoadError(f"{target} is an ASGI app itself, not a factory. Leave `:factory:` out.")
        if is_wsgi(factory):
            raise AppLoadError(
                f"{target} takes two parameters, but a factory gets none. "
                "If it is a WSGI app itself, leave `:factory:` out."
            )
        raise AppLoadError(f"{target} needs parameters, but a factory gets none. Give each a default.")
    app = factory()
    if inspect.iscoroutine(app):
        app.close()
        raise AppLoadError(f"{target} is an async function; {FACTORY}")
    return app


def _is_async(app: Any) -> bool:
    called = (app, getattr(app, "__call__", None))  # noqa: B004
    return any(inspect.iscoroutinefunction(each) or inspect.isasyncgenfunction(each) for each in called)


def _takes(app: Any, number: int) -> bool:
    """Whether `app` can be called with that many positional arguments; yes if there is no telling."""
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(*range(number))
    except TypeError:
        return False
    return True


def _kind(value: Any) -> str:
    return "it is None" if value is None else f"it is of the type {type(value).__name__}"
