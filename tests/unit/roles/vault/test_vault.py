# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret that stands encrypted by itself in an inventory (!vault) is as good as a plain one, for every option that takes one.

ansible-core hands such a value over as an object that is no text, in some versions and places. tests/unit/every_core asks each version.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nginx
import pki
import pytest
import yaml
from cryptography.hazmat.primitives import serialization

TOP = Path(__file__).resolve().parents[4]
SECRETS = {
    "certificate_own_ca_passphrase": "of-the-ca",
    "certificate_own_ca_intermediate_passphrase": "of-the-intermediate",
    "certificate_acme_eab_key": "eab-key_0123456789",
    "cloud_firewall_ec2_connection": "an-ec2-secret",
    "cloud_firewall_gce_connection": "a-gce-secret",
    "https_front_users": "of-the-user",
    "tlsfront_check_password": "a proof's password",
    "tlsfront_check_api_key": "an-api-key",
}


class Vault(str):
    """A text that the inventory has encrypted by itself."""


def encrypted(dumper: yaml.SafeDumper, text: Vault) -> yaml.Node:
    done = subprocess.run(["ansible-vault", "encrypt", "--output", "-"], input=str(text), env=os.environ, check=True, capture_output=True, text=True)
    return dumper.represent_scalar("!vault", done.stdout, style="|")


yaml.SafeDumper.add_representer(Vault, encrypted)


@pytest.fixture(scope="module")
def fronts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nginx.Fronts]:
    password = tmp_path_factory.mktemp("vault") / "password"
    password.write_text("of the vault")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(password))
        cases = nginx.Fronts()
        yield cases
        cases.close()


@pytest.fixture(scope="module")
def front(fronts: nginx.Fronts) -> Iterator[nginx.Running]:
    """A front with a user of each kind, for which the role itself has read its variables."""
    users = [
        {"name": "app", "password": Vault(SECRETS["https_front_users"])},
        {"name": "reader", "hash": Vault("{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0"), "read_only": True},
    ]
    fronts.add("users", https_front_users=users)
    fronts.add("open", https_front_users=[])
    fronts.add("wrong", https_front_users=[{"name": "app", "hash": Vault("plain"), "password": Vault("")}])
    fronts.render()
    with fronts["open"].running() as running:
        yield running


@pytest.fixture(scope="module")
def told(fronts: nginx.Fronts, front: nginx.Running) -> tuple[dict[str, Any], str]:
    """What came of each host, and all that was printed."""
    place = fronts.place
    issued = pki.issue("es1", fronts.root, ["es1.example.org"])
    (place / "es1.pem").write_bytes(issued.pem)
    (place / "root.pem").write_bytes(fronts.root.pem)
    names = {"certificate_names": ["es1.example.org"], "case_role": "certificate"}
    hosts: dict[str, dict[str, Any]] = {
        "own_ca": names
        | {
            "certificate_own_ca_dir": str(place / "ca"),
            "certificate_own_ca_passphrase": Vault(SECRETS["certificate_own_ca_passphrase"]),
            "certificate_own_ca_intermediate": True,
            "certificate_own_ca_intermediate_passphrase": Vault(SECRETS["certificate_own_ca_intermediate_passphrase"]),
            "certificate_dir": str(place / "certificate"),
            "case_parts": ["own_ca_begin", "own_ca_intermediate"],
        },
        "provided": names
        | {
            "certificate_source": "provided",
            "certificate_provided_chain": str(place / "es1.pem"),
            "certificate_provided_ca": str(place / "root.pem"),
            "certificate_provided_key_content": Vault(issued.key_pem.decode()),
            "certificate_dir": str(place / "certificate"),
            "case_preflight": True,
        },
        "acme": names
        | {
            "certificate_source": "acme",
            "certificate_acme_terms_agreed": True,
            "certificate_acme_directory": "https://acme.example.org/directory",
            "certificate_acme_eab_kid": Vault("kid"),
            "certificate_acme_eab_key": Vault(SECRETS["certificate_acme_eab_key"]),
            "certificate_dir": str(place / "certificate"),
            "case_preflight": True,
        },
        "ec2": {
            "case_role": "cloud_firewall",
            "cloud_firewall_provider": "ec2",
            "cloud_firewall_ec2_instance_id": "i-0a1b",
            "cloud_firewall_ec2_region": "eu-central-1",
            "cloud_firewall_ec2_connection": {"access_key": "AKIA", "secret_key": Vault(SECRETS["cloud_firewall_ec2_connection"])},
            "cloud_firewall_peers": ["192.0.2.1"],
        },
        "gce": {
            "case_role": "cloud_firewall",
            "cloud_firewall_provider": "gce",
            "cloud_firewall_gce_connection": {"auth_kind": "accesstoken", "access_token": Vault(SECRETS["cloud_firewall_gce_connection"])},
            "cloud_firewall_peers": ["192.0.2.1"],
        },
        "front": {
            "case_role": "https_front",
            "https_front_users": [{"name": "app", "password": Vault(SECRETS["https_front_users"])}, {"name": "b", "hash": Vault("{SSHA}x")}],
        },
    }
    # what the check of the arguments refuses, it does not tell
    hosts["refused"] = {
        "case_role": "https_front",
        "https_front_users": [{"name": "app", "password": ["a-refused-password"], "hash": "a-refused-hash", "none": "a-refused-option"}],
    }
    hosts["refused_text"] = {"case_role": "cloud_firewall", "cloud_firewall_provider": "ec2", "cloud_firewall_ec2_connection": "a-refused-text"}
    url = f"https://{nginx.NAME}:{fronts['open'].port}"
    check = {"case_url": {"url": url, "connect_to": "127.0.0.1"}, "case_ca": str(fronts["open"].certificate_dir / "ca.pem")}
    hosts["check_password"] = check | {"tlsfront_check_username": "proof", "tlsfront_check_password": Vault(SECRETS["tlsfront_check_password"])}
    hosts["check_api_key"] = check | {"tlsfront_check_api_key": Vault(SECRETS["tlsfront_check_api_key"])}
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "case_top": str(TOP)}
    inventory = place / "vault.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": local}}))
    done = subprocess.run(
        ["ansible-playbook", "-vvv", "--diff", "-i", str(inventory), str(Path(__file__).with_name("vault.yml"))],
        env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_FORKS": "4"},
        capture_output=True,
        text=True,
        check=False,
    )
    printed = done.stdout + done.stderr
    assert "{" in done.stdout, printed
    found = json.loads(done.stdout[done.stdout.index("{\n") :])
    outcomes = {
        name: [task["hosts"][name] for play in found["plays"] for task in play["tasks"] if name in task["hosts"]] for name in hosts
    }
    return outcomes, printed


