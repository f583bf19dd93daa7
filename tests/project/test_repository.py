# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the repository's host and editors read, and nothing here runs: it is at least of the form that they read, and the workflow gives nothing away."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml
from tracked import TOP

READ_BY_THE_HOST = {
    "workflows/tests.yml": "github-workflows",
    "dependabot.yml": "dependabot",
    "ISSUE_TEMPLATE/bug.yml": "github-issue-forms",
    "ISSUE_TEMPLATE/feature.yml": "github-issue-forms",
    "ISSUE_TEMPLATE/config.yml": "github-issue-config",
}


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_file_that_the_host_reads_has_its_form() -> None:
    assert {path.relative_to(TOP / ".github").as_posix() for path in (TOP / ".github").rglob("*.yml")} == set(READ_BY_THE_HOST)


@pytest.mark.parametrize("name", READ_BY_THE_HOST)
def test_what_the_host_reads_is_of_its_form(name: str) -> None:
    run("check-jsonschema", "--builtin-schema", f"vendor.{READ_BY_THE_HOST[name]}", f".github/{name}")


def test_the_workflow_runs_no_action_that_may_change_and_has_no_permission_that_it_does_not_need() -> None:
    run("zizmor", "--offline", "--persona=pedantic", "--no-progress", ".github")


def test_the_workflow_runs_what_there_is() -> None:
    jobs = yaml.safe_load((TOP / ".github/workflows/tests.yml").read_text("utf-8"))["jobs"]
    called = {match for job in jobs.values() for step in job["steps"] for match in re.findall(r"\btests/[\w/]+", step.get("run", ""))}
    assert called and [name for name in called if not (TOP / name).is_file()] == []


def test_the_workflow_tests_each_ansible_core_that_is_locked() -> None:
    jobs = yaml.safe_load((TOP / ".github/workflows/tests.yml").read_text("utf-8"))["jobs"]
    assert jobs["core"]["strategy"]["matrix"]["core"] == sorted(path.stem.removeprefix("core-") for path in TOP.glob("tests/unit/core-*.lock"))


def test_a_container_for_editors_is_made_by_the_commands_of_the_tests() -> None:
    container = json.loads((TOP / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert container["image"].startswith("debian:")
    assert ". tests/environment.sh" in container["onCreateCommand"]


def test_a_report_of_a_vulnerability_leads_away_from_issues() -> None:
    where = yaml.safe_load((TOP / "galaxy.yml").read_text("utf-8"))["repository"] + "/security"
    assert where in (TOP / "SECURITY.md").read_text("utf-8")
    links = yaml.safe_load((TOP / ".github/ISSUE_TEMPLATE/config.yml").read_text("utf-8"))["contact_links"]
    assert any(link["url"].startswith(where) for link in links)
