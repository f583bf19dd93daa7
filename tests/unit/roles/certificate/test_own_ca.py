# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the own CA is when the role has made it on the controller."""
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
    place = tmp_path_factory.mktemp("own_ca") / "ca"
    variables = place.parent / "variables.json"
    wanted = {
        "certificate_own_ca_dir": str(place),
        "certificate_own_ca_passphrase": "a passphrase",
        "certificate_own_ca_permitted": ["example.org"],
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


@pytest.fixture
def ca(place):
    certificate = x509.load_pem_x509_certificate((place / "ca.pem").read_bytes())
    return pki.Issued(certificate, serialization.load_pem_private_key((place / "ca.key").read_bytes(), b"a passphrase"))


def verified(tmp_path, ca, *names):
    """What OpenSSL says of a certificate that the CA signs for the names."""
    leaf = pki.issue("es1", ca, names)
    (tmp_path / "ca.pem").write_bytes(ca.pem)
    (tmp_path / "leaf.pem").write_bytes(leaf.pem)
    command = ["openssl", "verify", "-x509_strict", "-no-CApath", "-CAfile", tmp_path / "ca.pem", tmp_path / "leaf.pem"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_its_key_is_encrypted_and_for_its_owner_only(place):
    assert (place / "ca.key").read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place, place / "ca.key")] == [0o700, 0o600]


def test_its_name_constraints_are_critical(ca):
    assert ca.certificate.extensions.get_extension_for_class(x509.NameConstraints).critical


def test_clients_accept_what_it_signs_for_its_names(tmp_path, ca):
    assert verified(tmp_path, ca, "es1.example.org").endswith("OK\n")


@pytest.mark.parametrize("name", ["es1.another.org", "192.0.2.1", "2001:db8::1"])
def test_clients_refuse_what_it_would_sign_for_others(tmp_path, ca, name):
    assert "subtree violation" in verified(tmp_path, ca, name)
