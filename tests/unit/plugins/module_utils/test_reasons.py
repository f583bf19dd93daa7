# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Every reason, provoked by a real server."""

from __future__ import annotations

import json

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.reasons import REASONS
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.cases import CASES, ELSEWHERE, Case
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.lab import Lab, verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.reasons_page import MODULE, PAGE, module_text, page


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}-{case.name}")
def test_gives_the_reason_and_names_what_was_found(lab: Lab, case: Case) -> None:
    with case.scene(lab) as (endpoint, options):
        entry = verdict(endpoint, **options)
    assert entry["reason"] == case.reason, entry["message"]
    assert entry["verified"] == (case.reason == "ok")
    for text in case.says:
        assert text in entry["message"]
    assert case.hint in entry["hint"]
    json.dumps(entry)


def test_every_reason_has_a_case() -> None:
    assert set(REASONS) - set(ELSEWHERE) == {case.reason for case in CASES}


def test_the_page_of_reasons_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "make it anew: python tests/unit/support/reasons_page.py"
    assert MODULE.read_text("utf-8") == module_text(), "make it anew: python tests/unit/support/reasons_page.py"
