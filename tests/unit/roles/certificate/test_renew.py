# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands on the node after a step of a renewal."""
from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import due
import issue
import kills
import leaf
import pki
import pytest
import renew
import served
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from module_utils import _files


def test_a_further_ca_is_told_to_clients_without_a_new_certificate(node, capsys):
    node.has(pki.issue("es1", node.ca, ["es1.example.org"]))
    node.settings["ca"] += pki.root("Next").pem.decode()
    renew.keep(node.settings, renew.versions_of(node.settings))
    assert (node.live / "ca.pem").read_text() == node.settings["ca"]
    assert "RENEWED" in capsys.readouterr().out
    renew.keep(node.settings, renew.versions_of(node.settings))
    assert capsys.readouterr().out == ""


def test_a_public_ca_needs_no_file(node, monkeypatch):
    node.has(pki.issue("es1", node.ca, ["es1.example.org"]))
    (node.live.parent / "store.pem").write_bytes(node.ca.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(node.live.parent / "store.pem"))
    node.settings["ca"] = ""
    renew.keep(node.settings, renew.versions_of(node.settings))
    assert not (node.live / "ca.pem").exists()


def test_what_is_installed_is_told_as_yaml(node):
    certificate = node.has(pki.issue("es1", node.ca, ["es1.example.org", "*.example.org"]))
    about = leaf.about(certificate.certificate)
    assert about.startswith("source: acme\nnames:\n- DNS:es1.example.org\n- DNS:*.example.org\nissuer: CN=Test Root\n")
    assert f"sha256: {':'.join(certificate.fingerprint[at:at + 2] for at in range(0, 64, 2))}\n" in about


@pytest.mark.parametrize("title", ["Test Root", "a\nsource: own_ca", "a: b", "a #b", '"', "a:", "{{ 1 }}", "\x1b[2J", "Stra\u00dfe"])
def test_an_issuer_cannot_write_into_the_words_about_its_certificate(title):
    issuer = pki.root(title)
    about = yaml.safe_load(leaf.about(pki.issue("es1", issuer, ["es1.example.org"]).certificate))
    assert about["source"] == "acme" and about["issuer"] == issuer.certificate.subject.rfc4514_string()


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "rsa-2048"])
def test_a_request_asks_for_all_names_with_a_key_of_the_kind(kind):
    key = issue.new_key(kind)
    request = x509.load_pem_x509_csr(issue.request(key, ["es1.example.org", "*.example.org"]))
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["es1.example.org", "*.example.org"]
    assert request.is_signature_valid
    assert leaf.kind(request) == kind


def test_a_request_for_a_name_that_is_too_long_for_a_subject_has_none():
    name = ".".join(["a" * 40, "b" * 40, "example.org"])
    request = x509.load_pem_x509_csr(issue.request(issue.new_key("ecdsa-p256"), [name]))
    assert request.subject == x509.Name([])
    assert request.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_a_file_appears_with_its_final_mode_also_over_one_that_is_too_open(tmp_path):
    path = tmp_path / "key.pem"
    path.write_text("old")
    path.chmod(0o644)
    _files.write(path, "new", 0o600)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_is_written_without_a_passphrase_that_nobody_could_type():
    key = issue.new_key("ecdsa-p256")
    assert serialization.load_pem_private_key(issue._pem(key), None).private_numbers() == key.private_numbers()


def test_of_a_failure_the_causes_are_told_and_no_boilerplate():
    said = """Saving debug log to /var/log/letsencrypt.log
Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: es1.example.org
  Detail: no answer

Hint: ensure that the listed domains serve their content
Some challenges have failed.
Ask for help or search for solutions"""
    assert issue.essence(said).startswith("Certbot failed to authenticate")
    assert issue.essence(said).endswith("Domain: es1.example.org Detail: no answer")


# takes the place of certbot, which only Debian has: writes what it is told to, and nothing else
CERTBOT = """#!{python}
import sys
given = dict(zip(sys.argv, sys.argv[1:]))
assert open(given["--csr"]).read().startswith("-----BEGIN CERTIFICATE REQUEST-----")
for option in ("--fullchain-path", "--cert-path", "--chain-path"):
    open(given[option], "x").write(option)
"""


def test_what_certbot_writes_is_kept_with_its_key_and_nothing_else(node, tmp_path):
    certbot = tmp_path / "certbot"
    certbot.write_text(CERTBOT.format(python=sys.executable))
    certbot.chmod(0o755)
    node.settings.update(client=str(certbot), challenge="dns-01", dns_hook="/bin/true", contacts=[], directory_ca="")
    new = renew.versions_of(node.settings).versions / "new"
    renew.get(node.settings, renew.versions_of(node.settings), new)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in new.iterdir()} == {"key.pem": 0o600, "chain.pem": 0o644, "directory.txt": 0o644}
    assert (new / "chain.pem").read_text() == "--fullchain-path"


