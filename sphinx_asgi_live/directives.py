"""The `asgi-live` directive: options become an `AppSpec`, an entry in the domain and a node.

What is wrong with a directive is one warning at its line, the same in reStructuredText and in MyST, and the page says
in its place that there is no app. The parsers would drop it from the page, each with a message of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeAlias
from urllib.parse import unquote

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from sphinx_asgi_live.config import SNAPSHOTS, STARTS, LiveConfig
from sphinx_asgi_live.domain import AsgiLiveDomain, Embed, warn
from sphinx_asgi_live.listing import SHOWN, arranged, listing
from sphinx_asgi_live.nodes import asgi_live, asgi_live_caption, unbuilt
from sphinx_asgi_live.packing import PackingError
from sphinx_asgi_live.packing.modules import did_you_mean
from sphinx_asgi_live.packing.sources import Sources, find
from sphinx_asgi_live.spec import ALLOWED_NAME, LONGEST_SEGMENT, AppSpec, label, name_from, shortened

LENGTH = re.compile(r"([0-9]+(?:\.[0-9]+)?)(px|em|rem|ch|vh|vw|svh|dvh|cm|mm|in|pt|%)?")
ASPECT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:\s*[:/]\s*([0-9]+(?:\.[0-9]+)?))?")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
LONGEST_PATH = 1000
"""Bytes of a path that the file systems' limit for whole paths leaves room for, the output folder's before it."""

Converter: TypeAlias = Callable[[str], Any]


def quoted(value: str) -> str:
    """Return an option's value as messages give it."""
    return repr(shortened(value))


def text(argument: str) -> str:
    """One line of words."""
    if not argument:
        raise ValueError("needs a value; write some words, or leave the option out")
    return " ".join(argument.split())


def length(argument: str) -> str:
    """`400` and `400px` are the same; any unit of CSS."""
    match = LENGTH.fullmatch(argument)
    if not match:
        raise ValueError(f"{quoted(argument)} is not a length; write for example 400px, 30rem, 60vh or 80%")
    return match[0] if match[2] else f"{match[1]}px"


def aspect(argument: str) -> str:
    """`16/9`, `16:9` or a number."""
    match = ASPECT.fullmatch(argument)
    if not match or not float(match[1]) or not float(match[2] or 1):
        raise ValueError(f"{quoted(argument)} is not an aspect ratio; write for example 16/9")
    return f"{match[1]} / {match[2] or 1}"


def name(argument: str) -> str:
    """The folder's name below `asgi-live/`."""
    if not ALLOWED_NAME.fullmatch(argument) or argument == "shared" or len(argument) > LONGEST_SEGMENT:
        raise ValueError(
            f"{quoted(argument)} cannot name an app's folder; use at most {LONGEST_SEGMENT} lower-case letters, digits "
            "and '-', and not 'shared'"
        )
    return argument


def path(argument: str) -> str:
    """The path that the frame opens, with query and fragment if wanted."""
    decoded = unquote(re.split("[?#]", argument)[0])
    segments = decoded.split("/")
    refused = re.search(r"\s", argument) or CONTROL.search(argument) or CONTROL.search(decoded) or ".." in segments
    if not argument.startswith("/") or argument.startswith("//") or refused:
        raise ValueError(
            f"{quoted(argument)} is not a path of the app; begin it with one '/', as in /docs, and use no '..', "
            "no '\\', no spaces (%20 is one) and no control characters"
        )
    if len(decoded.encode()) > LONGEST_PATH or any(len(each.encode()) > LONGEST_SEGMENT for each in segments):
        raise ValueError(
            f"{quoted(argument)} is too long for a folder's name; use at most {LONGEST_PATH} bytes, and "
            f"{LONGEST_SEGMENT} between two '/'"
        )
    return argument


def start(argument: str) -> str:
    """When the app starts."""
    if argument not in STARTS:
        raise ValueError(f"{quoted(argument)} is unknown; write one of {', '.join(STARTS)}")
    return argument


def classes(argument: str) -> list[str]:
    """Class names, in the spelling that docutils gives them."""
    try:
        found: list[str] = directives.class_option(argument)
    except ValueError:
        raise ValueError(f"{quoted(argument)} cannot be made into class names; use letters, digits and '-'") from None
    return found


