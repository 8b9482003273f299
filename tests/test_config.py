"""The values of conf.py: what is refused, what the command line may set, what each one is for."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from sphinx.errors import ConfigError

from sphinx_asgi_live.config import PREFIX, LiveConfig
from tests.projects import Project


@pytest.fixture
def empty(tmp_path: Path) -> Project:
    return Project(tmp_path / "docs", pages={"index.rst": "Empty\n=====\n"})


@pytest.mark.parametrize(
    ("name", "value", "should"),
    [
        ("paths", "'apps'", "should be of type list or tuple"),
        ("paths", "[b'apps']", "should be a list of strings"),
        ("requirements", "'fastapi'", "should be of type list or tuple"),
        ("exclude", "[1]", "should be a list of strings"),
        ("lock", "None", "should be of type str"),
        ("start", "'later'", "should be one of 'click', 'visible', 'load'"),
        ("snapshot", "None", "should be of type str"),
        ("snapshot", "'all'", "should be one of 'app', 'dependencies', 'off'"),
        ("engine", "20", "should be of type str or None"),
        ("timeout", "0", "should be a number of seconds above 0"),
        ("timeout", "-1.5", "should be a number of seconds above 0"),
        ("timeout", "True", "should be a number of seconds above 0"),
        ("timeout", "float('nan')", "should be a number of seconds above 0"),
        ("timeout", "float('inf')", "should be a number of seconds above 0"),
        ("timeout", "'60'", "should be of type int or float"),
        ("check", "True", "should be of type str"),
        ("check", "'imports'", "should be one of 'request', 'import', 'off'"),
        ("cpu_limit", "-1", "should be a number of seconds from 0 (no limit) to 50"),
        ("cpu_limit", "60", "should be a number of seconds from 0 (no limit) to 50"),
        ("cpu_limit", "False", "should be a number of seconds from 0 (no limit) to 50"),
        ("size_limit", "'much'", "should be a number of bytes, a size such as '15 MB', or None for no limit"),
        ("size_limit", "-1", "should be a number of bytes"),
        ("size_limit", "True", "should be a number of bytes"),
        ("cache", "1", "should be of type str or None"),
    ],
)
def test_a_wrong_value_ends_the_build_with_its_name_and_what_it_should_be(
    empty: Project, name: str, value: str, should: str
) -> None:
    empty.configure(f"asgi_live_{name} = {value}")
    with pytest.raises(ConfigError) as caught, empty.sphinx():
        pass
    assert str(caught.value).startswith(f"asgi_live_{name} = ")
    assert should in str(caught.value)


def test_the_defaults_are_right_values(empty: Project) -> None:
    with empty.sphinx() as app:
        config = LiveConfig.of(app.config)
    # What the tests' own projects have set.
    assert config == LiveConfig(check="off", snapshot="off")
    assert config.start == "click"


def test_the_command_line_can_set_values_of_every_kind(empty: Project) -> None:
    given = [
        f"-Dasgi_live_{each}" for each in ("paths=a,b", "exclude=uvloop", "timeout=5", "start=load", "engine=node")
    ]
    build = empty.run(*given, "-W", builder="dummy")
    assert (build.code, build.warnings) == (0, [])
    build = empty.run("-Dasgi_live_start=later", builder="dummy")
    assert build.code == 2
    assert "asgi_live_start = 'later' should be one of" in "\n".join(build.warnings)


def test_folders_are_relative_to_conf_py_wherever_sphinx_is_started(
    empty: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    settings = LiveConfig(paths=("../src",), cache="../cache", lock="locks/live.json").settings(empty.folder)
    assert settings.paths == (tmp_path / "src",)
    assert settings.cache.resolve() == tmp_path / "cache"
    assert settings.lock == empty.folder / "locks" / "live.json"


def test_a_cache_from_the_environment_is_absolute_too(
    empty: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPHINX_ASGI_LIVE_CACHE", "cache")
    assert LiveConfig().settings(empty.folder).cache == tmp_path / "cache"
    assert LiveConfig(cache="own").settings(empty.folder).cache == empty.folder / "own"


def test_every_value_says_what_it_is_for_and_is_in_the_reference(project: Path) -> None:
    reference = (project / "demo_docs" / "reference.rst").read_text("utf-8")
    for each in fields(LiveConfig):
        assert each.metadata["help"].endswith(".")
        assert PREFIX + each.name in reference


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("start", "'load'", True),
        ("paths", "['apps']", True),
        ("timeout", "30", False),
        ("check", "'off'", False),
        ("requirements", "['tzdata']", False),
        ("exclude", "['tzdata']", False),
        ("lock", "'other.json'", False),
        ("cache", "'cache'", False),
    ],
)
def test_pages_are_read_again_only_for_what_they_depend_on(empty: Project, name: str, value: str, read: bool) -> None:
    empty.build("dummy")
    empty.configure(f"asgi_live_{name} = {value}")
    again = empty.build("dummy")
    assert ("[config changed ('asgi_live_" in again.status) == read
    assert again.warnings == []
