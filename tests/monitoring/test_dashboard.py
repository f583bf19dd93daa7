# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The dashboard: as Grafana's schema has it, and each of its queries answered by a real Prometheus."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic import textfile
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _prometheus
from conftest import RULES, Prometheus

TOP = Path(__file__).parents[2]
FILE = TOP / "extensions/monitoring/grafana/tlsfront.json"
DASHBOARD = json.loads(FILE.read_text("utf-8"))
QUERIES = [(panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]]
# where all is well, there is no reason to be shown
EMPTY_WHEN_WELL = {"Why not"}
NAMES = {f"tlsfront_https_check_{name}" for name in _prometheus.HELP} | {f"tlsfront_traffic_{name}" for name in textfile.HELP}


def differences(given: Any, known: Any, where: str = "") -> list[str]:
    """What of the file the schema does not have, or has as something else. What it adds are its defaults."""
    if isinstance(given, dict) and isinstance(known, dict):
        return [
            found
            for name in given
            for found in (differences(given[name], known[name], f"{where}.{name}") if name in known else [f"{where}.{name} is not in the schema"])
        ]
    if isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        return [found for number, (one, other) in enumerate(zip(given, known)) for found in differences(one, other, f"{where}[{number}]")]
    return [] if given == known and type(given) is type(known) else [f"{where} is {given!r}, and {known!r} by the schema"]


def as_known(dashboard: dict[str, Any]) -> dict[str, Any]:
    """Read and written by the models that Grafana generates from its schema: what they do not know is gone."""
    plugins = pytest.importorskip("grafana_foundation_sdk.cog.plugins")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.dashboard import Dashboard

    plugins.register_default_plugins()
    known: dict[str, Any] = json.loads(JSONEncoder().encode(Dashboard.from_json(json.loads(json.dumps(dashboard)))))
    return known


def test_the_dashboard_has_what_grafanas_schema_has_and_nothing_else() -> None:
    assert differences(DASHBOARD, as_known(DASHBOARD)) == []


def test_what_the_schema_does_not_have_is_noticed() -> None:
    wrong = json.loads(json.dumps(DASHBOARD))
    wrong["panels"][0]["grid_pos"] = {}
    wrong["panels"][1]["options"]["colour"] = "red"
    assert len(differences(wrong, as_known(wrong))) == 2


def test_panels_are_of_kinds_that_grafana_has_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not taken & cells and all(x < 24 for x, _y in cells), panel["title"]
        taken |= cells
        assert panel["type"] in ("stat", "table", "timeseries", "bargauge", "state-timeline") and panel["description"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.mark.parametrize(("title", "expression"), QUERIES)
def test_each_query_has_an_answer_in_a_real_prometheus(well: Prometheus, faulty: Prometheus, title: str, expression: str) -> None:
    for prometheus in (well, faulty):
        found = prometheus.query(expression.replace("$endpoint", ".*"))
        assert found or (prometheus is well and title in EMPTY_WHEN_WELL), f"{title}: {expression}"
    if title in EMPTY_WHEN_WELL:
        assert well.query(expression.replace("$endpoint", ".*")) == []


def test_the_numbers_are_those_of_the_faults(well: Prometheus, faulty: Prometheus) -> None:
    by_title = dict(QUERIES)
    for title, good, bad in (("Not verified", "0", "2"), ("Ports open", "0", "2"), ("Ports not proved closed", "0", "0")):
        expression = by_title[title].replace("$endpoint", ".*")
        assert [series["value"][1] for series in well.query(expression)] == [good], title
        assert [series["value"][1] for series in faulty.query(expression)] == [bad], title


@pytest.mark.parametrize("file", [FILE, RULES, *(TOP / "docs").glob("*.md")], ids=lambda file: file.name)
def test_each_metric_that_is_named_is_written_by_something(file: Path) -> None:
    named = set(re.findall(r"\btlsfront_(?:https_check|traffic)_[a-z_]+\b", file.read_text("utf-8")))
    assert {name for name in named if not name.endswith("_")} <= NAMES
