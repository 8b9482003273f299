"""Safari's engine: the two demo apps run in it, and nothing foreign is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable

from selenium.common.exceptions import JavascriptException, NoSuchFrameException, StaleElementReferenceException
from selenium.webdriver import WebKitGTK
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import NewWebKit
from tests.browser.roaming import say
from tests.browser.test_urls import IN_THE_FRAME
from tests.site_server import StaticSite

SECONDS = 60
# While a frame loads, there is no document, or none to be asked.
BETWEEN_PAGES = (JavascriptException, NoSuchFrameException, StaleElementReferenceException)
FETCH = """const [url, done] = arguments;
fetch(url).then(async (answer) => done([answer.status, await answer.text()]), (error) => done([0, String(error)]));"""


class Live:
    """An embedded app on a docs page in WebKit."""

    def __init__(self, driver: WebKitGTK, name: str) -> None:
        self.driver = driver
        self.figure = f"figure[data-asgi-live={name}]"

    def live(self) -> Live:
        """Wait until the app is live, having started it if it does not run yet."""
        self.driver.switch_to.default_content()
        buttons = f"{self.figure}[data-state=idle] .asgi-live-panel button"
        figure = self.driver.find_element(By.CSS_SELECTOR, self.figure)

        def started() -> bool:
            for button in self.found(buttons):
                # The theme scrolls smoothly, and the driver does not wait until that is over.
                self.driver.execute_script(
                    "arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", button
                )
                button.click()
            return figure.get_attribute("data-state") != "idle"

        self.until(started)
        self.until(lambda: figure.get_attribute("data-state") in ("ready", "failed"))
        assert figure.get_attribute("data-state") == "ready", figure.text
        return self

    def found(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def script(self, script: str) -> object:
        """Run a script in the app's page, whichever that is now."""
        self.driver.switch_to.default_content()
        self.driver.switch_to.frame(self.driver.find_element(By.CSS_SELECTOR, f"{self.figure} iframe"))
        return self.driver.execute_script(script)

    def fetch(self, url: str) -> tuple[int, str]:
        """Fetch from the app's page: status and text."""
        self.script("")
        status, text = self.driver.execute_async_script(FETCH, url)
        return status, text

    def shows(self, expression: str, value: object) -> None:
        """Wait until a JavaScript expression has that value in the app's page."""
        self.until(lambda: self.script(f"return {expression}") == value)

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for it, across pages."""
        WebDriverWait(self.driver, SECONDS, 0.1, BETWEEN_PAGES).until(lambda _: condition())


def text(selector: str) -> str:
    """A JavaScript expression for the text of an element, `undefined` while it is not there."""
    return f"document.querySelector({json.dumps(selector)})?.textContent"


def test_the_shop_is_live(webkit: WebKitGTK, site: StaticSite) -> None:
    webkit.get(site.url + "index.html")
    shop = Live(webkit, "shop").live()
    shop.shows(text("#fetched"), "3 items fetched: Darjeeling, Earl Grey, Sencha")
    status, answer = shop.fetch("items/1")
    assert (status, json.loads(answer)["name"]) == (200, "Darjeeling")

    shop.script("document.querySelector('form').requestSubmit()")
    shop.shows("document.querySelector('#ordered') !== null", True)
    assert json.loads(shop.fetch("/starts")[1]) == {"starts": 1, "orders": 1}
    assert site.foreign == []


def test_swagger_ui_is_drawn_without_its_cdn(webkit: WebKitGTK, site: StaticSite) -> None:
    webkit.get(site.url + "howto/fastapi.html")
    shop = Live(webkit, "shop").live()
    shop.shows("document.querySelectorAll('.swagger-ui .opblock').length > 3", True)
    assert site.foreign == []


def test_datasette_its_plugin_and_links_that_ignore_the_prefix(webkit: WebKitGTK, site: StaticSite) -> None:
    webkit.get(site.url + "howto/datasette.html")
    library = Live(webkit, "library").live()
    library.shows("document.querySelectorAll('table.rows-and-columns tbody tr').length", 34)
    library.shows("document.documentElement.dataset.plugin", "ran")

    # Links and forms that do not know where the app is mounted; where a script goes, this engine does not tell.
    library.script("[...document.links].find((link) => link.textContent === 'Jane Austen').click()")
    library.shows("document.body.classList.contains('row')", True)
    library.script("[...document.links].find((link) => link.textContent === 'home').click()")
    library.shows("document.body.classList.contains('index')", True)
    assert not [request for request in site.requests if request.status == 404 and "library" in request.path]
    assert site.foreign == []


def test_whatever_leads_out_of_the_prefix_leads_into_the_app(new_webkit: NewWebKit, roaming_site: StaticSite) -> None:
    driver = new_webkit(roaming_site)
    driver.get(roaming_site.url + "index.html")
    app = Live(driver, "roaming").live()
    root = roaming_site.prefix + "asgi-live/roaming/app"
    for via, script in IN_THE_FRAME.items():
        if via == "navigate":
            continue  # the Navigation API's own, which this engine lacks
        app.script(f"location.replace('{root}/hub')")
        app.shows(text("h1"), "hub")
        app.script(f"setTimeout(() => {{ {script} }})")
        app.shows(text("h1"), via)
        app.shows("location.pathname", root + "/landed")

    app.script("document.cookie = 'seen=1'; history.pushState(null, '', '/hub?pushed')")
    app.shows("location.pathname", root + "/hub")
    assert "seen=1" in app.fetch("/cookie")[1]
    assert app.fetch("/twice") == (200, "twice")
    policy = say("<!doctype html><a href='/landed?via=strict'>x</a>", content_security_policy="default-src 'none'")
    app.script(f"location.replace('{root}/{policy}')")
    app.shows("document.links.length", 1)
    app.shows("document.cookie", "seen=1")
    app.script("document.links[0].click()")
    app.shows(text("h1"), "strict")
