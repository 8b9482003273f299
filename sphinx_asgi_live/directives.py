"""The `asgi-live` directive: options become an `AppSpec`, an entry in the domain and a node."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from sphinx_asgi_live.config import STARTS, LiveConfig
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed
from sphinx_asgi_live.nodes import asgi_live, asgi_live_caption
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.sources import find
from sphinx_asgi_live.spec import ALLOWED_NAME, AppSpec, name_from_target

LENGTH = re.compile(r"(\d+(?:\.\d+)?)(px|em|rem|ch|vh|vw|svh|dvh|cm|mm|in|pt|%)?")
LONGEST_SEGMENT = 200
"""Bytes of a path's part that every file system takes as a folder's name."""


def length(argument: str) -> str:
    """`400` and `400px` are the same; any unit of CSS."""
    match = LENGTH.fullmatch(directives.unchanged_required(argument).strip())
    if not match:
        raise ValueError(f"{argument!r} is not a length; write for example 400px, 30rem, 60vh or 80%")
    return match[0] if match[2] else f"{match[1]}px"


def aspect(argument: str) -> str:
    """`16/9`, `16:9` or a number."""
    match = re.fullmatch(
        r"(\d+(?:\.\d+)?)(?:\s*[:/]\s*(\d+(?:\.\d+)?))?", directives.unchanged_required(argument).strip()
    )
    if not match or not float(match[1]) or not float(match[2] or 1):
        raise ValueError(f"{argument!r} is not an aspect ratio; write for example 16/9")
    return f"{match[1]} / {match[2] or 1}"


def name(argument: str) -> str:
    """The folder's name below `asgi-live/`."""
    value = directives.unchanged_required(argument).strip()
    if not ALLOWED_NAME.fullmatch(value) or value == "shared" or len(value) > LONGEST_SEGMENT:
        raise ValueError(
            f"{value!r} cannot name an app's folder; use lower-case letters, digits and '-', and not 'shared'"
        )
    return value


def path(argument: str) -> str:
    """The path that the frame opens, with query and fragment if wanted."""
    value = directives.unchanged_required(argument).strip()
    segments = unquote(urlsplit(value).path).split("/")
    if not value.startswith("/") or value.startswith("//") or ".." in segments or re.search(r"[\s\\\x00]", value):
        raise ValueError(f"{value!r} is not a path of the app; it begins with one '/', as in /docs")
    if any(len(segment.encode()) > LONGEST_SEGMENT for segment in segments):
        raise ValueError(
            f"{value[:40]!r}… has a part longer than {LONGEST_SEGMENT} bytes, which no folder can be called"
        )
    return value


def listed(separator: str) -> Callable[[str], tuple[str, ...]]:
    """Return a converter of several values in one option."""

    def convert(argument: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in re.split(separator, argument or "") if part.strip())

    return convert


requirements = listed(r"\n|,(?![^\[]*\])(?!\s*[<>=!~])")
"""By lines or commas; commas inside `fastapi[all]>=1,<2` are part of it."""

words = listed(r"[,\s]+")


def environment(argument: str) -> tuple[tuple[str, str], ...]:
    """`NAME=value`, one a line, or several with commas between."""
    pairs = []
    for part in listed(r"\n|,\s*(?=[A-Za-z_]\w*=)")(argument):
        key, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", key.strip()):
            raise ValueError(f"{part!r} is not an environment variable; write NAME=value, one a line")
        pairs.append((key.strip(), value.strip()))
    return tuple(sorted(dict(pairs).items()))


class AsgiLive(SphinxDirective):
    """Embed a live ASGI app, named as `module:attribute` or written as the directive's body."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {
        "name": name,
        "path": path,
        "start": lambda argument: directives.choice(argument, STARTS),
        "height": length,
        "width": length,
        "aspect": aspect,
        "title": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "class": directives.class_option,
        "requirements": requirements,
        "exclude": words,
        "files": words,
        "env": environment,
        "factory": directives.flag,
    }

    def run(self) -> list[nodes.Node]:
        """Return the app's node, having noted the app in the domain."""
        target = self.arguments[0].strip() if self.arguments else None
        source = "\n".join(self.content) + "\n" if self.content else None
        if (target is None) == (source is None):
            raise self.error(
                "asgi-live takes either an app as module:attribute or the app's source as its body"
                + (", not both" if target else "; both are missing")
            )
        config = LiveConfig.of(self.config)
        spec = self._spec(target, source)
        title = self.options.get("title", spec.name)
        embed = Embed(self.env.docname, self.lineno, self.options.get("path", "/"), title, spec)
        self._domain.note(embed)
        self._note_sources(spec, config)
        node = asgi_live(
            name=spec.name,
            path=embed.path,
            title=title,
            start=self.options.get("start", config.start),
            style={key: self.options[key] for key in ("height", "width", "aspect") if key in self.options},
            classes=self.options.get("class", []),
        )
        self.set_source_info(node)
        if "caption" in self.options:
            children, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            node += asgi_live_caption(self.options["caption"], "", *children)
            return [node, *messages]
        return [node]

    @property
    def _domain(self) -> AsgiLiveDomain:
        domain = self.env.get_domain(AsgiLiveDomain.name)
        assert isinstance(domain, AsgiLiveDomain)
        return domain

    def _spec(self, target: str | None, source: str | None) -> AppSpec:
        options = self.options
        return AppSpec(
            name=options.get("name") or self._default_name(target),
            target=target,
            source=source,
            requirements=options.get("requirements"),
            exclude=tuple(sorted(options.get("exclude", ()))),
            files=options.get("files", ()),
            env=options.get("env", ()),
            factory="factory" in options,
        )

    def _default_name(self, target: str | None) -> str:
        if target:
            return name_from_target(target) or "app"
        number = self.env.new_serialno("asgi-live") + 1
        return f"{name_from_target(self.env.docname)}-{number}".lstrip("-")

    def _note_sources(self, spec: AppSpec, config: LiveConfig) -> None:
        """Let a change of the app's files count as a change of this page; problems are told when the app is built."""
        settings = config.settings(Path(self.env.app.confdir))
        try:
            sources = find(spec, confdir=settings.confdir, paths=settings.paths)
        except (PackingError, OSError):
            return
        for file in sources.files.values():
            if not isinstance(file, bytes):
                self.env.note_dependency(str(file))
