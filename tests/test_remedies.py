"""What a failing app lacks, and where to write it."""

from __future__ import annotations

import pytest

from sphinx_asgi_live.packing.companions import lacking
from sphinx_asgi_live.packing.remedies import with_origin, with_remedy
from sphinx_asgi_live.packing.sources import Sources
from sphinx_asgi_live.spec import AppSpec

FORM = """\
Traceback (most recent call last):
  File "/home/web/main.py", line 7, in <module>
RuntimeError: Form data requires "python-multipart" to be installed.
You can install "python-multipart" with:

pip install python-multipart
"""


@pytest.mark.parametrize(
    ("told", "distribution"),
    [
        (FORM, "python-multipart"),
        ("AssertionError: The `python-multipart` library must be installed to use form parsing.", "python-multipart"),
        ("ImportError: jinja2 must be installed to use Jinja2Templates", "jinja2"),
        ("AssertionError: jinja2 must be installed to use Jinja2Templates", "jinja2"),
        ("ModuleNotFoundError: No module named 'itsdangerous'", "itsdangerous"),
        ("ModuleNotFoundError: No module named 'yaml.cyaml'; 'yaml' is not a package", "pyyaml"),
        ("RuntimeError: The starlette.testclient module requires the httpx package to be installed.", "httpx"),
        ("ImportError: email-validator is not installed, run `pip install 'pydantic[email]'`", "pydantic[email]"),
        (
            "ModuleNotFoundError: No module named 'a'\n\nDuring handling of the above …\n"
            "django.core.exceptions.ImproperlyConfigured: no\nModuleNotFoundError: No module named 'jwt'",
            "pyjwt",
        ),
        ("ModuleNotFoundError: No module named 'tkinter'", None),
        ("ValueError: the answer is not 42", None),
        ("the app answers / with status 404; correct :path: or the app's routes", None),
    ],
)
def test_what_a_failure_comes_down_to(told: str, distribution: str | None) -> None:
    assert lacking(told) == distribution


def sources(origin: str, *requirements: str) -> Sources:
    return Sources(AppSpec("shop", "shop:app"), {}, requirements, origin)


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("option", "add python-multipart to :requirements:, or add it to asgi_live_requirements in conf.py"),
        ("script", "add 'python-multipart' to the dependencies in the '# /// script' block, or"),
        ("metadata", "to the project's dependencies, or write `:requirements: fastapi>=1, python-multipart`, or"),
        ("imports", "requires: write `:requirements: fastapi>=1, python-multipart`, or add it"),
    ],
)
def test_the_remedy_is_where_the_requirements_are(origin: str, place: str) -> None:
    told = with_remedy(FORM, sources(origin, "fastapi>=1"))
    assert told.startswith(FORM)
    assert "The app needs python-multipart, which nothing requires" in told
    assert place in told


def test_what_is_required_already_or_is_no_requirement_has_none() -> None:
    assert with_remedy(FORM, sources("imports", "Python_Multipart")) == FORM
    assert with_remedy("KeyError: 'x'", sources("imports")) == "KeyError: 'x'"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("FileNotFoundError: [Errno 44] No such file or directory: 'data/tea.json'", "data/tea.json"),
        ("RuntimeError: Directory 'static' does not exist", "static"),
        ("jinja2.exceptions.TemplateNotFound: 'index.html' not found in search path: 'templates'", "index.html"),
        ("django.template.exceptions.TemplateDoesNotExist: polls/index.html", "polls/index.html"),
    ],
)
def test_a_file_that_is_not_there_is_to_be_named(told: str, name: str) -> None:
    assert f"The app has no {name!r}: name what it reads in :files:" in with_remedy(told, sources("option"))


def test_requirements_that_nobody_wrote_are_told_where_they_come_from() -> None:
    told = with_origin("cannot be met", sources("imports", "fastapi", "shopp"))
    assert told.startswith("cannot be met. They were found in what the app imports: fastapi, shopp; ")
    assert with_origin("cannot be met", sources("option", "fastapi")) == "cannot be met"
