"""From the name of an imported module to the distribution that installers know it by."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata

from packaging.utils import InvalidName, canonicalize_name

from sphinx_asgi_live.packing.installed import holder, locate_installed

_NEWER = {"annotationlib", "compression"}
_GONE = """
aifc asynchat asyncore audioop cgi cgitb chunk crypt distutils imghdr imp mailcap msilib nis nntplib ossaudiodev pipes
smtpd sndhdr spwd sunau telnetlib uu xdrlib
"""
_OURS = {"__main__", "js", "pyodide", "pyodide_js", "_pyodide", "sphinx_asgi_live"}
STDLIB = (sys.stdlib_module_names | _NEWER | _OURS) - set(_GONE.split())
"""Modules of the browser's Python 3.14, whichever Python builds the documentation."""

_NAMES = """
attr attrs
audioop audioop-lts
bs4 beautifulsoup4
cgi legacy-cgi
corsheaders django-cors-headers
Crypto pycryptodome
cv2 opencv-python
dateutil python-dateutil
debug_toolbar django-debug-toolbar
django_filters django-filter
docx python-docx
dotenv python-dotenv
environ django-environ
fitz pymupdf
flask_cors flask-cors
flask_login flask-login
flask_sqlalchemy flask-sqlalchemy
flask_wtf flask-wtf
git gitpython
google.protobuf protobuf
graphql graphql-core
jose python-jose
jwt pyjwt
Levenshtein levenshtein
magic python-magic
multipart python-multipart
ninja django-ninja
OpenSSL pyopenssl
pil pillow
pkg_resources setuptools
pptx python-pptx
psycopg2 psycopg2-binary
quart_schema quart-schema
rest_framework djangorestframework
ruamel.yaml ruamel-yaml
skimage scikit-image
sklearn scikit-learn
slugify python-slugify
socketio python-socketio
engineio python-engineio
strawberry strawberry-graphql
fasthtml python-fasthtml
telnetlib telnetlib3
tortoise tortoise-orm
usb pyusb
yaml pyyaml
zmq pyzmq
"""
SHARED = frozenset({"azure", "google", "zope"})
"""Top-level names that many distributions share, each with modules of its own."""
FAMOUS: Mapping[str, str] = dict(line.split() for line in _NAMES.strip().lower().splitlines())
"""Modules whose distribution is called otherwise and is not seen from the name, in lower case."""


def is_stdlib(name: str) -> bool:
    """Whether a dotted name is Python's own in the browser."""
    return name.partition(".")[0] in STDLIB


def distribution_of(name: str) -> str | None:
    """The distribution that holds the module `name` (dotted), normalised; `None` if none can be called like it.

    What is installed beside Sphinx tells, then a list of famous cases; all others are called like their module.
    """
    if found := installed_distribution(name):
        return canonicalize_name(found.metadata["Name"])
    top = name.partition(".")[0]
    second = ".".join(name.split(".")[:2])
    with suppress(InvalidName):
        return canonicalize_name(FAMOUS.get(second.lower()) or FAMOUS.get(top.lower()) or top, validate=True)
    return None


def is_known(distribution: str) -> bool:
    """Whether the normalised name of a distribution is more than a guess: it is installed here, or famous."""
    with suppress(metadata.PackageNotFoundError):
        return bool(metadata.distribution(distribution))
    return distribution in FAMOUS.values()


def installed_distribution(name: str) -> metadata.Distribution | None:
    """The installed distribution that holds the module `name` (dotted), an editable one included."""
    found = _top_levels(tuple(sys.path)).get(name.partition(".")[0], ())
    if len(found) == 1:
        return metadata.distribution(found[0])
    while name:
        # Several may share a top-level name, and an editable one tells its modules by their place only.
        if (module := locate_installed(name)) and (held := holder(module)):
            return held
        name = name.rpartition(".")[0]
    return metadata.distribution(found[0]) if found else None


@cache
def _top_levels(path: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The installed distributions by top-level name; `path` is `sys.path`, on which it depends."""
    found = metadata.packages_distributions()
    return {name: tuple(dict.fromkeys(owners)) for name, owners in found.items()}
