"""The stamp of a build: current as long as nothing that went in or came out changed, and never an error's cause."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.stamp import Stamp
from sphinx_asgi_live.spec import AppSpec

SPEC = AppSpec("shop", "shop.main:app", requirements=(), files=("data/*.txt",))


@dataclass
class Project:
    """A project with one app, and the files that its last build left."""

    folder: Path
    settings: Settings
    apps: list[tuple[AppSpec, list[str]]]

    @property
    def root(self) -> Path:
        return self.folder / "html" / "asgi-live"

    @property
    def path(self) -> Path:
        return self.folder / "doctrees" / "stamp.json"

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def is_current(self) -> bool:
        return Stamp(self.path, self.root).is_current(self.settings, self.apps)


@pytest.fixture
def built(tmp_path: Path) -> Project:
    settings = Settings(tmp_path, (tmp_path,), (), (), tmp_path / "lock.json", tmp_path / "cache", None, 60, 20)
    project = Project(tmp_path, settings, [(SPEC, ["/", "/docs"])])
    for name in ("shop/__init__.py", "shop/main.py", "data/one.txt", "lock.json"):
        project.write(name, "app = print\n")
    for name in ("shop/sw.js", "shared/runtime.js"):
        project.write(f"html/asgi-live/{name}", "written")
    stamp = Stamp(project.path, project.root)
    assert not stamp.is_current(settings, project.apps)
    stamp.write(["shared/runtime.js", "shop/sw.js"])
    return project


def test_a_build_without_a_change_is_current(built: Project) -> None:
    assert built.is_current()
    assert built.is_current()


@pytest.mark.parametrize(
    "change",
    [
        lambda project: project.write("shop/main.py", "app = repr\n#\n"),
        lambda project: project.write("shop/more.py", ""),
        lambda project: project.write("data/two.txt", ""),
        lambda project: (project.folder / "data" / "one.txt").unlink(),
        lambda project: (project.folder / "shop" / "main.py").unlink(),
        lambda project: (project.folder / "lock.json").unlink(),
        lambda project: os.utime(project.folder / "lock.json", (1, 1)),
        lambda project: project.write("html/asgi-live/shop/sw.js", "changed by hand"),
        lambda project: (project.root / "shop" / "sw.js").unlink(),
        lambda project: project.path.unlink(),
        lambda project: project.path.write_text("{"),
        lambda project: project.path.write_text("[]"),
        lambda project: project.path.write_text('{"inputs": "", "files": 1}'),
        lambda project: project.path.write_bytes(b"\xff"),
        lambda project: project.apps.append((AppSpec("other", "shop.main:app"), ["/"])),
        lambda project: project.apps.__setitem__(0, (SPEC, ["/"])),
        lambda project: project.apps.__setitem__(0, (replace(SPEC, env=(("DEBUG", "1"),)), ["/", "/docs"])),
        lambda project: setattr(project, "settings", replace(project.settings, exclude=("uvloop",))),
    ],
    ids=[
        "a module", "a new module", "a new match", "a match less", "no module", "no lock", "the lock", "the output",
        "no output", "no stamp", "half a stamp", "no stamp at all", "a strange stamp", "a broken stamp", "an app more",
        "a path less", "an option", "a setting",
    ],
)  # fmt: skip
def test_a_change_is_seen(built: Project, change: Callable[[Project], object]) -> None:
    change(built)
    assert not built.is_current()


def test_a_build_with_problems_is_done_again(built: Project) -> None:
    stamp = Stamp(built.path, built.root)
    assert stamp.is_current(built.settings, built.apps)
    stamp.write(None)
    assert not built.path.exists()
    assert not built.is_current()
    stamp.write(None)


def test_an_app_in_the_page_is_known_by_its_text(built: Project) -> None:
    inline = AppSpec("inline", source="app = print\n", requirements=())
    built.apps = [(inline, ["/"])]
    stamp = Stamp(built.path, built.root)
    stamp.is_current(built.settings, built.apps)
    stamp.write([])
    assert built.is_current()
    built.apps = [(replace(inline, source="app = repr\n"), ["/"])]
    assert not built.is_current()
