# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role refuses before it asks any cloud, and what it says then: one run of it over many hosts, each with another policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

EC2 = {"tlsfront_cloud": "ec2", "cloud_firewall_ec2_instance_id": "i-0a1b", "cloud_firewall_ec2_region": "eu-central-1"}
GCE = {"tlsfront_cloud": "gce", "cloud_firewall_gce_project": "p", "cloud_firewall_gce_zone": "europe-west1-b", "cloud_firewall_gce_instance": "es1"}

# variables of the host, and what the message must say
CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "an_unknown_cloud": ({"tlsfront_cloud": "azure"}, ["cloud_firewall_provider must be one of: none, ec2, gce", "azure"]),
    "an_unknown_state": (EC2 | {"cloud_firewall_state": "gone"}, ["cloud_firewall_state must be one of: present, absent", "gone"]),
    "a_name_for_a_network": (
        EC2 | {"tlsfront_clients": ["office.example.org"]},
        ["cloud_firewall_clients: 'office.example.org' is not an IPv4 or IPv6 address"],
    ),
    "host_bits": (
        EC2 | {"tlsfront_direct_clients": ["192.0.2.7/24"]},
        ["cloud_firewall_direct_clients: '192.0.2.7/24' has host bits set: write 192.0.2.0/24"],
    ),
    "a_port_for_a_direct_client_that_is_open_to_all": (
        EC2 | {"tlsfront_direct_clients": [{"networks": ["192.0.2.7"], "ports": [9400]}]},
        ["cloud_firewall_direct_clients: 9400 of", "is not among the closed ports"],
    ),
    "port_out_of_range": (EC2 | {"tlsfront_closed_ports": [93000]}, ["cloud_firewall_closed_ports: '93000' is out of range"]),
    "no_port": (EC2 | {"tlsfront_closed_ports": []}, ["cloud_firewall_closed_ports is []", "each needs a port"]),
    "a_port_that_is_open_and_closed": (
        EC2 | {"tlsfront_closed_ports": ["9200-9300"], "tlsfront_https_port": 9243},
        ["9243 is among cloud_firewall_open_ports and cloud_firewall_closed_ports", "Take it out of one of them"],
    ),
    "an_open_port_at_which_a_second_node_listens": (
        EC2 | {"tlsfront_group": "nobody", "tlsfront_found_ports": [9200, 9201, 9300, 9301], "cloud_firewall_open_ports": [443, "9201"]},
        ["9201 is among cloud_firewall_open_ports, but Elasticsearch listens there", "name it in host_firewall_ports_left_open"],
    ),
    "a_name_that_no_cloud_takes": (EC2 | {"cloud_firewall_name": "Shop_Search"}, ["cloud_firewall_name is \"Shop_Search\"", "lower-case"]),
    "a_name_that_ec2_takes_for_an_id": (EC2 | {"cloud_firewall_name": "sg-shop"}, ["cloud_firewall_name is \"sg-shop\"", "does not begin with sg-"]),
    # so it is within the 255 that EC2 takes, and so is the description of the group
    "a_name_that_is_too_long": (EC2 | {"cloud_firewall_name": "n" * 41}, ["cloud_firewall_name is \"n", "at most 40"]),
    "a_name_with_a_line_feed": (EC2 | {"cloud_firewall_name": "shop\n"}, ["cloud_firewall_name is \"shop\\n\""]),
    "an_instance_with_a_line_feed": (EC2 | {"cloud_firewall_ec2_instance_id": "i-0a1b\n"}, ["its instance (\"i-0a1b\\n\")"]),
    "an_unknown_instance": (
        {"tlsfront_cloud": "ec2"},
        ["an_unknown_instance is to be on EC2, but its instance (\"\")", "amazon.aws.aws_ec2", "cloud_firewall_provider to none"],
    ),
    "an_unknown_project": (
        {"tlsfront_cloud": "gce"},
        ["an_unknown_project is to be on Compute Engine, but its project (\"\")", "google.cloud.gcp_compute"],
    ),
    "a_key_file_that_everybody_may_read": (
        GCE | {"cloud_firewall_gce_connection": {"auth_kind": "serviceaccount", "service_account_file": "{{ place }}/key.json"}},
        ["cloud_firewall_gce_connection", "key.json may be read by everybody (mode 0644): chmod o-rwx /", "other credentials"],
    ),
    "a_key_file_that_everybody_may_read_for_the_report": (
        GCE | {"case_part": "exposure", "cloud_firewall_gce_connection": {"auth_kind": "serviceaccount", "service_account_file": "{{ place }}/key.json"}},
        ["key.json may be read by everybody"],
    ),
    "a_ca_of_the_cloud_that_everybody_may_change": (
        EC2 | {"cloud_firewall_ec2_connection": {"access_key": "x", "secret_key": "s3cret", "aws_ca_bundle": "{{ place }}/ca.pem"}},
        ["cloud_firewall_ec2_connection", "ca.pem may be changed by everybody (mode 0666): chmod o-w /"],
    ),
}


@pytest.fixture(scope="module")
def results(play: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("credentials")
    for name, mode in (("key.json", 0o644), ("ca.pem", 0o666)):
        (place / name).write_text("{}")
        (place / name).chmod(mode)
    hosts = {name: {"place": str(place)} | variables for name, (variables, _says) in CASES.items()} | {"in_no_cloud": {"case_part": "main"}}
    return play(Path(__file__).with_name("preflight.yml"), hosts)


@pytest.mark.parametrize("case", CASES)
def test_that_it_stops_before_it_asks_a_cloud_and_says_what_to_do(results: Any, case: str) -> None:
    said = str(results.failure(case)["msg"])
    for part in CASES[case][1]:
        assert part in said


def test_ports_that_were_found_on_any_node_are_closed_for_all(play: Any) -> None:
    """In the rules and in the report alike, since both are made of the same policy."""
    hosts = {"es1": {"tlsfront_found_ports": [9200, 9201, 9300, 9301]}, "es2": {}, "es3": {"tlsfront_found_ports": [9200, 19200]}, "other": {}}
    told = play(
        Path(__file__).with_name("ports.yml"),
        hosts,
        "--limit",
        "es1,es2",
        children={"elasticsearch": {"hosts": dict.fromkeys(["es1", "es2", "es3"])}},
    )
    for host in ("es1", "es2"):
        assert told.outcomes(host)[-1]["policy"]["closed_ports"] == ["9200-9201", "9300-9301", "19200"]


def test_a_host_in_no_cloud_is_left_alone(results: Any) -> None:
    assert results.count("in_no_cloud", "failures") == 0
    assert results.count("in_no_cloud", "changed") == 0
