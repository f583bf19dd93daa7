# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The emulated Compute Engine does what the scenario relies on, asked by Google's own library over verified TLS."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from compute import NAMES, PAGE, PROJECT, Compute
from contract import Contract
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import service_account
from tokens import Tokens
from tunnel import Proxy, make_context

API = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}"
NETWORK = "global/networks/net"
ZONE = "zones/europe-west1-b"


@pytest.fixture(scope="session")
def contract() -> Contract:
    document = Path(os.environ["CLOUD_DISCOVERY"]).read_text(encoding="utf-8")
    return Contract(json.loads(document))


@pytest.fixture(scope="session")
def tokens() -> Tokens:
    return Tokens(PROJECT)


@pytest.fixture
def address(contract: Contract, tokens: Tokens, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new, empty project, to which the environment leads, as it leads Ansible."""
    compute = Compute(contract, tokens, seconds=0)
    server = Proxy(0, make_context(NAMES, tmp_path / "ca.pem"), NAMES, compute.answer, compute.steer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    proxy = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    yield proxy
    server.shutdown()
    server.server_close()


@pytest.fixture
def google(address: str, tokens: Tokens) -> Any:
    scopes = ["https://www.googleapis.com/auth/compute"]
    return AuthorizedSession(service_account.Credentials.from_service_account_info(tokens.key_file(), scopes=scopes))


@pytest.fixture
def network(google: Any) -> str:
    assert google.post(f"{API}/global/networks", json={"name": "net", "autoCreateSubnetworks": False}).ok
    return NETWORK


@pytest.fixture
def rule(network: str) -> dict[str, Any]:
    https = [{"IPProtocol": "tcp", "ports": ["443"]}]
    return {
        "name": "https",
        "network": network,
        "allowed": https,
        "sourceRanges": ["192.0.2.0/24"],
        "targetTags": ["es"],
    }


@pytest.fixture
def instance(google: Any, network: str) -> str:
    subnet = {"name": "sub", "network": network, "ipCidrRange": "10.89.48.0/24"}
    assert google.post(f"{API}/regions/europe-west1/subnetworks", json=subnet).ok
    nics = [{"subnetwork": "regions/europe-west1/subnetworks/sub", "accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}]
    new = {"name": "es1", "machineType": f"{ZONE}/machineTypes/e2-small", "networkInterfaces": nics}
    new.update(tags={"items": ["es"]}, labels={"role": "elasticsearch"})
    assert google.post(f"{API}/{ZONE}/instances", json=new).ok
    return f"{API}/{ZONE}/instances/es1"


def reason(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def violations(steer: Any) -> list[str]:
    return list(steer("seen")["violations"])


def test_a_rule_is_made_listed_changed_and_deleted_without_a_violation(google: Any, steer: Any, rule: Any) -> None:
    operation = google.post(f"{API}/global/firewalls", json=rule).json()
    assert operation["status"] == "DONE"
    made = google.get(operation["targetLink"]).json()
    assert (made["direction"], made["priority"], made["disabled"]) == ("INGRESS", 1000, False)
    assert made["network"].endswith(f"/projects/{PROJECT}/{NETWORK}")
    google.patch(made["selfLink"], json={"name": "https", "sourceRanges": ["198.51.100.0/24"]})
    assert google.get(f"{API}/global/firewalls").json()["items"][0]["sourceRanges"] == ["198.51.100.0/24"]
    google.delete(made["selfLink"])
    assert reason(google.get(made["selfLink"])) == (404, "notFound")
    assert violations(steer) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sourceRange": ["192.0.2.0/24"]}, "unknown field"),
        ({"priority": "100"}, "integer wanted"),
        ({"priority": True}, "integer wanted"),
        ({"direction": "IN"}, "is none of"),
        ({"name": "Https"}, "does not match"),
        ({"allowed": [{"protocol": "tcp"}]}, "unknown field"),
        ({"targetTags": "es"}, "array wanted"),
    ],
)
def test_a_request_that_breaks_the_contract_is_refused_and_told(
    google: Any, steer: Any, rule: Any, change: Any, says: str
) -> None:
    answer = google.post(f"{API}/global/firewalls", json={**rule, **change})
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (400, True)
    assert [says in violation for violation in violations(steer)] == [True]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("global/firewall", "no such method"),
        ("global/firewalls?filters=x", "no such parameter"),
        ("global/firewalls?maxResults=many", "integer wanted"),
        (f"{ZONE}/instances/es1/getEffectiveFirewalls", "networkInterface: missing"),
        ("global/firewalls/UPPER", "does not match"),
    ],
)
def test_a_path_or_parameter_that_the_interface_lacks_is_refused_and_told(
    google: Any, steer: Any, path: str, says: str
) -> None:
    assert google.get(f"{API}/{path}").status_code in (400, 404)
    assert [says in violation for violation in violations(steer)] == [True]


@pytest.mark.parametrize(
    "change",
    [
        {"denied": [{"IPProtocol": "tcp"}]},
        {"allowed": []},
        {"sourceRanges": ["192.0.2.0/24", "2001:db8::/32"]},
        {"sourceRanges": ["192.0.2.1/24"]},
        {"allowed": [{"IPProtocol": "icmp", "ports": ["1"]}]},
        {"allowed": [{"IPProtocol": "tcp", "ports": ["9300-9200"]}]},
        {"sourceServiceAccounts": ["a@b"]},
        {"priority": 65536},
        {"direction": "EGRESS"},
    ],
)
def test_a_rule_that_google_refuses_is_refused(google: Any, rule: Any, change: Any) -> None:
    assert reason(google.post(f"{API}/global/firewalls", json={**rule, **change})) == (400, "invalid")


def test_a_second_rule_of_a_name_and_a_rule_for_an_unknown_network_are_refused(google: Any, rule: Any) -> None:
    google.post(f"{API}/global/firewalls", json=rule)
    assert reason(google.post(f"{API}/global/firewalls", json=rule)) == (409, "alreadyExists")
    other = {**rule, "name": "other", "network": "global/networks/none"}
    assert reason(google.post(f"{API}/global/firewalls", json=other)) == (404, "notFound")


def test_a_change_happens_when_its_operation_is_done(google: Any, steer: Any, rule: Any) -> None:
    steer("operations", {"seconds": 0.3})
    operation = google.post(f"{API}/global/firewalls", json=rule).json()
    assert operation["status"] == "RUNNING"
    assert reason(google.get(operation["targetLink"])) == (404, "notFound")
    assert google.post(operation["selfLink"] + "/wait").json()["status"] == "DONE"
    assert google.get(operation["targetLink"]).ok
    google.delete(operation["targetLink"])
    assert reason(google.delete(operation["targetLink"])) == (400, "resourceNotReady")
    assert violations(steer) == []


def test_an_operation_can_end_with_an_error_and_without_effect(google: Any, steer: Any, rule: Any) -> None:
    steer("faults", {"call": "firewalls.insert", "undone": "Quota exceeded."})
    operation = google.post(f"{API}/global/firewalls", json=rule).json()
    assert operation["status"] == "DONE"
    assert operation["error"]["errors"][0]["message"] == "Quota exceeded."
    assert google.get(operation["targetLink"]).status_code == 404
    assert violations(steer) == []


def test_a_network_in_use_cannot_be_deleted(google: Any, rule: Any) -> None:
    google.post(f"{API}/global/firewalls", json=rule)
    assert reason(google.delete(f"{API}/{NETWORK}")) == (400, "resourceInUseByAnotherResource")


def test_an_armed_error_strikes_as_often_as_told(google: Any, steer: Any) -> None:
    limit = {"status": 403, "code": "rateLimitExceeded", "message": "Rate Limit Exceeded"}
    steer("faults", {"call": "firewalls.list", "times": 2, **limit})
    assert [google.get(f"{API}/global/firewalls").status_code for _again in range(3)] == [403, 403, 200]
    assert steer("faults")["struck"] == {"firewalls.list": 2}


def test_a_stale_answer_is_the_one_before_the_write(google: Any, steer: Any, rule: Any) -> None:
    def names() -> list[str]:
        return [found["name"] for found in google.get(f"{API}/global/firewalls").json().get("items", [])]

    assert names() == []
    steer("faults", {"call": "firewalls.list", "times": 1, "stale": True})
    google.post(f"{API}/global/firewalls", json=rule)
    assert names() == []
    assert names() == ["https"]


def test_a_lost_answer_is_that_of_a_change_that_has_happened(google: Any, steer: Any, rule: Any) -> None:
    steer("faults", {"call": "firewalls.insert", "after": 1, "lost": True})
    google.post(f"{API}/global/firewalls", json=rule)
    with pytest.raises(requests.exceptions.ConnectionError):
        google.post(f"{API}/global/firewalls", json={**rule, "name": "second"})
    assert google.get(f"{API}/global/firewalls/second").ok


def test_only_a_token_of_the_endpoint_is_accepted(google: Any, address: str, contract: Contract) -> None:
    stranger = {"Authorization": "Bearer stranger"}
    assert reason(requests.get(f"{API}/global/networks", headers=stranger, timeout=5)) == (401, "authError")
    account = Tokens(PROJECT).key_file()
    other = service_account.Credentials.from_service_account_info(account, scopes=["x"])
    with pytest.raises(Exception, match="invalid_grant"):
        other.refresh(Request())


def test_another_name_cannot_be_reached(address: str) -> None:
    with pytest.raises(requests.exceptions.ProxyError):
        requests.get("https://storage.googleapis.com/", timeout=5)


def test_the_emulation_is_verified(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{API}/global/networks", timeout=5)


def test_an_instance_is_found_by_its_labels_in_its_zone(google: Any, steer: Any, instance: str) -> None:
    def found(expression: str) -> Any:
        items = google.get(f"{API}/aggregated/instances", params={"filter": expression}).json()["items"]
        return {zone: [one["name"] for one in scope.get("instances", [])] for zone, scope in items.items()}

    nowhere: dict[str, list[str]] = {f"zones/{zone}": [] for zone in ("europe-west1-b", "europe-west1-c", "europe-west1-d")}
    assert found("labels.role = elasticsearch AND status = RUNNING") == {**nowhere, ZONE: ["es1"]}
    assert found("labels.role != elasticsearch") == nowhere
    assert google.get(f"{API}/aggregated/instances", params={"filter": "labels.role : e*"}).status_code == 400
    assert violations(steer) == []


def test_the_rules_in_force_are_those_of_the_network_that_are_for_the_instance(
    google: Any, steer: Any, rule: Any, instance: str
) -> None:
    for name, tags in (("ours", ["es"]), ("all", []), ("theirs", ["web"])):
        new = {field: value for field, value in {**rule, "name": name, "targetTags": tags}.items() if value}
        assert google.post(f"{API}/global/firewalls", json=new).ok
    policy = {
        "name": "1",
        "shortName": "company",
        "type": "HIERARCHY",
        "rules": [{"action": "goto_next", "priority": 1}],
    }
    steer("policies", [policy])
    told = google.get(f"{instance}/getEffectiveFirewalls", params={"networkInterface": "nic0"}).json()
    assert sorted(found["name"] for found in told["firewalls"]) == ["all", "ours"]
    assert told["firewallPolicys"] == [policy]
    assert violations(steer) == []
    steer("policies", [{"title": "not a field"}])
    assert len(violations(steer)) == 1


def test_a_long_list_has_pages(google: Any, rule: Any) -> None:
    for number in range(PAGE + 1):
        google.post(f"{API}/global/firewalls", json={**rule, "name": f"https-{number}"})
    first = google.get(f"{API}/global/firewalls").json()
    assert len(first["items"]) == PAGE
    second = google.get(f"{API}/global/firewalls", params={"pageToken": first["nextPageToken"]}).json()
    assert [found["name"] for found in second["items"]] == [f"https-{PAGE}"]
    assert "nextPageToken" not in second


def test_an_operation_that_nobody_waits_for_ends_too(google: Any, steer: Any, rule: Any) -> None:
    steer("operations", {"seconds": 0.2})
    google.post(f"{API}/global/firewalls", json=rule)
    time.sleep(0.25)
    assert google.get(f"{API}/global/firewalls/https").ok


def test_each_instance_of_one_name_is_a_host_of_the_example_inventory(
    google: Any, instance: str, tokens: Tokens, hosts_of: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name is unique in its zone only."""
    (tmp_path / "credentials.json").write_text(json.dumps(tokens.key_file()), encoding="utf-8")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "credentials.json"))
    for zone in ("zones/europe-west1-c", "zones/europe-west1-d"):
        nics = [{"subnetwork": "regions/europe-west1/subnetworks/sub"}]
        new = {"name": "es1", "machineType": f"{zone}/machineTypes/e2-small", "networkInterfaces": nics}
        assert google.post(f"{API}/{zone}/instances", json={**new, "labels": {"role": "elasticsearch"}}).ok
    hosts = hosts_of("gce")
    assert sorted(variables["zone"] for variables in hosts.values()) == ["europe-west1-b", "europe-west1-c", "europe-west1-d"]
    assert {variables["name"] for variables in hosts.values()} == {"es1"}
