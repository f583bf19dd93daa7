# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The modules tls_keypair and tls_keypair_info as Ansible runs them. What the first does step by step: module_utils/test_tls_versions.py."""

from __future__ import annotations

import json
import sys
import venv
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import run
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

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
    assert (result["directory"], result["accepted"], result["message"], result["ocsp"]) == (directory, True, "", [])
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


def test_what_is_there_is_told_in_one_call(tmp_path: Path, root: pki.Issued) -> None:
    good = pki.issue("es1", root, ["es1"])
    directories = [
        keypair(tmp_path / "good", good, root),
        keypair(tmp_path / "other", good, root, pki.issue("es1", root, ["es1"])),
        keypair(tmp_path / "missing", good, root),
        str(tmp_path / "nothing"),
    ]
    (tmp_path / "missing/key.pem").unlink()
    hook = tmp_path / "hook"
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o777)
    told = run("tls_keypair_info", directories=directories, paths=[{"path": str(hook), "ours": True}], look_for=[str(hook), "/nosuch"])
    assert [each["key"] for each in told["keypairs"]] == ["matching", "unusable", "missing", "missing"]
    assert [each["chain"] for each in told["keypairs"]] == [*(3 * [good.pem.decode()]), ""]
    assert [each["accepted"] for each in told["keypairs"]] == [False] * 4, "no name was given"
    assert told["found"] == [str(hook)] and told["paths"] == [{"path": str(hook), "regular": True, "executable": True}]
    assert told["problems"] == [f"{hook} may be changed by everybody (mode 0777): chmod go-w {hook}"]


def test_a_program_is_found_wherever_it_is_and_who_may_change_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/tlsfront-probe"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    asked: dict[str, Any] = {"programs": ["tlsfront-probe", "tlsfront-nosuch"], "python_packages": ["json", "tlsfront_nosuch"]}
    monkeypatch.setenv("PATH", "/usr/bin")
    told = run("tls_keypair_info", **asked)
    assert told["programs"] == {"tlsfront-probe": "", "tlsfront-nosuch": ""} and told["problems"] == []
    assert told["python_packages"] == {"json": True, "tlsfront_nosuch": False}
    assert told["python"]["path"] == sys.executable
    monkeypatch.setenv("PATH", f"/usr/bin:{program.parent}")
    told = run("tls_keypair_info", **asked)
    assert told["programs"]["tlsfront-probe"] == str(program) and told["problems"] == []
    (program.parent / "snap").write_text("#!/bin/sh\n")
    (program.parent / "snap").chmod(0o755)
    (program.parent / "tlsfront-of-a-snap").symlink_to("snap")
    assert run("tls_keypair_info", programs=["tlsfront-of-a-snap"])["programs"] == {"tlsfront-of-a-snap": "/snap/bin/tlsfront-of-a-snap"}
    program.chmod(0o757)
    assert run("tls_keypair_info", **asked)["problems"] == [f"{program} may be changed by everybody (mode 0757): chmod go-w {program}"]


def test_packages_are_looked_for_where_the_interpreter_that_is_meant_finds_them(tmp_path: Path) -> None:
    """Of a distribution with several Pythons, its packages are for one of them."""
    venv.create(tmp_path / "bare", symlinks=True)
    (site,) = (tmp_path / "bare").glob("lib/python*/site-packages")
    (site / "tlsfront_there.py").touch()
    interpreter = str(tmp_path / "bare/bin/python3")
    told = run("tls_keypair_info", python_packages=["tlsfront_there", "tlsfront_nosuch"], python=interpreter)
    assert told["python_packages"] == {"tlsfront_there": True, "tlsfront_nosuch": False}
    assert told["python"] == {"path": interpreter, "is_systems": False}
    told = run("tls_keypair_info", python_packages=["json"], python=str(tmp_path / "nosuch"))
    assert (told["python_packages"], told["python"]["is_systems"]) == ({"json": False}, False)
    if Path("/usr/bin/python3").exists():
        told = run("tls_keypair_info", python_packages=["json"], python="/usr/bin/python3")
        assert told["python_packages"] == {"json": True} and told["python"]["is_systems"]


# ---- tls_keypair


def given(directory: Path, issued: pki.Issued, root: pki.Issued, **more: Any) -> dict[str, Any]:
    texts = {"chain": issued.pem.decode(), "key": issued.key_pem.decode(), "ca": root.pem.decode(), "about": f"sha256: {issued.fingerprint}\n"}
    return {"directory": str(directory), "names": ["es1"], **texts, **more}


