# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the clouds' own modules tell of an address, read as traffic_sources_info reads it."""

from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import CloudError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._traffic import cloud_names
from clouds import REGION, ZONE, Amazon, Google
from compute import PROJECT

EC2 = cloud_names.Place("ec2", (REGION,), {})


def test_an_address_of_an_instance_has_its_identifier_and_its_name(amazon: Amazon) -> None:
    nics = amazon._nics()
    instance = nics["es1"]["Attachment"]["InstanceId"]
    amazon.client.create_tags(Resources=[instance], Tags=[{"Key": "Name", "Value": "search-1"}])
    addresses = {name: nic["PrivateIpAddress"] for name, nic in nics.items()}
    found = cloud_names.names(EC2, [*addresses.values(), "10.89.45.250"], amazon.modules)
    assert set(found) == set(addresses.values())
    # in other networks of the same account, instances of other tests may have the same address: then each is told
    for name, told in (("es1", f"{instance} (search-1)"), ("es2", nics["es2"]["Attachment"]["InstanceId"])):
        kind, names = found[addresses[name]]
        assert told in names.split(" or ")
        assert kind == ("instance" if names == told else "cloud service")


def test_credentials_that_have_expired_are_said(amazon: Amazon) -> None:
    amazon.steer("faults", {"call": "DescribeNetworkInterfaces", "times": 9, **amazon.expired})
    with pytest.raises(CloudError, match=r"Failed to describe network interfaces \(asked as arn:aws:"):
        cloud_names.names(EC2, ["10.89.45.4"], amazon.modules)


def test_an_address_of_compute_engine_has_the_name_of_its_instance(google: Google) -> None:
    place = cloud_names.Place("gce", (PROJECT, ZONE), {})
    told = google.modules("google.cloud.gcp_compute_instance_info", {"project": PROJECT, "zone": ZONE})
    addresses = {each["name"]: each["networkInterfaces"][0]["networkIP"] for each in told["resources"]}
    assert cloud_names.names(place, [*addresses.values(), "10.89.48.250"], google.modules) == {
        address: ("instance", name) for name, address in addresses.items()
    }
