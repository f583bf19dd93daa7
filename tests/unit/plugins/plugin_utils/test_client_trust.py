# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role client_trust puts on a client, and that it says all that is wrong at once. As a play meets it: tests/unit/roles/client_trust."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.client_trust_plan import client_trust_plan
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki

OLD, NEW = pki.root("Old"), pki.root("New")
OPTIONS: dict[str, Any] = {
    "state": "present",
    "dir": "/etc/tlsfront/client",
    "cas": ["/nosuch/ca.pem"],
    "urls": ["https://es1.example.org"],
    "system": False,
    "java_cacerts": False,
}
TEXTS = {"/nosuch/ca.pem": OLD.pem.decode()}


def problems(texts: dict[str, str] | None = None, access: list[str] | None = None, **options: Any) -> list[str]:
    plan = client_trust_plan(OPTIONS | options, texts=TEXTS if texts is None else texts, access=access or [], check=True, host="client1", group="search")
    assert ("certificates" in plan) is not bool(plan["problems"])
    found: list[str] = plan["problems"]
    return found


def test_the_certificates_of_all_files_are_told_each_once() -> None:
    texts = {"/a.pem": OLD.pem.decode(), "/b.pem": NEW.pem.decode() + OLD.pem.decode()}
    plan = client_trust_plan(OPTIONS | {"cas": ["/a.pem", "/b.pem"]}, texts=texts, check=True)
    assert plan["problems"] == []
    assert [each["title"] for each in plan["certificates"]] == ["Old", "New"]
    assert client_trust_plan({"cas": ["/a.pem", "/b.pem"]}, texts=texts)["certificates"] == plan["certificates"]


def test_what_is_no_certificate_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="no certificate that can be read"):
        client_trust_plan(OPTIONS, texts={"/nosuch/ca.pem": "nothing"})


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    shared = tmp_path / "shared.pem"
    shared.touch()
    shared.chmod(0o666)
    told = problems(
        {"/server.pem": pki.issue("es1").pem.decode(), str(shared): OLD.pem.decode()},
        ["/etc/x may be changed by everybody (mode 0777): chmod o-w /etc/x"],
        dir="/etc",
        cas=["/server.pem", str(shared), "ca.pem"],
        urls=["http://es1.example.org:9200"],
        java_cacerts="yes",
    )
    assert [len([one for one in told if part in one]) for part in (
        'client_trust_dir is "/etc"',
        'client_trust_urls has "http://es1.example.org:9200". ',
        '/server.pem cannot be trusted. "es1" is no CA',
        f"{shared} cannot be trusted. {shared} may be changed by everybody (mode 0666): chmod o-w {shared}.",
        'client_trust_cas of client1 has "ca.pem", which is not the absolute path of a file on the controller. Correct it, or run',
        "Others can change what is in client_trust_dir of client1. /etc/x may be changed by everybody (mode 0777): chmod o-w /etc/x. Choose another",
        "client_trust_java_cacerts of client1 is true, but the JVM's store follows the system's, and client_trust_system is false.",
    )] == [1] * len(told)  # fmt: skip


def test_nothing_to_trust_and_nowhere_to_go_are_no_plan() -> None:
    first, second = problems(cas=[], urls=[])
    assert first.startswith("client_trust_cas of client1 is empty. Give the file of the CA")
    assert second.startswith("client_trust_urls of client1 is empty, and the inventory has no host in the group search. Give the URLs")


@pytest.mark.parametrize("yes", [True, "yes", "true"])
def test_the_store_of_the_jvms_follows_the_systems(yes: Any) -> None:
    assert problems(system=yes, java_cacerts=yes) == []
    assert len(problems(java_cacerts=yes)) == 1


def test_to_take_it_off_only_where_it_is_must_be_right() -> None:
    assert problems({}, ["/etc/x may be changed by everybody"], state="absent", cas=[], urls=[]) == []
    assert len(problems({}, state="absent", cas=[], urls=[], dir="/etc")) == 1
