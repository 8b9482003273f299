"""Example apps of five frameworks, taken as they are from what the frameworks publish."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from sphinx_asgi_live.packing.cache import cache_folder, install_file
from sphinx_asgi_live.packing.lock import Lock
from sphinx_asgi_live.packing.wheels import fetch
from tests.projects import Project


def add_published(docs: Project) -> None:
    """Write the apps into a project of the root `published`, whose lock has the versions."""
    lock = Lock.load(docs.folder / "asgi-live.lock.json")
    wheels = {path.name.split("-")[0]: path for each in lock.sets.values() for path in fetch(each, cache_folder())}
    version = {name: path.name.split("-")[1] for name, path in wheels.items()}
    uploads = "docs_src/request_files/tutorial003.py"
    docs.write("tutorial003.py", source_files("fastapi", version["fastapi"], uploads)[uploads].decode())
    for name in ("starlette", "litestar"):
        docs.write(f"{name}_readme.py", first_example(wheels[name]))
    package = "examples/javascript/js_example"
    for path, content in source_files("flask", version["flask"], package).items():
        docs.write(path.removeprefix("examples/javascript/"), content.decode())
    start_project(docs, wheels["django"])


def source_files(name: str, version: str, below: str) -> dict[str, bytes]:
    """What a source distribution has at or below a path, by path."""
    kept = cache_folder() / "examples" / f"{name}-{version}.tar.gz"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as scratch:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", name, "--dest", scratch]
            subprocess.run([*command, f"{name}=={version}"], check=True, capture_output=True)
            [downloaded] = Path(scratch).iterdir()
            install_file(downloaded.read_bytes(), kept)
    found = {}
    with tarfile.open(kept) as archive:
        for member in archive:
            path = member.name.partition("/")[2]
            if member.isfile() and f"{path}/".startswith(f"{below}/"):
                found[path] = archive.extractfile(member).read()  # type: ignore[union-attr]
    return found


def first_example(wheel: Path) -> str:
    """The first block of Python in the README that is a wheel's description."""
    with zipfile.ZipFile(wheel) as archive:
        [info] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        text = archive.read(info).decode()
    block = re.search(r"^```python.*\n((?:.*\n)*?)^```", text, re.MULTILINE)
    assert block
    return block[1]


def start_project(docs: Project, wheel: Path) -> None:
    """Do what `django-admin startproject mysite` does; Django itself may not run on this Python."""
    template = "django/conf/project_template/"
    values = {"project_name": "mysite", "secret_key": "insecure", "docs_version": "dev", "django_version": "dev"}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(template) and name.endswith("-tpl"):
                text = archive.read(name).decode()
                for key, value in values.items():
                    text = text.replace("{{ %s }}" % key, value)  # noqa: UP031
                path = name.removeprefix(template).removesuffix("-tpl").replace("project_name", "mysite")
                docs.write(path, text)
