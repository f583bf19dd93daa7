# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A source of packages that is gone stops an installation only where it is the one that is needed. Nothing of this machine is changed."""
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

GONE = "http://127.0.0.1:9/debian"


@pytest.fixture(scope="module")
def results(play: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    if shutil.which("apt-get") is None:
        pytest.skip("there is no apt here")
    place = tmp_path_factory.mktemp("apt")
    for directory in ("lists/partial", "cache/archives/partial", "sources.d"):
        (place / directory).mkdir(parents=True)
    (place / "sources.list").write_text(f"deb {GONE} stable main\n")
    configuration = place / "apt.conf"
    configuration.write_text(
        f'Dir::Etc::sourcelist "{place}/sources.list";\nDir::Etc::sourceparts "{place}/sources.d";\n'
        f'Dir::State::lists "{place}/lists";\nDir::Cache "{place}/cache";\n'
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APT_CONFIG", str(configuration))  # apt.conf(5)
        playbook = Path(__file__).with_name("packages.yml")
        # one after the other: apt has one lock
        found = {host: play(playbook, {host: {"case_package": name}}) for host, name in (("there", "dpkg"), ("nowhere", "tlsfront-nosuch"))}
        checked = {"already": {"case_package": "dpkg"}, "missing": {"case_package": "tlsfront-nosuch"}}
        check_run = play(playbook, checked, "--check", "--forks", "1")
        return {**found, **dict.fromkeys(checked, check_run)}


def test_a_source_that_is_gone_does_not_stop_what_comes_from_elsewhere(results: Any) -> None:
    assert results["there"].count("there", "failures") == 0
    assert results["there"].count("there", "changed") == 0
    said = results["there"].outcomes("there")[-1]["msg"]
    assert said.startswith("there has dpkg now, but not all package lists could be updated: ")
    assert GONE in said


def test_a_package_that_is_nowhere_is_refused_with_the_source_that_is_gone(results: Any) -> None:
    said = results["nowhere"].failure("nowhere")["msg"]
    assert said.startswith("tlsfront-nosuch cannot be installed on nowhere: ")
    assert GONE in said and "Correct or disable the source of packages" in said and "or install tlsfront-nosuch by hand" in said


def test_check_mode_says_what_would_be_installed_though_no_list_has_it(results: Any) -> None:
    assert results["missing"].count("missing", "failures") == 0
    assert results["missing"].count("missing", "changed") == 1
    assert results["missing"].outcomes("missing")[-1]["msg"] == "tlsfront-nosuch would be installed."
    assert results["already"].count("already", "changed") == 0


@pytest.fixture(scope="module")
def elsewhere(play: Any) -> Any:
    """On hosts that have another package manager, or none that Ansible knows; dnf is named, and is not there."""
    managers = {"red_hat": "dnf", "nowhere": "unknown", "hostile": "../../tmp/x"}
    hosts = {host: {"case_package": "tlsfront-nosuch", "case_package_manager": manager} for host, manager in managers.items()}
    return play(Path(__file__).with_name("packages.yml"), hosts)


@pytest.mark.parametrize(("host", "manager"), [("red_hat", "dnf"), ("nowhere", "unknown"), ("hostile", "../../tmp/x")])
def test_what_another_package_manager_cannot_install_is_said_with_the_remedy(elsewhere: Any, host: str, manager: str) -> None:
    if manager == "dnf" and shutil.which("dnf"):
        pytest.skip("there is a dnf here")
    said = elsewhere.outcomes(host)[-1]["msg"]
    assert said.startswith(f"tlsfront-nosuch cannot be installed on {host} by its package manager ({manager}): ")
    assert said.endswith("Enable the repository that has it, or install tlsfront-nosuch by hand.")
    assert elsewhere.count(host, "failures") == 1
