# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The system's store of CAs, by the real update-ca-certificates, in directories of the test's own."""
from __future__ import annotations

import os
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import client_role
import pki
import pytest

needed = os.geteuid() == 0 and shutil.which("update-ca-certificates")
pytestmark = pytest.mark.skipif(not needed, reason="mounts directories and runs update-ca-certificates, as root")
NAMES = {"old": "The old CA", "new": "The new CA"}


class Machine:
    """Whatever runs on it has its own directories in place of the system's."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.certs, self.local = place / "certs", place / "local"
        self.cas = {name: pki.root(title) for name, title in NAMES.items()}
        for name, ca in self.cas.items():
            (place / f"{name}.pem").write_bytes(ca.pem)
        mounts = ""
        for own, path in ((self.certs, "/etc/ssl/certs"), (self.local, "/usr/local/share/ca-certificates"), (place / "hooks", "/etc/ca-certificates/update.d")):
            own.mkdir()
            mounts += f"mkdir -p {path} && mount --bind {own} {path} && "
        self.python = place / "python"
        self.python.write_text(f"#!/bin/sh\nexec unshare --mount sh -c '{mounts} exec {sys.executable} \"$@\"' sh \"$@\"\n")
        self.python.chmod(0o755)
        (self.certs / "ca-certificates.crt").touch()
        hook = place / "hooks/told"
        hook.write_text(f"#!/bin/sh\ncat >>{place}/told\n")
        hook.chmod(0o755)

    def run(self, *names: str, system: bool = True, check: bool = False) -> int:
        """Runs the role; the number of its changes."""
        wanted = {
            "client_trust_cas": [str(self.place / f"{name}.pem") for name in names or NAMES],
            "client_trust_dir": str(self.place / "client"),
            "client_trust_urls": ["https://es1.example.org"],
            "client_trust_system": system,
            "ansible_python_interpreter": str(self.python),
        }
        return client_role.changes(wanted, *(["--check"] if check else []))

    def trusts(self) -> set[str]:
        """Which of the two are in the bundle that the system's programs read."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        bundle = self.certs / "ca-certificates.crt"
        if bundle.stat().st_size > 0:
            context.load_verify_locations(cafile=bundle)
        there = context.get_ca_certs(binary_form=True)
        return {name for name, ca in self.cas.items() if ca.der in there}

    def ours(self) -> list[Path]:
        return sorted(self.local.glob("tlsfront/*"))

    def told(self) -> str:
        """What the hooks of the system's store have been told."""
        return (self.place / "told").read_text() if (self.place / "told").exists() else ""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("system"))


def test_a_ca_is_added_once_and_no_hook_of_others_runs(machine: Machine) -> None:
    assert machine.run("old", check=True) > 0
    assert not machine.ours()
    assert machine.run("old") > 0
    assert (machine.trusts(), machine.told()) == ({"old"}, "")
    assert machine.run("old") == 0


def test_a_run_that_was_cut_off_before_the_system_took_it_is_finished_by_the_next(machine: Machine) -> None:
    subprocess.run(["cp", machine.place / "new.pem", machine.local / "tlsfront/later.crt"], check=True)
    for link in machine.certs.glob("tlsfront-*.pem"):
        link.unlink()
    assert machine.run("old") == 1
    assert "old" in machine.trusts()
    (machine.local / "tlsfront/later.crt").unlink()


def test_it_changes_from_one_ca_to_the_other_and_whoever_has_taken_the_former_hears_of_it(machine: Machine) -> None:
    assert machine.run("new") > 0
    assert machine.trusts() == {"new"}
    assert re.search(r"^-.*tlsfront-", machine.told(), re.MULTILINE)


def test_a_run_that_was_cut_off_before_the_system_gave_it_up_is_finished_by_the_next_and_what_others_put_beside_it_stays(machine: Machine) -> None:
    for path in machine.ours():
        path.unlink()
    other = machine.local / "tlsfront/other.crt"
    other.write_bytes(machine.cas["old"].pem)
    assert machine.trusts() == {"new"}
    assert machine.run("new", system=False) > 0
    assert (machine.ours(), machine.trusts()) == ([other], {"old"})
    assert machine.run("new", system=False) == 0
