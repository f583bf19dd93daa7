# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The documentation site in a real browser: of TLSFRONT_SITE where it is built already, else built here."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest
from conftest import Page

pytestmark = pytest.mark.browser

TESTS = pathlib.Path(__file__).parents[1]
TOP = TESTS.parent
PAGES = [
    "index",
    "how",
    "README",
    "playbooks",
    "docs/reasons",
    "docs/clients",
    "roles/certificate/README",
    "reference/index",
    "reference/https_check_module",
    "reference/https_front_role",
]
SCHEMES = ["light", "dark"]
DIAGRAMS = {"index": 1, "how": 2}


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    built = os.environ.get("TLSFRONT_SITE")
    if not built:
        built = tmp_path_factory.mktemp("built") / "site"
        subprocess.run([TOP / "tests/docsite/build", built], check=True)
    return pathlib.Path(built)


@pytest.fixture
def open_page(driver, site, width):
    """Opens a page of the site at a width of the window, as files: a server would send the same."""

    def opened(name, query=""):
        driver.get_log("browser")
        driver.get_log("performance")
        driver.get((site / f"{name}.html").as_uri() + query)
        return Page(driver)

    return opened


@pytest.fixture
def width(driver, request):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    yield request.param
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


at_widths = pytest.mark.parametrize("width", [360, 1400], indirect=True)
at_one_width = pytest.mark.parametrize("width", [1400], indirect=True)


@at_widths
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_asks_nobody_else_and_can_be_read(open_page, prefers, width, name, scheme):
    prefers(scheme)
    page = open_page(name)
    page.driver.save_screenshot(str(TESTS / f"output/site-{name.replace('/', '-')}-{width}-{scheme}.png"))
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    assert page.driver.execute_script("return document.documentElement.scrollWidth") <= width
    contrasts = page.driver.execute_script((TESTS / "browser/contrast.js").read_text(encoding="utf-8"))
    assert len(contrasts) > 20
    assert [(ratio, text) for ratio, text in contrasts if ratio < 4.5] == []


@at_one_width
@pytest.mark.parametrize("name", DIAGRAMS)
def test_a_diagram_has_the_colours_of_light_and_dark(open_page, prefers, name):
    colours = []
    for scheme in SCHEMES:
        prefers(scheme)
        page = open_page(name)
        assert len(page.find_all(".diagram[aria-label] svg")) == DIAGRAMS[name]
        colours.append((page.find(".node text").value_of_css_property("fill"), page.find(".node path").value_of_css_property("stroke")))
    assert all(light != dark for light, dark in zip(*colours, strict=True))


@at_one_width
def test_every_guide_and_every_role_is_in_the_sidebar(open_page):
    linked = [link.get_attribute("href") for link in open_page("index").find_all(".sidebar-tree a")]
    files = [file.relative_to(TOP).with_suffix(".html") for file in [*TOP.glob("docs/*.md"), *TOP.glob("roles/*/README.md")]]
    assert len(files) > 20
    missing = [file for file in files if not any(href.endswith(f"/{file}") for href in linked)]
    assert missing == []


@at_one_width
def test_the_search_finds_a_word_of_a_guide(open_page):
    page = open_page("search", "?q=hostname_mismatch")
    page.wait_for("#search-results li a")
    assert any("reasons.html" in link.get_attribute("href") for link in page.find_all("#search-results li a"))
