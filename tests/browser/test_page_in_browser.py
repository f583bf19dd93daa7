# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The page of report_html in a real browser: what a reader sees of it, and can do with it."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.filter.report import report_html
from ansible_collections.tlsfront.elasticsearch.plugins.filter.traffic import traffic_html
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.browser

HERE = pathlib.Path(__file__).parent
NODE, ADDRESS, HTTPS, DAYS = 0, 1, 2, 4
WHEN = "2026-11-24T12:00:00Z"


def test_the_page_opens_without_a_complaint_and_asks_for_nothing_but_itself(page):
    assert page.complaints == []
    assert [url.rpartition("/")[2] for url in page.requests] == ["https_check.html"]
    assert page.find("#shown").text == "8 of 8 shown"


def test_a_click_on_a_heading_sorts_numbers_as_numbers_and_the_unknown_last(page):
    days = page.heading("Days left")
    days.find_element("tag name", "button").click()
    assert page.column(DAYS) == ["12", "89", "89", "89", "89", "89", "-", "-"]
    assert days.get_attribute("aria-sort") == "ascending"
    days.find_element("tag name", "button").click()
    assert page.column(DAYS) == ["89", "89", "89", "89", "89", "12", "-", "-"]
    assert days.get_attribute("aria-sort") == "descending"


def test_the_longer_a_certificate_has_expired_the_earlier_it_stands(open_source, observations):
    for endpoint, days in zip(observations[0]["result"]["endpoints"], (100, -5, -12), strict=True):
        for address in endpoint["addresses"]:
            address["certificates"][0]["days_left"] = days
    page = open_source(report_html(observations[:1], WHEN))
    page.heading("Days left").find_element("tag name", "button").click()
    assert page.column(DAYS) == ["-12", "-5", "100", "100"]


def test_only_one_column_says_that_it_is_sorted(page):
    for heading in ("Node", "Address"):
        page.heading(heading).find_element("tag name", "button").click()
    assert [heading.text[:7] for heading in page.find_all("[aria-sort]")] == ["Address"]


def test_what_belongs_to_a_check_moves_with_it(page):
    page.heading("Days left").find_element("tag name", "button").click()
    first = page.find("tbody")
    assert "CN=es2.example.org has 12 days left" in first.text


def test_the_filter_takes_words_in_any_order(page):
    page.find("#text").send_keys("OUTSIDER es2")
    assert page.column(HTTPS) == ["✘ port_open"]
    assert page.find("#shown").text == "1 of 8 shown"


def test_the_filter_finds_what_stands_in_the_folded_details(page):
    page.find("#text").send_keys("DNS:es3.example.org")
    assert page.column(NODE) == ["es3.example.org"]


@pytest.mark.parametrize(("state", "count"), [("", 8), ("failed", 4), ("warning", 1), ("verified", 3)])
def test_a_state_shows_its_checks_alone(page, state, count):
    page.find(f"input[name=state][value='{state}']").click()
    assert len(page.column(NODE)) == count


def test_a_filter_that_nothing_matches_says_so(page):
    assert not page.find("#none").is_displayed()
    page.find("#text").send_keys("no such node")
    assert page.find("#none").is_displayed()


