# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of what the collection runs on claims what there is."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
NAMED = runpy.run_path(str(TOP / "plugins/plugin_utils/_distributions.py"))["NAMED"]
# as the table calls them, and as Ansible's facts do
FACTS = {"RHEL": "RedHat", "Rocky Linux": "Rocky", "Amazon Linux": "Amazon"}


def rows() -> list[list[str]]:
    text = (TOP / "docs/support.md").read_text("utf-8")
    table = text[text.index("## Nodes") :].split("\n\n")[1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def named_by(cell: str) -> set[tuple[str, str]]:
    names, _space, version = cell.rpartition(" ")
    return {(FACTS.get(name, name), version) for name in re.split(", | and ", names)}


def test_the_table_has_each_named_distribution_and_no_other() -> None:
    assert set().union(*(named_by(row[0]) for row in rows())) == {(name, version) for name, versions in NAMED.items() for version in versions}


def test_what_is_tested_here_is_what_the_lab_has_images_of() -> None:
    """And whatever is not tested says so."""
    releases = {"bullseye": "11", "bookworm": "12", "trixie": "13"}
    lab = {release for file in TOP.glob("tests/lab/servers/*/releases") for release in file.read_text("utf-8").splitlines()[1].split()}
    here = {version for row in rows() for name, version in named_by(row[0]) if row[1]}
    assert here == {releases[release] for release in lab}
    assert all(bool(row[1]) != bool(row[3]) for row in rows())


def test_the_public_workflow_has_a_job_for_each_distribution_that_is_not_tested_here() -> None:
    workflow = yaml.safe_load((TOP / ".github/workflows/tests.yml").read_text("utf-8"))
    nodes = workflow["jobs"]["distributions"]["strategy"]["matrix"]["include"]
    untested = {one for row in rows() if not row[1] for one in named_by(row[0])}
    assert {(each["distribution"], str(each["version"])) for each in nodes} == {one for one in untested if one[0] != "RedHat"}, "RHEL needs a subscription"


def test_what_roles_are_published_for_is_what_was_tested() -> None:
    for meta in TOP.glob("roles/*/meta/main.yml"):
        platforms = yaml.safe_load(meta.read_text("utf-8"))["galaxy_info"]["platforms"]
        assert [each["name"] for each in platforms] == ["Debian"], meta
