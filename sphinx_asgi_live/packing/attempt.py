"""Runs an app at build time, from the very archives that readers get: tried and frozen in one run of the engine."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.bundle import Archive
from sphinx_asgi_live.packing.cache import recall, remember
from sphinx_asgi_live.packing.check import Check, judge
from sphinx_asgi_live.packing.engine import JSON, EngineTimeout
from sphinx_asgi_live.packing.images import FROZEN_AT, Bases, Images, image_key, keep_image, proof_of
from sphinx_asgi_live.packing.site import FOLDER
from sphinx_asgi_live.packing.tools import Tools
from sphinx_asgi_live.spec import AppSpec

MODES = ("request", "import", "off")
"""What is tried: answers to the embedded paths, the import alone, or nothing."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """An app, the paths that pages embed, and how far it is to be tried and frozen.

    The last one of the `archives` is the app's own, `modules` are those that its requirements are imported by, `mode`
    is one of `MODES`, and `level` is "app", "dependencies" or "off".
    """

    spec: AppSpec
    paths: tuple[str, ...]
    archives: tuple[Archive, ...]
    modules: tuple[str, ...]
    mode: str
    level: str

    def run(self, bases: Bases, tools: Tools) -> tuple[Check, Images]:
        """Try the app, and freeze it as far as that holds; raises `PackingError` if it does not start.

        What is not tried is taken for well: an app that heeds its root, and whose pages load nothing from a CDN.
        """
        frozen = self._base(bases, tools)
        if self.mode == "off":
            return Check(), self._untried(frozen)
        result = self._result(frozen.paths, tools)
        check = judge(result)
        if not frozen.paths:
            return check, frozen
        if check.untried or not check.answers:
            return check, self._untried(frozen)
        paths = (*frozen.paths, *_own(result))[: result["layers"]]
        needed = frozenset(result["needed"]) if paths and "needed" in result else None
        return check, Images(paths, "; ".join(result["notes"]), needed)

    def _base(self, bases: Bases, tools: Tools) -> Images:
        if self.level == "off":
            return Images()
        try:
            return Images((bases.get(self.archives[:-1], self.modules, tools),))
        except PackingError as error:
            return Images(note=f"its dependencies are not frozen: {error}")

    def _untried(self, frozen: Images) -> Images:
        note = "it is frozen only as far as it is tried" if frozen.paths and self.level == "app" else ""
        return replace(frozen, note=frozen.note or note)

    def _result(self, base: tuple[Path, ...], tools: Tools) -> JSON:
        """Return what the engine tells, now or before; with the path of the app's own image, if there is one."""
        paths = list(self.paths) if self.mode == "request" else []
        job = {
            "app": {**app_entry(self.spec, True), "startup": self.mode == "request"},
            "root": f"/{FOLDER}/{self.spec.name}/app",
            "paths": paths,
            "references": Path(__file__).with_name("references.py").read_text("utf-8"),
            "level": self.level,
            "frozenAt": FROZEN_AT,
        }
        names = [path.name for path in (*base, *(archive.path for archive in self.archives))]
        key = image_key([job, names])
        if (noted := recall(tools.cache, "attempts", key)) and (known := _recalled(noted, key, tools.cache)):
            return known
        try:
            result = self._engine_run(job, base, key, tools)
        except EngineTimeout:
            awaited = f"gave no answer to {', '.join(paths)}" if paths else "was not imported"
            raise PackingError(
                f"the app {awaited} within asgi_live_timeout = {tools.timeout:g} s; "
                "look for work at import or in its lifespan that does not end, or raise the limit"
            ) from None
        if base and "layers" not in result and "problem" not in result:
            reason = f"it is not frozen: that did not end within asgi_live_timeout = {tools.timeout:g} s"
            return {**result, "layers": 1, "notes": [reason]}
        remember(tools.cache, "attempts", key, json.dumps(result).encode())
        return result

    def _engine_run(self, job: JSON, base: tuple[Path, ...], key: str, tools: Tools) -> JSON:
        if not base:
            return tools.run("attempt", self.archives, job)
        proof = proof_of(base[0])
        proven = recall(tools.cache, "proven", proof) is not None
        with tempfile.TemporaryDirectory(prefix="asgi-live-") as scratch:
            output = Path(scratch) / "image"
            started = {"base": str(base[0]), "proven": proven, "output": str(output)}
            result = tools.run("attempt", self.archives, {**job, **started})
            if result.get("layers") and result["responses"] and not proven:
                remember(tools.cache, "proven", proof, b"")
            if result.get("layers") == 2:
                result["image"] = str(keep_image(output, key, tools.cache))
        return result


def app_entry(spec: AppSpec, mounted: bool) -> dict[str, Any]:
    """Return what starts an app, of the manifest and of a job for the engine."""
    return {
        "name": spec.name,
        "module": spec.module,
        "attribute": spec.attribute,
        "factory": spec.factory,
        "mounted": mounted,
        "env": dict(spec.env),
    }


def _recalled(noted: Path, key: str, cache: Path) -> JSON | None:
    """Return a kept result, unless the image that it speaks of is lost."""
    result: JSON = json.loads(noted.read_bytes())
    if result.get("layers") != 2:
        return result
    image = recall(cache, "images", key)
    return {**result, "image": str(image)} if image else None


def _own(result: JSON) -> tuple[Path, ...]:
    return (Path(result["image"]),) if "image" in result else ()