def test_the_keyboard_alone_is_enough(page):
    page.press(Keys.TAB)
    assert page.focused.get_attribute("id") == "text"
    page.press("client", Keys.TAB, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert page.column(HTTPS) == ["▲ verified, warning"]
    page.press(Keys.ARROW_UP, Keys.ARROW_UP)
    page.press(Keys.TAB)  # the region that scrolls
    page.press(Keys.TAB, Keys.TAB, Keys.ENTER)
    assert page.heading("Address").get_attribute("aria-sort") == "ascending"
    assert page.column(ADDRESS) == ["192.0.2.11", "192.0.2.12", "192.0.2.13", "2001:db8::11"]
    for _heading in range(7):
        page.press(Keys.TAB)
    assert page.focused.tag_name == "summary"
    assert not page.find("tbody .details").is_displayed()
    page.press(Keys.ENTER)
    assert "DNS:es1.example.org" in page.find("tbody .details").text


def test_every_control_has_a_name_and_shows_its_focus(page):
    for control in page.find_all("input, button, summary, [tabindex]"):
        assert control.accessible_name
    page.press(Keys.TAB)
    assert page.focused.value_of_css_property("outline-style") == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_in_light_and_dark(page, prefers, scheme):
    prefers(scheme)
    page.driver.execute_script(
        "document.querySelectorAll('details').forEach((d, n) => { d.open = n === 4 }); scrollTo(0, 330)"
    )
    page.driver.save_screenshot(str(HERE.parent / f"output/report_html-{scheme}.png"))
    page.driver.execute_script("document.querySelectorAll('details').forEach((d) => { d.open = true })")
    contrasts = page.driver.execute_script((HERE / "contrast.js").read_text(encoding="utf-8"))
    assert len(contrasts) > 100
    assert [(ratio, text) for ratio, text in contrasts if ratio < 4.5] == []


def test_dark_is_dark_and_light_is_light(page, prefers):
    def background():
        return page.find("body").value_of_css_property("background-color")

    prefers("light")
    light = background()
    prefers("dark")
    assert (light, background()) == ("rgba(246, 247, 249, 1)", "rgba(18, 22, 28, 1)")


def test_on_a_narrow_screen_only_the_table_scrolls_sideways(page):
    page.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    )
    try:
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 390
        assert page.driver.execute_script(
            "const t = document.querySelector('.scroll'); return t.scrollWidth > t.clientWidth"
        )
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_without_javascript_everything_is_shown(driver, open_source, observations):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page = open_source(report_html(observations, WHEN))
        assert len(page.column(NODE)) == 8
        assert not page.find("#controls").is_displayed()
        page.find("summary").click()
        assert page.find("tbody .details").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


ATTACK = "\"'></td></table></script></style><script>window.attacked = true</script><img src=x onerror='window.attacked = true'>"


def test_a_hostile_certificate_is_shown_and_runs_nothing(open_source, observations):
    certificate = observations[0]["result"]["endpoints"][0]["addresses"][0]["certificates"][0]
    certificate.update(subject=ATTACK, subject_alt_names=[ATTACK])
    page = open_source(report_html(observations, WHEN))
    page.find("summary").click()
    assert ATTACK in page.find("tbody .details").text
    assert page.driver.execute_script("return window.attacked") is None
    assert page.complaints == []


def test_even_what_gets_past_the_escaping_runs_nothing(open_source, observations):
    page = open_source(report_html(observations, WHEN).replace("<main>", f"<main>{ATTACK}"))
    assert page.driver.execute_script("return window.attacked") is None
    complaints = " ".join(page.complaints)
    assert "inline script" in complaints and "img-src" in complaints


def of(address, state, last, answered, **more):
    told = {"node": "es1", "address": address, "to": "10.0.0.1", "port": 9200, "name": "", "kind": "unknown", "hosts": [], "first": 604800}
    return {**told, "last": last, "answered": answered, "packets": 1, "let_in": False, "closed": False, "state": state, "do": "Move it over.", **more}


TRAFFIC = {
    "rows": [
        of("10.0.0.50", "cut off", 120, 120, name="app1", kind="client host", packets=5123),
        of("203.0.113.9", "unproven", 3600, None),
        of("fd00:89:40::11", "let in", 1, 1, name="es1", kind="node", node="es2", port=9300, packets=90000),
    ],
    "nodes": [{"name": "es1", "observed": True, "problem": ""}, {"name": "es2", "observed": True, "problem": ""}],
    "unknown": [],
    "notes": ["es1 was observed for 2 hours only, not for 7 days."],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_who_uses_the_ports_is_one_of_the_same_kind(open_source, prefers, scheme):
    prefers(scheme)
    page = open_source(traffic_html(TRAFFIC, WHEN))
    page.driver.save_screenshot(str(HERE.parent / f"output/traffic_html-{scheme}.png"))
    assert page.complaints == [] and page.find("#shown").text == "3 of 3 shown"
    contrasts = page.driver.execute_script((HERE / "contrast.js").read_text(encoding="utf-8"))
    assert len(contrasts) > 30
    assert [(ratio, text) for ratio, text in contrasts if ratio < 4.5] == []


def test_who_was_there_last_stands_first_when_sorted_by_that_whatever_the_unit(open_source):
    page = open_source(traffic_html(TRAFFIC, WHEN))
    page.heading("Last seen").find_element("tag name", "button").click()
    assert page.column(5) == ["1 second ago", "2 minutes ago", "1 hour ago"]
    page.heading("Last answered").find_element("tag name", "button").click()
    assert page.column(6) == ["1 second ago", "2 minutes ago", "never: SYNs only"]
