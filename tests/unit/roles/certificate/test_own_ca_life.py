# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lives of three nodes: with certificates of an own CA, of its intermediate, and with what is provided. Node and controller are this machine.

Each step of them is one run, with all that it can tell, in which no secret may be.
"""
from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import threading
import uuid
from pathlib import Path
from typing import Any

import pki
import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls import keypair
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _crl, _revocation
from cryptography import x509
from cryptography.hazmat.primitives import serialization

NAME, OTHER = "es1.example.org", "es2.example.org"
STATE = Path(__file__).resolve().parents[2] / "support/certificate_state.sh"
# the role would install what makes keys, and any file tells it that it is there; each node has a CA of its own
ARGUMENTS = ("-e", "__certificate_package_path=/etc/hostname", "-e", "case_serial=1")
# those of other runs, at the same time on this machine, are none of this one
PASSPHRASE = f"words that no output may have {uuid.uuid4()}"
OWNER = pwd.getpwuid(os.geteuid()).pw_name
DAY = 86400


class Step:
    """What a run did to a node."""

    def __init__(self, run: Any, host: str, before: Any, after: Any) -> None:
        self.run, self.host, self.before, self.after = run, host, before, after
        self.changes = run.count(host, "changed")
        self.told = " ".join(str(outcome.get("msg", "")) for outcome in run.outcomes(host))

    def added_and_removed(self) -> tuple[set[str], set[str]]:
        """The lines that the differences of the run add, and those that they take away."""
        added, removed = set(), set()
        for outcome in self.run.outcomes(self.host):
            given = outcome.get("diff") or []
            for diff in given if isinstance(given, list) else [given]:
                before, after = (set(str(diff.get(when, "")).splitlines()) for when in ("before", "after"))
                added |= after - before
                removed |= before - after
        return added, removed


class Lives:
    """The nodes, and what came of each step."""

    def __init__(self, play: Any, place: Path) -> None:
        self.play, self.place = play, place
        self.steps: dict[tuple[str, str], Step] = {}
        self.options: dict[str, dict[str, Any]] = {
            "root": {"certificate_own_ca_passphrase": PASSPHRASE},
            "intermediate": {
                "certificate_own_ca_passphrase": PASSPHRASE,
                "certificate_own_ca_permitted": ["example.org"],
                "certificate_own_ca_intermediate": True,
                "certificate_own_ca_intermediate_passphrase": PASSPHRASE[::-1],
                "certificate_key_type": "rsa-2048",
            },
            "provided": {},
        }
        for host, options in self.options.items():
            options |= {"certificate_dir": f"{place}/{host}/certificate", "certificate_own_ca_dir": self.ca(host), "certificate_names": [NAME]}
        self._provide()

    def ca(self, host: str, name: str = "ca") -> str:
        return f"{self.place}/controller/{host}/{name}"

    def live(self, host: str) -> Path:
        return self.place / host / "certificate/live"

    def state(self, host: str, trusted: str = "live/ca.pem") -> Any:
        """What stands there, as OpenSSL reads it."""
        command = ["sh", str(STATE), str(self.live(host).parent), NAME, trusted]
        return yaml.safe_load(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def _provide(self) -> None:
        """Certificates for the node to be provided with."""
        root = pki.root()
        middle = pki.intermediate("Test Intermediate", root)
        good = pki.issue("provided", middle, [NAME])
        renewed = pki.issue("provided", middle, [NAME], key=good.key)
        files = {"good.pem": good.pem + middle.pem, "renewed.pem": renewed.pem + middle.pem, "key": good.key_pem, "root.pem": root.pem}
        for name, octets in files.items():
            (self.place / name).touch(0o600)
            (self.place / name).write_bytes(octets)
        self.secrets = [PASSPHRASE, PASSPHRASE[::-1], good.key_pem.decode().splitlines()[1]]
        given = {"certificate_source": "provided", "certificate_provided_ca": f"{self.place}/root.pem"}
        paths = {"certificate_provided_chain": f"{self.place}/good.pem", "certificate_provided_key": f"{self.place}/key"}
        self.from_files = given | paths
        self.from_variables = given | {
            "certificate_provided_chain_content": files["good.pem"].decode(),
            "certificate_provided_key_content": files["key"].decode(),
        }
        self.from_the_node = self.from_files | {"certificate_provided_remote": True, "certificate_provided_chain": f"{self.place}/renewed.pem"}

    def step(self, name: str, wanted: dict[str, dict[str, Any]], *arguments: str) -> None:
        """One run, for these nodes one after another."""
        before = {host: self.state(host) for host in wanted}
        hosts = {host: self.options[host] | changes for host, changes in wanted.items()}
        run = self.play(Path(__file__).with_name("role.yml"), hosts, *arguments, *ARGUMENTS, secrets=self.secrets)
        for host in wanted:
            self.steps[name, host] = Step(run, host, before[host], self.state(host))

    def live_through(self) -> None:
        first: dict[str, dict[str, Any]] = {"root": {}, "intermediate": {}}
        self.step("in check mode", first, "--check")
        self.made_in_check_mode = [*self.place.glob("*/*")]
        self.step("first", first | {"provided": {}})

        for host in ("root", "intermediate"):
            shutil.move(f"{self.ca(host)}/ca.key", self.place / f"{host}.key")
        self.step("second, without the CA's key", {"root": {}, "intermediate": {}, "provided": self.from_files})
        names = {"certificate_names": [NAME, OTHER]}
        another = names | {"certificate_key_type": "ecdsa-p384", "certificate_own_ca_passphrase": ""}
        # one that fails ends the run
        signed = {"intermediate": another, "provided": self.from_variables, "root": {"certificate_key_type": "rsa-2048"}}
        self.step("another is wanted, without the CA's key", signed)
        shutil.move(self.place / "root.key", f"{self.ca('root')}/ca.key")

        changed = {
            "certificate_key_type": "rsa-2048",
            "certificate_names": [NAME, OTHER.upper()],
            "certificate_addresses": ["FD00:0::7"],
            "certificate_days": 800,
            "certificate_renew_days": 400,
        }
        self.step("another is wanted", {"intermediate": another, "root": changed})
        self.served = self.serve("intermediate")
        self.chain = x509.load_pem_x509_certificates((self.live("intermediate") / "chain.pem").read_bytes())
        signed_by = {"certificate_own_ca_intermediate": True, "certificate_own_ca_intermediate_passphrase": PASSPHRASE[::-1]}
        self.step("one from elsewhere is wanted, in check mode", {"root": changed | signed_by, "provided": self.from_the_node}, "--check")
        self.intermediate_in_check_mode = Path(self.ca("root"), "intermediate.pem").exists()
        next_one = {"certificate_own_ca_dir": self.ca("intermediate", "next"), "certificate_own_ca_also_trusted": [f"{self.ca('intermediate')}/ca.pem"]}
        again = {"intermediate": names | next_one, "root": changed, "provided": self.from_the_node}
        self.step("one from elsewhere is wanted", again)

        self.options["root"] |= changed
        self.step("the next CA is begun", {"root": {"certificate_own_ca_dir": self.ca("root", "next"), "case_tasks": "own_ca_begin"}})
        self.step("it is trusted as well", {"root": {"certificate_own_ca_also_trusted": [f"{self.ca('root', 'next')}/ca.pem"]}})
        both = shutil.copy(self.live("root") / "ca.pem", self.place / "both.pem")
        self.revoke(self.ca("root", "next"), "another")
        next_one = signed_by | {"certificate_own_ca_dir": self.ca("root", "next")}
        self.step("it signs", {"root": next_one | {"certificate_own_ca_also_trusted": [f"{self.ca('root')}/ca.pem"]}})
        self.as_clients_of_the_step_before = self.state("root", str(both))["verified"]
        self.with_lists = self.verify_with_lists("root", "next")
        self.step("the former one is trusted no more", {"root": next_one})
        # a handshake with each name; no responder is named in the certificate
        self.handshakes = {host: keypair.check(self.live(host), [NAME, OTHER]) for host in ("root", "intermediate")}

        for name in ("removal", "second removal"):
            self.step(name, {host: {"certificate_state": "absent"} for host in first})

    @staticmethod
    def revoke(directory: str, host: str) -> None:
        """Have the CA issue something to a host, and revoke it."""
        key = serialization.load_pem_private_key(Path(directory, "ca.key").read_bytes(), PASSPHRASE.encode())
        issuer = pki.Issued(x509.load_pem_x509_certificate(Path(directory, "ca.pem").read_bytes()), key)
        issued = pki.issue(host, issuer, [NAME])
        record = Path(_revocation.record_path(directory, host, issued.certificate))
        record.parent.mkdir(parents=True, mode=0o700)
        record.write_bytes(issued.pem)
        _crl.keep(directory, PASSPHRASE, revoke=[host])

    def verify_with_lists(self, host: str, name: str) -> str:
        """What OpenSSL says to a client that wants a list of revoked certificates of each CA."""
        chain, ca = f"{self.live(host)}/chain.pem", self.ca(host, name)
        command = ["openssl", "verify", "-crl_check_all", "-CAfile", f"{ca}/ca.pem", "-CRLfile", f"{ca}/crl.pem", "-untrusted", chain, chain]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    def serve(self, host: str) -> str:
        """What a client that trusts the CA only is answered by a server with the node's pair."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.live(host) / "chain.pem", self.live(host) / "key.pem")
        trusting = ssl.create_default_context(cafile=f"{self.ca(host)}/ca.pem")
        trusting.verify_flags |= ssl.VERIFY_X509_STRICT
        with socket.create_server(("127.0.0.1", 0)) as plain, context.wrap_socket(plain, server_side=True) as server:

            def answer() -> None:
                with contextlib.suppress(OSError), server.accept()[0] as client:  # one that trusts something else goes away
                    client.sendall(b"served")

            thread = threading.Thread(target=answer)
            thread.start()
            try:
                connection = socket.create_connection(server.getsockname(), timeout=10)
                with connection, trusting.wrap_socket(connection, server_hostname=NAME) as client:
                    return client.recv(100).decode()
            except ssl.SSLError as error:
                return str(error)
            finally:
                thread.join()


