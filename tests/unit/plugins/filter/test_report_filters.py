# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.doc_fragments.report import ModuleDocFragment
from ansible_collections.tlsfront.elasticsearch.plugins.filter import report
from ansible_collections.tlsfront.elasticsearch.plugins.filter.report import report_html, report_table

SEEN = [
    {"from": "client", "result": {"endpoints": [{"url": "https://es1", "verified": False, "reason": "dns_failure"}]}}
]
WHEN = "2026-11-24T12:00:00Z"
PLUGINS = sorted(report.FilterModule().filters())
WITH_TIME = [name for name in PLUGINS if name != "report_table"]


def filter_of(name):
    return report.FilterModule().filters()[name]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_parameter_is_documented_with_its_default(plugin):
    own = yaml.safe_load(Path(report.__file__).with_name(f"{plugin}.yml").read_text("utf-8"))["DOCUMENTATION"]
    options = dict(own.get("options", {}))
    for fragment in own["extends_documentation_fragment"]:
        name = fragment.removeprefix("tlsfront.elasticsearch.report").lstrip(".").upper() or "DOCUMENTATION"
        options.update(yaml.safe_load(getattr(ModuleDocFragment, name))["options"])
    first, *others = inspect.signature(filter_of(plugin)).parameters.values()
    assert {o: options[o].get("default", inspect.Parameter.empty) for o in options if o != "_input"} == {
        parameter.name: parameter.default for parameter in others
    }
    assert options["_input"]["required"] and first.default is inspect.Parameter.empty


@pytest.mark.parametrize("plugin", PLUGINS)
def test_bad_observations_are_an_error_that_names_the_filter_and_says_what_to_do(plugin):
    arguments = {"generated_at": WHEN} if plugin in WITH_TIME else {}
    with pytest.raises(AnsibleFilterError, match=f"{plugin}: There is no observation, so nothing was checked"):
        filter_of(plugin)([], **arguments)


@pytest.mark.parametrize("plugin", WITH_TIME)
@pytest.mark.parametrize("when", ["2026-11-24T12:00:00", "now", None, 1795521600])
def test_a_time_without_its_offset_is_an_error(plugin, when):
    with pytest.raises(AnsibleFilterError, match="write it like 2026-01-31T12:00:00Z"):
        filter_of(plugin)(SEEN, generated_at=when)


@pytest.mark.parametrize("width", ["wide", None, 0, 39])
def test_a_width_that_no_table_fits_in_is_an_error(width):
    with pytest.raises(AnsibleFilterError, match="width must be a whole number of at least 40 columns"):
        report_table(SEEN, width)


def test_the_width_may_be_a_text_as_from_the_command_line():
    assert report_table(SEEN, "80") == report_table(SEEN, 80)


def test_the_page_has_the_title_that_was_asked_for():
    assert "<h1>Search &amp; logs</h1>" in report_html(SEEN, WHEN, title="Search & logs")
