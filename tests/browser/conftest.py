# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import pathlib
import shutil

import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.filter.report import report_html
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

TESTS = pathlib.Path(__file__).parents[1]
SAMPLES = TESTS / "unit/plugins/plugin_utils/fixtures/observations.yml"


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in (
        "--headless",
        "--no-sandbox",  # Chromium refuses to run as root with it
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1360,1000",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    yield chromium
    chromium.quit()


@pytest.fixture
def prefers(driver):
    """Chooses between the reader's light and dark."""

    def chosen(scheme):
        driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )

    yield chosen
    chosen("")


@pytest.fixture
def observations():
    return yaml.safe_load(SAMPLES.read_text(encoding="utf-8"))


@pytest.fixture
def open_source(driver, tmp_path):
    """Opens the source of a page as a file, as a reader would."""

    def opened(source):
        file = tmp_path / "https_check.html"
        file.write_text(source, encoding="utf-8")
        driver.get_log("browser")
        driver.get_log("performance")
        driver.get(file.as_uri())
        return Page(driver)

    return opened


@pytest.fixture
def page(open_source, observations):
    return open_source(report_html(observations, "2026-11-24T12:00:00Z"))


class Page:
    """What a reader sees of the page, and does with it."""

    def __init__(self, driver):
        self.driver = driver

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait_for(self, selector):
        WebDriverWait(self.driver, 30).until(lambda _driver: self.find_all(selector))

    def column(self, number):
        """The texts of one column, of the checks that are shown."""
        return [
            row.find_elements(By.CSS_SELECTOR, "th, td")[number].text
            for row in self.find_all("tbody tr:first-child")
            if row.is_displayed()
        ]

    def heading(self, text):
        (found,) = [heading for heading in self.find_all("thead th") if heading.text.startswith(text)]
        return found

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focused(self):
        return self.driver.switch_to.active_element

    @property
    def requests(self):
        """The addresses of everything that this page (not the browser's first, empty one) has asked for."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [params["request"]["url"] for params in sent if params["documentURL"] == self.driver.current_url]

    @property
    def complaints(self):
        """What the browser says of the page: errors of its script, breaches of its policy."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
