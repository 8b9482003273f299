"""The directions of imports, in Python and in JavaScript, walked over the text of all modules."""

from __future__ import annotations

import ast
import json
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

import pytest

from sphinx_asgi_live.packing import pyodide
from sphinx_asgi_live.packing.static import BUILD_ONLY, ENGINE_MODULES, INSIDE, static_folder

PACKAGE = Path(__file__).parent.parent / "sphinx_asgi_live"
OWN = "sphinx_asgi_live"
BROWSER_ONLY = {"js", "pyodide"}

# What a module of the top level may import of its neighbours; `packing` stands for the folder.
ALLOWED = {
    "__init__": {"extension"},
    "spec": set(),
    "packing": {"spec", "browser"},
    "listing": {"spec", "packing"},
    "placing": {"domain", "packing"},
    "unread": {"nodes"},
    "config": {"packing", "listing"},
    "domain": {"spec"},
    "nodes": {"spec", "domain", "packing"},
    "directives": {"spec", "config", "domain", "listing", "nodes", "packing"},
    "httptext": {"spec"},
    "snippets": {"spec"},
    "requestnodes": {"spec", "domain", "nodes", "packing", "snippets"},
    "openapi": {"spec"},
    "operations": {"domain", "openapi"},
    "schemas": {"spec", "openapi", "packing"},
    "requesting": {
        "spec",
        "config",
        "domain",
        "nodes",
        "directives",
        "httptext",
        "operations",
        "packing",
        "requestnodes",
        "schemas",
    },
    "replies": {"spec", "config", "domain", "nodes", "packing"},
    "jobs": {"spec", "config", "domain", "packing"},
    "answers": {"spec", "config", "domain", "jobs", "nodes", "packing", "placing"},
    "extension": {
        "spec",
        "config",
        "domain",
        "answers",
        "jobs",
        "nodes",
        "directives",
        "packing",
        "placing",
        "replies",
        "requesting",
        "requestnodes",
        "unread",
    },
    "project": {"spec", "domain"},
    "checking": {"config", "domain", "jobs", "packing", "project"},
    "locking": {"spec", "config", "domain", "packing", "project"},
    "cli": {"checking", "locking", "packing"},
    "browser": set(),
}

PAGE_SIDE = "page.js"
CLASSIC = {"file.js"}
"""Scripts of a page that are no modules."""
WORKER_SIDE = "worker.js"
LOWER = (
    "body.js",
    "charset.js",
    "policy.js",
    "deadline.js",
    "ending.js",
    "exchange.js",
    "files.js",
    "protocol.js",
    "tar.js",
)
STATIC_IMPORT = re.compile(r"""^(?:import|export)\b(?:[^"'`;=]*\bfrom)?\s*["']([^"']+)["'];?$""", re.MULTILINE)


