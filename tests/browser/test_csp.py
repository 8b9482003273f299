"""An app's Content Security Policy is in force in its pages, and the script that keeps them in the app runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.live import Figure
from tests.browser.roaming import say, visit
from tests.site_server import StaticSite

PAGE = """<!doctype html><html><title>CSP</title>{}
<script>document.documentElement.dataset.inline = "ran"</script>
<script nonce="abc">document.documentElement.dataset.nonce = "ran"</script>
<script src="/script.js"></script>
<body onload="document.documentElement.dataset.handler = 'ran'"><a href="/landed?via=link" target="_self">link</a>"""

ALL = {"inline", "nonce", "external", "handler"}
# Which of the page's scripts run under a policy.
POLICIES: dict[str, set[str]] = {
    "": ALL,
    "frame-ancestors 'none'": ALL,
    "script-src 'none'": set(),
    "SCRIPT-SRC 'NONE'; img-src *": set(),
    "default-src 'none'": set(),
    "default-src 'self'; frame-ancestors 'none'": {"external"},
    "script-src 'self' 'unsafe-inline'": ALL,
    "default-src 'unsafe-inline'": ALL - {"external"},
    "script-src 'nonce-abc'": {"nonce"},
    "script-src 'nonce-abc' 'strict-dynamic' 'unsafe-inline'": {"nonce"},
    "script-src 'nonce-abc' 'unsafe-inline'; default-src 'none'": {"nonce"},
    "script-src-elem 'none'; script-src 'self' 'unsafe-inline'": {"handler"},
    "script-src 'none', script-src 'self' 'unsafe-inline'": set(),
    "require-trusted-types-for 'script'; trusted-types 'none'": ALL,
    "sandbox": set(),
    # No worker is asked for what a sandboxed page loads.
    "sandbox allow-scripts": ALL - {"external"},
    "sandbox allow-same-origin; script-src 'unsafe-inline'": set(),
}


@pytest.fixture
def app(roaming_app: Figure) -> Iterator[Figure]:
    visit(roaming_app, "hub")
    roaming_app.evaluate("void (document.cookie = 'seen=1')")
    roaming_app.evaluate("fetch('/file').then((answer) => answer.text())")
    yield roaming_app
    visit(roaming_app, "hub")


def scripts_that_ran(app: Figure) -> set[str]:
    root = app.app.locator("html")
    found = {name for name in ("inline", "nonce", "handler") if root.get_attribute(f"data-{name}") == "ran"}
    return found | ({"external"} if app.evaluate("window.ran") else set())


def test_a_policy_holds_and_links_stay_in_the_app(app: Figure) -> None:
    for policy, expected in POLICIES.items():
        visit(app, say(PAGE.format(""), content_security_policy=policy))
        assert scripts_that_ran(app) == expected, policy
        if "sandbox" not in policy:
            assert app.evaluate("document.cookie") == "seen=1", policy
        app.app.locator("a").click()
        expect(app.app.locator("h1")).to_have_text("link")


def test_a_policy_in_the_markup_holds_too(app: Figure) -> None:
    for policy, expected in {"script-src 'nonce-abc'": {"nonce"}, "default-src 'none'": set()}.items():
        visit(app, say(PAGE.format(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')))
        assert scripts_that_ran(app) == expected, policy
        assert app.evaluate("document.cookie") == "seen=1"
        app.app.locator("a").click()
        expect(app.app.locator("h1")).to_have_text("link")


def test_a_policy_that_only_reports_says_nothing_of_our_script(app: Figure) -> None:
    body = """<!doctype html><script nonce="abc">window.reported = [];
        document.addEventListener("securitypolicyviolation", (event) => reported.push(event.effectiveDirective));
        </script><img src="data:,"><script nonce="abc">document.title = "over"</script>"""
    policy = "script-src 'nonce-abc'; img-src 'self'"
    visit(app, say(body, content_security_policy_report_only=policy))
    app.frame.wait_for_function("() => reported.length")
    assert set(app.evaluate("reported")) == {"img-src"}


def test_the_parent_page_is_shown_what_the_header_says(app: Figure, roaming_site: StaticSite) -> None:
    answer = app.fetch("/" + say("x", content_security_policy="default-src 'none'; frame-ancestors 'none'; sandbox"))
    # What no page is made of needs no script of ours.
    assert answer["headers"]["content-security-policy"] == "default-src 'none'; sandbox"
