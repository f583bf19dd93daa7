# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cloud says of addresses: of which instance, load balancer or NAT gateway they are.

It is asked for names alone. What cannot be had is said, and fails nothing.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._cloud_firewall.cloud import Answer, CloudError, said

__all__ = ["Place", "names", "places"]

_MOST = 200
"""Values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html"""
_BALANCERS = ("load_balancer", "network_load_balancer", "gateway_load_balancer", "gateway_load_balancer_endpoint")
_GATEWAY = re.compile(r"\bnat-[0-9a-f]+\b")

Named = t.Dict[str, t.Tuple[str, str]]
"""Kind and name by address."""
Call = t.Callable[[str, t.Dict[str, t.Any]], Answer]


@dataclass(frozen=True)
class Place:
    """Where some nodes are: an account and region of EC2, or a project and zone of Compute Engine."""

    provider: str
    where: tuple[str, ...]
    connection: Mapping[str, t.Any] = field(compare=False)


def places(hostvars: Mapping[str, t.Any], nodes: Iterable[str]) -> list[Place]:
    """Return the places of the nodes, as the role cloud_firewall knows them, each once."""
    found: dict[Place, None] = {}
    for node in nodes:
        its = hostvars[node]
        identity = its.get("tlsfront_identity") or {}
        provider = its.get("tlsfront_cloud") or identity.get("cloud") or "none"
        if provider == "ec2":
            region = (its.get("placement") or {}).get("region") or identity.get("region")
            where: tuple[t.Any, ...] = (its.get("cloud_firewall_ec2_region") or region,)
        elif provider == "gce":
            project, zone = its.get("project") or identity.get("project"), its.get("zone") or identity.get("zone")
            where = (its.get("cloud_firewall_gce_project") or project, its.get("cloud_firewall_gce_zone") or zone)
        else:
            continue
        default = {} if provider == "ec2" else {"auth_kind": "application"}
        found[Place(provider, tuple(str(each or "") for each in where), its.get(f"cloud_firewall_{provider}_connection") or default)] = None
    return list(found)


def names(place: Place, addresses: Sequence[str], call: Call) -> Named:
    """Return what the cloud says of the addresses, as far as they are its own.

    :raises CloudError: with a sentence why it says nothing
    """
    if not addresses:
        return {}
    read = _ec2 if place.provider == "ec2" else _gce
    try:
        return read(place, addresses, call)
    except CloudError as error:
        if place.provider != "ec2":
            raise
        # as Ec2.read() of the role cloud_firewall: this module says why, or whose the credentials are
        caller = call("amazon.aws.aws_caller_info", {**place.connection, "region": place.where[0]})
        asked = f"asked as {caller['arn']}" if caller.get("arn") else caller.get("msg", "")
        raise CloudError(f"{error} ({asked})") from None
    except (AttributeError, KeyError, TypeError) as error:
        raise CloudError(f"its answer cannot be read ({error})") from None


def _ec2(place: Place, addresses: Sequence[str], call: Call) -> Named:
    how = {**place.connection, "region": place.where[0]}
    # by identifier of the interface, for more than one filter finds it
    interfaces: dict[str, Mapping[str, t.Any]] = {}
    for name, value in _filters(addresses):
        answer = _done(call, "amazon.aws.ec2_eni_info", {**how, "filters": {name: value}})
        interfaces.update({str(each["network_interface_id"]): each for each in answer["network_interfaces"]})
    told: dict[tuple[str, str], list[str]] = {}
    for interface in interfaces.values():
        told.setdefault(_of_interface(interface), []).extend(address for address in _of_ec2(interface) if address in addresses)
    # a name for people; without the right to see it, the identifier is one
    instances = sorted({name for (_kind, name), its in told.items() if name.startswith("i-") and its})
    known = call("amazon.aws.ec2_instance_info", {**how, "instance_ids": instances}).get("instances") if instances else ()
    called = {str(each["instance_id"]): str((each.get("tags") or {}).get("Name") or "") for each in known or ()}
    found: dict[str, list[tuple[str, str]]] = {}
    for (kind, name), its in told.items():
        for address in dict.fromkeys(its):
            found.setdefault(address, []).append((kind, f"{name} ({called[name]})" if called.get(name) else name))
    # networks of the same account may have the same addresses
    return {address: its[0] if len(its) == 1 else ("cloud service", " or ".join(name for _kind, name in its)) for address, its in found.items()}


def _filters(addresses: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    v4 = [address for address in addresses if ":" not in address]
    v6 = [address for address in addresses if ":" in address]
    # any may be one of a network of EC2's, and only these one of the internet
    public = [address for address in v4 if ipaddress.ip_address(address).is_global]
    for name, its in (("addresses.private-ip-address", v4), ("association.public-ip", public), ("ipv6-addresses.ipv6-address", v6)):
        for begin in range(0, len(its), _MOST):
            yield name, its[begin : begin + _MOST]


def _of_interface(interface: Mapping[str, t.Any]) -> tuple[str, str]:
    """Its kind and name. Amazon writes the descriptions of its own interfaces, and anybody those of others."""
    kind, text = str(interface.get("interface_type") or ""), str(interface.get("description") or "")
    instance = (interface.get("attachment") or {}).get("instance_id")
    if kind == "nat_gateway":
        gateway = _GATEWAY.search(text)
        return "NAT gateway", gateway[0] if gateway else str(interface.get("network_interface_id") or "")
    if kind in _BALANCERS or (text.startswith("ELB ") and interface.get("requester_managed")):
        return "load balancer", text[4:] if text.startswith("ELB ") else text
    if instance:
        # it forwards what others send, which are behind it: https://docs.aws.amazon.com/vpc/latest/userguide/work-with-nat-instances.html
        return ("NAT instance" if interface.get("source_dest_check") is False else "instance"), str(instance)
    return "cloud service", " ".join(filter(None, [kind if kind != "interface" else "", text])) or str(interface.get("network_interface_id") or "")


def _of_ec2(interface: Mapping[str, t.Any]) -> Iterator[str]:
    yield str(interface.get("private_ip_address"))
    yield str((interface.get("association") or {}).get("public_ip"))
    for each in interface.get("private_ip_addresses") or ():
        yield str(each.get("private_ip_address"))
        yield str((each.get("association") or {}).get("public_ip"))
    for each in interface.get("ipv6_addresses") or ():
        yield str(each.get("ipv6_address"))


def _gce(place: Place, addresses: Sequence[str], call: Call) -> Named:
    project, zone = place.where
    found: Named = {}
    for instance in _done(call, "google.cloud.gcp_compute_instance_info", {**place.connection, "project": project, "zone": zone})["resources"]:
        kind = "NAT instance" if instance.get("canIpForward") else "instance"
        for interface in instance.get("networkInterfaces") or ():
            outer = [each.get("natIP") for each in interface.get("accessConfigs") or ()]
            for address in (interface.get("networkIP"), *outer):
                if address in addresses:
                    found[address] = (kind, str(instance["name"]))
    return found


def _done(call: Call, module: str, arguments: dict[str, t.Any]) -> Answer:
    answer = call(module, arguments)
    if answer.get("failed"):
        raise CloudError(said(answer) or f"{module} has failed")
    return answer