@pytest.fixture(scope="module")
def lives(play: Any, tmp_path_factory: pytest.TempPathFactory) -> Lives:
    lives = Lives(play, tmp_path_factory.mktemp("lives"))
    lives.live_through()
    return lives


def is_good(state: Any) -> None:
    """The pair is whole, verified as a client would, and closed to others."""
    entries = [entry.split("|") for entry in state["tree"]]
    assert state["key"] == state["of_certificate"]
    assert state["verified"].endswith("OK")
    assert [entry for entry in entries if entry[0] == "live"] == [["live", "l", "777", OWNER, state["live"]]]
    versions = [entry for entry in entries if entry[0].startswith("versions/") and entry[1] == "d"]
    assert {tuple(entry[1:4]) for entry in versions} == {("d", "700", OWNER)} and len(versions) <= 2
    keys = [entry for entry in entries if entry[0].endswith("/key.pem")]
    assert {tuple(entry[1:4]) for entry in keys} == {("f", "600", OWNER)}
    assert {entry[0].rpartition("/")[2] for entry in entries if entry[1] == "f"} <= {"about.txt", "chain.pem", "ca.pem", "key.pem"}


def is_as_it_was(step: Step) -> None:
    assert step.changes == 0 and step.after == step.before


@pytest.mark.parametrize("host", ["root", "intermediate"])
def test_the_first_run_in_check_mode_says_what_would_be_issued_and_does_nothing(lives: Lives, host: str) -> None:
    step = lives.steps["in check mode", host]
    assert step.changes > 0 and step.after["tree"] == [] and lives.made_in_check_mode == []
    assert f"{host} gets a new certificate: none is there" in step.told
    assert f"- DNS:{NAME}" in step.added_and_removed()[0]


