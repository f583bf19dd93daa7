# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role refuses, and what it says then. All cases by its filter, and one of each kind in a run of its checks, too."""
from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pki
import pytest
import yaml
from ansible_collections.tlsfront.elasticsearch.plugins.filter.certificate_plan import certificate_plan
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access

ACME = {"certificate_source": "acme", "certificate_acme_terms_agreed": True}
PROVIDED = {
    "certificate_source": "provided",
    "certificate_provided_chain": "{{ place }}/es1.pem",
    "certificate_provided_key": "{{ place }}/es1.key",
    "certificate_provided_ca": "{{ place }}/root.pem",
}

# variables of the host, and what the message must say
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no_systemd": (
        ACME | {"case_service_manager": "openrc"},
        ["no_systemd (Debian 12.5) is not run by systemd but by openrc", "Take the host out of the play"],
    ),
    "no_names": ({"certificate_names": []}, ["There is no name, but a certificate needs one", "Set tlsfront_server_names"]),
    "no_name": ({"certificate_names": ["es_1"]}, ["'es_1' is not a host name"]),
    "no_address": ({"certificate_addresses": ["10.0.0.0/8"]}, ["'10.0.0.0/8' is not an IPv4 or IPv6 address"]),
    "not_its_own_directory": ({"certificate_dir": "/etc"}, ["certificate_dir is \"/etc\"", "that only this role uses"]),
    "no_source": ({"certificate_source": "selfsigned"}, ["certificate_source must be one of: own_ca, provided, acme"]),
    "own_ca_and_provided": (
        {"certificate_provided_chain": "/x.pem"},
        ["certificate_provided_chain is set as well", "Set certificate_source to provided, or take the other out"],
    ),
    "renewal_before_issue": (
        {"certificate_days": 30, "certificate_renew_days": 30},
        ["certificate_renew_days is 30, certificate_days 30", "Correct them"],
    ),
    "ca_beside_the_run": ({"certificate_own_ca_dir": "ca"}, ["certificate_own_ca_dir is \"ca\"", "with / or ~ in front"]),
    "a_name_outside_of_what_the_ca_may_sign": (
        {"certificate_own_ca_permitted": ["another.org"]},
        ["The CA that is to be made may not sign for DNS:es1.example.org", "certificate_own_ca_permitted"],
    ),
    "a_ca_that_may_sign_for_more_than_it_is_to": (
        {"certificate_own_ca_dir": "{{ place }}/leaves_only", "certificate_own_ca_permitted": ["example.org"]},
        ["may sign for any host name, any address, but certificate_own_ca_permitted", "begin another CA and go over to it"],
    ),
    "a_ca_that_may_sign_no_intermediate": (
        {"certificate_own_ca_dir": "{{ place }}/leaves_only", "certificate_own_ca_intermediate": True},
        ['The CA "Test Root" may sign no intermediate (its path length is 0)', "begin another CA and go over to it"],
    ),
    "an_intermediate_without_the_ca_s_key": (
        {"certificate_own_ca_dir": "{{ place }}/offline", "certificate_own_ca_intermediate": True, "certificate_renew_days": 60},
        ["has fewer than 60 days left", "offline/ca.key is not on the controller", "Put the key there for one run"],
    ),
    "an_intermediate_of_another_ca": (
        {"certificate_own_ca_dir": "{{ place }}/stranger", "certificate_own_ca_intermediate": True},
        ["another CA signed the one that is there", "Put the key there for one run"],
    ),
    "the_wrong_passphrase_of_an_intermediate": (
        {
            "certificate_own_ca_dir": "{{ place }}/offline",
            "certificate_own_ca_intermediate": True,
            "certificate_own_ca_intermediate_passphrase": "wrong",
        },
        ["(intermediate.pem, intermediate.key) cannot sign", "set certificate_own_ca_intermediate_passphrase as it was"],
    ),
    "an_intermediate_that_ends_before_what_it_signs": (
        {"certificate_own_ca_intermediate": True, "certificate_own_ca_intermediate_days": 300},
        ["certificate_own_ca_intermediate_days is 300, certificate_days 397", "outlives what it signs"],
    ),
    "a_list_that_has_ended": (
        {"certificate_own_ca_dir": "{{ place }}/ended"},
        ["ended/crl.pem", "ended at ", "run ansible-playbook tlsfront.elasticsearch.renew"],
    ),
    "trust_in_a_key": (
        {"certificate_own_ca_also_trusted": ["{{ place }}/root.pem", "{{ place }}/es1.key"]},
        ["certificate_own_ca_also_trusted of trust_in_a_key has", "es1.key", "with certificates, whole ones and no key"],
    ),
    "wrong_passphrase": (
        {"certificate_own_ca_dir": "{{ place }}/locked", "certificate_own_ca_passphrase": "wrong"},
        ["The CA's key does not open with the passphrase: set certificate_own_ca_passphrase"],
    ),
    "no_key": (
        PROVIDED | {"certificate_provided_key": ""},
        ["exactly one of certificate_provided_key ", "but neither is"],
    ),
    "two_chains": (
        PROVIDED | {"certificate_provided_chain_content": "x"},
        ["exactly one of certificate_provided_chain ", "but both are"],
    ),
    "no_file": (
        PROVIDED | {"certificate_provided_key": "/nosuch.key"},
        ['certificate_provided_key of no_file is "/nosuch.key"', "not the absolute path of a file on the controller"],
    ),
    "no_file_on_the_node": (
        PROVIDED | {"certificate_provided_key": "/nosuch.key", "certificate_provided_remote": True},
        ['certificate_provided_key of no_file_on_the_node is "/nosuch.key"', "of a file on the node"],
    ),
    "faults_of_a_certificate_on_the_node": (
        PROVIDED | {"certificate_provided_chain": "{{ place }}/root.pem", "certificate_provided_remote": True},
        ["would not work. The key does not match", "is a CA: put the server's certificate first"],
    ),
    "all_faults_of_a_certificate_at_once": (
        PROVIDED | {"certificate_provided_chain": "{{ place }}/root.pem", "certificate_provided_ca": ""},
        [
            "would not work. The key does not match",
            "covers no name",
            "is a CA: put the server's certificate first",
            "leads to no root CA that clients trust",
        ],
    ),
    "acme_and_provided": (
        ACME | {"certificate_provided_chain": "/x.pem"},
        ["is acme, but certificate_provided_chain is set as well"],
    ),
    "terms_that_nobody_read": (
        {"certificate_source": "acme"},
        ["https://acme-v02.api.letsencrypt.org/directory", "Read them, and set certificate_acme_terms_agreed to true"],
    ),
    "a_directory_that_is_not_verified": (
        ACME | {"certificate_acme_directory": "http://ca.example.org/dir"},
        ["certificate_acme_directory is \"http://ca.example.org/dir\", which is not the https address"],
    ),
    "an_acme_directory_with_credentials": (
        ACME | {"certificate_acme_directory": "https://user:c4n4ry@ca.example.org/dir"},
        ['certificate_acme_directory is "https://***@ca.example.org/dir", which is not the https address'],
    ),
    "a_contact_that_is_none": (ACME | {"certificate_acme_contacts": ["root"]}, ["must be a list of mail addresses"]),
    "half_of_an_external_account": (
        ACME | {"certificate_acme_eab_kid": "lab"},
        ["certificate_acme_eab_kid and certificate_acme_eab_key must be set both or neither"],
    ),
    "a_wildcard_for_http": (
        ACME | {"certificate_names": ["*.example.org"]},
        ["DNS:*.example.org cannot be had by the challenge http-01"],
    ),
    "an_address": (
        ACME | {"certificate_addresses": ["192.0.2.7"]},
        ["IP:192.0.2.7 cannot be had by the challenge http-01", "and certificate_addresses"],
    ),
    "dns_without_a_hook": (
        ACME | {"certificate_acme_challenge": "dns-01"},
        ["dns-01 needs the absolute path of a program on the node"],
    ),
    "a_hook_with_arguments": (
        ACME | {"certificate_acme_challenge": "dns-01", "certificate_acme_dns_hook": "/bin/sh -c true"},
        ["dns-01 needs the absolute path of a program on the node"],
    ),
    "a_hook_that_is_not_there": (
        ACME | {"certificate_acme_challenge": "dns-01", "certificate_acme_dns_hook": "/nosuch"},
        ["is no program on a_hook_that_is_not_there", "Put it there"],
    ),
    "a_hook_that_anybody_may_change": (
        ACME | {"certificate_acme_challenge": "dns-01", "certificate_acme_dns_hook": "{{ place }}/open/hook"},
        ["open/hook may be changed by everybody (mode 0777): chmod go-w /", "Look first whether somebody has changed it"],
    ),
    "a_hook_in_a_directory_that_anybody_may_change": (
        ACME | {"certificate_acme_challenge": "dns-01", "certificate_acme_dns_hook": "{{ place }}/link"},
        ["/shared may be changed by everybody (mode 0777): chmod go-w /"],
    ),
    "a_ca_key_that_everybody_may_read": (
        {"certificate_own_ca_dir": "{{ place }}/read"},
        ["read/ca.key may be read by everybody (mode 0644): chmod go-rwx /", "take another key in place of one that others could read"],
    ),
    "an_intermediate_s_key_that_everybody_may_read": (
        {"certificate_own_ca_dir": "{{ place }}/read_intermediate"},
        ["intermediate.key may be read by everybody (mode 0644): chmod go-rwx /"],
    ),
    "a_ca_in_a_directory_that_everybody_may_change": (
        {"certificate_own_ca_dir": "{{ place }}/shared/ca"},
        ["/shared may be changed by everybody (mode 0777): chmod go-w /"],
    ),
    "a_further_ca_that_everybody_may_change": (
        {"certificate_own_ca_also_trusted": ["{{ place }}/open/root.pem"]},
        ["open/root.pem may be changed by everybody (mode 0666): chmod o-w /"],
    ),
    "a_provided_key_that_everybody_may_read": (
        PROVIDED | {"certificate_provided_key": "{{ place }}/open/es1.key"},
        ["open/es1.key may be read by everybody (mode 0644): chmod o-rwx /"],
    ),
    "a_provided_key_on_the_node_that_everybody_may_read": (
        PROVIDED | {"certificate_provided_key": "{{ place }}/open/es1.key", "certificate_provided_remote": True},
        ["open/es1.key may be read by everybody (mode 0644): chmod o-rwx /"],
    ),
    "a_provided_ca_that_everybody_may_change": (
        PROVIDED | {"certificate_provided_ca": "{{ place }}/open/root.pem"},
        ["open/root.pem may be changed by everybody (mode 0666): chmod o-w /"],
    ),
    "an_acme_ca_that_everybody_may_change": (
        ACME | {"certificate_acme_directory_ca": "{{ place }}/open/root.pem"},
        ["open/root.pem may be changed by everybody (mode 0666): chmod o-w /"],
    ),
    "a_certificate_dir_that_everybody_may_replace": (
        {"certificate_dir": "{{ place }}/shared/certificate"},
        ["/shared may be changed by everybody (mode 0777): chmod go-w /"],
    ),
    "a_directory_of_two_lines": ({"certificate_dir": "/etc/tls\nfront/certificate"}, ["certificate_dir is", "on one line"]),
    "a_directory_with_a_line_feed": ({"certificate_dir": "/etc/tlsfront/certificate\n"}, ["certificate_dir is", "on one line"]),
    "an_acme_directory_with_a_line_feed": (
        ACME | {"certificate_acme_directory": "https://ca.example.org/dir\n"},
        ["which is not the https address"],
    ),
    "a_contact_that_is_an_option": (ACME | {"certificate_acme_contacts": ["--x@example.org"]}, ["must be a list of mail addresses"]),
    "a_contact_with_a_line_feed": (ACME | {"certificate_acme_contacts": ["x@example.org\n"]}, ["must be a list of mail addresses"]),
    "an_account_that_is_a_list": (
        ACME | {"certificate_acme_eab_kid": "[lab,x]", "certificate_acme_eab_key": "YQ"},
        ["the identifier of letters, digits"],
    ),
    "an_account_with_a_line_feed": (
        ACME | {"certificate_acme_eab_kid": "lab\n", "certificate_acme_eab_key": "YQ\n"},
        ["must be set both or neither"],
    ),
    "a_hook_with_a_line_feed": (
        ACME | {"certificate_acme_challenge": "dns-01", "certificate_acme_dns_hook": "/bin/true\n"},
        ["dns-01 needs the absolute path of a program on the node"],
    ),
    "a_unit_that_is_an_option": (
        ACME | {"certificate_acme_unit": "--root=/x"},
        ['certificate_acme_unit is "--root=/x", which is no name of a unit'],
    ),
    "a_unit_with_an_option": (ACME | {"certificate_acme_unit": "nginx.service -H x"}, ["which is no name of a unit"]),
    "a_further_ca_that_is_cut_short": (
        {"certificate_own_ca_also_trusted": ["{{ place }}/cut.pem"]},
        ["certificate_own_ca_also_trusted of a_further_ca_that_is_cut_short has", "with certificates, whole ones and no key"],
    ),
    "a_hook_for_http": (ACME | {"certificate_acme_dns_hook": "/bin/true"}, ["and http-01 needs none"]),
    "a_ca_that_is_a_key": (
        ACME | {"certificate_acme_ca": "{{ place }}/es1.key"},
        ["certificate_acme_ca of a_ca_that_is_a_key", "of a PEM file with certificates, whole ones and no key"],
    ),
    "never": (ACME | {"certificate_acme_every": 0}, ["certificate_acme_every (0) from 1 to 43200"]),
    "once_a_day": (ACME | {"certificate_acme_every": 86400}, ["certificate_acme_every (86400) from 1 to 43200"]),
    "every_seven_hours": (
        ACME | {"certificate_acme_every": 25200},
        ["certificate_acme_every is 25200 seconds, of which a day, an hour or a minute is no multiple", "Take whole hours"],
    ),
    "every_ninety_seconds": (ACME | {"certificate_acme_every": 90}, ["certificate_acme_every is 90 seconds"]),
}