def current(settings):
    """The version that is live."""
    return str(renew.versions_of(settings).current() or "")


class Ca:
    """Issues sound certificates, of its own root; counts them."""

    def __init__(self, node):
        self.node = node
        self.ca = node.ca
        self.issued = []

    def issue(self, settings, into):
        certificate = pki.issue("es1", self.ca, settings["names"])
        shutil.rmtree(into, ignore_errors=True)
        Path(into).mkdir(parents=True)
        for name, octets in (("chain.pem", certificate.pem), ("key.pem", certificate.key_pem)):
            Path(into, name).write_bytes(octets)
        Path(into, "directory.txt").write_text(settings["directory"])
        self.issued.append(certificate)


@pytest.fixture
def ca_of_node(node, monkeypatch):
    ca = Ca(node)
    monkeypatch.setattr(issue, "issue", ca.issue)
    return ca


@pytest.fixture
def due_node(node, monkeypatch, ca_of_node):
    """A node with a certificate that is served, and due for renewal."""
    monkeypatch.setattr(served, "runs", lambda _settings: True)
    monkeypatch.setattr(served, "serve", lambda _settings: None)
    node.empty()
    node.settings["unit"] = "nginx.service"
    renew.run(node.settings)
    former = leaf.load(str(node.live / "chain.pem"))
    monkeypatch.setattr(due, "latest", lambda one, _days: leaf.starts(one) if one == former else leaf.ends(one))
    return node


def refuses(monkeypatch, node):
    """The server goes on with the certificate that it serves now."""
    good = current(node.settings)

    def serve(settings):
        if current(settings) != good:
            raise served.NotServed("another certificate is served")

    monkeypatch.setattr(served, "serve", serve)


def test_a_certificate_that_could_not_be_served_is_tried_again_and_the_ca_is_not_asked_for_another(
    due_node, ca_of_node, monkeypatch
):
    former = current(due_node.settings)
    with monkeypatch.context() as broken:
        refuses(broken, due_node)
        for _tick in range(3):
            with pytest.raises(issue.Failed, match="does not serve the new certificate"):
                renew.run(due_node.settings)
            assert current(due_node.settings) == former
    assert len(ca_of_node.issued) == 2
    renew.run(due_node.settings)
    assert leaf.load(str(due_node.live / "chain.pem")) == ca_of_node.issued[1].certificate
    assert len(ca_of_node.issued) == 2
    kept = {path.name for path in (due_node.live.parent / "versions").iterdir()}
    assert kept == {Path(one).name for one in (former, current(due_node.settings))}


def test_a_certificate_that_was_kept_aside_is_not_used_when_another_is_wanted(due_node, ca_of_node, monkeypatch):
    with monkeypatch.context() as broken:
        refuses(broken, due_node)
        with pytest.raises(issue.Failed):
            renew.run(due_node.settings)
    due_node.settings["names"] = ["es2.example.org"]
    renew.run(due_node.settings)
    assert leaf.load(str(due_node.live / "chain.pem")) == ca_of_node.issued[2].certificate


@pytest.fixture
def refused(due_node, ca_of_node):
    """The CA has issued what clients refuse: it is of another root than they trust."""
    ca_of_node.ca = pki.root("Another")
    with pytest.raises(issue.Failed, match=r"clients would refuse what .* has issued"):
        renew.run(due_node.settings)
    return due_node


def test_the_ca_is_not_asked_again_for_what_clients_refuse(refused, ca_of_node):
    with pytest.raises(issue.Failed, match="put right what they trust; the CA is asked for another from"):
        renew.run(refused.settings)
    assert len(ca_of_node.issued) == 2


def test_the_ca_is_asked_again_after_a_pause(refused, ca_of_node):
    long_ago = (pki.now() - renew.PAUSE).timestamp()
    os.utime(refused.live.parent / "versions/aside/chain.pem", (long_ago, long_ago))
    ca_of_node.ca = refused.ca
    renew.run(refused.settings)
    assert leaf.load(str(refused.live / "chain.pem")) == ca_of_node.issued[2].certificate


def test_what_clients_refused_is_used_when_they_trust_its_ca(refused, ca_of_node):
    refused.settings["ca"] += ca_of_node.ca.pem.decode()
    renew.run(refused.settings)
    assert leaf.load(str(refused.live / "chain.pem")) == ca_of_node.issued[1].certificate


def copy_of(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)


