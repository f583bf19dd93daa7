# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The emulated EC2 does what the scenario relies on, asked by Amazon's own client."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.config
import botocore.exceptions
import pytest
from ec2 import Ec2
from werkzeug.serving import make_server


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, Ec2(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture(scope="module")
def ec2(address: str) -> Any:
    once = botocore.config.Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=20)
    keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
    return boto3.client("ec2", endpoint_url=address, region_name="eu-central-1", config=once, **keys)


@pytest.fixture
def arm(steer: Any) -> Iterator[Any]:
    yield lambda **fault: steer("faults", fault)
    steer("faults")


@pytest.fixture
def group(ec2: Any) -> Iterator[str]:
    vpc = ec2.create_vpc(CidrBlock="10.89.45.0/24")["Vpc"]["VpcId"]
    yield ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]


def code_of(error: pytest.ExceptionInfo[botocore.exceptions.ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_an_armed_error_strikes_as_often_as_told_and_is_understood_by_the_client(ec2: Any, arm: Any) -> None:
    arm(call="DescribeVpcs", times=2, status=503, code="RequestLimitExceeded", message="Request limit exceeded.")
    for _time in range(2):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            ec2.describe_vpcs()
        assert code_of(error) == "RequestLimitExceeded"
    assert ec2.describe_vpcs()["Vpcs"]
    assert arm()["struck"] == {"DescribeVpcs": 2}


def test_a_stale_answer_is_the_one_before_the_write(ec2: Any, arm: Any, group: str) -> None:
    def ports() -> list[int]:
        found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
        return [permission["FromPort"] for permission in found]

    assert ports() == []
    arm(call="DescribeSecurityGroups", times=1, stale=True)
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
    assert ports() == []
    assert ports() == [443]


def test_only_what_changes_something_is_counted_as_a_write(ec2: Any, steer: Any, group: str) -> None:
    before = steer("seen")["writes"]
    ec2.describe_security_groups(GroupIds=[group])
    assert steer("seen")["writes"] == before
    ec2.create_tags(Resources=[group], Tags=[{"Key": "team", "Value": "search"}])
    assert steer("seen")["writes"] == before + 1


def test_a_group_in_use_cannot_be_deleted(ec2: Any, group: str) -> None:
    vpc = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.89.45.0/24")["Subnet"]["SubnetId"]
    interface = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    with pytest.raises(botocore.exceptions.ClientError) as error:
        ec2.delete_security_group(GroupId=group)
    assert code_of(error) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_security_group(GroupId=group)


def test_a_group_that_another_groups_rule_names_cannot_be_deleted(ec2: Any, group: str) -> None:
    vpc = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["VpcId"]
    other = ec2.create_security_group(GroupName="other", Description="d", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 9300, "ToPort": 9300, "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    with pytest.raises(botocore.exceptions.ClientError) as error:
        ec2.delete_security_group(GroupId=group)
    assert code_of(error) == "DependencyViolation"


def test_each_instance_of_a_group_with_one_name_is_a_host_of_the_example_inventory(
    ec2: Any, address: str, hosts_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "emulated", "AWS_SECRET_ACCESS_KEY": "emulated", "AWS_ENDPOINT_URL": address}
    for name, value in {**keys, "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    # an auto scaling group spreads its instances over subnets, and gives each the same tags
    made = []
    for cidr in ("10.89.46.0/24", "10.89.46.0/24", "10.89.47.0/24"):  # the private addresses of two networks may be the same, too
        vpc = ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
        nic = {"DeviceIndex": 0, "SubnetId": subnet, "PrivateIpAddress": cidr.replace("0/24", "11")}
        for tags in ({"Name": "es", "role": "elasticsearch"}, {"role": "elasticsearch"}):
            asked = [{"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]
            image = ec2.describe_images()["Images"][0]["ImageId"]
            answer = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=asked, NetworkInterfaces=[nic])
            made.append(answer["Instances"][0]["InstanceId"])
            nic = {"DeviceIndex": 0, "SubnetId": subnet}
    hosts = hosts_of("ec2")
    assert sorted(variables["instance_id"] for variables in hosts.values()) == sorted(made)
    assert all(variables["instance_id"] in host for host, variables in hosts.items())
    assert sum(host.startswith("es-i-") for host in hosts) == 3