IN_A_RUN_ONLY = ["no_systemd", "no_source"]
# one for each way in which what is judged is read
IN_A_RUN = [
    *IN_A_RUN_ONLY,
    "a_ca_key_that_everybody_may_read",
    "the_wrong_passphrase_of_an_intermediate",
    "a_list_that_has_ended",
    "trust_in_a_key",
    "all_faults_of_a_certificate_at_once",
    "faults_of_a_certificate_on_the_node",
    "no_file_on_the_node",
    "a_hook_that_anybody_may_change",
]
DEFAULTS: dict[str, Any] = yaml.safe_load((Path(__file__).parents[4] / "roles/certificate/defaults/main.yml").read_text("utf-8")) | {
    "certificate_dir": "/etc/tlsfront/certificate",
    "certificate_own_ca_intermediate_passphrase": "",
    "certificate_acme_port": 443,
}


def offline(place: Path, root: pki.Issued, intermediate: pki.Issued) -> None:
    """The directory of an own CA whose key is away."""
    place.mkdir()
    (place / "ca.pem").write_bytes(root.pem)
    (place / "intermediate.pem").write_bytes(intermediate.pem)
    (place / "intermediate.key").write_bytes(intermediate.key_pem)


def open_to_others(place: Path, root: pki.Issued, es1: pki.Issued) -> None:
    """What others can read or change."""
    for name in ("open", "shared", "read", "read_intermediate"):
        (place / name).mkdir()
    for name in ("open", "shared"):
        (place / name / "hook").write_text("#!/bin/sh\n")
    (place / "open/hook").chmod(0o777)
    (place / "shared/hook").chmod(0o755)
    (place / "shared").chmod(0o777)
    (place / "link").symlink_to("shared/hook")
    (place / "open/root.pem").write_bytes(root.pem)
    (place / "open/root.pem").chmod(0o666)
    (place / "open/es1.key").write_bytes(es1.key_pem)
    (place / "open/es1.key").chmod(0o644)
    for name in ("read/ca", "read_intermediate/intermediate"):
        (place / f"{name}.pem").write_bytes(root.pem)
        (place / f"{name}.key").write_bytes(root.key_pem)
        (place / f"{name}.key").chmod(0o644)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("preflight")
    root = pki.root()
    es1 = pki.issue("es1", root, ["es1.example.org"])
    (place / "root.pem").write_bytes(root.pem)
    (place / "es1.pem").write_bytes(es1.pem)
    (place / "es1.key").write_bytes(es1.key_pem)
    (place / "es1.key").chmod(0o600)
    (place / "locked").mkdir()
    (place / "locked/ca.pem").write_bytes(root.pem)
    locked = pki.serialization.BestAvailableEncryption(b"unknown")
    form = pki.serialization.PrivateFormat.PKCS8
    (place / "locked/ca.key").write_bytes(root.key.private_bytes(pki.serialization.Encoding.PEM, form, locked))
    offline(place / "offline", root, pki.intermediate("Test Intermediate", root, not_after=50 * pki.DAY))
    offline(place / "stranger", pki.root(), pki.intermediate("Test Intermediate", root))
    open_to_others(place, root, es1)
    (place / "ended").mkdir()
    (place / "ended/ca.pem").write_bytes(root.pem)
    (place / "ended/crl.pem").write_bytes(pki.crl(root, next_update=-pki.DAY))
    (place / "cut.pem").write_bytes(root.pem + es1.pem[:400])
    (place / "leaves_only").mkdir()
    (place / "leaves_only/ca.pem").write_bytes(pki.root(path_length=0).pem)
    return place


