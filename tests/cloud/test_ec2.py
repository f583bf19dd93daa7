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