def module_name(path: Path) -> str:
    return ".".join([OWN, *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")


def modules() -> dict[str, Path]:
    return {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(path: Path, *, lazily: bool = True) -> set[str]:
    """The dotted names that a module imports; those in functions and for type checkers only if `lazily`."""
    found: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(path.read_bytes())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            base = node.module or ""
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in modules() else base for alias in node.names}
        if lazily or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def place(name: str) -> str:
    """`sphinx_asgi_live.packing.site` lies in `packing`."""
    return name.split(".")[1] if "." in name else "__init__"


@pytest.mark.parametrize("name", modules())
def test_a_module_imports_only_from_below(name: str) -> None:
    below = {place(each) for each in imported(modules()[name]) if each.partition(".")[0] == OWN}
    # `from sphinx_asgi_live import __version__` is for everyone.
    assert below <= ALLOWED[place(name)] | {place(name), "__init__"}


def test_the_modules_import_each_other_in_no_circle() -> None:
    graph = {
        name: {each for each in imported(path, lazily=False) if each in modules()} for name, path in modules().items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize("name", [name for name in modules() if place(name) in ("packing", "spec")])
def test_packing_knows_nothing_of_sphinx(name: str) -> None:
    assert not {each.partition(".")[0] for each in imported(modules()[name])} & {"sphinx", "docutils", *BROWSER_ONLY}


@pytest.mark.parametrize("name", [name for name in modules() if place(name) == "browser"])
def test_what_the_browser_runs_needs_the_standard_library_only(name: str) -> None:
    path = modules()[name]
    foreign = {each.partition(".")[0] for each in imported(path, lazily=False)} - sys.stdlib_module_names - {OWN}
    assert foreign <= (BROWSER_ONLY if name.endswith(".bridge") else set())
    # What a library gets in the place of a thread is imported with that library, in the function that replaces it.
    assert name.endswith(".bridge") or not {each.partition(".")[0] for each in imported(path)} & BROWSER_ONLY


def test_what_pyodide_compiles_with_needs_the_standard_library_only() -> None:
    assert {each.partition(".")[0] for each in imported(PACKAGE / "packing" / "pyc.py")} <= sys.stdlib_module_names


def test_the_package_itself_imports_nothing_at_once() -> None:
    assert imported(PACKAGE / "__init__.py", lazily=False) == {"__future__", "typing"}


# JavaScript


def scripts() -> dict[str, set[str]]:
    """The static imports of each module of static/, by file name; `node:` ones as they are."""
    found = {}
    for path in sorted(static_folder().glob("*.js")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*import\(", text, re.MULTILINE), f"{path.name}: service workers cannot import()"
        found[path.name] = {PurePosixPath(source).name for source in STATIC_IMPORT.findall(text)}
    return found


def reached(start: str) -> set[str]:
    found, waiting = set(), [start]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting.extend(scripts().get(name, ()))
    return found


def test_the_scripts_import_each_other_in_no_circle() -> None:
    graph = scripts()
    assert {name for name in graph if name not in BUILD_ONLY} >= {WORKER_SIDE, PAGE_SIDE}
    for name, sources in graph.items():
        assert sources <= graph.keys() or name in BUILD_ONLY, f"{name} imports what is not shipped"
    list(TopologicalSorter(graph).static_order())


def test_worker_and_page_share_the_protocol_only() -> None:
    assert {"files.js", "http.js", "python.js", "tar.js"} <= reached(WORKER_SIDE)
    assert reached(WORKER_SIDE) & reached(PAGE_SIDE) <= {"protocol.js"}


def test_the_lower_scripts_import_nothing_and_python_only_those() -> None:
    graph = scripts()
    assert [name for name in LOWER if graph[name]] == []
    assert (graph["http.js"], graph["injection.js"]) == ({"body.js", "policy.js"}, {"charset.js"})
    assert graph["interpreter.js"] == {"nodes.js", "snapshot.js", "tar.js"}
    assert graph["python.js"] == {
        "deadline.js",
        "ending.js",
        "exchange.js",
        "http.js",
        "injection.js",
        "interpreter.js",
    }
    assert graph["call.js"] == set()


def test_what_the_engine_runs_is_what_its_key_is_made_of() -> None:
    assert {name for name in reached("engine.js") if name.endswith(".js")} == set(ENGINE_MODULES)


def test_what_is_no_module_imports_nothing() -> None:
    assert {name for name in CLASSIC if scripts()[name] or "export " in (static_folder() / name).read_text()} == set()


def test_every_script_is_reached_from_a_page_a_worker_or_the_build() -> None:
    starts = {PAGE_SIDE, WORKER_SIDE, *CLASSIC, *BUILD_ONLY}
    assert set(scripts()) == {name for start in starts for name in reached(start) if name.endswith(".js")}


def test_the_scripts_that_are_joined_into_one_are_all_of_their_folder_and_none_is_a_module() -> None:
    paths = list((static_folder() / "inside").glob("*.js"))
    assert sorted(INSIDE) == sorted(path.name for path in paths)
    assert INSIDE[-1] == "last.js"  # it takes away what the others read
    for path in paths:
        assert not STATIC_IMPORT.search(path.read_text()), path.name


def test_python_and_javascript_mean_the_same_pyodide() -> None:
    text = (static_folder() / "interpreter.js").read_text()
    found = dict(re.findall(r"""\b(\w+): "([^"]*)\"""", text[text.index("NO_PACKAGES") : text.index("packages: {}")]))
    assert found["version"] == pyodide.VERSION
    assert found["python"].startswith(pyodide.PYTHON_FOLDER.removeprefix("/lib/python") + ".")
    described = json.loads((static_folder() / "package.json").read_text())
    assert described["type"] == "module"
