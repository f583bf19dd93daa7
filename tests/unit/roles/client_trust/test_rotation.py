# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client machine goes from one CA to the next without a gap, in a directory that needs no root."""
from __future__ import annotations

import ssl
from pathlib import Path

import client_role
import pki
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

STEPS = {"the old CA": ["old"], "both": ["old", "new"], "the new CA": ["new"]}


class Machine:
    """What the role makes of a directory, run by run."""

    def __init__(self, place: Path) -> None:
        self.directory = place / "client"
        self.place = place
        self.cas = {name: pki.root(f"{name} CA") for name in ("old", "new")}
        for name, ca in self.cas.items():
            (place / f"{name}.pem").write_bytes(ca.pem)

    def run(self, names: list[str], *arguments: str) -> int:
        """Runs the role; the number of its changes."""
        wanted = {
            "client_trust_cas": [str(self.place / f"{name}.pem") for name in names],
            "client_trust_dir": str(self.directory),
            "client_trust_urls": ["https://es1.example.org"],
        }
        return client_role.changes(wanted, *arguments)

    def in_pem(self) -> list[bytes]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=self.directory / "ca.pem")
        return sorted(context.get_ca_certs(binary_form=True))

    def in_truststore(self) -> list[bytes]:
        store = pkcs12.load_pkcs12((self.directory / "truststore.p12").read_bytes(), b"changeit")
        return sorted(each.certificate.public_bytes(Encoding.DER) for each in store.additional_certs)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return Machine(tmp_path_factory.mktemp("client_trust"))


@pytest.mark.parametrize("step", STEPS)
def test_each_step_trusts_exactly_what_it_names(machine: Machine, step: str) -> None:
    wanted = sorted(machine.cas[name].der for name in STEPS[step])
    assert machine.run(STEPS[step], "--check") > 0
    assert machine.run(STEPS[step]) > 0
    assert (machine.in_pem(), machine.in_truststore()) == (wanted, wanted)
    assert machine.run(STEPS[step]) == 0


def test_nothing_is_left_of_it(machine: Machine) -> None:
    machine.run(["new"], "-e", "client_trust_state=absent")
    assert not machine.directory.exists()
