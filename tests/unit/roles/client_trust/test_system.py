# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role does with the system's store. Step by step: tests/unit/plugins/modules/test_system_truststore.py."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import client_role
import pki
import pytest
import trust_hosts

pytestmark = pytest.mark.skipif(bool(trust_hosts.missing()), reason=trust_hosts.missing())
CAS = {"old": pki.root("The old CA"), "new": pki.root("The new CA")}


class Machine:
    """Runs of the role on a host."""

    def __init__(self, place: Path, store: str) -> None:
        self.place, self.host = place, trust_hosts.Host(place, store)
        self.others = self.host.trusts() if store != "none" else set()
        for name, ca in CAS.items():
            (place / f"{name}.pem").write_bytes(ca.pem)

    def variables(self, *names: str, system: bool = True) -> dict[str, Any]:
        return {
            "client_trust_cas": [str(self.place / f"{name}.pem") for name in names or CAS],
            "client_trust_dir": str(self.place / "client"),
            "client_trust_urls": ["https://es1.example.org"],
            "client_trust_system": system,
            "ansible_python_interpreter": str(self.host.python()),
        }

    def run(self, *names: str, system: bool = True, check: bool = False, absent: bool = False) -> int:
        """Runs the role; the number of its changes."""
        arguments = [*(["--check"] if check else []), *(["-e", "client_trust_state=absent"] if absent else [])]
        return client_role.changes(self.variables(*names, system=system), *arguments)

    def trusts(self) -> set[str]:
        """Which of the two the system's programs trust; what others have put there is trusted as before."""
        there = self.host.trusts()
        assert self.others <= there
        return {name for name, ca in CAS.items() if ca.der in there}


@pytest.mark.parametrize("store", ["debian", "redhat"])
def test_the_system_trusts_what_it_is_told_to_and_no_more_when_that_is_taken_back(tmp_path: Path, store: str) -> None:
    machine = Machine(tmp_path, store)
    assert machine.run("old", check=True) > 0
    assert (machine.host.ours(), machine.trusts()) == ([], set())
    machine.run("old")
    assert (machine.run("old"), machine.trusts(), machine.host.told()) == (0, {"old"}, "")
    machine.run("new")
    assert (machine.run("new"), machine.trusts()) == (0, {"new"})
    assert machine.run("new", system=False) == 1
    assert (machine.run("new", system=False), machine.trusts(), machine.host.ours()) == (0, set(), [])


def test_a_run_that_was_cut_off_before_the_system_took_it_is_finished_by_the_next(tmp_path: Path) -> None:
    machine = Machine(tmp_path, "debian")
    machine.run("old")
    for link in (machine.host.etc / "ssl/certs").glob("tlsfront-*.pem"):
        link.unlink()
    assert machine.run("old", check=True) == 1
    assert (machine.run("old"), machine.run("old"), machine.trusts()) == (1, 0, {"old"})
    for path in machine.host.sources.glob("tlsfront-*"):
        path.unlink()
    machine.run("old", absent=True)
    assert (machine.trusts(), machine.host.ours()) == (set(), [])
    assert not (tmp_path / "client").exists()


def test_a_system_whose_store_cannot_be_changed_is_refused_before_anything_changes(tmp_path: Path, play: Callable[..., Any]) -> None:
    machine = Machine(tmp_path, "none")
    cases = {"wanted": machine.variables("old"), "left_alone": machine.variables("old", system=False)}
    run = play(Path(__file__).with_name("client.yml"), cases)
    assert "This system has no store of CAs that is known here. Looked for: update-ca-certificates" in run.failure("wanted")["msg"]
    assert run.count("left_alone", "failures") == 0
