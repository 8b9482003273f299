"""What apps answer, in words: for the search, and for builders whose pages no browser opens from a server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.display import progress_message

from sphinx_asgi_live import __version__
from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import Answers, AsgiLiveDomain, Embed, names_of_ifconfig, stranger, warn
from sphinx_asgi_live.jobs import begin_packing, job_of
from sphinx_asgi_live.nodes import asgi_live, asgi_live_caption, asgi_live_words, is_served
from sphinx_asgi_live.packing.check import Check
from sphinx_asgi_live.packing.packer import Job, Packer
from sphinx_asgi_live.packing.recording import in_words
from sphinx_asgi_live.packing.settings import Settings
from sphinx_asgi_live.packing.stamp import touched
from sphinx_asgi_live.packing.static import engine_key
from sphinx_asgi_live.placing import complain, placed

LINES = 80
"""Of an answer, that are shown in a book: a table may have thousands."""


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages whose apps give other answers than before, all answers being there now."""
    # A builder without a format writes no pages, and what collects texts for translation is not read.
    if not (app.builder.format and app.builder.use_message_catalog):
        return []
    settings = LiveConfig.of(app.config).settings(Path(app.confdir))
    domain = AsgiLiveDomain.of(env)
    inputs = _inputs(settings)
    stale: dict[Job, list[Embed]] = {}
    for spec, embeds in domain.apps(app.builder.tags, names_of_ifconfig(app)):
        frames = [embed for embed in embeds if not embed.call]
        if not stranger(spec, embeds) and any(_known(domain, embed).inputs != inputs for embed in frames):
            stale[job_of(spec, embeds)] = frames
    if not stale:
        return []
    if settings.check != "request":
        return [docname for job, frames in stale.items() for docname in _keep(domain, job, frames, Answers(inputs, {}))]
    packer = begin_packing(app)
    with progress_message(f"trying {len(stale)} live app{'s' if len(stale) > 1 else ''}"):
        changed = _try(domain, packer, stale, is_served(app.builder))
    return changed


def _inputs(settings: Settings) -> str:
    """Return a hash of what decides the answers besides an app's files: with these its pages are read anew."""
    described = [__version__, engine_key(), repr(settings), touched(settings.lock)]
    return hashlib.sha256(json.dumps(described).encode()).hexdigest()


def _known(domain: AsgiLiveDomain, embed: Embed) -> Answers:
    return domain.answers(embed.docname).get(embed.spec.name, Answers("", {}))


def _try(domain: AsgiLiveDomain, packer: Packer, stale: Mapping[Job, list[Embed]], is_packed_later: bool) -> list[str]:
    changed: list[str] = []
    # In the very way in which they are packed later, so that this is done then.
    for job, found in packer.check_all(list(stale), None if is_packed_later else "off"):
        if not is_packed_later:
            _tell(job, stale[job], found)
        answers = found.answers if isinstance(found, Check) else ()
        texts = {answer.path: text for answer in answers if (text := in_words(answer))}
        # What is wrong may be mended elsewhere, and the lock may have been written meanwhile.
        inputs = _inputs(packer.settings) if isinstance(found, Check) and not found.complaints else ""
        changed += _keep(domain, job, stale[job], Answers(inputs, texts))
    return changed


def _keep(domain: AsgiLiveDomain, job: Job, frames: list[Embed], now: Answers) -> list[str]:
    """Note what an app answers, and return the pages for which that is not what it was."""
    docnames = sorted({embed.docname for embed in frames if _known(domain, embed).texts != now.texts})
    for embed in frames:
        domain.answers(embed.docname)[job.spec.name] = now
    return docnames


def _tell(job: Job, frames: list[Embed], found: Check | str) -> None:
    if isinstance(found, str):
        warn(job.spec.label, *placed(found, frames[0]))
        return
    complain(job.spec.label, frames, found.complaints)


def fill_words(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put what apps answer beside their frames, for the search; or in their place, where nothing runs."""
    # What collects texts for translation knows each by its node.
    if not app.builder.use_message_catalog:
        return
    domain = AsgiLiveDomain.of(app.env)
    for node in list(doctree.findall(asgi_live)):
        answers = domain.answers(node["docname"]).get(node["name"])
        text = answers.texts.get(node["path"], "") if answers else ""
        if not is_served(app.builder):
            node.replace_self(_words(app.config, node, text))
        elif text:
            node += asgi_live_words(text, text)


def _words(config: Config, node: asgi_live, text: str) -> list[nodes.Node]:
    said = nodes.emphasis("", f"[{node['title']}: a live app, in the online version of this page")
    if url := _online(config, node):
        said += [nodes.Text(": "), nodes.reference(url, url, refuri=url)]
    said += nodes.Text("]")
    shown: list[nodes.Node] = [nodes.paragraph("", "", said, ids=node["ids"])]
    if text:
        shown.append(_block(text))
    return shown + [nodes.paragraph("", "", *caption.children) for caption in node.findall(asgi_live_caption)]


def _online(config: Config, node: asgi_live) -> str:
    """Return where the app is live, if the project says where its pages are."""
    if not config.html_baseurl:
        return ""
    suffix = config.html_link_suffix or config.html_file_suffix or ".html"
    anchor = f"#{node['ids'][0]}" if node["ids"] else ""
    return f"{config.html_baseurl.rstrip('/')}/{node['docname']}{suffix}{anchor}"


def _block(text: str) -> nodes.literal_block:
    lines = text.splitlines()
    if len(lines) > LINES:
        lines = [*lines[:LINES], "[…]"]
    cut = "\n".join(lines)
    return nodes.literal_block(cut, cut, language="json" if text[0] in "[{" else "none", force=True)
