# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Names from the cloud and from the DNS, which may lie, be silent, or hang."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import CloudError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic import cloud_names, dns_names
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.names import inventory, name_to_resolve
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic.sources import Asked, sources

EC2 = cloud_names.Place("ec2", ("eu-central-1",), {"profile": "search"})
GCE = cloud_names.Place("gce", ("shop", "europe-west1-b"), {"auth_kind": "application"})


def interface(address: str, **more: Any) -> dict[str, Any]:
    """As amazon.aws.ec2_eni_info returns one."""
    known = {"interface_type": "interface", "description": "", "source_dest_check": True, "requester_managed": False}
    return {
        **known,
        "network_interface_id": f"eni-{address}{more}",
        "private_ip_address": address,
        "private_ip_addresses": [{"private_ip_address": address}],
        **more,
    }


INTERFACES = [
    interface("10.0.0.9", attachment={"instance_id": "i-0123"}, association={"public_ip": "52.1.2.3"}),
    interface("10.0.0.8", attachment={"instance_id": "i-0456"}, source_dest_check=False),
    interface("10.0.0.10", interface_type="nat_gateway", description="Interface for NAT Gateway nat-0abc"),
    interface("10.0.0.11", interface_type="network_load_balancer", description="ELB net/inner/50dc6c495c0c9188", requester_managed=True),
    interface("10.0.0.12", description="ELB app/inner/50dc6c495c0c9188", requester_managed=True, attachment={"instance_owner_id": "amazon-elb"}),
    interface("10.0.0.13", description="ELB of ours", attachment={"instance_id": "i-0789"}),
    interface("10.0.0.14", interface_type="lambda", description="AWS Lambda VPC ENI-report"),
    interface("10.0.0.15", ipv6_addresses=[{"ipv6_address": "2001:db8::15"}], attachment={"instance_id": "i-0aaa"}),
]


def amazon(module: str, given: dict[str, Any]) -> dict[str, Any]:
    assert given["region"] == "eu-central-1" and given["profile"] == "search"
    if module == "amazon.aws.ec2_instance_info":
        return {"instances": [{"instance_id": "i-0123", "tags": {"Name": "batch"}}, {"instance_id": "i-0456", "tags": {}}]}
    assert module == "amazon.aws.ec2_eni_info"
    ((name, values),) = given["filters"].items()
    part = {"addresses.private-ip-address": "private_ip_address", "association.public-ip": "public_ip", "ipv6-addresses.ipv6-address": "ipv6_address"}[name]
    return {"network_interfaces": [each for each in INTERFACES if any(f"'{part}': '{value}'" in str(each) for value in values)]}


def test_ec2_tells_instances_load_balancers_and_nat_apart() -> None:
    asked = [f"10.0.0.{number}" for number in range(8, 15)] + ["52.1.2.3", "2001:db8::15"]
    assert cloud_names.names(EC2, asked, amazon) == {
        "10.0.0.8": ("NAT instance", "i-0456"),
        "10.0.0.9": ("instance", "i-0123 (batch)"),
        "52.1.2.3": ("instance", "i-0123 (batch)"),
        "10.0.0.10": ("NAT gateway", "nat-0abc"),
        "10.0.0.11": ("load balancer", "net/inner/50dc6c495c0c9188"),
        "10.0.0.12": ("load balancer", "app/inner/50dc6c495c0c9188"),
        "10.0.0.13": ("instance", "i-0789"),
        "10.0.0.14": ("cloud service", "lambda AWS Lambda VPC ENI-report"),
        "2001:db8::15": ("instance", "i-0aaa"),
    }


def test_no_filter_has_more_values_than_ec2_takes() -> None:
    sizes: list[int] = []

    def count(module: str, given: dict[str, Any]) -> dict[str, Any]:
        sizes.extend(len(values) for values in given["filters"].values())
        return {"network_interfaces": []}

    cloud_names.names(EC2, [f"10.0.{number // 250}.{number % 250}" for number in range(450)], count)
    assert sizes == [200, 200, 50], "and none of them is asked for as one of the internet"


def test_an_address_that_two_networks_of_an_account_have_is_called_by_both() -> None:
    twice = {"network_interfaces": [interface("10.0.0.9", attachment={"instance_id": name}) for name in ("i-01", "i-02")], "instances": []}
    assert cloud_names.names(EC2, ["10.0.0.9"], lambda *_given: twice) == {"10.0.0.9": ("cloud service", "i-01 or i-02")}


def test_compute_engine_tells_its_instances() -> None:
    def google(module: str, given: dict[str, Any]) -> dict[str, Any]:
        assert (module, given) == (
            "google.cloud.gcp_compute_instance_info",
            {"auth_kind": "application", "project": "shop", "zone": "europe-west1-b"},
        )
        outer = {"networkIP": "10.1.0.9", "accessConfigs": [{"natIP": "203.0.113.9"}, {}]}
        return {
            "resources": [
                {"name": "batch", "networkInterfaces": [outer]},
                {"name": "nat", "canIpForward": True, "networkInterfaces": [{"networkIP": "10.1.0.8"}]},
            ]
        }

    assert cloud_names.names(GCE, ["10.1.0.8", "10.1.0.9", "203.0.113.9", "10.1.0.7"], google) == {
        "10.1.0.8": ("NAT instance", "nat"),
        "10.1.0.9": ("instance", "batch"),
        "203.0.113.9": ("instance", "batch"),
    }