@pytest.mark.parametrize("host", ["own_ca", "provided", "acme", "ec2", "gce", "front", "check_password", "check_api_key"])
def test_it_is_accepted(told: tuple[dict[str, Any], str], host: str) -> None:
    outcomes, _printed = told
    assert outcomes[host]
    failed = [outcome for outcome in outcomes[host] if outcome.get("failed")]
    assert not failed, failed[0].get("argument_errors") or failed[0].get("msg")


@pytest.mark.parametrize("option", SECRETS)
def test_it_is_not_told(told: tuple[dict[str, Any], str], option: str) -> None:
    assert SECRETS[option] not in told[1]


def test_what_is_refused_is_not_told(told: tuple[dict[str, Any], str]) -> None:
    outcomes, printed = told
    for host in ("refused", "refused_text"):
        assert [outcome for outcome in outcomes[host] if outcome.get("failed")], host
    assert "a-refused-" not in printed


def test_the_keys_of_a_ca_open_with_their_passphrases(told: tuple[dict[str, Any], str], fronts: nginx.Fronts) -> None:
    for name, option in {"ca": "certificate_own_ca_passphrase", "intermediate": "certificate_own_ca_intermediate_passphrase"}.items():
        assert serialization.load_pem_private_key((fronts.place / "ca" / f"{name}.key").read_bytes(), SECRETS[option].encode())


def test_the_proof_sends_what_was_encrypted(told: tuple[dict[str, Any], str], fronts: nginx.Fronts) -> None:
    sent = {value for request in fronts.backend.requests for name, value in request["headers"].items() if name.lower() == "authorization"}
    basic = base64.b64encode(f"proof:{SECRETS['tlsfront_check_password']}".encode()).decode()
    assert {f"Basic {basic}", f"ApiKey {SECRETS['tlsfront_check_api_key']}"} <= sent


def test_users_log_in(fronts: nginx.Fronts, front: nginx.Running) -> None:
    with fronts["users"].running() as running:
        assert running.ask("GET", "/", user=f"app:{SECRETS['https_front_users']}").status == 200
        assert running.ask("GET", "/", user="app:wrong").status == 401
        assert running.ask("PUT", "/logs", user="reader:secret").status == 403


def test_a_hash_that_is_none_is_refused_with_its_cause(fronts: nginx.Fronts, front: nginx.Running) -> None:
    assert "a hash that the role does not accept for app" in fronts["wrong"].refused
    assert "plain" not in fronts["wrong"].refused
