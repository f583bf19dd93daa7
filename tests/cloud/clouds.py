# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two emulated clouds with two nodes in each, as the tests of cloud_firewall find, change and ask them: the fixture `place` of conftest.py."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest
import requests
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import Caller, Cloud, Nodes
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.ec2 import Ec2
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.gce import Gce
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.parts import Options, Outcome, run
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.plan import Policy
from compute import NAMES, PROJECT, Compute
from contract import Contract
from ec2 import Ec2 as EmulatedEc2
from google.auth.transport.requests import AuthorizedSession
from google.oauth2 import service_account
from modules import Killed, Modules
from tokens import Tokens
from tunnel import Proxy, make_context
from werkzeug.serving import make_server

POLICY = Policy("tlsfront-es", ("443",), ("9200", "9300"), ("192.0.2.0/24", "2001:db8::/32"))
WIDER = dataclasses.replace(POLICY, clients=(*POLICY.clients, "198.51.100.0/24"))
REGION, ZONE = "eu-central-1", "europe-west1-b"
API = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}"
ANYHOW = {"leave_closed_ports_open": True, "leave_members_cut_off": True}


class Place:
    """An emulated cloud with two nodes in it, and rules of others that let in ssh."""

    can_deny: bool
    list_call: str  #: by which the rules are read
    expired: ClassVar[dict[str, Any]]  #: the fault of credentials that have expired
    modules: Modules
    variables: dict[str, Any]  #: of the role
    of_node: dict[str, dict[str, Any]]

    def __init__(self, address: str) -> None:
        self._address = address

    def cloud(self, state: str, policy: Policy) -> Cloud:
        raise NotImplementedError

    def names(self) -> dict[str, set[str]]:
        """What there is of ours, by node."""
        raise NotImplementedError

    def ours(self) -> Any:
        """What there is of ours, to compare with what there was."""
        raise NotImplementedError

    def others(self) -> Any:
        """The same of what others keep."""
        raise NotImplementedError

    def ports_of(self, source: str) -> set[str]:
        """The ports at which rules of ours let in this network."""
        raise NotImplementedError

    def open_to_all(self) -> None:
        """Others let everybody in to 9200."""
        raise NotImplementedError

    def tamper(self) -> None:
        """Somebody lets another network in to https in place of our clients, and takes away something that keeps others out, or the group off es1."""
        raise NotImplementedError

    def steer(self, path: str, body: Any = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            return session.post(f"{self._address}/{path}", json=body if body is not None else {}, timeout=20).json()

    def writes(self) -> int:
        return int(self.steer("seen")["writes"])

    def run(self, part: str = "all", state: str = "present", policy: Policy = POLICY, **how: Any) -> Outcome:
        return run(part, self.cloud(state, policy), Options(state, can_deny=self.can_deny, **how))

    def killed(self, at: int, **how: Any) -> None:
        """A run that is killed right before this call."""
        self.modules.called, self.modules.kill_at = [], at
        with pytest.raises(Killed):
            self.run(**how)
        self.modules.kill_at = None

    def changing_calls(self, **how: Any) -> list[int]:
        """Carry it out, and say where to kill the next: right before and right after each call that changes something."""
        self.modules.called = []
        self.run(**how)
        writes = [number for number, module in enumerate(self.modules.called) if not module.endswith("_info")]
        assert len(writes) >= 2
        return sorted({at for number in writes for at in (number, number + 1) if at < len(self.modules.called)})


class Amazon(Place):
    """The nodes are in a group `legacy`, too."""

    can_deny = False
    list_call = "DescribeSecurityGroups"
    expired: ClassVar = {"status": 400, "code": "RequestExpired", "message": "Request has expired."}

    def __init__(self, address: str) -> None:
        super().__init__(address)
        keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
        self.client = boto3.client("ec2", endpoint_url=address, region_name=REGION, **keys)
        self.vpc = self.client.create_vpc(CidrBlock="10.89.45.0/24")["Vpc"]["VpcId"]
        subnet = self.client.create_subnet(VpcId=self.vpc, CidrBlock="10.89.45.0/24")["Subnet"]["SubnetId"]
        self.legacy = self.client.create_security_group(GroupName="legacy", Description="d", VpcId=self.vpc)["GroupId"]
        image = _some_image(address)
        self._hosts = {}
        for name in ("es1", "es2"):
            nic = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [self.legacy]}
            made = self.client.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=[nic])
            self._hosts[made["Instances"][0]["InstanceId"]] = name
        self.modules = Modules(access_key="emulated", secret_key="emulated", endpoint_url=address, region=REGION)
        connection = {"access_key": "emulated", "secret_key": "emulated-secret", "endpoint_url": address}
        self.variables = {"tlsfront_cloud": "ec2", "cloud_firewall_ec2_region": REGION, "cloud_firewall_ec2_connection": connection}
        self.of_node = {host: {"cloud_firewall_ec2_instance_id": instance} for instance, host in self._hosts.items()}

    def cloud(self, state: str, policy: Policy) -> Cloud:
        return Ec2(Caller(self.modules, lambda _seconds: None), Nodes(policy, self._hosts, [], state), REGION, {"team": "search"})

    def only(self, host: str) -> Amazon:
        """The same for a run that leaves out the others."""
        alone = copy.copy(self)
        alone._hosts = {instance: name for instance, name in self._hosts.items() if name == host}
        return alone

    def _nics(self) -> dict[str, Any]:
        found = self.client.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": list(self._hosts)}])["NetworkInterfaces"]
        return {self._hosts[nic["Attachment"]["InstanceId"]]: nic for nic in found}

    def names(self) -> dict[str, set[str]]:
        return {host: {group["GroupName"] for group in nic["Groups"]} for host, nic in self._nics().items()}

    def rules(self, name: str) -> set[tuple[int, str, str]]:
        """The first port, source and description of each rule of a group; its own members are `itself`."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": [name]}]
        (group,) = self.client.describe_security_groups(Filters=filters)["SecurityGroups"]
        found = set()
        for permission in group["IpPermissions"]:
            for ranges, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"), ("UserIdGroupPairs", "GroupId")):
                for source in permission[ranges]:
                    who = "itself" if source[key] == group["GroupId"] else source[key]
                    found.add((permission["FromPort"], who, source.get("Description", "")))
        return found

    def ours(self) -> Any:
        return {rule for rule in self.rules(POLICY.name) if rule[2].startswith("tlsfront ")}, self.names()

    def others(self) -> Any:
        return {rule for rule in self.rules(POLICY.name) if not rule[2].startswith("tlsfront ")}, self.rules("legacy")

    def ports_of(self, source: str) -> set[str]:
        return {str(port) for port, who, _said in self.ours()[0] if who == source}

    def allow(self, group: str, port: int, **source: Any) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
        self.client.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def revoke(self, group: str, port: int, **source: Any) -> None:
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
        self.client.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])

    def our_group(self) -> str:
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": [POLICY.name]}]
        return str(self.client.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"])

    def open_to_all(self) -> None:
        self.allow(self.legacy, 9200, IpRanges=[{"CidrIp": "0.0.0.0/0"}])

    def tamper(self) -> None:
        group = self.our_group()
        self.revoke(group, 443, IpRanges=[{"CidrIp": "192.0.2.0/24"}])
        self.allow(group, 443, IpRanges=[{"CidrIp": "203.0.113.0/24", "Description": "tlsfront client"}])
        self.allow(group, 9243, IpRanges=[{"CidrIp": "203.0.113.9/32", "Description": "office"}])
        self.client.modify_network_interface_attribute(NetworkInterfaceId=self._nics()["es1"]["NetworkInterfaceId"], Groups=[self.legacy])


@functools.cache
def _some_image(address: str) -> str:
    """One of the hundreds that moto tells, which takes seconds."""
    client = boto3.client("ec2", endpoint_url=address, region_name=REGION, aws_access_key_id="emulated", aws_secret_access_key="emulated")
    return str(client.describe_images()["Images"][0]["ImageId"])


class Google(Place):
    """The nodes have the tag `es`."""

    can_deny = True
    list_call = "firewalls.list"
    expired: ClassVar = {"status": 401, "code": "authError", "message": "Request had invalid authentication credentials."}

    def __init__(self, address: str, key_file: Path, session: Any) -> None:
        super().__init__(address)
        self._session = session
        assert session.post(f"{API}/global/networks", json={"name": "net", "autoCreateSubnetworks": False}).ok
        subnetwork = {"name": "sub", "network": "global/networks/net", "ipCidrRange": "10.89.48.0/24"}
        assert session.post(f"{API}/regions/europe-west1/subnetworks", json=subnetwork).ok
        for name in ("es1", "es2"):
            nics = [{"subnetwork": "regions/europe-west1/subnetworks/sub"}]
            new = {"name": name, "machineType": f"zones/{ZONE}/machineTypes/e2-small", "networkInterfaces": nics, "tags": {"items": ["es"]}}
            assert session.post(f"{API}/zones/{ZONE}/instances", json=new).ok
        self.allow("others-ssh", "22", 1000)
        self.modules = Modules(auth_kind="serviceaccount", service_account_file=str(key_file))
        self.variables = {"tlsfront_cloud": "gce", "cloud_firewall_gce_project": PROJECT, "cloud_firewall_gce_zone": ZONE}
        self.variables["cloud_firewall_gce_target_tags"] = ["es"]
        self.variables["cloud_firewall_gce_connection"] = {"auth_kind": "serviceaccount", "service_account_file": str(key_file)}
        self.of_node = {name: {"cloud_firewall_gce_instance": name} for name in ("es1", "es2")}

    def cloud(self, state: str, policy: Policy) -> Cloud:
        hosts = {f"{ZONE}/{name}": name for name in ("es1", "es2")}
        instances = [{"project": PROJECT, "zone": ZONE, "name": name} for name in ("es1", "es2")]
        return Gce(Caller(self.modules, lambda _seconds: None), Nodes(policy, hosts, [], state), instances, {"tags": ["es"]}, 100)

    def rules(self) -> dict[str, dict[str, Any]]:
        """All rules, without what a new one of the same name has anew."""
        live: dict[str, dict[str, Any]] = {}
        page = ""
        while True:
            answer = self._session.get(f"{API}/global/firewalls", params={"pageToken": page} if page else {}).json()
            for rule in answer.get("items", []):
                live[rule["name"]] = {field: value for field, value in rule.items() if field not in ("id", "creationTimestamp")}
            page = answer.get("nextPageToken", "")
            if not page:
                return live

    def ours(self) -> Any:
        return {name: rule for name, rule in self.rules().items() if name.startswith(POLICY.name)}

    def others(self) -> Any:
        return {name: rule for name, rule in self.rules().items() if not name.startswith(POLICY.name)}

    def names(self) -> dict[str, set[str]]:
        ours = set(self.ours())
        return {"es1": ours, "es2": ours}

    def ports_of(self, source: str) -> set[str]:
        rules = [rule for rule in self.ours().values() if source in rule.get("sourceRanges", [])]
        return {port for rule in rules for config in rule["allowed"] for port in config["ports"]}

    def allow(self, name: str, ports: str, priority: int, source: str = "0.0.0.0/0", said: str = "") -> None:
        allowed = [{"IPProtocol": "tcp", "ports": [ports]}]
        rule = {"name": name, "network": "global/networks/net", "priority": priority, "allowed": allowed, "sourceRanges": [source], "description": said}
        assert self._session.post(f"{API}/global/firewalls", json=rule).ok

    def delete(self, *kinds: str) -> None:
        """Somebody deletes rules of ours."""
        for kind in kinds:
            operation = self._session.delete(f"{API}/global/firewalls/{POLICY.name}-net-{kind}").json()
            assert self._session.post(f"{operation['selfLink']}/wait").json()["status"] == "DONE"

    def open_to_all(self) -> None:
        self.allow("others-9200", "9200", 5)

    def tamper(self) -> None:
        name = f"{POLICY.name}-net-https-v4"
        assert self._session.patch(f"{API}/global/firewalls/{name}", json={"name": name, "sourceRanges": ["203.0.113.0/24"]}).ok
        self.delete("deny-v4")


def is_whole(place: Place) -> bool:
    kinds = ("https-v4", "https-v6", "members", "deny-v4", "deny-v6")
    wanted = {f"{POLICY.name}-net-{kind}" for kind in kinds} if place.can_deny else {"legacy", POLICY.name}
    return all(found == wanted for found in place.names().values())


def is_gone(place: Place) -> bool:
    return all(found == (set() if place.can_deny else {"legacy"}) for found in place.names().values())


@contextmanager
def emulated_ec2() -> Iterator[str]:
    """The address of moto, for as many places as are wanted."""
    server = make_server("127.0.0.1", 0, EmulatedEc2(), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()


@functools.cache
def _contract() -> Contract:
    return Contract(json.loads(Path(os.environ["CLOUD_DISCOVERY"]).read_text(encoding="utf-8")))


@contextmanager
def emulated_project(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """A project of its own, to which the environment leads."""
    tokens = Tokens(PROJECT)
    compute = Compute(_contract(), tokens, seconds=0)
    server = Proxy(0, make_context(NAMES, directory / "ca.pem"), NAMES, compute.answer, compute.steer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(directory / "ca.pem"))
    key_file = directory / "credentials.json"
    key_file.touch(0o600)
    key_file.write_text(json.dumps(tokens.key_file()))
    scopes = ["https://www.googleapis.com/auth/compute"]
    session = AuthorizedSession(service_account.Credentials.from_service_account_info(tokens.key_file(), scopes=scopes))
    place = Google(address, key_file, session)
    try:
        yield place
        assert place.steer("seen")["violations"] == []
    finally:
        server.shutdown()
        server.server_close()
