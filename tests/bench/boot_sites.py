"""The docs of the boot benches: three apps, each beside the same app booted by the book, and beside the floor.

The three are the shop and the library of demo_docs, and `large`, with 30 routes, 25 models and templates.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import sphinx_asgi_live.browser
from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.packing.cache import cache_folder
from sphinx_asgi_live.packing.lock import Lock
from sphinx_asgi_live.packing.sources import find
from sphinx_asgi_live.packing.wheels import fetch
from sphinx_asgi_live.spec import AppSpec
from tests.browser.demo import SOURCE
from tests.projects import Project
from tests.warm import warm_runtime

RECIPES = Path(__file__).parent / "recipes"
EXCLUDE = ("pip", "setuptools", "hupper", "uvicorn")


@dataclass(frozen=True, slots=True)
class Case:
    """An app, the path that its page embeds, and one that answers with JSON."""

    spec: AppSpec
    embedded: str
    path: str


CASES = {
    case.spec.name: case
    for case in (
        Case(AppSpec("shop", "shop.main:app", requirements=("fastapi", "python-multipart")), "/", "/items/1"),
        Case(
            AppSpec("library", "library.app:app", files=("data/*.db",), exclude=EXCLUDE),
            "/library/books",
            "/library/books.json?_size=1",
        ),
        Case(AppSpec("large", "large.main:app", requirements=("fastapi", "jinja2")), "/", "/things/7"),
    )
}

MODEL = """\
class Model{number}(BaseModel):
    id: int
    name: Annotated[str, Field(min_length=1, max_length=80)]
    price: Decimal = Decimal("1.50")
    tags: list[str] = []
    parent: {parent} | None = None
"""
ROUTE = """\
@app.{method}("/route{number}/{{id}}")
async def route{number}(id: int, query: str = "", model: Model{model} = {default}) -> Model{model}:
    return Model{model}(id=id, name=query or "name")
"""
MAIN = """\
from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Optional

from fastapi import Depends, FastAPI, Request
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel, Field

app = FastAPI()
templates = Jinja2Templates(Path(__file__).parent / "templates")


{models}

{routes}

@app.get("/things/{{number}}")
async def thing(number: int) -> Model1:
    return Model1(id=number, name="seven")


@app.get("/")
async def index(request: Request):
    return templates.TemplateResponse(request, "index.html", {{"routes": app.routes}})
"""
TEMPLATES = {
    "base.html": "<!doctype html><title>{% block title %}{% endblock %}</title>"
    "<main>{% block main %}{% endblock %}</main>",
    "index.html": '{% extends "base.html" %}{% block title %}Large{% endblock %}'
    "{% block main %}<ul>{% for route in routes %}<li>{{ route.path }}</li>{% endfor %}</ul>{% endblock %}",
}


def build(folder: Path) -> Path:
    """Build the docs with all three apps, put the recipes beside them, and return the folder to serve."""
    project = _project(folder / "docs")
    built = project.run("-W", out=folder / "out")
    assert built.code == 0, "\n".join([built.status, *built.warnings])
    lock = Lock.load(project.folder / "asgi-live.lock.json")
    for case in CASES.values():
        _write_stock(built.outdir / "stock" / case.spec.name, case.spec, project.folder, lock)
    return built.outdir


def _project(folder: Path) -> Project:
    project = Project(folder)
    project.configure('asgi_live_check = "request"\nasgi_live_snapshot = "app"')
    for name in ("shop", "library", "data"):
        shutil.copytree(SOURCE / name, folder / name)
    shutil.copy(SOURCE / "asgi-live.lock.json", folder)
    project.write("large/__init__.py", "")
    project.write("large/main.py", _large())
    for name, text in TEMPLATES.items():
        project.write(f"large/templates/{name}", text)
    pages = "".join(f"   {name}\n" for name in CASES)
    project.write("index.rst", f"Bench\n=====\n\n.. toctree::\n\n{pages}")
    for name, case in CASES.items():
        project.write(f"{name}.rst", f"{name}\n{'=' * len(name)}\n\n{_directive(case)}")
    return project


def _directive(case: Case) -> str:
    spec = case.spec
    options = {
        "name": spec.name,
        "path": case.embedded,
        "requirements": ", ".join(spec.requirements or ()),
        "exclude": ", ".join(spec.exclude),
        "files": ", ".join(spec.files),
    }
    lines = [f"   :{name}: {value}\n" for name, value in options.items() if value]
    return f".. asgi-live:: {spec.target}\n{''.join(lines)}"


def _large() -> str:
    names = range(1, 26)
    models = [MODEL.format(number=at, parent=f"Model{at - 1}" if at > 1 else "str") for at in names]
    routes = [
        ROUTE.format(
            number=at, model=at % 25 + 1, method="get" if at % 2 else "post", default="Depends()" if at % 2 else "..."
        )
        for at in range(28)
    ]
    return MAIN.format(models="\n\n".join(models), routes="\n\n".join(routes))


def _write_stock(folder: Path, spec: AppSpec, confdir: Path, lock: Lock) -> None:
    sources = find(spec, confdir=confdir, paths=())
    locked = lock.get(sources.requirements, (*spec.exclude, *LiveConfig().exclude))
    assert locked, f"{spec.label} is not in the lock"
    wheels = fetch(locked, cache_folder())
    (folder / "wheels").mkdir(parents=True)
    for wheel in wheels:
        shutil.copy(wheel, folder / "wheels")
    (folder / "wheels.json").write_text(json.dumps([wheel.name for wheel in wheels]))
    with zipfile.ZipFile(folder / "app.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sources.files.items():
            archive.writestr(name, content if isinstance(content, bytes) else content.read_bytes())
        _add_bridge(archive)
    shutil.copytree(warm_runtime().folder, folder / "pyodide")
    for recipe in ("stock.js", "stock_bridge.py", "floor.js"):
        shutil.copy(RECIPES / recipe, folder)


def _add_bridge(archive: zipfile.ZipFile) -> None:
    (package,) = map(Path, sphinx_asgi_live.browser.__path__)
    for path in sorted(package.glob("*.py")):
        archive.write(path, f"sphinx_asgi_live/browser/{path.name}")
    archive.writestr("sphinx_asgi_live/__init__.py", "")