@pytest.mark.parametrize(("host", "certificates"), [("root", 1), ("intermediate", 2), ("provided", 1)])
def test_the_first_run_issues_one_by_the_ca_whose_key_stays_on_the_controller(lives: Lives, host: str, certificates: int) -> None:
    step = lives.steps["first", host]
    is_good(step.after)
    assert step.after["names"] == f"DNS:{NAME}"
    assert (step.after["certificates"], step.after["trusted"]) == (certificates, 1)
    assert [entry for entry in step.after["tree"] if "ca.key" in entry] == []
    assert "must read it again" in step.told


@pytest.mark.parametrize("key", ["controller/root/ca/ca.key", "intermediate.key", "controller/intermediate/ca/intermediate.key"])
def test_what_signs_is_encrypted_for_who_gave_a_passphrase_and_closed_to_others(lives: Lives, key: str) -> None:
    path = lives.place / key
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("host", ["root", "intermediate"])
def test_a_second_run_needs_no_key_of_the_ca_and_changes_nothing(lives: Lives, host: str) -> None:
    step = lives.steps["second, without the CA's key", host]
    is_as_it_was(step)
    # a handful of tasks; two of them are the playbook's own
    assert step.run.count(host, "ok") - 2 <= 8


def test_without_the_key_of_the_ca_a_run_that_needs_it_fails_and_leaves_the_certificate(lives: Lives) -> None:
    step = lives.steps["another is wanted, without the CA's key", "root"]
    said = step.run.failure("root")["msg"]
    for part in ("its key is to be of another type", "ca.key is not on the controller", "Restore the key from a backup"):
        assert part in said
    assert step.after == step.before


def test_another_certificate_takes_the_place_of_one_that_is_not_as_it_is_wanted(lives: Lives) -> None:
    step = lives.steps["another is wanted", "root"]
    is_good(step.after)
    assert step.after["names"] == f"DNS:{NAME}, DNS:{OTHER}, IP Address:FD00:0:0:0:0:0:0:7"
    assert (step.after["ends"] - pki.now().timestamp()) // DAY == 800 - 1
    assert step.after["key"] != step.before["key"]
    former = [entry for entry in step.after["tree"] if entry.startswith(f"{step.before['live']}/key.pem|")]
    assert len(former) == 1, "the version before it is still there"
    assert "its names are to be others; it has fewer than 400 days left; its key is to be of another type" in step.told
    assert "must read it again" in step.told
    is_as_it_was(lives.steps["one from elsewhere is wanted", "root"])


