"""What the app says, on the docs page: its output and the tracebacks of its errors."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.live import Figure

FAILS = "fetch('/break').then((answer) => answer.text()).then(() => 'whole', (error) => error.name)"


def test_what_the_app_says_is_below_its_frame(roaming_app: Figure) -> None:
    figure, page = roaming_app.element, roaming_app.page
    button = figure.get_by_role("button", name="What the app says")
    log = figure.get_by_role("log", name="What the app says")
    roaming_app.fetch("/print?text=to+%3Cstdout%3E")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(log).to_be_hidden()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(log).to_contain_text("to <stdout>\nand an error\nfrom logging\n")
    button.click()
    expect(log).to_be_hidden()

    # An exception before the response and one after its start; both are seen without the log being open.
    assert roaming_app.fetch("/raise")["status"] == 500
    assert roaming_app.evaluate(FAILS) in ("TypeError", "AbortError")
    expect(button).to_have_accessible_name(re.compile(r"What the app says \(\d+, with an error\)"))
    button.click()
    expect(button).to_have_accessible_name(re.compile(r"What the app says \(\d+\)"))
    for said in ("on purpose", "after it began"):
        raised = rf'    raise ValueError\("{said}"\)\nValueError: {said}\n'
        expect(log).to_contain_text(re.compile(r'Traceback .*\n  File ".*roaming\.py", line \d+, in app\n' + raised))

    # A page that comes later shows what was said before.
    later = page.context.new_page()
    later.goto(page.url)
    other = Figure(later, "roaming").ready()
    other.element.get_by_role("button", name="What the app says").click()
    expect(other.element.get_by_role("log")).to_contain_text("ValueError: on purpose")
    roaming_app.fetch("/print?text=to+both")
    for each in (roaming_app, other):
        expect(each.element.get_by_role("log")).to_contain_text("to both")
    later.close()
    button.click()
