"""What the pages under test say: every console line, and every error that nobody caught."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, WebError, Worker

# Through WebDriver BiDi, Firefox's own reports (a refused request, a wrong type) look like uncaught errors, but
# for the name, and for the script's stack that they lack.
THROWN = re.compile(r"\w*(Error|Exception)|uncaught exception")


class Console:
    """Listens to contexts; `errors` are uncaught exceptions and rejections, as `name: message`.

    `lines` begin with the kind of the message (`error`, `warning`, `log`, ...). A service worker's own lines
    are there in Chromium only.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.errors: list[str] = []
        self._expected: list[re.Pattern[str]] = []

    def expect(self, pattern: str) -> None:
        """Uncaught errors that match the regular expression are what the test is about."""
        self._expected.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        """The uncaught errors that no `expect` covers."""
        return [one for one in self.errors if not any(pattern.search(one) for pattern in self._expected)]

    def listen(self, context: BrowserContext) -> None:
        """Note what all pages of the context say from now on."""
        context.on("console", self._say)
        context.on("weberror", self._fail)
        context.on("serviceworker", self._listen_to_worker)
        for worker in context.service_workers:
            self._listen_to_worker(worker)

    def leave(self, context: BrowserContext) -> None:
        """Note no more of what the context says."""
        context.remove_listener("console", self._say)
        context.remove_listener("weberror", self._fail)
        context.remove_listener("serviceworker", self._listen_to_worker)
        for worker in context.service_workers:
            worker.remove_listener("console", self._say)

    def _listen_to_worker(self, worker: Worker) -> None:
        worker.on("console", self._say)

    def _say(self, message: ConsoleMessage) -> None:
        self.lines.append(f"{message.type}: {message.text}")

    def _fail(self, web_error: WebError) -> None:
        error = web_error.error
        name, message = getattr(error, "name", ""), getattr(error, "message", str(error))
        text = f"{name}: {message}" if name else message
        if str(getattr(error, "stack", "")).endswith("\nundefined") and not THROWN.fullmatch(name):
            self.lines.append(f"error: {text}")
        else:
            self.lines.append(f"uncaught: {text}")
            self.errors.append(text)
