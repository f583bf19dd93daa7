# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one host asks for in its cloud, and all that speaks against it, before any cloud is asked."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._direct_clients import DirectClients, direct_clients
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import upstream_ports_of

from . import credentials

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["found_ports", "known_peers", "policy_of"]

# The strictest of all: names of firewall rules on GCE (RFC 1035, section 2.3.1), which get the network's name and a word behind them (see gce_plan.py).
# EC2 takes 255 characters in the name of a group, which is this alone.
_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
_INSTANCE_ID = re.compile(r"i-[0-9a-f]+")


def found_ports(hosts: Iterable[Mapping[str, t.Any]]) -> list[int]:
    """Return the ports at which Elasticsearch was found on any of the hosts, and those of a host behind its sites: their rules are for all of them.

    A second node takes 9201 and 9301. What is behind a site is among what was found, where that was looked for.
    """
    found: set[int] = set()
    for host in hosts:
        told = host.get("tlsfront_found_ports")
        if told is None:
            told = upstream_ports_of(host.get("tlsfront_sites") or (), host.get("ansible_facts") or {}, [str(host.get("inventory_hostname") or "")])
        found.update(map(int, told))
    return sorted(found)


def known_peers(hosts: Iterable[Mapping[str, t.Any]]) -> list[str]:
    """Return the addresses of nodes of the group in other scopes, and of those that --limit leaves out, as far as this run knows them."""
    found: list[str] = []
    for host in hosts:
        facts = host.get("ansible_facts") or {}
        found += facts.get("all_ipv4_addresses") or ()
        found += (address for address in facts.get("all_ipv6_addresses") or () if not str(address).lower().startswith("fe80:"))
        found += (host.get("tlsfront_identity") or {}).get("addresses") or ()
    return [str(address) for address in found]


def policy_of(
    given: Mapping[str, t.Any], host: str, found: list[int], peers: list[str], left_out: Iterable[str] = ()
) -> tuple[dict[str, t.Any], list[str]]:
    """Return what the host asks for, and a sentence for each thing that speaks against it; where there is one, the first is of no use.

    `given` has the options of the module cloud_firewall_policy, `found` and `peers` are what the two functions above return, and `left_out` are the
    nodes of the group that are not in this run.
    """
    said: list[str] = []

    def read(convert: Callable[..., t.Any], value: t.Any, name: str, **more: t.Any) -> t.Any:
        try:
            return convert(value, name=name, **more)
        except AnsibleFilterError as error:
            said.append(str(error))
            return []

    open_ports = read(ports, given["open_ports"], "cloud_firewall_open_ports", expand=True)
    closed_ports = read(ports, given["closed_ports"], "cloud_firewall_closed_ports", expand=True)
    clients = read(networks, given["clients"], "cloud_firewall_clients", cidr=True)
    direct = read(direct_clients, given["direct_clients"], "cloud_firewall_direct_clients", closed=[*closed_ports, *found], cidr=True) or DirectClients()
    others = read(networks, [*given["peers"], *peers], "cloud_firewall_peers")
    if not said:
        said += _problems_of_ports(given, open_ports, closed_ports, found)
    if not _NAME.fullmatch(given["name"]):
        said.append(
            f"cloud_firewall_name is {json.dumps(given['name'])}: it must begin with a lower-case letter, have at most 40 lower-case "
            "letters, digits and hyphens, and not end with a hyphen."
        )
    elif given["provider"] == "ec2" and given["name"].startswith("sg-"):
        said.append(f"cloud_firewall_name is {json.dumps(given['name'])}: EC2 takes that for the ID of a group. Choose a name that does not begin with sg-.")
    of_cloud = _of_ec2 if given["provider"] == "ec2" else _of_gce
    node, problems = of_cloud(given, host)
    said += problems
    said += _problems_of_access(given, host)
    policy = {
        "name": given["name"],
        "open_ports": ports(open_ports),
        "closed_ports": ports([*closed_ports, *(port for port in found if port not in closed_ports)]),
        "clients": clients,
        "direct_clients": direct.everywhere,
        "direct_clients_by_port": direct.by_port,
        "others": sorted(left_out),
    }
    return {"node": {"host": host, "provider": given["provider"], **node}, "policy": policy, "permitted": [*direct.everywhere, *others]}, said


def _problems_of_ports(given: Mapping[str, t.Any], open_ports: list[int], closed_ports: list[int], found: list[int]) -> list[str]:
    if not open_ports or not closed_ports:
        return [
            f"cloud_firewall_open_ports is {json.dumps(given['open_ports'])} and cloud_firewall_closed_ports is "
            f"{json.dumps(given['closed_ports'])}: each needs a port."
        ]
    both = [str(port) for port in open_ports if port in set(closed_ports)]
    if both:
        return [f"{' and '.join(both)} is among cloud_firewall_open_ports and cloud_firewall_closed_ports. Take it out of one of them."]
    # Which of the two is meant only the user knows: nothing is opened, and nothing that was open on purpose is closed, without a word.
    exposed = [str(port) for port in open_ports if port in set(found)]
    if exposed:
        return [
            f"{' and '.join(exposed)} is among cloud_firewall_open_ports, but Elasticsearch listens there on a node. "
            "Take it out of them, or, if that is meant, name it in host_firewall_ports_left_open."
        ]
    return []


def _of_ec2(given: Mapping[str, t.Any], host: str) -> tuple[dict[str, t.Any], list[str]]:
    instance, region, connection = given["ec2_instance_id"], given["ec2_region"], given["ec2_connection"]
    who = [str(connection.get(key) or "") for key in ("profile", "access_key", "endpoint_url")]
    node = {"scope": _digest("ec2", region, *who), "instance": instance}
    if _INSTANCE_ID.fullmatch(instance) and region:
        return node, []
    return node, [
        f"{host} is to be on EC2, but its instance ({json.dumps(instance)}) or region ({json.dumps(region)}) is not known. "
        "Use the inventory amazon.aws.aws_ec2, or run the role node_identity before, or set cloud_firewall_ec2_instance_id and "
        "cloud_firewall_ec2_region, or cloud_firewall_provider to none."
    ]


def _of_gce(given: Mapping[str, t.Any], host: str) -> tuple[dict[str, t.Any], list[str]]:
    project, zone, name = given["gce_project"], given["gce_zone"], given["gce_instance"]
    node = {"scope": _digest("gce", project), "instance": f"{zone}/{name}", "project": project, "zone": zone, "name": name}
    if project and zone and name:
        return node, []
    return node, [
        f"{host} is to be on Compute Engine, but its project ({json.dumps(project)}), zone ({json.dumps(zone)}) or name ({json.dumps(name)}) "
        "is not known. Use the inventory google.cloud.gcp_compute, or run the role node_identity before, or set cloud_firewall_gce_project, "
        "cloud_firewall_gce_zone and cloud_firewall_gce_instance, or cloud_firewall_provider to none."
    ]


def _digest(*parts: str) -> str:
    """A name for an account and region, or a project: it is only compared, and tells none of its parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _problems_of_access(given: Mapping[str, t.Any], host: str) -> list[str]:
    provider = given["provider"]
    found = credentials.problems(provider, given[f"{provider}_connection"])
    if not found:
        return []
    return [
        f"Others can read or change by what the controller logs in to the cloud of {host} or verifies it (cloud_firewall_{provider}_connection, and "
        f"its environment). {'; '.join(found)}. Look first whether somebody has changed it, and take other credentials in place of those that others "
        "could read."
    ]