def common(place: Path) -> dict[str, Any]:
    return {"certificate_own_ca_dir": str(place / "none"), "certificate_names": ["es1.example.org"], "place": str(place)}


def gathered(options: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What tls_keypair_info and slurp would return of this machine for what is asked by vars/main.yml."""
    paths: list[dict[str, Any]] = [{"path": options["certificate_dir"], "ours": True}]
    slurped = []
    if options["certificate_source"] == "acme":
        paths.append({"path": options["certificate_acme_dns_hook"], "ours": True})
    if options["certificate_source"] == "provided" and options["certificate_provided_remote"]:
        given = [options[f"certificate_provided_{name}"] for name in ("key", "chain", "ca")]
        paths += [{"path": path, "secret": path == given[0]} for path in given if path]
        slurped = [{"item": path, "content": base64.b64encode(Path(path).read_bytes()).decode()} for path in given if Path(path).is_file()]
    problems = [said for one in paths if one["path"] for said in _access.problems(**one)]
    return {"keypairs": [], "problems": problems, "paths": [_access.described(one["path"]) for one in paths]}, slurped


@pytest.mark.parametrize("case", [case for case in CASES if case not in IN_A_RUN_ONLY])
def test_all_that_is_wrong_is_said_with_the_remedy(place: Path, case: str) -> None:
    options = json.loads(json.dumps(DEFAULTS | common(place) | CASES[case][0]).replace("{{ place }}", str(place)))
    node, slurped = gathered(options)
    # what the lookup of vars/main.yml reads
    files = [path for path in place.rglob("*") if path.is_file()]
    texts = {str(path): path.read_bytes().decode("utf-8", "surrogateescape") for path in files}
    told = certificate_plan(options, node=node, texts=texts, slurped=slurped, host=case, check=True)["problems"]
    said = " ".join(told)
    for part in CASES[case][1]:
        assert part in said
    assert "PRIVATE KEY-----" not in said and "c4n4ry" not in said


@pytest.mark.parametrize(
    ("source", "programs", "has_cryptography", "manager", "said"),
    [
        ("acme", "", True, "apt", []),
        ("acme", "/usr/local/bin/certbot", False, "dnf", []),
        ("acme", "/snap/bin/certbot", True, "apt", ["certbot of es1 is a snap, which cannot be run by the unit that renews"]),
        ("acme", "", True, "dnf", ["certbot is not there, and no package of it is known on that Rocky 9.6"]),
        ("acme", "", False, "unknown", ["has no cryptography for its Python", "has no certbot, and Ansible knows no package manager there"]),
        ("own_ca", "", False, "unknown", ["es1 (Rocky 9.6) has no cryptography for its Python, and Ansible knows no package manager there"]),
        ("own_ca", "", True, "unknown", []),
    ],
)
def test_what_cannot_be_installed_is_named(place: Path, source: str, programs: str, has_cryptography: bool, manager: str, said: list[str]) -> None:
    options = DEFAULTS | common(place) | ACME | {"certificate_source": source}
    node = gathered(options)[0] | {"programs": {"certbot": programs}, "python_packages": {"cryptography": has_cryptography}}
    facts = {"distribution": "Rocky", "distribution_version": "9.6", "service_mgr": "systemd", "pkg_mgr": manager}
    package = "" if manager == "dnf" else "certbot"
    told = certificate_plan(options, node=node, host="es1", check=True, facts=facts, acme_package=package)["problems"]
    assert len(told) == len(said) and all(part in one for part, one in zip(said, told))


@pytest.mark.parametrize(("is_systems", "has_cryptography", "source", "count"), [
    (True, False, "own_ca", 0), (False, True, "own_ca", 0), (False, False, "acme", 0), (False, False, "own_ca", 1),
])  # fmt: skip
def test_an_interpreter_that_no_package_is_for_is_named(place: Path, is_systems: bool, has_cryptography: bool, source: str, count: int) -> None:
    """Of several on a node, Ansible takes the newest, and the distribution's python3-cryptography is for another one."""
    options = DEFAULTS | common(place) | ACME | {"certificate_source": source}
    about = {"python": {"path": "/usr/bin/python3.12", "is_systems": is_systems}, "python_packages": {"cryptography": has_cryptography}}
    node = gathered(options)[0] | {"programs": {"certbot": "/usr/bin/certbot"}, **about}
    facts = {"distribution": "Rocky", "distribution_version": "9.6", "service_mgr": "systemd", "pkg_mgr": "dnf"}
    told = certificate_plan(options, node=node, host="es1", check=True, facts=facts, acme_package="")["problems"]
    assert len(told) == count
    assert all("/usr/bin/python3.12 on es1" in one and "Set ansible_python_interpreter of es1 to /usr/bin/python3" in one for one in told)


@pytest.mark.parametrize(("names", "count"), [(["es1.example.org"], 0), (["es1.example.org", "es2.example.org"], 1)])
def test_what_makes_keys_is_asked_for_only_where_one_is_to_be_made(tmp_path: Path, names: list[str], count: int) -> None:
    root = pki.root()
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca/ca.pem").write_bytes(root.pem)
    live = pki.issue("es1", root, ["es1.example.org"], not_after=300 * pki.DAY)
    options = DEFAULTS | {"certificate_own_ca_dir": str(tmp_path / "ca"), "certificate_names": names, "certificate_own_ca_days": 3650}
    about = {"python": {"path": "/usr/bin/python3.12", "is_systems": False}, "python_packages": {"cryptography": False}}
    node = gathered(options)[0] | about | {"keypairs": [{"chain": live.pem.decode(), "key": "matching", "accepted": True, "message": "", "ocsp": []}]}
    texts = {str(tmp_path / "ca/ca.pem"): root.pem.decode()}
    told = certificate_plan(options, node=node, texts=texts, host="es1", check=True, facts={"distribution": "Debian"}, acme_package="")["problems"]
    assert len(told) == count and all("which has no cryptography" in one for one in told)


@pytest.fixture(scope="module")
def results(play: Any, place: Path) -> Any:
    hosts = {name: common(place) | CASES[name][0] for name in IN_A_RUN}
    return play(Path(__file__).with_name("preflight.yml"), hosts, "--check")


@pytest.mark.parametrize("case", IN_A_RUN)
def test_that_it_stops_before_any_change_and_says_what_to_do(results: Any, case: str) -> None:
    failure = results.failure(case)
    said = str(failure.get("msg")) + str(failure.get("results", ""))
    for part in CASES[case][1]:
        assert part in said
    assert "PRIVATE KEY-----" not in json.dumps(failure) and "c4n4ry" not in said
