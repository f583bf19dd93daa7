# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the module cloud_firewall does to the emulated clouds, by the clouds' own modules: killed anywhere, asked too often, told what was before."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import Caller, Cloud, CloudError, Nodes
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
REGION, ZONE = "eu-central-1", "europe-west1-b"
API = f"https://compute.googleapis.com/compute/v1/projects/{PROJECT}"
ANYHOW = {"leave_closed_ports_open": True, "leave_members_cut_off": True}


@dataclasses.dataclass
class Place:
    """An emulated cloud with two nodes in it, and rules of others that let in ssh."""

    modules: Modules
    cloud: Callable[[str, Policy], Cloud]
    names: Callable[[], dict[str, set[str]]]  #: what there is of ours, by node
    steer: Callable[..., Any]
    open_to_all: Callable[[], None]  #: others let everybody in to 9200
    list_call: str
    can_deny: bool
    variables: dict[str, Any]  #: of the role
    of_node: dict[str, dict[str, Any]]

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


@pytest.fixture(scope="module")
def ec2_address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, EmulatedEc2(), threaded=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


def post(address: str) -> Callable[..., Any]:
    import requests

    def steer(path: str, body: Any = None) -> Any:
        with requests.Session() as session:
            session.trust_env = False
            return session.post(f"{address}/{path}", json=body if body is not None else {}, timeout=20).json()

    return steer