def listed(separator: str) -> Callable[[str], tuple[str, ...]]:
    """Return a converter of several values in one option, whose order says nothing."""

    def convert(argument: str) -> tuple[str, ...]:
        return tuple(sorted({part.strip() for part in re.split(separator, argument) if part.strip()}))

    return convert


requirements = listed(r"\n|,(?![^\[]*\])(?!\s*[<>=!~])")
"""By lines or commas; commas inside `fastapi[all]>=1,<2` are part of it."""

words = listed(r"[,\s]+")


def environment(argument: str) -> tuple[tuple[str, str], ...]:
    """`NAME=value`, one a line, or several with commas between."""
    pairs: dict[str, str] = {}
    for part in re.split(r"\n|,\s*(?=[A-Za-z_]\w*=)", argument):
        key, equals, value = part.strip().partition("=")
        if part.strip() and (not equals or not re.fullmatch(r"[A-Za-z_]\w*", key.strip(), re.ASCII)):
            raise ValueError(f"{quoted(part.strip())} is not an environment variable; write NAME=value, one a line")
        if equals:
            pairs[key.strip()] = value.strip()
    return tuple(sorted(pairs.items()))


def flag(argument: str) -> bool:
    """Given or not."""
    if argument:
        raise ValueError(f"takes no value, and has {quoted(argument)}; remove the value, or the option for 'no'")
    return True


def snapshot(argument: str) -> str:
    """How much of the started app is frozen."""
    if argument not in SNAPSHOTS:
        raise ValueError(f"{quoted(argument)} is unknown; write one of {', '.join(SNAPSHOTS)}")
    return argument


def shown_source(argument: str) -> str:
    """Whether the source is shown."""
    if argument not in SHOWN:
        raise ValueError(f"{quoted(argument)} is unknown; write one of {', '.join(SHOWN)}")
    return argument


OF_APPS: dict[str, Converter] = {
    "requirements": requirements,
    "exclude": words,
    "files": words,
    "env": environment,
    "factory": flag,
    "snapshot": snapshot,
}
"""What makes an app, besides its name and its target or source."""

CONVERTERS: dict[str, Converter] = {
    "name": name,
    "path": path,
    "start": start,
    "height": length,
    "width": length,
    "aspect": aspect,
    "title": text,
    "caption": text,
    "class": classes,
    "source": shown_source,
    **OF_APPS,
}


class Written(dict[str, Converter]):
    """Lets every option through to the directive as it is written, unknown ones too."""

    def __missing__(self, key: str) -> Converter:
        return raw


def raw(argument: str | None) -> str:
    """As it is written, for the directive to convert."""
    return (argument or "").strip()


class AppDirective(SphinxDirective):
    """A directive whose argument may be the target of an app; `converters` are those of its options."""

    optional_arguments = 1
    final_argument_whitespace = True
    has_content = True
    converters: ClassVar[dict[str, Converter]]

    def _converted(self) -> tuple[dict[str, Any], list[str]]:
        """Return the options' values, and what is wrong with the others."""
        values: dict[str, Any] = {}
        problems = []
        for key, written in self.options.items():
            if key not in self.converters:
                near = did_you_mean(key, self.converters, ":{}:") or f"; the options are {', '.join(self.converters)}"
                problems.append(f"there is no option :{shortened(key)}:{near}")
                continue
            try:
                values[key] = self.converters[key](written)
            except ValueError as error:
                problems.append(f":{key}: {error}")
        return values, problems

    def _location(self, below: int = 0) -> str:
        """File and line, so many below the directive's first.

        docutils names an included file from the current folder, which may be another next time.
        """
        source, line = self.get_source_info()
        path = Path(source or self.env.doc2path(self.env.docname))
        return f"{path.resolve() if path.is_file() else path}:{line + below}"

    def _body_at(self) -> int:
        """Lines from the directive's first to the first of its body, which ends it."""
        block = [line.strip() for line in self.block_text.splitlines()]
        body = [line.strip() for line in self.content]
        return next(at for at in range(len(block), -1, -1) if block[at : at + len(body)] == body)

    def _note_sources(self, spec: AppSpec) -> Sources | None:
        """Let a change of the app's files count as a change of this page; problems are told when the app is built."""
        settings = LiveConfig.of(self.config).settings(AsgiLiveDomain.of(self.env).confdir)
        try:
            sources = find(spec, confdir=settings.confdir, paths=settings.paths, files=settings.files)
        except (PackingError, OSError):
            return None
        for file in sources.files.values():
            if not isinstance(file, bytes):
                self.env.note_dependency(str(file))
        return sources

    def _with_caption(self, node: nodes.Element, caption: str | None) -> list[nodes.Node]:
        """Return the node, with its caption as its last child, and what docutils has to say of that."""
        self.set_source_info(node)
        if caption is None:
            return [node]
        children, messages = self.parse_inline(caption, lineno=self.lineno)
        node += asgi_live_caption(caption, "", *children)
        self.set_source_info(node[-1])
        return [node, *messages]


