"""Whole builds: what is written, what is left alone, what is pruned; the same bytes however it is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import APP, Build, Project

TITLE = "Title\n=====\n\n"
HELLO = f"{TITLE}.. asgi-live:: hello:app\n"
OTHER = f":orphan:\n\n{TITLE}.. asgi-live:: other:app\n"
CHANGED = APP.replace("its path", "its path still")


ALWAYS = {"genindex.html", "search.html"}
"""Pages that Sphinx writes in every build."""


def times(build: Build) -> dict[str, int]:
    """When each page, and each file below `asgi-live`, was written."""
    files = [*build.outdir.rglob("*.html"), *(build.outdir / "asgi-live").rglob("*")]
    names = {path.relative_to(build.outdir).as_posix(): path for path in files if path.is_file()}
    return {name: path.stat().st_mtime_ns for name, path in names.items() if name not in ALWAYS}


def written(before: dict[str, int], after: dict[str, int]) -> set[str]:
    return {path for path, time in after.items() if before.get(path) != time}


def apps(build: Build) -> list[str]:
    return sorted(path.parent.name for path in build.outdir.glob("asgi-live/*/sw.js"))


@pytest.fixture
def docs(tmp_path: Path) -> Project:
    """Two pages with an app each."""
    return Project(tmp_path / "docs", pages={"index.rst": HELLO, "other.rst": OTHER, "hello.py": APP, "other.py": APP})


def test_a_build_without_changes_writes_nothing(docs: Project) -> None:
    first = docs.build()
    assert first.warnings == []
    assert apps(first) == ["hello-app", "other-app"]
    before = times(first)
    second = docs.build()
    assert not written(before, times(second))
    assert "packing" not in second.status
    assert second.warnings == []


def test_a_changed_app_is_its_pages_and_its_own_matter(docs: Project) -> None:
    first = docs.build()
    before = times(first)
    docs.write("hello.py", CHANGED)
    second = docs.build()
    assert "0 added, 1 changed, 0 removed" in second.status
    changed = written(before, times(second))
    [archive] = {path for path in changed if path.startswith("asgi-live/shared/")}
    assert archive.startswith("asgi-live/shared/hello-app-")
    # Its recorded answer is another one, and the page says how much there is to download.
    assert {path for path in changed if path.endswith(".html")} == {"index.html", "asgi-live/hello-app/app/index.html"}
    assert {path for path in changed if path.endswith("sw.js")} == {"asgi-live/hello-app/sw.js"}
    assert len([path for path in second.sites() if path.startswith("shared/hello-app-") and ".tar." in path]) == 1


def test_a_file_that_appears_or_goes_is_packed_or_left_out(docs: Project) -> None:
    docs.write("index.rst", f"{HELLO}   :files: data/*.txt\n")
    docs.write("data/a.txt", "a")
    workers = [docs.build().sites()["hello-app/sw.js"]]
    docs.write("data/b.txt", "b")
    workers.append(docs.build().sites()["hello-app/sw.js"])
    (docs.folder / "data" / "b.txt").unlink()
    workers.append(docs.build().sites()["hello-app/sw.js"])
    assert workers[0] != workers[1]
    assert workers[0] == workers[2]


def test_what_no_page_embeds_any_more_is_pruned(docs: Project) -> None:
    docs.build()
    (docs.folder / "other.rst").unlink()
    second = docs.build()
    assert second.warnings == []
    assert apps(second) == ["hello-app"]
    assert not [path for path in second.sites() if "other" in path]
    docs.write("index.rst", TITLE)
    third = docs.build()
    assert not (third.outdir / "asgi-live").exists()
    docs.write("index.rst", HELLO)
    assert apps(docs.build()) == ["hello-app"]


@pytest.mark.parametrize("markup", ["rst", "md"])
def test_what_only_other_builds_show_is_not_packed(docs: Project, markup: str) -> None:
    page = f"{HELLO}\n.. only:: latex or draft\n\n   .. only:: not latex\n\n      .. asgi-live:: second:app\n"
    if markup == "md":
        (docs.folder / "index.rst").unlink()
        docs.configure("extensions.append('myst_parser')")
        directive = "```{asgi-live} second:app\n```"
        inner = f"````{{only}} not latex\n{directive}\n````"
        page = f"# Title\n\n```{{asgi-live}} hello:app\n```\n\n`````{{only}} latex or draft\n{inner}\n`````\n"
    docs.write(f"index.{markup}", page)
    docs.write("second.py", APP)
    assert apps(docs.build()) == ["hello-app", "other-app"]
    assert apps(docs.build(tags=["draft"])) == ["hello-app", "other-app", "second-app"]
    docs.write("other.rst", f"{OTHER}\nMore\n")
    second = docs.build()
    assert apps(second) == ["hello-app", "other-app"]
    assert second.warnings == []
    assert "packing" not in docs.build().status


def test_what_a_configuration_hides_is_not_packed(docs: Project) -> None:
    docs.configure("extensions.append('sphinx.ext.ifconfig')")
    condition = "release == '2' and builder == 'html'"
    docs.write("index.rst", f"{HELLO}\n.. ifconfig:: {condition}\n\n   .. asgi-live:: second:app\n")
    docs.write("second.py", APP)
    assert apps(docs.build()) == ["hello-app", "other-app"]
    assert apps(docs.build(confoverrides={"release": "2"})) == ["hello-app", "other-app", "second-app"]


def test_a_renamed_page_keeps_its_app(docs: Project) -> None:
    before = docs.build().sites()
    (docs.folder / "other.rst").rename(docs.folder / "renamed.rst")
    assert docs.build().sites() == before


def test_a_file_that_someone_damages_is_written_again(docs: Project) -> None:
    first = docs.build()
    before = first.sites()
    (first.outdir / "asgi-live" / "hello-app" / "sw.js").write_text("damaged")
    (first.outdir / "asgi-live" / "other-app" / "app" / "index.html").unlink()
    (first.outdir / "asgi-live" / "left-over.js").write_text("")
    assert docs.build().sites() == before


def test_a_new_title_reaches_the_placeholder(docs: Project) -> None:
    docs.configure("asgi_live_check = 'import'")
    docs.build()
    docs.write("index.rst", f"{HELLO}   :title: A new title\n")
    assert "<h1>A new title</h1>" in docs.build().html("asgi-live/hello-app/app/index.html")


def test_an_app_on_several_pages_is_one_app(docs: Project) -> None:
    docs.write("index.rst", f"{HELLO}   :name: one\n   :env: A=1\n")
    docs.write(
        "other.rst", f":orphan:\n\n{HELLO}   :name: one\n\n.. asgi-live:: hello:app\n   :name: one\n   :env: A=1\n"
    )
    build = docs.build()
    assert build.warnings == []
    assert apps(build) == ["one"]
    assert '"A": "1"' in build.html("asgi-live/one/sw.js")
    assert build.html("other.html").count('src="asgi-live/one/app/"') == 2


def test_one_source_twice_is_two_apps_and_under_one_name_one(tmp_path: Path) -> None:
    body = "".join(f"   {line}\n" for line in APP.splitlines())
    unnamed, named = f".. asgi-live::\n\n{body}\n", f".. asgi-live::\n   :name: named\n\n{body}\n"
    docs = Project(tmp_path / "docs", pages={"index.rst": TITLE + unnamed + unnamed + named + named})
    build = docs.build()
    assert build.warnings == []
    assert apps(build) == ["index-1", "index-2", "named"]


def test_two_apps_under_one_name_are_one_warning_at_the_second_place(docs: Project) -> None:
    docs.build()
    docs.write("other.rst", OTHER.replace("other:app", "other:app\n   :name: hello-app"))
    for _ in range(2):
        # Told again as long as it is so: nothing else fails a build that has read no page.
        build = docs.build()
        [warning] = build.warnings
        assert warning.startswith(
            "other.rst:6: WARNING: asgi-live app 'hello-app' (hello:app): another app of that name"
        )
        assert "index.rst:4; give one of them another :name:, or both the same target and options" in warning
        assert apps(build) == []
        assert "could not be built" in build.html("asgi-live/hello-app/app/index.html")
    docs.write("other.rst", OTHER)
    assert apps(docs.build()) == ["hello-app", "other-app"]


def test_a_clash_is_found_though_paths_and_titles_stay(docs: Project) -> None:
    docs.write("other.rst", f":orphan:\n\n{HELLO}")
    assert docs.build().warnings == []
    docs.write("other.rst", OTHER.replace("other:app", "other:app\n   :name: hello-app\n   :title: hello-app"))
    assert len(docs.build().warnings) == 1


def test_pages_link_the_modules_of_a_newer_version(docs: Project) -> None:
    first = docs.build(confoverrides={"_asgi_live_modules": "js-of-an-older-version"})
    before = times(first)
    second = docs.build()
    assert "0 added, 0 changed, 0 removed" in second.status
    assert {"index.html", "other.html"} <= written(before, times(second))


def test_other_settings_pack_again_and_read_nothing(docs: Project) -> None:
    first = docs.build()
    before = times(first)
    docs.configure("asgi_live_timeout = 45")
    second = docs.build()
    assert "0 added, 0 changed, 0 removed" in second.status
    assert "packing 2 live apps" in second.status
    assert not written(before, times(second))


def test_a_page_that_waits_for_its_app_is_built_when_it_comes(docs: Project) -> None:
    """The page itself does not change, nor anything that it was read from."""
    (docs.folder / "other.py").unlink()
    assert len(docs.build().warnings) == 1
    docs.write("other.py", APP)
    assert apps(docs.build()) == ["hello-app", "other-app"]


def test_the_bytes_are_the_same_however_it_is_built(tmp_path: Path) -> None:
    """Serial and parallel, hash seeds, output folders: all files of the site, and so the links in them."""
    contents = []
    for number in range(2):
        docs = Project(tmp_path / f"{number}" / "docs", "live")
        out = tmp_path / f"{number}" / ("elsewhere" if number else "out")
        build = docs.run("-j", f"{number + 1}", "-W", "-n", out=out, PYTHONHASHSEED=str(number))
        assert (build.code, build.warnings) == (0, [])
        files = (path for path in out.rglob("*") if path.is_file())
        contents.append({path.relative_to(out).as_posix(): path.read_bytes() for path in files})
    assert set(contents[0]) == set(contents[1])
    assert not {path for path, content in contents[0].items() if contents[1][path] != content}
    assert not [path for path in contents[0] if "/." in path]


def test_warnings_of_packing_fail_a_strict_build_and_others_pass(docs: Project) -> None:
    docs.write("other.rst", OTHER.replace("other:app", "other:nothing"))
    strict = docs.run("-W", "--keep-going")
    assert strict.code == 1
    assert strict.warnings[0].startswith("other.rst:6: WARNING: asgi-live app 'other-nothing' (other:nothing): ")
    suppressed = docs.build(warningiserror=True, confoverrides={"suppress_warnings": ["asgi-live"]})
    assert (suppressed.code, suppressed.warnings) == (0, [])
    assert docs.build().code == 0


def test_without_a_lock_one_is_written_and_kept(docs: Project) -> None:
    lock = docs.folder / "asgi-live.lock.json"
    lock.unlink()
    docs.build()
    content, time = lock.read_bytes(), lock.stat().st_mtime_ns
    assert b'"tzdata"' in content
    assert "packing" not in docs.build().status
    docs.write("index.rst", f"{HELLO}   :title: Another\n")
    docs.build()
    assert (lock.read_bytes(), lock.stat().st_mtime_ns) == (content, time)
