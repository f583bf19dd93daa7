# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The service and the timer of the controller, as systemd reads them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _systemd
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._renewal_timer import Run, Wanted, units

RUN: dict[str, Any] = {
    "program": "/bin/true",
    "user": "root",
    "inventories": ["/srv/inventory.yml"],
    "config": "",
    "collections": ["/usr/share/ansible/collections"],
    "collection": "/usr/share/ansible/collections/x",
    "asked_for_vault": False,
    "opens_vault": False,
    "said": [],
}
WANTED: dict[str, Any] = {
    "name": "elasticsearch",
    "playbook": "tlsfront.elasticsearch.renew",
    "calendar": "daily",
    "on_failure": "",
    "ca_dirs": ["/root/.tlsfront/ca"],
    "passphrases": {"certificate_own_ca_passphrase": "", "certificate_own_ca_intermediate_passphrase": ""},
    "vault_password": "",
    "former": "",
    "group": "elasticsearch",
}
SECRET = 'c4n4ry "words"'
NASTY = "/srv/it's a $HOME ${PATH} %n \"100%\" \\x41 ; é/hosts.yml"


def made(**given: Any) -> dict[str, Any]:
    run, wanted = ({name: given.get(name, value) for name, value in defaults.items()} for defaults in (RUN, WANTED))
    return units(Run(**run), Wanted(**wanted))


def verified(found: dict[str, Any], place: Path) -> str:
    """What systemd says of the units."""
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("systemd is not here")
    for path, text in found["files"].items():
        (place / Path(path).name).write_text(text, "utf-8")
    files = [str(place / Path(path).name) for path in found["files"]]
    done = subprocess.run([program, "verify", "--man=no", *files], capture_output=True, text=True, check=False)
    # of units that others have, and of what this machine lacks, it says much
    return "".join(line for line in (done.stdout + done.stderr).splitlines(keepends=True) if "tlsfront-renew" in line)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"inventories": [NASTY, "/srv/second"], "program": "/bin/true", "config": NASTY, "ca_dirs": [NASTY], "collections": [NASTY]},
        {"vault_password": SECRET, "on_failure": "mail@%n.service".replace("%n", "x"), "calendar": "Sun *-*-* 03:00:00"},
        {"passphrases": {"certificate_own_ca_passphrase": SECRET}},
    ],
    ids=["plain", "nasty paths", "vault", "passphrase"],
)
def test_systemd_finds_nothing_wrong_with_them(given: dict[str, Any], tmp_path: Path) -> None:
    found = made(**given)
    assert found["problems"] == [] and verified(found, tmp_path) == ""


def test_systemd_would_say_what_is_wrong(tmp_path: Path) -> None:
    found = made()
    found["files"] = {path: text.replace("Type=oneshot", "Type=nonsense") for path, text in found["files"].items()}
    assert "nonsense" in verified(found, tmp_path)


def test_a_path_is_one_argument_whatever_is_in_it() -> None:
    (line,) = [line for line in service(made(inventories=[NASTY])).splitlines() if line.startswith("ExecStart=")]
    quoted = "\"/srv/it's a $$HOME $${PATH} %%n \\\"100%%\\\" \\\\x41 ; é/hosts.yml\""
    assert line == f'ExecStart="/bin/true" "--inventory" {quoted} "tlsfront.elasticsearch.renew"'


def test_an_inventory_is_the_same_by_whatever_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    former = service(made(inventories=[f"{tmp_path}/real/hosts.yml"]))
    assert not made(former=former, inventories=[f"{tmp_path}/link/hosts.yml"])["is_anothers"]
    assert made(former=former, inventories=[f"{tmp_path}/hosts.yml"])["is_anothers"]


def test_the_group_is_that_of_the_run() -> None:
    assert '--extra-vars "tlsfront_group=opensearch" "tlsfront.elasticsearch.renew"\n' in service(made(group="opensearch"))
    assert "--extra-vars" not in service(made())
    assert "tlsfront_group is 'a b'" in made(group="a b")["problems"][0]


def test_what_only_the_command_line_says_is_refused() -> None:
    said = ["certificate_renew_days", "tlsfront_group", "tlsfront_renewal_name", "certificate_own_ca_passphrase", "my_own", "tlsfront_controller_dir"]
    (problem,) = made(said=said)["problems"]
    assert problem.startswith("The command line says certificate_renew_days, tlsfront_controller_dir, which a timer does not")


@pytest.mark.parametrize("text", ["a\nExecStart=/bin/sh", "a\r", "a\0", "", "a\x1b[2J", "a\u2028b"])
def test_what_could_begin_another_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a unit of systemd"):
        _systemd.argument(text)


def service(found: dict[str, Any]) -> str:
    return str(found["files"][f"/etc/systemd/system/{found['unit']}.service"])


