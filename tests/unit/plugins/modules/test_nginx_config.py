# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The modules about nginx and its certificate as Ansible runs them. What they do to a real nginx: tests/unit/roles/https_front."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import configuration
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

RUN = """
import sys
from ansible.module_utils import basic
basic._ANSIBLE_PROFILE = "legacy"  # of ansible-core 2.19 and newer
basic.has_journal = False
import importlib
module = importlib.import_module("ansible_collections.tlsfront.elasticsearch.plugins.modules." + sys.argv[1])
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
module.main()
"""


def run(name: str, **params: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN, name],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_diff": True, **params}}),
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(each for each in sys.path if each)),
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "nginx/conf.d").mkdir(parents=True)
    return {
        "path": str(tmp_path / "nginx/conf.d/tlsfront.conf"),
        "drop_in_path": str(tmp_path / "drop-in.conf"),
        "directory": str(tmp_path / "front"),
        "pid_file": str(tmp_path / "nginx.pid"),
    }


def began(places: dict[str, str]) -> dict[str, Any]:
    result = run("nginx_config_info", **places)
    return {"token": result["token"], "keep": result["keep"]}


# ---- nginx_config


def test_a_first_run_in_check_mode_shows_both_files_and_writes_nothing(places: dict[str, str], tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    result = run("nginx_config", configuration="a\nb\n", drop_in="c\n", began=began(places), _ansible_check_mode=True, **places)
    assert result["changed"] and not result["raced"]
    assert [(each["before"], each["after"], each["after_header"]) for each in result["diff"]] == [
        ("", "a\nb\n", places["path"]),
        ("", "c\n", places["drop_in_path"]),
    ]
    assert sorted(tmp_path.rglob("*")) == before


def test_what_is_live_already_is_no_change(places: dict[str, str]) -> None:
    (Path(places["directory"]) / "proved").mkdir(parents=True)
    Path(places["path"]).write_text("a\n")
    Path(places["drop_in_path"]).write_text("c\n")
    given = {"configuration": "a\n", "drop_in": "c\n", "began": began(places), **places}
    for check in (True, False):
        result = run("nginx_config", _ansible_check_mode=check, **given)
        assert not result["changed"] and result["diff"] == []


@pytest.mark.parametrize("check", [True, False])
def test_another_runs_change_is_told_and_kept(places: dict[str, str], check: bool) -> None:
    (Path(places["directory"]) / "proved").mkdir(parents=True)
    given = {"began": began(places), "_ansible_check_mode": check, **places}
    Path(places["path"]).write_text("of another run\n")
    for state in ("present", "former"):
        result = run("nginx_config", state=state, configuration="a\n", drop_in="c\n", **given)
        assert result["failed"] and result["raced"]
        assert "another run has changed the node in the meantime" in result["msg"]
    assert Path(places["path"]).read_text() == "of another run\n"


def test_what_is_not_served_is_told(places: dict[str, str]) -> None:
    (Path(places["directory"]) / "proved").mkdir(parents=True)
    Path(places["path"]).write_text("a\n")
    result = run("nginx_config", state="verified", token=began(places)["token"], **places)
    assert result["failed"] and result["served"] is False and "none of the role's" in result["msg"]


@pytest.mark.parametrize("state, missing", [("present", "configuration"), ("verified", "token"), ("former", "began")])
def test_what_a_step_needs_is_asked_for(places: dict[str, str], state: str, missing: str) -> None:
    result = run("nginx_config", state=state, **places)
    assert result["failed"] and missing in result["msg"]


# ---- what a configuration names


def test_files_are_found_as_nginx_would_find_them() -> None:
    text = r"""
    # auth_basic_user_file /in/a/comment;
    map $a $b { "auth_basic_user_file /in/a/text;" 1; "~x;{" 2; }
    server {
        ssl_certificate "/with a space/\"quoted\"/chain.pem"; ssl_certificate_key '/with a space/key.pem';
        auth_basic_user_file /escaped\ space/users; location / { auth_basic_user_file relative; }
        ssl_crl /once; ssl_crl /once;
        ssl_client_certificate $of_the_request; ssl_certificate_key data:$key; auth_basic off;
    }
    """
    here = Path("/etc/nginx")
    assert configuration.read_by_workers(text, here) == [Path("/escaped space/users"), here / "relative"]
    assert [str(path) for path in configuration.read_by_master(text, here)] == ['/with a space/"quoted"/chain.pem', "/with a space/key.pem", "/once"]


# ---- tls_keypair_info


@pytest.fixture
def root() -> pki.Issued:
    return pki.root()


def keypair(directory: Path, certificate: pki.Issued, root: pki.Issued, key: pki.Issued | None = None) -> str:
    directory.mkdir(parents=True)
    (directory / "chain.pem").write_bytes(certificate.pem)
    (directory / "key.pem").write_bytes((key or certificate).key_pem)
    (directory / "ca.pem").write_bytes(root.pem)
    return str(directory)


@pytest.mark.parametrize("name", ["plain", "with a space", "x;touch pwned;#", "$(touch pwned)", "$HOME", "a'b\"c", "~", "{{ 7 * 7 }}"])
def test_a_directory_of_any_name_is_only_a_directory(tmp_path: Path, root: pki.Issued, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    directory = keypair(tmp_path / name, pki.issue("es1", root, ["es1"]), root)
    (result,) = run("tls_keypair_info", directories=[directory], names=["es1"])["keypairs"]
    assert result == {"directory": directory, "accepted": True, "message": "", "ocsp": []}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_why_clients_would_refuse_one_is_told(tmp_path: Path, root: pki.Issued) -> None:
    good, other = pki.issue("es1", root, ["es1"]), pki.issue("es1", root, ["es1"])
    directories = [
        keypair(tmp_path / "good", good, root),
        keypair(tmp_path / "key", good, root, other),
        keypair(tmp_path / "name", pki.issue("es2", root, ["es2"]), root),
        keypair(tmp_path / "expired", pki.issue("es1", root, ["es1"], not_before=-9 * pki.DAY, not_after=-pki.DAY), root),
        keypair(tmp_path / "untrusted", good, pki.root()),
        str(tmp_path / "nothing"),
    ]
    told = run("tls_keypair_info", directories=directories, names=["es1"])["keypairs"]
    assert [each["accepted"] for each in told] == [True, False, False, False, False, False]
    for each, cause in zip(told[1:], ["key.pem does not belong to chain.pem", "mismatch", "expired", "local issuer", "No such file"]):
        assert cause in each["message"], each


def test_only_what_is_a_url_is_handed_on_of_what_a_certificate_says(tmp_path: Path, root: pki.Issued) -> None:
    said = ["http://ocsp.example.org/a%20b", "http://ocsp.example.org/\n location = /x { auth_basic off; } #", "ldap://ocsp.example.org", "http://ocsp"]
    access = x509.AuthorityInformationAccess(
        [x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url)) for url in said]
    )
    directory = keypair(tmp_path / "live", pki.issue("es1", root, ["es1"], extra=[access]), root)
    (result,) = run("tls_keypair_info", directories=[directory], names=["es1"])["keypairs"]
    assert result["accepted"] and result["ocsp"] == ["http://ocsp.example.org/a%20b", "http://ocsp"]
