# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the facts of a node say: those that Ansible makes of what the distributions say of themselves (tests/unit/recorded)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _distributions

RECORDED = Path(__file__).resolve().parents[2] / "recorded"
FACTS = {path.parent.name: json.loads(path.read_text("utf-8")) for path in RECORDED.glob("*/facts.json")}
NAMED = ("debian-", "ubuntu-", "rocky-", "almalinux-", "rhel-", "amazon-")


@pytest.mark.parametrize("distribution", sorted(FACTS))
def test_only_of_a_distribution_that_nobody_has_named_it_is_said_once(distribution: str, capsys: pytest.CaptureFixture[str]) -> None:
    facts = FACTS[distribution]
    assert _distributions.is_named(facts) is distribution.startswith(NAMED)
    host = f"es-{distribution}"
    for _twice in range(2):
        _distributions.warn(facts, host)
    told = " ".join(capsys.readouterr().err.split())
    assert told.count(f"{host} runs {_distributions.named(facts)}, which is not among those") == (0 if distribution.startswith(NAMED) else 1)
    assert _distributions.problems(facts, host) == []


@pytest.mark.parametrize(
    ("name", "version", "is_named"),
    [
        ("Debian", "10.13", False),
        ("Debian", "14", False),
        ("Debian", "13.2", True),
        ("Ubuntu", "25.10", False),
        ("Ubuntu", "24.04", True),
        ("Amazon", "2", False),
        ("Rocky", "10.1", True),
        ("Rocky", "", False),
    ],
)
def test_a_version_counts_as_named_only_where_it_is(name: str, version: str, is_named: bool) -> None:
    assert _distributions.is_named({"distribution": name, "distribution_version": version}) is is_named


def test_what_every_role_needs_is_said_where_it_is_missing() -> None:
    alpine = {"distribution": "Alpine", "distribution_version": "3.22.1", "service_mgr": "openrc", "pkg_mgr": "apk"}
    (said,) = _distributions.problems(alpine, "es1")
    assert said.startswith("es1 (Alpine 3.22.1) is not run by systemd but by openrc")
    assert _distributions.not_installable(alpine, "es1", "nginx") == [], "its package manager is tried"
    (said,) = _distributions.not_installable({"distribution": "NixOS", "pkg_mgr": "unknown"}, "es1", "nginx", "nft")
    assert said == "es1 (NixOS) has no nginx and no nft, and Ansible knows no package manager there. Install what is missing by hand."
    assert _distributions.not_installable({"pkg_mgr": "unknown"}, "es1") == [], "nothing is missing"
    (said,) = _distributions.not_installable({"distribution": "RedHat", "distribution_version": "10.1", "pkg_mgr": "atomic_container"}, "es1", "nginx")
    assert said == "es1 (RedHat 10.1) has no nginx, and its packages are those of its image (rpm-ostree, bootc): put what is missing into the image."


def test_without_facts_nothing_is_claimed(capsys: pytest.CaptureFixture[str]) -> None:
    _distributions.warn({}, "es-without-facts")
    assert capsys.readouterr().err == "" and _distributions.problems({}, "es1") == []