def test_check_mode_tells_what_would_be_and_changes_nothing(tmp_path: Path, root: pki.Issued) -> None:
    place, issued = tmp_path / "certificate", pki.issue("es1", root, ["es1"])
    told = run("tls_keypair", **given(place, issued, root, _ansible_check_mode=True))
    assert told["changed"] and not place.exists() and told["version"] == ""
    assert {Path(each["after_header"]).name: each["after"] for each in told["diff"]} == {
        "about.txt": f"sha256: {issued.fingerprint}\n", "ca.pem": root.pem.decode(), "chain.pem": issued.pem.decode(), "key.pem": "(not shown)\n",
    }  # fmt: skip


@pytest.mark.parametrize("target", ["{other}", "../other", "versions/../../other", "versions", "versions/new"])
def test_a_link_that_leads_to_somebody_elses_files_shows_and_removes_nothing_of_them(tmp_path: Path, root: pki.Issued, target: str) -> None:
    other, place = tmp_path / "other", tmp_path / "certificate"
    (place / "versions/new").mkdir(parents=True)
    for directory in (other, place / "versions", place / "versions/new"):
        directory.mkdir(exist_ok=True)
        (directory / "privkey.pem").write_bytes(pki.issue("es1", root).key_pem)
        (directory / "mine.new").write_text("mine")
    (place / "live").symlink_to(target.format(other=other))
    told = run("tls_keypair", state="absent", directory=str(place), _ansible_check_mode=True)
    assert told["changed"] and told["diff"] == []
    assert "PRIVATE KEY" not in str(run("tls_keypair", **given(place, pki.issue("es1", root, ["es1"]), root, _ansible_check_mode=True)))
    assert run("tls_keypair", state="absent", directory=str(place))["changed"]
    assert sorted(path.name for path in other.iterdir()) == ["mine.new", "privkey.pem"]


def test_the_life_of_a_keypair(tmp_path: Path, root: pki.Issued) -> None:
    place, first, second = tmp_path / "certificate", pki.issue("es1", root, ["es1"]), pki.issue("es1", root, ["es1"])
    assert run("tls_keypair", **given(place, first, root))["changed"]
    again = run("tls_keypair", **given(place, first, root))
    assert not again["changed"] and again["diff"] == [] and again["former"] == ""
    (tmp_path / "key").write_bytes(second.key_pem)
    changed = run("tls_keypair", **{**given(place, second, root), "key": None, "key_path": str(tmp_path / "key")})
    assert changed["changed"] and changed["version"].endswith(second.fingerprint[:16]) and changed["former"] == again["version"]
    assert [each["after"] for each in changed["diff"] if each["after_header"].endswith("key.pem")] == ["(not shown, another)\n"]
    former = {"state": "former", "directory": str(place), "names": ["es1"]}
    assert run("tls_keypair", **former, _ansible_check_mode=True)["version"] == changed["version"]
    back = run("tls_keypair", **former)
    assert back["changed"] and back["version"] == again["version"] and (place / "about.txt").read_text() == f"sha256: {first.fingerprint}\n"
    assert run("tls_keypair", state="absent", directory=str(place), _ansible_check_mode=True)["changed"] and place.exists()
    assert run("tls_keypair", state="absent", directory=str(place))["changed"] and not place.exists()
    assert not run("tls_keypair", state="absent", directory=str(place))["changed"]


def test_the_key_is_neither_returned_nor_shown(tmp_path: Path, root: pki.Issued) -> None:
    issued, place = pki.issue("es1", root, ["es1"]), tmp_path / "certificate"
    results = [
        run("tls_keypair", **given(place, issued, root)),
        run("tls_keypair", **given(place, issued, root, key=pki.issue("es1").key_pem.decode())),
        run("tls_keypair", **given(place, issued, root, key="no key, but a s3cret")),
        run("tls_keypair", state="absent", directory=str(place)),
    ]
    said = json.dumps(results)
    assert "PRIVATE KEY" not in said and "s3cret" not in said
    assert not [line for line in issued.key_pem.decode().splitlines()[1:-1] if line in said]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"names": []}, "names must not be empty"),
        ({"directory": "certificate"}, "not an absolute path"),
        ({"key": None}, "any of the following are missing: key, key_path"),
        ({"key": None, "key_path": "/nosuch"}, "key_path is '/nosuch', which cannot be read (No such file"),
        ({"chain": "nothing"}, "chain.pem holds no certificate that can be read"),
        ({"names": ["es2"]}, "Clients would refuse the certificate: as es2: Hostname mismatch"),
        ({"ca": ""}, "this host's own store (the package ca-certificates)"),
        ({"state": "former"}, "has no former version to go back to"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_changes(tmp_path: Path, root: pki.Issued, more: dict[str, Any], says: str) -> None:
    place = tmp_path / "certificate"
    told = run("tls_keypair", **{**given(place, pki.issue("es1", root, ["es1"]), root), **more})
    assert told.get("failed") and says in told["msg"], told
    assert not (place / "live").exists()
