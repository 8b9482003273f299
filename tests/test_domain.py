"""The domain: apps out of embeds, and the data's way through documents, processes and pickles."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sphinx.util.tags import Tags

from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, stranger
from sphinx_asgi_live.spec import AppSpec, inline_module, name_from
from tests.projects import INLINE, Project

SHOP = AppSpec("shop", "shop.main:app")
FULL = replace(SHOP, requirements=("fastapi",))
EMPTY = "Title\n=====\n\n"
HELLO = f"{EMPTY}.. asgi-live:: hello:app\n"


class Env:
    """As much of Sphinx's environment as a domain asks for when it is made."""

    def __init__(self) -> None:
        self.domaindata: dict[str, Any] = {}


def domain(*embeds: Embed) -> AsgiLiveDomain:
    made = AsgiLiveDomain(Env())  # type: ignore[arg-type]
    for embed in embeds:
        made.note(embed)
    return made


def embed(docname: str, spec: AppSpec, path: str = "/") -> Embed:
    return Embed(docname, f"{docname}.rst:1", path, spec.name, spec)


def test_embeds_of_one_target_and_name_are_one_app_whichever_describes_it() -> None:
    bare, described = embed("b", SHOP), embed("c", FULL)
    assert list(domain(described, bare).apps(Tags())) == [(FULL, [bare, described])]
    assert stranger(FULL, [bare, described]) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SHOP, replace(SHOP, target="other:app")),
        (FULL, replace(SHOP, target="other:app")),
        (SHOP, replace(FULL, target="other:app")),
        (FULL, replace(FULL, requirements=("django",))),
        (AppSpec("shop", source="app = 1\n"), AppSpec("shop", source="app = 2\n")),
        (AppSpec("shop", source="app = 1\n"), SHOP),
        (SHOP, AppSpec("shop", source="app = 1\n")),
    ],
)
def test_of_two_apps_under_one_name_the_second_is_the_stranger(first: AppSpec, second: AppSpec) -> None:
    [(spec, embeds)] = domain(embed("b", second), embed("a", first)).apps(Tags())
    assert spec == first
    assert stranger(spec, embeds) == embed("b", second)


def test_apps_come_by_name_and_embeds_by_document_in_their_order() -> None:
    other = AppSpec("admin", "admin:app")
    made = domain(embed("z", SHOP, "/2"), embed("z", SHOP, "/1"), embed("a", SHOP), embed("m", other))
    assert [spec.name for spec, _ in made.apps(Tags())] == ["admin", "shop"]
    assert [(each.docname, each.path) for each in made.embeds()] == [("a", "/"), ("m", "/"), ("z", "/2"), ("z", "/1")]


def test_an_embed_is_of_builds_where_all_its_conditions_hold() -> None:
    shown = replace(embed("a", SHOP), only=("html or epub", "not draft"))
    assert list(domain(shown).apps(Tags(["html"]))) == [(SHOP, [shown])]
    assert list(domain(shown).apps(Tags(["html", "draft"]))) == []
    assert list(domain(shown).apps(Tags(["latex"]))) == []
    # Sphinx shows what stands behind a condition that it cannot read.
    assert replace(shown, only=("html or",)).is_shown(Tags())


def test_an_embed_inside_ifconfig_is_of_builds_where_its_expression_is_true() -> None:
    shown = replace(embed("a", SHOP), ifconfig=("builder == 'html'", "release"))
    assert list(domain(shown).apps(Tags(), {"builder": "html", "release": "1"})) == [(SHOP, [shown])]
    assert list(domain(shown).apps(Tags(), {"builder": "html", "release": ""})) == []
    assert list(domain(shown).apps(Tags(), {"builder": "latex", "release": "1"})) == []
    # Here Sphinx shows the error instead.
    assert not replace(shown, ifconfig=("nowhere",)).is_shown(Tags())


def test_a_document_is_forgotten_and_others_are_taken_over() -> None:
    made, worker = domain(embed("a", SHOP), embed("b", SHOP)), domain(embed("b", FULL), embed("c", SHOP))
    made.clear_doc("a")
    made.clear_doc("never-read")
    made.merge_domaindata({"b"}, worker.data)
    assert made.embeds() == [embed("b", FULL)]


def test_what_is_noted_survives_a_pickle() -> None:
    spec = AppSpec("shop", None, "app = 1\n", ("a",), ("b",), ("c",), (("D", "e"),), True)
    assert pickle.loads(pickle.dumps(embed("a", spec))) == embed("a", spec)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("shop.main:app", "shop-main-app"),
        ("Shop.Main:create_app", "shop-main-create-app"),
        ("shared", "shared-app"),
        (":", "app"),
    ],
)
def test_a_name_is_made_of_the_target(text: str, name: str) -> None:
    assert name_from(text) == name


def test_absurd_texts_give_short_names_that_differ() -> None:
    names = [name_from(text) for text in ("магазин:app", "склад:app", "店", "倉", "a" * 5000, "a" * 5001)]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) < 200
    assert all(name.isascii() and name[0].isalnum() for name in names)


@pytest.mark.parametrize(("name", "module"), [("page-1", "page_1"), ("1-a.b", "app_1_a_b")])
def test_an_inline_app_is_a_module_of_its_name(name: str, module: str) -> None:
    assert inline_module(name) == module
    assert module.isidentifier()


def test_the_environment_keeps_the_embeds_of_unchanged_pages(tmp_path: Path) -> None:
    docs = Project(tmp_path / "docs", pages={"index.rst": HELLO, "b.rst": f":orphan:\n\n{HELLO}"})
    first = docs.embeds()
    docs.write("b.rst", f":orphan:\n\n{HELLO}   :path: /b\n")
    second = docs.embeds()
    assert second["index"] == first["index"]
    assert second["b"][0].path == "/b"


def test_a_deleted_and_a_renamed_page_leave_nothing_behind(tmp_path: Path) -> None:
    pages = {"index.rst": EMPTY, "gone.rst": f":orphan:\n\n{HELLO}", "old.rst": f":orphan:\n\n{HELLO}"}
    docs = Project(tmp_path / "docs", pages=pages)
    assert sorted(docs.embeds()) == ["gone", "old"]
    (docs.folder / "gone.rst").unlink()
    (docs.folder / "old.rst").rename(docs.folder / "new.rst")
    assert sorted(docs.embeds()) == ["new"]


def test_reading_in_parallel_gives_the_same_embeds(tmp_path: Path) -> None:
    pages = {f"p{number}.rst": f"{HELLO}\n.. asgi-live::\n\n{INLINE}" for number in range(8)}
    docs = Project(tmp_path / "docs", pages={**pages, "index.rst": f"{EMPTY}.. toctree::\n   :glob:\n\n   p*\n"})
    data = {}
    for jobs in ("1", "2"):
        out = tmp_path / f"out{jobs}"
        build = docs.run("-j", jobs, "-W", builder="dummy", out=out)
        assert (build.code, build.warnings) == (0, [])
        environment = pickle.loads((build.doctreedir / "environment.pickle").read_bytes())
        data[jobs] = environment.domaindata["asgi-live"]["embeds"]
    assert data["1"] == data["2"]
    assert [each.spec.name for each in data["2"]["p3"]] == ["hello-app", "p3-1"]
