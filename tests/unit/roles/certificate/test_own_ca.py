# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the own CA and its intermediate are when the role has made them on the controller."""
from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pki
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The directory of a CA that may sign for example.org and below."""
    return made(tmp_path_factory, ["example.org"])


@pytest.fixture(scope="module")
def of_a_network(tmp_path_factory):
    """One that may sign for a network."""
    return made(tmp_path_factory, ["10.0.0.0/8"])


def made(tmp_path_factory, permitted):
    place = tmp_path_factory.mktemp("own_ca") / "ca"
    variables = place.parent / "variables.json"
    wanted = {
        "certificate_own_ca_dir": str(place),
        "certificate_own_ca_passphrase": "a passphrase",
        "certificate_own_ca_permitted": permitted,
        "certificate_own_ca_intermediate": True,
        "certificate_own_ca_intermediate_passphrase": "another passphrase",
    }
    variables.write_text(json.dumps(wanted))
    playbook = str(Path(__file__).with_name("own_ca.yml"))
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", f"@{variables}", playbook],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place


def issued(place, name, passphrase, above=()):
    certificate = x509.load_pem_x509_certificate((place / f"{name}.pem").read_bytes())
    key = serialization.load_pem_private_key((place / f"{name}.key").read_bytes(), passphrase)
    return pki.Issued(certificate, key, above)


@pytest.fixture
def ca(place):
    return issued(place, "ca", b"a passphrase")


@pytest.fixture
def intermediate(place):
    return issued(place, "intermediate", b"another passphrase")


def verified(tmp_path, ca, *names, signer=None, leaf=None):
    """What OpenSSL says of a certificate that the CA, or its intermediate, signs for the names: who trusts nothing but the CA."""
    leaf = leaf or pki.issue("es1", signer or ca, names)
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    (tmp_path / "served.pem").write_bytes(signer.pem if signer else b"")
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    served = ["-untrusted", tmp_path / "served.pem"] if signer else []
    command = ["openssl", "verify", "-x509_strict", "-no-CApath", "-CAfile", tmp_path / "ca.pem", *served, tmp_path / "leaf.pem"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def constraints(issued):
    return issued.certificate.extensions.get_extension_for_class(x509.NameConstraints)


@pytest.mark.parametrize("name", ["ca.key", "intermediate.key"])
def test_a_key_is_encrypted_and_for_its_owner_only(place, name):
    assert (place / name).read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place, place / name)] == [0o700, 0o600]


def test_the_intermediate_has_the_name_constraints_of_the_ca_and_both_are_critical(ca, intermediate):
    assert constraints(ca).critical
    assert constraints(intermediate) == constraints(ca)


def test_the_intermediate_may_sign_no_other_ca(intermediate):
    basic = intermediate.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical and basic.value.ca and basic.value.path_length == 0


def test_clients_accept_what_it_signs_for_its_names(tmp_path, ca):
    assert verified(tmp_path, ca, "es1.example.org").endswith("OK\n")


@pytest.mark.parametrize("name", ["es1.another.org", "192.0.2.1", "2001:db8::1"])
def test_clients_refuse_what_it_would_sign_for_others(tmp_path, ca, name):
    assert "subtree violation" in verified(tmp_path, ca, name)


def test_clients_that_trust_the_ca_only_accept_what_the_intermediate_signs(tmp_path, ca, intermediate):
    assert verified(tmp_path, ca, "es1.example.org", signer=intermediate).endswith("OK\n")


@pytest.mark.parametrize("name", ["es1.another.org", "192.0.2.1", "2001:db8::1"])
def test_clients_refuse_what_the_intermediate_would_sign_for_others(tmp_path, ca, intermediate, name):
    assert "subtree violation" in verified(tmp_path, ca, name, signer=intermediate)


@pytest.mark.parametrize("signer", ["ca", "intermediate"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("10.1.2.3", "OK\n"), ("11.1.2.3", "subtree violation"), ("2001:db8::1", "subtree violation"), ("es1.example.org", "subtree violation")],
)
def test_one_for_a_network_speaks_for_its_addresses_and_for_no_host_name(tmp_path, of_a_network, signer, name, said):
    ca = issued(of_a_network, "ca", b"a passphrase")
    intermediate = issued(of_a_network, "intermediate", b"another passphrase")
    leaf = pki.issue("", intermediate if signer == "intermediate" else ca, [name])
    assert said in verified(tmp_path, ca, name, signer=intermediate if signer == "intermediate" else None, leaf=leaf)


PLACES = {"es1": "one", "es2": "two", "es3": "one", "es4": "two"}


def run_together(play, place):
    """One run for nodes of which two have one CA and two another, each with an intermediate."""
    hosts = {
        host: {
            "certificate_dir": f"{place}/{host}/certificate",
            "certificate_own_ca_dir": f"{place}/{ca}",
            "certificate_own_ca_common_name": ca,
            "certificate_own_ca_intermediate": True,
            "certificate_names": [f"{host}.example.org"],
        }
        for host, ca in PLACES.items()
    }
    # the role would install what makes keys, and any file tells it that it is there
    return play(Path(__file__).with_name("role.yml"), hosts, "-e", "__certificate_package_path=/etc/hostname")


def test_of_nodes_with_different_cas_each_gets_its_certificate_from_its_own_which_is_begun_once(play, tmp_path):
    done = run_together(play, tmp_path)
    assert {host: done.count(host, "failures") for host in PLACES} == dict.fromkeys(PLACES, 0)
    for host, place in PLACES.items():
        live = tmp_path / host / "certificate/live"
        trusted, (leaf, middle) = tmp_path / place / "ca.pem", x509.load_pem_x509_certificates((live / "chain.pem").read_bytes())
        assert (live / "ca.pem").read_bytes() == trusted.read_bytes()
        ca = x509.load_pem_x509_certificate(trusted.read_bytes())
        leaf.verify_directly_issued_by(middle)
        middle.verify_directly_issued_by(ca)
        assert ca.subject.rfc4514_string() == f"CN={place}"
    made = [outcome.get("filename", "") for host in PLACES for outcome in done.outcomes(host) if outcome.get("changed")]
    for name in ("ca.key", "ca.pem", "intermediate.key", "intermediate.pem"):
        assert [made.count(f"{tmp_path}/{place}/{name}") for place in ("one", "two")] == [1, 1], name


def test_where_one_ca_signs_no_intermediate_all_nodes_that_have_it_say_so_and_the_others_go_on(play, tmp_path):
    (tmp_path / "one/intermediate.key").mkdir(parents=True)
    done = run_together(play, tmp_path)
    assert {host: done.count(host, "failures") for host in PLACES} == {"es1": 1, "es2": 0, "es3": 1, "es4": 0}
    said = done.outcomes("es3")[-1]["msg"]
    assert f"The own CA in {tmp_path}/one has signed no intermediate (none is there). See what failed for the first node that has this CA" in said
    assert [(tmp_path / host / "certificate/live").exists() for host in PLACES] == [False, True, False, True]
