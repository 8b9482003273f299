"""What builders show whose pages no browser opens from a server: what an app answers, in words, and where it lives."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.display import progress_message

from sphinx_asgi_live.config import LiveConfig
from sphinx_asgi_live.domain import AsgiLiveDomain, names_of_ifconfig, stranger, warn
from sphinx_asgi_live.jobs import job_of
from sphinx_asgi_live.nodes import asgi_live, asgi_live_caption, is_served
from sphinx_asgi_live.packing.packer import Packer
from sphinx_asgi_live.packing.recording import in_words
from sphinx_asgi_live.packing.site import Site
from sphinx_asgi_live.placing import placed

LINES = 80
"""Of an answer, that are shown: a table may have thousands."""


def on_env_updated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Try the apps of all pages, and keep what they answer for the pages that are written."""
    domain = AsgiLiveDomain.of(env)
    domain.answers = {}
    settings = LiveConfig.of(app.config).settings(Path(app.confdir))
    if not shows_words(app.builder) or settings.check != "request":
        return []
    apps = domain.apps(app.builder.tags, names_of_ifconfig(app))
    jobs = {job_of(spec, embeds): embeds for spec, embeds in apps if not stranger(spec, embeds)}
    jobs = {job: embeds for job, embeds in jobs.items() if job.paths}
    if not jobs:
        return []
    with progress_message(f"trying {len(jobs)} live app{'s' if len(jobs) > 1 else ''}"):
        for job, found in Packer(settings, Site(Path())).check_all(list(jobs)):
            if isinstance(found, str):
                warn(job.spec.label, *placed(found, jobs[job][0]))
                continue
            for path, sentence in found.complaints:
                embed = next((each for each in jobs[job] if each.path == path), jobs[job][0])
                warn(job.spec.label, *placed(sentence, embed))
            for answer in found.answers:
                if text := in_words(answer):
                    domain.answers[job.spec.name, answer.path] = text
    return []


def shows_words(builder: Builder) -> bool:
    """Tell whether a builder writes pages that are read, but in which nothing runs; not so what collects texts."""
    return bool(builder.format) and bool(builder.use_message_catalog) and not is_served(builder)


def words_elsewhere(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put what an app answers in the place of its frame, in nodes that every builder knows."""
    # What collects texts for translation knows each by its node.
    if not app.builder.use_message_catalog or is_served(app.builder):
        return
    answers = AsgiLiveDomain.of(app.env).answers
    for node in list(doctree.findall(asgi_live)):
        said = nodes.emphasis("", f"[{node['title']}: a live app, in the online version of this page")
        if url := _online(app.config, docname, node):
            said += [nodes.Text(": "), nodes.reference(url, url, refuri=url)]
        said += nodes.Text("]")
        shown: list[nodes.Node] = [nodes.paragraph("", "", said, ids=node["ids"])]
        if text := answers.get((node["name"], node["path"])):
            shown.append(_block(text))
        shown += [nodes.paragraph("", "", *caption.children) for caption in node.findall(asgi_live_caption)]
        node.replace_self(shown)


def _online(config: Config, docname: str, node: asgi_live) -> str:
    """Return where the app is live, if the project says where its pages are."""
    if not config.html_baseurl:
        return ""
    suffix = config.html_link_suffix or config.html_file_suffix or ".html"
    anchor = f"#{node['ids'][0]}" if node["ids"] else ""
    return f"{config.html_baseurl.rstrip('/')}/{docname}{suffix}{anchor}"


def _block(text: str) -> nodes.literal_block:
    lines = text.splitlines()
    if len(lines) > LINES:
        lines = [*lines[:LINES], "[…]"]
    cut = "\n".join(lines)
    return nodes.literal_block(cut, cut, language="json" if text[0] in "[{" else "none", force=True)