class AsgiLive(AppDirective):
    """Embed a live ASGI app, named as `module:attribute` or written as the directive's body."""

    converters = CONVERTERS
    option_spec: ClassVar[dict[str, Converter]] = Written(dict.fromkeys(CONVERTERS, raw))

    def run(self) -> list[nodes.Node]:
        """Return the app's node, having noted the app in the domain; or say on the page that there is none."""
        target = self.arguments[0].strip() if self.arguments else None
        source = "\n".join(self.content).strip("\n") + "\n" if self.content else None
        options, problems = self._converted()
        problems = [*_misplaced(target, source), *repeated(self.block_text), *problems]
        default = options.get("name") or self._default_name(target)
        if problems:
            told = "; ".join(problems)
            warn(label(default, target), told, self._location())
            return [unbuilt(told)]
        return self._embedded(spec_of(default, target, source, options), options)

    def _embedded(self, spec: AppSpec, options: dict[str, Any]) -> list[nodes.Node]:
        config = LiveConfig.of(self.config)
        embed = Embed(
            docname=self.env.docname,
            location=self._location(),
            path=options.get("path", "/"),
            title=options.get("title", spec.name),
            spec=spec,
            body=self._source_line() if spec.source else 0,
        )
        number = AsgiLiveDomain.of(self.env).note(embed)
        sources = self._note_sources(spec)
        node = asgi_live(
            embed=number,
            docname=embed.docname,
            name=spec.name,
            path=embed.path,
            title=embed.title,
            start=options.get("start", config.start),
            style={key: options[key] for key in ("height", "width", "aspect") if key in options},
            classes=options.get("class", []),
        )
        shown = options.get("source", config.source)
        app = self._with_caption(node, options.get("caption"))
        code = None if shown == "hide" else listing(self, spec, sources)
        return arranged(app, code, shown) if code else app

    def _source_line(self) -> int:
        """The line where the source begins, which blank ones before it are no part of."""
        blank = next(at for at, line in enumerate(self.content) if line)
        return int(self._location(self._body_at() + blank).rpartition(":")[2])

    def _default_name(self, target: str | None) -> str:
        if target:
            return name_from(target)
        return f"{name_from(self.env.docname)}-{self.env.new_serialno('asgi-live') + 1}"


def spec_of(name: str, target: str | None, source: str | None, options: dict[str, Any]) -> AppSpec:
    """Return the app of that name as the options describe it."""
    return AppSpec(name, target, source, **{key: options[key] for key in OF_APPS if key in options})


def repeated(block: str) -> list[str]:
    """Tell of options that are given twice: docutils refuses them, and MyST's parser silently takes the last one."""
    rest = block.partition("\n")[2]
    fenced = re.match(r"---.*\n((?:(?!---).*\n)*)", rest)
    options = fenced or re.match(r"((?:[ \t]*:[\w-]+:.*\n)*)", rest)
    keys = re.findall(
        r"^([\w-]+)[ \t]*:" if fenced else r"^[ \t]*:([\w-]+):", options[1] if options else "", re.MULTILINE
    )
    return [f"duplicate option :{key}:; give each option once" for key in dict.fromkeys(keys) if keys.count(key) > 1]


def _misplaced(target: str | None, source: str | None) -> list[str]:
    """What is wrong with where the app is given."""
    if target and "\n" in target:
        return ["the source begins on the directive's own lines; leave an empty line before it"]
    if target and source:
        return ["both a target and a source are given; keep one of them"]
    if not target and not source:
        return ["neither a target nor a source is given; write module:attribute behind '::', or the source as the body"]
    return []
