"""What frameworks need at run time and do not require: told from imports beforehand, or from a failure afterwards.

They leave such packages to the user, and say so in an error when the feature is used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sphinx_asgi_live.packing.distributions import distribution_of, is_stdlib

_FORMS = "python-multipart"
COMPANIONS: Mapping[str, str] = {
    "fastapi.File": _FORMS,
    "fastapi.Form": _FORMS,
    "fastapi.UploadFile": _FORMS,
    "fastapi.security.OAuth2PasswordRequestForm": _FORMS,
    "fastapi.security.OAuth2PasswordRequestFormStrict": _FORMS,
    "fastapi.templating": "jinja2",
    "fastapi.testclient": "httpx",
    "pydantic.EmailStr": "email-validator",
    "pydantic.NameEmail": "email-validator",
    "starlette.middleware.sessions": "itsdangerous",
    "starlette.schemas": "pyyaml",
    "starlette.templating": "jinja2",
    "starlette.testclient": "httpx",
}
"""The package that goes with what is imported; it is taken only where the app says nothing of its requirements."""

_MODULE = re.compile(r"^[ |]*ModuleNotFoundError: No module named '([\w.]+)'", re.MULTILINE)
_LAST = re.compile(r"^[ |]*(?:[\w.]+(?:Error|Exception|Configured|Found)): .*$", re.MULTILINE)
_INSTALL = re.compile(r"""\bpip install (?:-\S+ )*["'`]?([A-Za-z][\w.-]*(?:\[[\w,-]+\])?)""")
_NEEDED = re.compile(
    r"""["'`]?([A-Za-z][\w.-]*)["'`]? (?:library |package )?(?:must|to|is not|needs to) be installed"""
)
_REQUIRES = re.compile(r"""requires (?:the )?["'`]?([A-Za-z][\w.-]*)["'`]?(?: package| library| to be installed)""")


def companions_of(imported: Iterable[str]) -> Iterator[str]:
    """The packages that go with these dotted names of modules and what is in them."""
    return (COMPANIONS[name] for name in imported if name in COMPANIONS)


def lacking(told: str) -> str | None:
    """The requirement whose absence a traceback comes down to; `None` if it is another problem.

    A module that is not there is mapped to its distribution; otherwise the last error's own words say what to install.
    """
    modules = [name for name in _MODULE.findall(told) if not is_stdlib(name)]
    if modules:
        return distribution_of(modules[-1])
    errors = _LAST.findall(told)
    if not errors:
        return None
    # What to install may come on the error's further lines.
    last = told[told.rindex(errors[-1]) :]
    for pattern in (_INSTALL, _REQUIRES, _NEEDED):
        if found := pattern.search(last):
            return found[1].lower()
    return None