def test_an_intermediate_signs_another_without_the_ca_s_key_and_passphrase(lives: Lives) -> None:
    step = lives.steps["another is wanted, without the CA's key", "intermediate"]
    is_good(step.after)
    assert (step.after["certificates"], step.after["trusted"]) == (2, 1)
    assert step.after["key"] != step.before["key"]
    assert "its names are to be others; its key is to be of another type" in step.told
    is_as_it_was(lives.steps["another is wanted", "intermediate"])


def test_an_intermediate_is_served_with_the_certificate_to_clients_that_trust_the_ca_only(lives: Lives) -> None:
    assert lives.served == "served"
    assert [one.subject.rfc4514_string() for one in lives.chain] == [f"CN={NAME}", "CN=tlsfront own CA intermediate"]


def test_check_mode_tells_of_an_intermediate_and_does_nothing(lives: Lives) -> None:
    step = lives.steps["one from elsewhere is wanted, in check mode", "root"]
    assert step.changes > 0 and step.after == step.before and not lives.intermediate_in_check_mode
    assert "signs an intermediate: none is there" in step.told
    assert "root gets a new certificate: the CA is another" in step.told


def test_the_next_ca_signs_an_intermediate_of_its_own_while_clients_trust_both(lives: Lives) -> None:
    step = lives.steps["one from elsewhere is wanted", "intermediate"]
    is_good(step.after)
    assert (step.after["certificates"], step.after["trusted"]) == (2, 2)
    assert step.after["serial"] != step.before["serial"]


def test_from_one_ca_to_the_next_clients_verify_the_node_at_each_step(lives: Lives) -> None:
    names = ("the next CA is begun", "it is trusted as well", "it signs", "the former one is trusted no more")
    begun, trusted, signs, no_more = (lives.steps[name, "root"] for name in names)
    assert begun.changes > 0 and begun.after == begun.before, "nodes do not notice"
    for step in (trusted, signs, no_more):
        is_good(step.after)
    assert [step.after["trusted"] for step in (trusted, signs, no_more)] == [2, 2, 1]
    assert trusted.after["serial"] == trusted.before["serial"]
    assert signs.after["serial"] != signs.before["serial"]
    assert lives.as_clients_of_the_step_before.endswith("OK")
    assert no_more.after["serial"] == no_more.before["serial"]


def test_where_something_was_revoked_an_intermediate_has_a_list_from_the_start(lives: Lives) -> None:
    assert lives.with_lists.endswith("OK\n")


def test_one_from_files_takes_the_place_of_another_source(lives: Lives) -> None:
    step = lives.steps["second, without the CA's key", "provided"]
    is_good(step.after)
    assert step.after["certificates"] == 2
    assert step.after["names"] == f"DNS:{NAME}"
    assert step.after["serial"] != step.before["serial"]
    assert "must read it again" in step.told


def test_the_same_from_variables_is_the_same(lives: Lives) -> None:
    is_as_it_was(lives.steps["another is wanted, without the CA's key", "provided"])


def test_check_mode_tells_another_one_in_words_and_does_nothing(lives: Lives) -> None:
    step = lives.steps["one from elsewhere is wanted, in check mode", "provided"]
    assert step.changes > 0 and step.after == step.before
    for lines in step.added_and_removed():
        assert [len(line) for line in lines if line.startswith("sha256: ")] == [len("sha256: ") + 95]


def test_one_for_the_same_key_is_provided_on_the_node(lives: Lives) -> None:
    step = lives.steps["one from elsewhere is wanted", "provided"]
    is_good(step.after)
    assert step.after["serial"] != step.before["serial"]
    assert step.after["key"] == step.before["key"]


def test_clients_shake_hands_with_each_name_in_the_end(lives: Lives) -> None:
    assert lives.handshakes == {"root": [], "intermediate": []}


@pytest.mark.parametrize("host", ["root", "intermediate"])
def test_removal_takes_the_certificate_off_and_leaves_the_ca(lives: Lives, host: str) -> None:
    removed, again = (lives.steps[name, host] for name in ("removal", "second removal"))
    assert removed.changes == 1 and again.changes == 0
    assert not lives.live(host).parent.exists() and Path(lives.ca(host), "ca.pem").is_file()


def test_no_run_fails_but_the_one_without_the_key_it_needs(lives: Lives) -> None:
    failed = [name for name, step in lives.steps.items() if step.run.count(name[1], "failures") > 0]
    assert failed == [("another is wanted, without the CA's key", "root")]