def amazon(address: str) -> Place:
    keys = {"aws_access_key_id": "emulated", "aws_secret_access_key": "emulated"}
    client = boto3.client("ec2", endpoint_url=address, region_name=REGION, **keys)
    vpc = client.create_vpc(CidrBlock="10.89.45.0/24")["Vpc"]["VpcId"]
    subnet = client.create_subnet(VpcId=vpc, CidrBlock="10.89.45.0/24")["Subnet"]["SubnetId"]
    legacy = client.create_security_group(GroupName="legacy", Description="d", VpcId=vpc)["GroupId"]
    image = client.describe_images()["Images"][0]["ImageId"]
    hosts = {}
    for name in ("es1", "es2"):
        nic = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [legacy]}
        made = client.run_instances(ImageId=image, MinCount=1, MaxCount=1, NetworkInterfaces=[nic])
        hosts[made["Instances"][0]["InstanceId"]] = name
    modules = Modules(access_key="emulated", secret_key="emulated", endpoint_url=address, region=REGION)

    def names() -> dict[str, set[str]]:
        found = client.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": list(hosts)}])["NetworkInterfaces"]
        return {hosts[nic["Attachment"]["InstanceId"]]: {group["GroupName"] for group in nic["Groups"]} for nic in found}

    def open_to_all() -> None:
        rule = {"IpProtocol": "tcp", "FromPort": 9200, "ToPort": 9200, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        client.authorize_security_group_ingress(GroupId=legacy, IpPermissions=[rule])

    def cloud(state: str, policy: Policy) -> Cloud:
        return Ec2(Caller(modules, lambda _seconds: None), Nodes(policy, hosts, [], state), REGION, {"team": "search"})

    connection = {"access_key": "emulated", "secret_key": "emulated-secret", "endpoint_url": address}
    variables = {"tlsfront_cloud": "ec2", "cloud_firewall_ec2_region": REGION, "cloud_firewall_ec2_connection": connection}
    of_node = {host: {"cloud_firewall_ec2_instance_id": instance} for instance, host in hosts.items()}
    return Place(modules, cloud, names, post(address), open_to_all, "DescribeSecurityGroups", False, variables, of_node)


@pytest.fixture
def google_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    tokens = Tokens(PROJECT)
    contract = Contract(json.loads(Path(os.environ["CLOUD_DISCOVERY"]).read_text(encoding="utf-8")))
    compute = Compute(contract, tokens, seconds=0)
    server = Proxy(0, make_context(NAMES, tmp_path / "ca.pem"), NAMES, compute.answer, compute.steer)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    key_file = tmp_path / "credentials.json"
    key_file.touch(0o600)
    key_file.write_text(json.dumps(tokens.key_file()))
    scopes = ["https://www.googleapis.com/auth/compute"]
    google = AuthorizedSession(service_account.Credentials.from_service_account_info(tokens.key_file(), scopes=scopes))
    assert google.post(f"{API}/global/networks", json={"name": "net", "autoCreateSubnetworks": False}).ok
    assert google.post(f"{API}/regions/europe-west1/subnetworks", json={"name": "sub", "network": "global/networks/net", "ipCidrRange": "10.89.48.0/24"}).ok
    for name in ("es1", "es2"):
        nics = [{"subnetwork": "regions/europe-west1/subnetworks/sub"}]
        new = {"name": name, "machineType": f"zones/{ZONE}/machineTypes/e2-small", "networkInterfaces": nics, "tags": {"items": ["es"]}}
        assert google.post(f"{API}/zones/{ZONE}/instances", json=new).ok
    modules = Modules(auth_kind="serviceaccount", service_account_file=str(key_file))

    def names() -> dict[str, set[str]]:
        live, page = set(), ""
        while True:
            answer = google.get(f"{API}/global/firewalls", params={"pageToken": page} if page else {}).json()
            live |= {rule["name"] for rule in answer.get("items", [])}
            page = answer.get("nextPageToken", "")
            if not page:
                ours = {name for name in live if name.startswith(POLICY.name)}
                return {"es1": ours, "es2": ours}

    def rule(name: str, port: str, priority: int) -> dict[str, Any]:
        allowed = [{"IPProtocol": "tcp", "ports": [port]}]
        return {"name": name, "network": "global/networks/net", "priority": priority, "allowed": allowed, "sourceRanges": ["0.0.0.0/0"]}

    def open_to_all() -> None:
        assert google.post(f"{API}/global/firewalls", json=rule("others-9200", "9200", 5)).ok

    def cloud(state: str, policy: Policy) -> Cloud:
        hosts = {f"{ZONE}/{name}": name for name in ("es1", "es2")}
        instances = [{"project": PROJECT, "zone": ZONE, "name": name} for name in ("es1", "es2")]
        return Gce(Caller(modules, lambda _seconds: None), Nodes(policy, hosts, [], state), instances, {"tags": ["es"]}, 100)

    assert google.post(f"{API}/global/firewalls", json=rule("others-ssh", "22", 1000)).ok
    steer = post(address)
    variables = {"tlsfront_cloud": "gce", "cloud_firewall_gce_project": PROJECT, "cloud_firewall_gce_zone": ZONE, "cloud_firewall_gce_target_tags": ["es"]}
    variables["cloud_firewall_gce_connection"] = {"auth_kind": "serviceaccount", "service_account_file": str(key_file)}
    of_node = {name: {"cloud_firewall_gce_instance": name} for name in ("es1", "es2")}
    yield Place(modules, cloud, names, steer, open_to_all, "firewalls.list", True, variables, of_node)
    assert steer("seen")["violations"] == []
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["ec2", "gce"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    here = amazon(request.getfixturevalue("ec2_address")) if request.param == "ec2" else request.getfixturevalue("google_place")
    yield here
    here.steer("faults")


def is_whole(place: Place) -> bool:
    kinds = ("https-v4", "https-v6", "members", "deny-v4", "deny-v6")
    wanted = {f"{POLICY.name}-net-{kind}" for kind in kinds} if place.can_deny else {"legacy", POLICY.name}
    return all(found == wanted for found in place.names().values())


def is_gone(place: Place) -> bool:
    return all(found == (set() if place.can_deny else {"legacy"}) for found in place.names().values())


def assert_nobody_is_shut_out(place: Place) -> None:
    """What denies is never there without what lets in, and no interface loses the groups of others."""
    for found in place.names().values():
        if place.can_deny and any("deny" in name for name in found):
            assert {f"{POLICY.name}-net-{kind}" for kind in ("https-v4", "https-v6", "members")} <= found
        assert place.can_deny or "legacy" in found


def test_it_is_put_there_once_and_taken_off(place: Place) -> None:
    first = place.run()
    assert first.steps and is_whole(place)
    assert first.exposure == {"findings": [], "cut_off": []}
    writes = place.steer("seen")["writes"]
    again = place.run()
    assert not again.steps and again.before == again.after == first.after
    assert place.steer("seen")["writes"] == writes
    assert place.run(state="absent", **ANYHOW).steps and is_gone(place)


def test_wherever_a_run_or_a_removal_is_killed_nobody_is_shut_out_and_the_next_one_finishes(place: Place) -> None:
    points = place.changing_calls()
    removal_points = place.changing_calls(state="absent", **ANYHOW)
    for number in range(max(len(points), len(removal_points))):
        if number < len(points):
            place.killed(points[number])
            assert_nobody_is_shut_out(place)
        assert place.run().exposure == {"findings": [], "cut_off": []}
        assert is_whole(place)
        if number < len(removal_points):
            place.killed(removal_points[number], state="absent", **ANYHOW)
            assert_nobody_is_shut_out(place)
        place.run(state="absent", **ANYHOW)
        assert is_gone(place)


def test_check_mode_tells_the_same_steps_and_changes_nothing(place: Place) -> None:
    writes = place.steer("seen")["writes"]
    told = place.run(check_mode=True)
    assert place.steer("seen")["writes"] == writes
    assert told.is_only_planned == place.can_deny
    assert [line.split(":")[0] for line in told.steps] and place.run().steps[0] == told.steps[0]


def test_the_parts_together_are_the_whole(place: Place) -> None:
    planned = place.run("plan")
    assert planned.plan and not planned.steps
    place.run("open")
    assert place.run("close").exposure == {"findings": [], "cut_off": []}
    assert is_whole(place)
    if place.can_deny:
        place.run("close", "absent", **ANYHOW)
        assert not any("deny" in name for name in place.names()["es1"])
    place.run("open", "absent", **ANYHOW)
    assert is_gone(place)


def test_a_read_after_a_write_that_tells_what_was_before_is_waited_for(place: Place) -> None:
    place.steer("faults", {"call": place.list_call, "times": 3, "stale": True})
    place.run()
    assert is_whole(place)
    assert place.steer("faults")["struck"] == {place.list_call: 3}


def test_what_is_never_told_is_no_success(place: Place) -> None:
    place.steer("faults", {"call": place.list_call, "times": 99, "stale": True})
    with pytest.raises(CloudError, match=r"goes on answering what was before the change\. Nothing is cut off .* the next run goes on from here"):
        place.run()


def test_credentials_that_have_expired_are_said_before_anything_changes(place: Place) -> None:
    writes = place.steer("seen")["writes"]
    place.steer("faults", {"call": "*", "times": 99, "status": 400 if not place.can_deny else 401, "code": "RequestExpired", "message": "It has expired."})
    with pytest.raises(CloudError, match=r"could not be read for es1, es2: (?s:.*)Nothing was changed\. Look at the credentials"):
        place.run()
    assert place.steer("seen")["writes"] == writes


def test_what_others_let_in_is_told_by_node(place: Place) -> None:
    place.run()
    place.open_to_all()
    for part in ("exposure", "close"):
        exposure = place.run(part).exposure
        assert exposure and {finding["host"] for finding in exposure["findings"]} == {"es1", "es2"}
        assert all(finding["ports"] == ["9200"] and "0.0.0.0/0" in finding["sources"] for finding in exposure["findings"])


def test_a_removal_that_cuts_the_nodes_off_from_each_other_is_refused(place: Place) -> None:
    place.run()
    writes = place.steer("seen")["writes"]
    for part in ("plan", "open", "all"):
        with pytest.raises(CloudError, match=r"9300 not reached by(?s:.*)Nothing was changed\.\n.*cloud_firewall_leave_members_cut_off"):
            place.run(part, "absent", leave_closed_ports_open=True)
    # of the whole removal on a cloud that can deny, what denies goes first, as that was allowed
    assert place.steer("seen")["writes"] == writes + (2 if place.can_deny else 0)


PLAYS = """
- hosts: all
  gather_facts: false
  roles:
    - role: tlsfront.elasticsearch.cloud_firewall
"""


def test_the_role_does_it_for_all_nodes_by_one_of_them(place: Place, tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(PLAYS)
    hosts = {name: dict(place.variables) | place.of_node[name] for name in ("es1", "es2")}
    local = {"ansible_host": "192.0.2.1", "cloud_firewall_name": POLICY.name, "tlsfront_clients": list(POLICY.clients)}
    (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": local}}))

    def play(*arguments: str) -> Any:
        command = ["ansible-playbook", "-i", str(tmp_path / "hosts.json"), str(tmp_path / "play.yml"), *arguments]
        done = subprocess.run(command, env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}, capture_output=True, text=True, check=False)
        assert "{" in done.stdout, done.stdout + done.stderr
        assert "emulated-secret" not in done.stdout + done.stderr
        return json.loads(done.stdout[done.stdout.index("{\n") :])

    def outcomes(told: Any, host: str) -> list[Any]:
        return [task["hosts"][host] for each in told["plays"] for task in each["tasks"] if host in task["hosts"]]

    writes = place.steer("seen")["writes"]
    checked = play("--check", "--diff")
    assert place.steer("seen")["writes"] == writes
    assert [checked["stats"][host]["changed"] for host in ("es1", "es2")] == [1, 0], outcomes(checked, "es1")
    assert [checked["stats"][host]["failures"] for host in ("es1", "es2")] == [0, 0], outcomes(checked, "es1")
    done = play("-vvv")
    assert [(done["stats"][host]["changed"], done["stats"][host]["failures"]) for host in ("es1", "es2")] == [(1, 0), (0, 0)], outcomes(done, "es1")
    assert is_whole(place)
    place.open_to_all()
    again = play("-e", "cloud_firewall_fail_on_exposure=true")
    for host in ("es1", "es2"):
        assert again["stats"][host]["changed"] == 0
        assert "9200 open to 0.0.0.0/0 by" in outcomes(again, host)[-1]["msg"] and outcomes(again, host)[-1]["failed"]


def test_google_is_asked_again_where_it_is_asked_too_often(google_place: Place) -> None:
    for fault in (
        {"call": "firewalls.list", "times": 2, "status": 503, "code": "backendError", "message": "Backend error"},
        {"call": "firewalls.insert", "times": 2, "status": 403, "code": "rateLimitExceeded", "message": "Rate Limit Exceeded"},
    ):
        google_place.steer("faults", fault)
    google_place.run()
    assert is_whole(google_place)
    assert google_place.steer("faults")["struck"] == {"firewalls.list": 2, "firewalls.insert": 2}


def test_an_operation_that_ends_with_an_error_is_no_success(google_place: Place) -> None:
    google_place.steer("faults", {"call": "firewalls.insert", "undone": "Quota exceeded."})
    with pytest.raises(CloudError, match="the next run goes on from here"):
        google_place.run()
    google_place.run()
    assert is_whole(google_place)