@pytest.mark.parametrize(
    ("given", "file", "argument"),
    [
        ({"vault_password": SECRET, "passphrases": {"p": SECRET}}, "vault-password", '--vault-password-file "${CREDENTIALS_DIRECTORY}/vault-password"'),
        ({"passphrases": {"p": SECRET, "q": ""}}, "passphrases.json", '--extra-vars "@${CREDENTIALS_DIRECTORY}/passphrases.json"'),
    ],
)
def test_a_secret_is_in_its_file_and_the_service_names_only_that(given: dict[str, Any], file: str, argument: str) -> None:
    found = made(**given)
    place = "/etc/tlsfront-renewal/elasticsearch"
    assert list(found["secrets"]) == [f"{place}/{file}"]
    assert SECRET in found["secrets"][f"{place}/{file}"] or json.loads(found["secrets"][f"{place}/{file}"]) == {"p": SECRET}
    assert found["no_secrets"] == [f"{place}/{other}" for other in ("vault-password", "passphrases.json") if other != file]
    assert f"LoadCredential={file}:{place}/{file}\n" in service(found) and argument in service(found)
    assert "c4n4ry" not in json.dumps({name: value for name, value in found.items() if name != "secrets"})


def test_without_a_secret_no_file_is_kept() -> None:
    found = made()
    assert found["secrets"] == {} and len(found["no_secrets"]) == 2 and "LoadCredential" not in service(found)
    assert made(opens_vault=True, passphrases={"p": SECRET})["secrets"] == {}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"name": "../x"}, "tlsfront_renewal_name is '../x', and must be letters, digits"),
        ({"name": "x\n"}, "tlsfront_renewal_name is 'x\\n'"),
        ({"playbook": "-e @x"}, "tlsfront_renewal_playbook is '-e @x'"),
        ({"playbook": "renew.yml"}, "or an absolute path"),
        ({"calendar": "daily\n[Service]"}, "a calendar event of systemd"),
        ({"calendar": "--version"}, "a calendar event of systemd"),
        ({"on_failure": "a b"}, "the name of a unit of systemd, or empty"),
        ({"user": "a b"}, "takes for no user's name"),
        ({"inventories": ["es1,"]}, "needs one that is a file or directory: give its path with -i"),
        ({"inventories": []}, "The inventory is none"),
        ({"asked_for_vault": True}, "set tlsfront_renewal_vault_password to the vault's password"),
        ({"vault_password": "a\nb"}, "has more than one line"),
        ({"ca_dirs": ["/srv/a", "/srv/b"]}, "from 2 own CAs (/srv/a, /srv/b), and a timer has the passphrases of one"),
        ({"ca_dirs": []}, "No node has its certificate from an own CA"),
        ({"inventories": ["/srv/a\nb"]}, "cannot stand in a unit of systemd"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], says: str) -> None:
    found = made(**given)
    assert says in " ".join(found["problems"]) and "files" not in found and "secrets" not in found


@pytest.mark.parametrize(
    "given",
    [
        {"inventories": ["/srv/a", "/tmp/b"]},
        {"collections": ["/var/tmp/c"]},
        {"config": "/tmp/ansible.cfg"},
        {"playbook": "/tmp/renew.yml"},
        {"ca_dirs": ["/tmp/ca"]},
    ],
)
def test_what_the_service_reads_is_not_hidden_from_it(given: dict[str, Any]) -> None:
    name = "/etc/systemd/system/tlsfront-renew-elasticsearch.service"
    assert "PrivateTmp=true" in made()["files"][name]
    assert "PrivateTmp" not in made(**given)["files"][name]


def test_the_timer_of_another_inventory_is_not_overwritten_and_that_of_this_one_is() -> None:
    former = service(made(inventories=[NASTY]))
    again = made(inventories=[NASTY], former=former)
    assert again["problems"] == [] and not again["is_anothers"]
    other = made(former=former)
    assert "is there for another inventory or group" in other["problems"][0] and other["is_anothers"]


def test_the_timer_of_another_group_of_the_inventory_is_not_overwritten() -> None:
    former = service(made(group="blue"))
    assert made(group="blue", former=former)["problems"] == []
    other = made(group="green", former=former)
    assert 'is there for another inventory or group, "/srv/inventory.yml", blue: give this one another' in other["problems"][0] and other["is_anothers"]


def test_all_that_decides_what_is_run_must_be_ours() -> None:
    found = made(inventories=["/srv/i/hosts"], config="/srv/ansible.cfg", playbook="/srv/renew.yml")
    paths = [one["path"] for one in found["trusted"] if one["ours"] and not one.get("below")]
    assert paths == [
        "/bin/true",
        "/srv/i/hosts",
        "/usr/share/ansible/collections/x",
        "/root/.tlsfront/ca",
        "/srv/ansible.cfg",
        "/srv/renew.yml",
        "/srv/i/group_vars",
        "/srv/i/host_vars",
    ]
    to_the_last_file = [one["path"] for one in found["trusted"] if one["ours"] and one.get("below")]
    assert to_the_last_file == [*(f"/usr/share/ansible/collections/x/{part}" for part in ("meta", "playbooks", "plugins", "roles")), "/srv"]
