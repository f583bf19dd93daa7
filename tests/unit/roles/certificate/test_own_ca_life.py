# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node's certificate of the own CA: first in check mode, then issued, left alone, issued anew, and removed. Node and controller are this machine."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls import keypair
from cryptography import x509

NAME = "es1.example.org"
# the role would install it, and any file tells it that it is there
INSTALLED = ("-e", "__certificate_package_path=/etc/hostname")
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "intermediate": {
        "certificate_own_ca_intermediate": True,
        "certificate_own_ca_passphrase": "a passphrase",
        "certificate_own_ca_permitted": ["example.org"],
        "certificate_key_type": "rsa-2048",
    },
}


class Life:
    """What came of each run, and what was there after it."""

    def __init__(self, play: Any, case: str, place: Path) -> None:
        playbook = Path(__file__).with_name("provided.yml")
        own = {"certificate_dir": f"{place}/node/certificate", "certificate_own_ca_dir": f"{place}/ca", "certificate_names": [NAME]}
        options = own | CASES[case]
        changed = options | {"certificate_names": [NAME, "es2.example.org"]}
        self.place, self.live = place, place / "node/certificate/live"
        self.runs, self.chains, self.after_check = [], [], []
        for variables, arguments in ((options, ["--check"]), (options, []), (options, []), (changed, []), (changed, [])):
            self.runs.append(play(playbook, {case: variables}, *arguments, *INSTALLED))
            if arguments:
                self.after_check = [*place.iterdir()]
            self.chains.append((self.live / "chain.pem").read_bytes() if self.live.exists() else b"")
        # no responder is named in it, and clients accept it
        self.responders = keypair.check(self.live, changed["certificate_names"]) if self.live.exists() else None
        self.versions = [*self.live.parent.glob("versions/*")]
        self.key_mode = (self.live / "key.pem").stat().st_mode & 0o777 if self.live.exists() else 0
        self.runs += [play(playbook, {case: changed | {"certificate_state": "absent"}}, *INSTALLED) for _time in range(2)]


@pytest.fixture(scope="module")
def lives(play: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Life]:
    return {case: Life(play, case, tmp_path_factory.mktemp(case)) for case in CASES}


@pytest.mark.parametrize("case", CASES)
def test_the_life_of_a_certificate(lives: dict[str, Life], case: str) -> None:
    life = lives[case]
    for run in life.runs:
        assert run.count(case, "failures") == 0, run.outcomes(case)[-1]
    checked, first, second, third, fourth, removed, again = life.runs
    assert checked.count(case, "changed") > 0 and life.after_check == [], "check mode only says what would be"
    assert "gets a new certificate: none is there" in str(checked.outcomes(case))
    assert first.count(case, "changed") > 0 and life.chains[1]
    assert second.count(case, "changed") == 0 and life.chains[2] == life.chains[1]
    assert "gets a new certificate: its names are to be others" in str(third.outcomes(case))
    assert life.chains[3] != life.chains[2] and fourth.count(case, "changed") == 0
    assert life.responders == [] and len(life.versions) == 2 and life.key_mode == 0o600
    assert removed.count(case, "changed") == 1 and again.count(case, "changed") == 0
    assert not life.live.parent.exists() and (life.place / "ca/ca.pem").is_file()


@pytest.mark.parametrize("case", CASES)
def test_where_nothing_changes_a_handful_of_tasks_is_executed(lives: dict[str, Life], case: str) -> None:
    # two of them are the playbook's own
    assert lives[case].runs[2].count(case, "ok") - 2 <= 8


def test_an_intermediate_is_served_with_the_certificate(lives: dict[str, Life]) -> None:
    life = lives["intermediate"]
    chain = x509.load_pem_x509_certificates(life.chains[-1])
    assert [one.subject.rfc4514_string() for one in chain] == [f"CN={NAME}", "CN=tlsfront own CA intermediate"]
    assert (life.place / "ca/ca.key").read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