def test_a_renewal_that_is_killed_before_any_of_its_steps_leaves_a_whole_pair_and_the_next_one_finishes_it(due_node, ca_of_node, tmp_path_factory):
    place, copy, step = due_node.live.parent, tmp_path_factory.mktemp("copy") / "copy", 0
    copy_of(place, copy)
    while True:
        step += 1
        copy_of(copy, place)
        if not kills.killed(lambda: renew.run(due_node.settings), step):
            break
        assert due.refusal(due_node.settings, due_node.live) == "", step
        renew.run(due_node.settings)
        assert due.reasons(due_node.settings) == [] and due.refusal(due_node.settings, due_node.live) == "", step
        assert sorted(path.name for path in place.iterdir()) == ["about.txt", "live", "versions"], step
        assert len(list((place / "versions").iterdir())) == 2, step
    assert step > 30, "it was killed at every step"


def test_what_the_ca_had_given_to_a_run_that_was_killed_is_used(due_node, ca_of_node):
    ca_of_node.issue(due_node.settings, due_node.live.parent / "versions/new")
    renew.run(due_node.settings)
    assert leaf.load(str(due_node.live / "chain.pem")) == ca_of_node.issued[1].certificate
    assert len(ca_of_node.issued) == 2


def hook_of(node):
    place = node.live.parent / "hooks"
    place.mkdir()
    hook = place / "dns"
    hook.write_text("#!/bin/sh\n")
    hook.chmod(0o755)
    node.settings["dns_hook"] = str(hook)
    return hook


def fault_of_hook(node):
    hook_of(node).chmod(0o777)


def fault_of_the_directory_of_the_hook(node):
    hook_of(node).parent.chmod(0o777)


def fault_of_the_owner_of_the_hook(node):
    os.chown(hook_of(node), 65534, 65534)


def fault_of_a_link_to_the_hook(node):
    hook = hook_of(node)
    shared = node.live.parent / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (shared / "dns").symlink_to(hook)
    node.settings["dns_hook"] = str(shared / "dns")


def fault_of_the_directorys_ca(node):
    path = node.live.parent / "directory-ca.pem"
    path.write_bytes(node.ca.pem)
    path.chmod(0o666)
    node.settings["directory_ca"] = str(path)


def fault_of_the_external_account(node):
    path = node.live.parent / "external-account.ini"
    path.write_text("eab-hmac-key = s3cret\n")
    path.chmod(0o644)


def fault_of_the_directory_of_certificates(node):
    node.live.parent.chmod(0o777)


FAULTS = [
    (fault_of_hook, "hooks/dns may be changed by everybody (mode 0777): chmod go-w /"),
    (fault_of_the_directory_of_the_hook, "/hooks may be changed by everybody (mode 0777): chmod go-w /"),
    (fault_of_the_owner_of_the_hook, "hooks/dns is owned by nobody, who may change what is there: chown root /"),
    (fault_of_a_link_to_the_hook, "/shared may be changed by everybody (mode 0777): chmod go-w /"),
    (fault_of_the_directorys_ca, "directory-ca.pem may be changed by everybody (mode 0666): chmod go-w /"),
    (fault_of_the_external_account, "external-account.ini may be read by everybody (mode 0644): chmod go-rwx /"),
    (fault_of_the_directory_of_certificates, "may be changed by everybody (mode 0777): chmod go-w /"),
]


@pytest.mark.parametrize(("fault", "says"), FAULTS, ids=[fault.__name__ for fault, _says in FAULTS])
def test_what_others_can_change_by_then_is_not_used_and_the_certificate_stays(due_node, ca_of_node, fault, says):
    if fault is fault_of_the_owner_of_the_hook and os.geteuid() != 0:
        pytest.skip("needs root")
    former = current(due_node.settings)
    before = (due_node.live / "chain.pem").read_bytes()
    fault(due_node)
    with pytest.raises(issue.Failed) as refused:
        renew.run(due_node.settings)
    assert says in str(refused.value) and "Look first whether somebody has changed it" in str(refused.value)
    assert len(ca_of_node.issued) == 1, "the CA is not asked, and no hook runs"
    assert current(due_node.settings) == former and (due_node.live / "chain.pem").read_bytes() == before


def test_it_is_said_before_a_renewal_is_due(node, ca_of_node, monkeypatch):
    monkeypatch.setattr(served, "runs", lambda _settings: False)
    node.empty()
    renew.run(node.settings)
    fault_of_hook(node)
    assert due.reasons(node.settings) == []
    with pytest.raises(issue.Failed, match="may be changed by everybody"):
        renew.run(node.settings)


def program(settings, path, monkeypatch):
    path.write_text(json.dumps(settings))
    monkeypatch.setattr(sys, "argv", ["renew.py", str(path)])
    return renew.main()