@pytest.mark.parametrize("answer", [{"failed": True, "msg": "no credentials"}, {}, {"network_interfaces": [1]}, {"network_interfaces": None}], ids=str)
def test_where_the_cloud_cannot_be_asked_it_is_said_and_nothing_fails(answer: dict[str, Any]) -> None:
    with pytest.raises(CloudError):
        cloud_names.names(EC2, ["10.0.0.9"], lambda *_given: answer)
    report = made({"cloud": "ec2", "region": "eu-central-1"}, lambda *_given: answer)
    assert [(row["address"], row["kind"]) for row in report["rows"]] == [("10.0.0.9", "unknown")]
    assert any(note.startswith("EC2 eu-central-1 could not be asked for names: ") for note in report["notes"])


def made(identity: dict[str, Any], call: Any = None, dns_seconds: float = 0, forged: int = 0) -> dict[str, Any]:
    now = 1_790_600_000
    seen = {"address": "10.0.0.9", "to": "10.0.0.1", "port": 9200, "first": now - 60, "last": now, "packets": 1, "answered": now}
    flood = [{**seen, "address": f"203.0.{number // 200}.{number % 200}", "answered": None} for number in range(forged)]
    told = {
        "installed": True,
        "running": True,
        "problem": "",
        "since": now - 800000,
        "now": now,
        "gaps": [],
        "ports": ["9200"],
        "lost_at": None,
        "tries_lost_at": None,
    }
    facts = {"all_ipv4_addresses": ["10.0.0.1"]}
    node = {"observation": {**told, "sources": [*flood, seen]}, "nftables": {"closed_ports": None, "problem": ""}}
    hostvars = {"es1": {"ansible_facts": facts, "tlsfront_identity": identity, "tlsfront_closed_ports": [9200], "node": node}}
    asked = Asked(["es1"], ["es1"], [], [], ["newer", "node"], {}, 7, "refuse", dns_seconds)
    return sources(asked, hostvars, {"all": ["es1"]}, call)


def test_elsewhere_no_cloud_is_asked_and_the_report_has_all_of_it() -> None:
    report = made({"cloud": "none"})
    assert report["rows"][0]["state"] == "cut off" and report["notes"] == []
    assert report["refuse"] == ["10.0.0.9 (unknown) used 9200 of es1, last 0 seconds ago. Move it over to https, or add 10.0.0.9 to tlsfront_direct_clients."]
    assert report["nodes"] == [{"name": "es1", "observed": True, "problem": "", "seconds": 800000, "lost": None, "policy_problem": ""}]


def test_a_flood_of_forged_sources_keeps_no_real_one_from_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostbyaddr", lambda address: (f"n{address.replace('.', '-')}.example", [], []))
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_more, **_given: [(0, 0, 0, "", (name[1:].partition(".")[0].replace("-", "."), 0))])
    report = made({"cloud": "none"}, dns_seconds=5, forged=1500)
    assert [row["name"] for row in report["rows"] if row["address"] == "10.0.0.9"] == ["n10-0-0-9.example"]


def test_a_name_of_the_dns_counts_where_it_leads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    reverse = {"192.0.2.50": "app.example", "192.0.2.51": "bank.example", "192.0.2.52": "<b>.example", "2001:db8::1": "six.example"}
    forward = {"app.example": "192.0.2.50", "bank.example": "198.51.100.1", "six.example": "2001:db8::1"}

    def gethostbyaddr(address: str) -> Any:
        if address not in reverse:
            raise socket.herror
        return reverse[address], [], []

    monkeypatch.setattr(socket, "gethostbyaddr", gethostbyaddr)
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_more, **_given: [(0, 0, 0, "", (forward[name], 0))])
    found, missing = dns_names.names([*reverse, "192.0.2.99"], 5)
    assert (found, missing) == ({"192.0.2.50": "app.example", "2001:db8::1": "six.example"}, 0)


def test_a_host_whose_name_the_inventory_tells_is_known_by_the_addresses_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"app1.example.org": ["192.0.2.50", "2001:db8::50"], "db": ["192.0.2.60"]}
    monkeypatch.setattr(socket, "getaddrinfo", lambda name, *_more, **_given: [(0, 0, 0, "", (address, 0)) for address in known[name]])
    hostvars: dict[str, dict[str, Any]] = {
        "app1.example.org": {},
        "db1": {"ansible_host": "db"},
        "known": {"ansible_facts": {"all_ipv4_addresses": ["192.0.2.70"]}},
        "192.0.2.80": {},
        "localhost": {},
    }
    asked = [name for host in hostvars for name in [name_to_resolve(hostvars, host)] if name]
    assert asked == ["app1.example.org", "db"]
    found, missing = dns_names.addresses(asked, 5)
    assert missing == 0
    assert inventory(hostvars, hostvars, found) == {
        "192.0.2.50": ["app1.example.org"],
        "2001:db8::50": ["app1.example.org"],
        "192.0.2.60": ["db1"],
        "192.0.2.70": ["known"],
        "192.0.2.80": ["192.0.2.80"],
    }


def test_a_resolver_that_hangs_costs_the_time_that_is_given_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def gethostbyaddr(address: str) -> Any:
        if address == "192.0.2.1":
            return "localhost", [], []
        time.sleep(30)
        raise socket.herror  # in a thread that outlives this test

    monkeypatch.setattr(socket, "gethostbyaddr", gethostbyaddr)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_more, **_given: [(0, 0, 0, "", ("192.0.2.1", 0))])
    begun = time.monotonic()
    found, missing = dns_names.names(["192.0.2.1", "192.0.2.2", "192.0.2.3"], 0.5)
    assert (found, missing) == ({"192.0.2.1": "localhost"}, 2)
    assert time.monotonic() - begun < 5
