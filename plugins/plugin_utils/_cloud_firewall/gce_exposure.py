# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who reaches ports of instances on Google Compute Engine, through all that filters packets there."""

from __future__ import annotations

import typing as t

from .._addresses import addresses
from .gce_path import path_of
from .node_exposure import Exposure

__all__ = ["gce_exposure"]

Resources = t.Sequence[t.Mapping[str, t.Any]]


def gce_exposure(
    nodes: Resources,
    hosts: t.Mapping[str, str],
    target: t.Mapping[str, t.Sequence[str]],
    ports: t.Sequence[t.Any],
    permitted: t.Sequence[str],
    by_port: t.Mapping[str, t.Sequence[str]] | None = None,
    without: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """Return what hierarchical policies, firewall rules and network policies of each interface together let in to the ports.

    `findings` names each rule that lets in anyone else than the nodes and the permitted; `cut_off` has a sentence for each interface that other nodes of its
    network do not reach. A rule for a network tag or a service account counts as one that lets others in, unless it is that of the nodes. So does a rule for
    what Google keeps, such as regions and threat lists.

    nodes      as gce_instance_firewalls_info returns them
    hosts      their names, by zone and name of their instances (europe-west1-b/es1)
    target     what the nodes are known by, network tags (`tags`) or service accounts (`service_accounts`)
    permitted  addresses and networks that may reach the ports, beside the nodes
    by_port    those that may reach one of the ports, or a range of them, only
    without    names of firewall rules to leave out, to see what would be without them
    """
    own = [address for node in nodes for interface in node["interfaces"] for address in interface["addresses"]]
    exposure = Exposure.of(ports, [*permitted, *own], by_port or {})
    known_by = [*(target.get("tags") or ()), *(target.get("service_accounts") or ())]
    members = {name: addresses(own) for name in known_by}
    for node in nodes:
        for interface in node["interfaces"]:
            effective = dict(interface["effective"])
            effective["firewalls"] = [f for f in effective.get("firewalls") or [] if f["name"] not in without]
            path = path_of(effective, members, interface["network"], interface["policies_first"])
            where = f"{interface['name']}, {', '.join(interface['addresses'])}"
            exposure.look_at(hosts[_key(node)], where, path, _peers(node, interface, nodes, hosts))
    return exposure.plain()


def _peers(
    node: t.Mapping[str, t.Any], interface: t.Mapping[str, t.Any], nodes: Resources, hosts: t.Mapping[str, str]
) -> dict[str, str]:
    """The internal addresses of other nodes' first interfaces, which first interfaces in a network must let in."""
    if interface["name"] != "nic0":
        return {}
    return {
        first["internal_address"]: hosts[_key(other)]
        for other in nodes
        for first in other["interfaces"][:1]
        if other is not node and first["network"] == interface["network"] and first["internal_address"]
    }


def _key(node: t.Mapping[str, t.Any]) -> str:
    return f"{node['zone']}/{node['name']}"