def test_a_link_in_place_of_the_lock_empties_nothing(node, ca_of_node, tmp_path, monkeypatch, capsys):
    state = Path(node.settings["state_dir"])
    state.mkdir(exist_ok=True)
    precious = tmp_path / "precious"
    precious.write_text("text")
    (state / "lock").unlink(missing_ok=True)
    (state / "lock").symlink_to(precious)
    for mode in (0o777, 0o700):
        state.chmod(mode)
        assert program(node.settings, tmp_path / "settings.json", monkeypatch) == 1
        assert precious.read_text() == "text"
    assert "NOT RENEWED" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["file", "directory"])
def test_settings_that_others_can_write_are_not_read(node, ca_of_node, tmp_path, monkeypatch, capsys, place):
    directory = tmp_path / "settings"
    directory.mkdir()
    path = directory / "settings.json"
    path.touch()
    (path if place == "file" else directory).chmod(0o666 if place == "file" else 0o777)
    assert program({"state_dir": str(tmp_path / "another")}, path, monkeypatch) == 1
    assert "may be changed by everybody" in capsys.readouterr().err
    assert not (tmp_path / "another").exists()


def test_a_hook_that_only_root_may_change_is_used(due_node, ca_of_node):
    hook_of(due_node)
    renew.run(due_node.settings)
    assert len(ca_of_node.issued) == 2


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """What the role puts on the node, in another place: the program and its settings."""
    if os.geteuid() != 0 or not shutil.which("ansible-playbook"):
        pytest.skip("needs root and ansible-playbook")
    place = tmp_path_factory.mktemp("installed")
    dirs = {name: str(place / name) for name in ("program", "state", "challenge")}
    variables = {f"__certificate_acme_{name}{'' if name == 'program' else '_dir'}": path for name, path in dirs.items()}
    variables |= {"__certificate_gathered": {"found": ["/usr/bin/certbot"]}, "__certificate_decided": "{{ __certificate_plan }}", "certificate_source": "acme"}
    variables |= {"certificate_names": ["es1.example.org"], "certificate_dir": str(place / "certificate"), "certificate_acme_challenge": "dns-01"}
    variables |= {"certificate_acme_dns_hook": str(place / "hook"), "certificate_acme_eab_kid": "k", "certificate_acme_eab_key": "s3cret"}
    comment = "# f\u00fcr alle\n".encode("latin-1")
    for name, title in (("certificate_acme_ca", "Clients"), ("certificate_acme_directory_ca", "Directory")):
        (place / title).write_bytes(comment + pki.root(title).pem)
        variables[name] = str(place / title)
    (place / "hook").write_text(f"#!/bin/sh\ntouch {place}/ran\n")
    (place / "hook").chmod(0o777)
    play = place / "play.yml"
    role = {"name": "tlsfront.elasticsearch.certificate", "tasks_from": "acme"}
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.include_role": role}]}]))
    done = subprocess.run(
        ["ansible-playbook", "-vvv", "--diff", "-e", json.dumps(variables), play], capture_output=True, text=True, check=False, env=os.environ
    )
    assert done.returncode == 2 and "Renew what is due" in done.stdout.rpartition("TASK [")[2], done.stdout
    (place / "output").write_text(done.stdout + done.stderr)
    return place


def test_no_secret_of_the_account_is_told(installed):
    assert (installed / "state/external-account.ini").read_text() == "eab-kid = k\neab-hmac-key = s3cret\n"
    assert stat.S_IMODE((installed / "state/external-account.ini").stat().st_mode) == 0o600
    assert "s3cret" not in (installed / "output").read_text().replace('"certificate_acme_eab_key": "s3cret"', "")


def test_a_ca_with_a_comment_of_any_encoding_reaches_the_node_without_it(installed):
    told = json.loads((installed / "state/settings.json").read_text("ascii"))
    for pem, title in ((told["ca"], "Clients"), (Path(told["directory_ca"]).read_text("ascii"), "Directory")):
        assert pem.startswith("-----BEGIN CERTIFICATE-----")
        assert x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string() == f"CN={title}"


def test_the_program_on_the_node_refuses_a_hook_that_others_may_write_by_then(installed):
    hook = installed / "hook"
    assert "NOT RENEWED: others can change or read" in (installed / "output").read_text()
    program = [sys.executable, installed / "program/renew.py", installed / "state/settings.json"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "NOT RENEWED: others can change or read what a renewal runs or trusts. " in done.stderr
    assert f"{hook} may be changed by everybody (mode 0777): chmod go-w {hook}" in done.stderr
    assert done.stderr.rstrip().endswith("Nothing of it was used. No certificate is installed.")
    assert "s3cret" not in done.stdout + done.stderr
    assert not (installed / "ran").exists()
