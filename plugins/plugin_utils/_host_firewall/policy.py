# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom the rules of the role host_firewall let in to which ports, and all that speaks against loading them."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import re
import typing as t
from collections.abc import Callable, Iterable, Mapping

from ansible.errors import AnsibleFilterError
from ansible.module_utils.compat.version import LooseVersion
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._direct_clients import DirectClients, direct_clients
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._distributions import not_installable, warn
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._distributions import problems as of_distribution
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._outside import outside
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import ports_of, upstream_ports_of

from .agreement import disagreements, is_alone
from .container_networks import container_networks
from .host_addresses import host_addresses, with_addresses
from .leaving import before_they_leave
from .left_out import reaching, shut_out_by
from .sniffing import led_past
from .transport_addresses import transport_addresses

__all__ = ["AUTO", "policy"]

AUTO = "auto"
"""In host_firewall_container_networks, it stands for the networks that are found."""
_OLDEST_NFT = "0.9.8"  # that of Debian 11, the oldest that was tried
_SSHD_PORT = re.compile(r"[0-9]+\Z", re.ASCII)


class _Problems(list[str]):
    """Sentences for the user."""

    def of(self, made: Callable[[], t.Any], otherwise: t.Any = None) -> t.Any:
        """What is made. Where it cannot be, there is the sentence why, and in its place what is given, by default an empty list."""
        try:
            return made()
        except AnsibleFilterError as error:
            if str(error) not in self:
                self.append(str(error))
            return [] if otherwise is None else otherwise


def policy(
    options: Mapping[str, t.Any],
    node: Mapping[str, t.Any] | None = None,
    facts: Mapping[str, t.Any] | None = None,
    host: str = "",
    group: str = "elasticsearch",
    hosts: Iterable[str] = (),
    hostvars: Mapping[str, t.Any] | None = None,
    https_port: int | str = 443,
    sites: t.Any = (),
    ansible_port: int | str = 22,
) -> dict[str, t.Any]:
    """The policy in canonical form, with a sentence for each thing that speaks against it; see the documentation of the filter."""
    found = _Problems()
    node, facts = node or {}, facts or {}
    elasticsearch = node.get("elasticsearch") or {}
    named = found.of(lambda: ports(options["closed_ports"], name="host_firewall_closed_ports"))
    numbers = ports(named, expand=True)
    left_open = found.of(lambda: ports(options["ports_left_open"], expand=True, name="host_firewall_ports_left_open"))
    served, behind = found.of(lambda: _of_sites(sites, https_port, facts, host), ([], []))
    listening = elasticsearch.get("ports", [])
    in_force = node.get("nftables") or {}
    # a port is closed until somebody says that it is not: what listened there may only be stopped
    formerly = {int(port) for port in ports(in_force.get("closed_ports") or [], expand=True)} - {*numbers, *listening, *behind}
    found_ports = [port for port in sorted({*listening, *behind, *formerly}) if port not in left_open and port not in served]
    unnamed = [port for port in found_ports if port not in numbers]
    closed = [int(port) for port in (*numbers, *unnamed)]
    direct = found.of(
        lambda: direct_clients(
            options["direct_clients"], closed, "host_firewall_direct_clients", collapse=False, elsewhere=_closed_elsewhere(host, hosts, hostvars or {})
        ),
        DirectClients(),
    )
    result: dict[str, t.Any] = {
        "named_ports": named,
        "found_ports": found_ports,
        "unnamed_ports": unnamed,
        "ports": ports(named + unnamed),
        "direct_clients": direct.everywhere,
        "direct_clients_by_port": direct.by_port,
        "container_networks": found.of(
            lambda: networks(_with_found(options["container_networks"], facts), name="host_firewall_container_networks")
        ),
        "https_ports": found.of(lambda: ports(options.get("https_ports", []), expand=True, name="host_firewall_https_ports")),
        "https_clients": found.of(lambda: networks(options.get("https_clients", []), name="host_firewall_https_clients")),
        "peers": found.of(lambda: networks(options["peers"] or _peers(hosts, hostvars or {}, in_force), name="host_firewall_peers", collapse=False)),
    }
    cluster = elasticsearch.get("cluster", {})
    let_in = in_force.get("let_in")
    result["joining"] = [] if let_in is None else found.of(lambda: outside(_members(result["peers"], hosts, hostvars or {}), let_in))
    doors = elasticsearch.get("http") or []
    # for what asks all nodes together, by name
    about = {"lacks_a_peer": host if result["joining"] else "", "wants_login": host if doors and all(door.get("wants_login") for door in doors) else ""}
    kept = [port for port in unnamed if port in formerly]
    seen = _seen(cluster, [port for port in unnamed if port in listening]) + _of_kept(kept)
    seen += _of_sniffing(led_past(cluster.get("answers", []), closed), https_port)
    firewalls, opens = node.get("firewalls") or {}, bool(options.get("open_others", True))
    seen += "".join(f" {sentence}" for sentence in _seen_of_others(firewalls, opens))
    if "distribution" not in facts or "interfaces" not in facts:
        problem = "The role host_firewall needs the facts of the host, distribution and network. Set gather_facts to true in the play."
        return {"policy": result, "seen": seen, **about, "problems": [problem]}
    warn(facts, host)
    found += [*of_distribution(facts, host), *_nft(facts, host, in_force)]
    found += _timeout(options["confirm_timeout"])
    if not options["closed_ports"]:
        found.append("host_firewall_closed_ports is empty. Name the ports to close, or set host_firewall_state to absent.")
    if options.get("probe_hosts") and not options.get("probe_addresses"):
        found.append(
            "host_firewall_probe_addresses has nothing that can be connected to, so no port would be proved to be closed. "
            "Name this host's addresses there, or set host_firewall_probe_hosts to an empty list."
        )
    own = found.of(lambda: host_addresses([host], {host: {"ansible_facts": facts}}))
    if own and result["peers"] and len(outside(own, result["peers"])) == len(own):
        found.append(
            f"None of the addresses of {host} is in host_firewall_peers, so this list belongs to other hosts. "
            f"Put {host} into the group {group}, or list the addresses of all nodes of its cluster in host_firewall_peers."
        )
    closed_are = _closed_are([port for port in unnamed if port in listening], [port for port in unnamed if port in behind and port not in listening], kept)
    found += _needed(closed, closed_are, [ansible_port, https_port, *served, *_sshd_port(facts)])
    needless = [str(port) for port in closed if port in set(result["https_ports"]) - {int(https_port), *served}]
    if needless:
        found.append(
            f"host_firewall_https_ports contains {' and '.join(needless)}, where Elasticsearch speaks without TLS: other firewalls would be opened for it. "
            "Take it out of the list."
        )
    found += _outgoing(closed, closed_are, node.get("outgoing_ports"))
    if "elasticsearch" not in node:
        found.append(str(node.get("msg") or "It cannot be seen what is on this host: the module node_info has not answered."))
    else:
        at_transport = _at_transport(direct.by_port, elasticsearch)
        allowed = [*result["peers"], *result["direct_clients"], *at_transport, *result["container_networks"], *own]
        found += _agreement(host, node, reaching(facts, own), group, hosts, hostvars or {})
        found += shut_out_by(host, facts, own, hosts, hostvars or {}, is_alone(node))
        found += found.of(lambda: _cluster(elasticsearch["cluster"], bool(options["accept_unknown_cluster"]), allowed, group))
    found += _of_others(firewalls, opens)
    if in_force.get("problem"):
        found.append(in_force["problem"])
    return {"policy": result, "seen": seen, **about, "problems": list(found)}


def _agreement(
    host: str, node: Mapping[str, t.Any], addresses: Iterable[str], group: str, hosts: Iterable[str], hostvars: Mapping[str, t.Any]
) -> list[str]:
    def node_of(name: str) -> Mapping[str, t.Any] | None:
        return node if name == host else hostvars[name].get("__host_firewall_node") if name in hostvars else None

    def is_shut_out() -> bool:
        rules = [((node_of(other) or {}).get("nftables") or {}).get("let_in") for other in hosts if other != host]
        return any(let_in is not None and outside(addresses, let_in) for let_in in rules)

    # kept by the playbook site of nodes that --limit leaves out
    left_out = {name: {"elasticsearch": {"http": hostvars[name].get("tlsfront_left_out_http") or []}} for name in hosts if name in hostvars and name != host}
    return disagreements(host, group, hosts, node_of, is_shut_out, left_out)


def _with_found(given: t.Any, facts: Mapping[str, t.Any]) -> t.Any:
    """The networks of containers, with those that are found on the host in place of AUTO."""
    if not isinstance(given, list) or AUTO not in given:
        return given
    return [*(network for network in given if network != AUTO), *container_networks(facts)]


def _nft(facts: Mapping[str, t.Any], host: str, nftables: Mapping[str, t.Any]) -> list[str]:
    """What is missing of it."""
    if nftables.get("is_installed") is False:
        return not_installable(facts, host, "nft")
    version = nftables.get("version")
    if version and LooseVersion(str(version)) < LooseVersion(_OLDEST_NFT):
        return [f"nft of {host} is {version}, but the rules of the role host_firewall need {_OLDEST_NFT} or newer. Update the package nftables."]
    return []


def _timeout(value: t.Any) -> list[str]:
    """It stands in a unit of systemd."""
    if re.fullmatch(r"[1-9][0-9]{0,3}", str(value), re.ASCII) and 5 <= int(value) <= 3600:
        return []
    return [f"host_firewall_confirm_timeout is {json.dumps(str(value))}. Give a whole number of seconds from 5 to 3600."]


def _of_sites(sites: t.Any, https_port: int | str, facts: Mapping[str, t.Any], host: str) -> tuple[list[int], list[int]]:
    """The ports of the front, and those of this host behind its sites."""
    try:
        return [int(port) for port in ports_of(sites, [https_port])], upstream_ports_of(sites, facts, [host])
    except ValueError as cause:
        raise AnsibleFilterError(f"{cause}.") from None


def _peers(hosts: Iterable[str], hostvars: Mapping[str, t.Any], in_force: Mapping[str, t.Any]) -> list[str]:
    """The addresses of the hosts. The inventory may not name each address of one whose facts cannot be had: whoever is let in as a peer today stays so."""
    names = list(hosts)
    found = host_addresses(names, hostvars)
    if all(with_addresses(hostvars[name].get("ansible_facts") or {}) for name in names):
        return found
    return list(dict.fromkeys([*found, *(in_force.get("peers") or [])]))


def _closed_elsewhere(host: str, hosts: Iterable[str], hostvars: Mapping[str, t.Any]) -> set[int]:
    """The ports of Elasticsearch on other nodes, as far as they are known: the same may be said of all of them, whatever each has."""
    others = [hostvars[other] for other in hosts if other != host and other in hostvars]
    seen = [((other.get("__host_firewall_node") or {}).get("elasticsearch") or {}).get("ports") or [] for other in others]
    return {int(port) for its in [*seen, *(other.get("tlsfront_found_ports") or [] for other in others)] for port in its}


def _closed_are(unnamed: list[int], behind: list[int], kept: list[int]) -> str:
    found = f" with {', '.join(map(str, unnamed))}, at which Elasticsearch listens," if unnamed else ""
    found += f" with {', '.join(map(str, behind))}, to which tlsfront_sites passes on," if behind else ""
    found += f" with {', '.join(map(str, kept))}, closed by the rules in force and not in host_firewall_ports_left_open," if kept else ""
    return f"host_firewall_closed_ports{found}"


def _sshd_port(facts: Mapping[str, t.Any]) -> list[str]:
    """The port at which sshd was reached is the last number. sudo hides the variable, other ways to become root do not."""
    return _SSHD_PORT.findall(str((facts.get("env") or {}).get("SSH_CONNECTION", "")))


def _needed(closed: list[t.Any], closed_are: str, needed: Iterable[int | str]) -> list[str]:
    """The ports of this connection and of https stay open."""
    wanted = {int(port) for port in needed}
    both = [str(port) for port in closed if port in wanted]
    if not both:
        return []
    return [f"{closed_are} contains {' and '.join(both)}, which Ansible connects to or clients are to use by https. Take it out of the list."]


def _outgoing(closed: list[t.Any], closed_are: str, outgoing: Mapping[str, t.Any] | None) -> list[str]:
    """Answers to an outgoing connection come to its source port: were that closed, some connections of the node would hang by chance."""
    if not outgoing:
        return []
    reserved = ports(outgoing["reserved"], expand=True, name="net.ipv4.ip_local_reserved_ports")
    clash = [str(port) for port in closed if outgoing["first"] <= port <= outgoing["last"] and port not in reserved]
    if not clash:
        return []
    return [
        f"{closed_are} contains {', '.join(clash[:3])}, which this host may also use as the source port of an outgoing "
        f"connection (net.ipv4.ip_local_port_range is {outgoing['first']}-{outgoing['last']}). Add it to net.ipv4.ip_local_reserved_ports first."
    ]


def _cluster(cluster: Mapping[str, t.Any], accepts_unknown: bool, allowed: list[str], group: str) -> list[str]:
    """It is known which nodes the cluster has, and each is a peer.

    Raises AnsibleFilterError when the address of one cannot be read.
    """
    found = []
    if not cluster["is_known"] and not accepts_unknown:
        found.append(
            f"It cannot be seen which nodes the cluster of this host has, so some could be cut off: {cluster['seen']}. "
            "If it speaks https itself, name the file on the node that has its CA in tlsfront_elasticsearch_ca_paths. "
            "Or set host_firewall_cluster_url to where the node's own Elasticsearch answers, with host_firewall_cluster_ca_path for https, and "
            "host_firewall_cluster_username and host_firewall_cluster_password, or host_firewall_cluster_api_key, for a login. "
            "If host_firewall_peers is known to be complete, set host_firewall_accept_unknown_cluster to true."
        )
    told = [address for answer in cluster["answers"] for address in transport_addresses(answer)]
    cut_off = outside(dict.fromkeys([*told, *map(_plain, cluster["addresses"])]), allowed)
    if cut_off:
        found.append(
            f"{' and '.join(cut_off)} would be cut off: a node of this cluster has or uses that address ({cluster['seen']}), "
            f"but it is not in host_firewall_peers. Put the node into the group {group} "
            "of the inventory, or add the address to host_firewall_peers. If it is a client, add it to host_firewall_direct_clients."
            + "".join(f" {sentence}" for sentence in before_they_leave(cluster["answers"], allowed))
        )
    return found


def _members(peers: list[str], hosts: Iterable[str], hostvars: Mapping[str, t.Any]) -> list[str]:
    """The single addresses of peers, and those of the hosts that lie in their networks, as far as they are known."""
    single = [peer for peer in peers if "/" not in peer]
    others: list[str] = []
    for host in hosts if len(single) < len(peers) else ():
        with contextlib.suppress(AnsibleFilterError, LookupError):
            others += host_addresses([host], hostvars)
    strangers = {*outside(others, peers), *single}
    return [*single, *(address for address in others if address not in strangers)]


def _at_transport(by_port: Mapping[str, list[str]], elasticsearch: Mapping[str, t.Any]) -> list[str]:
    """Who may use a port at which nodes speak with each other: a remote cluster, for example."""
    http = {door["port"] for door in elasticsearch.get("http", [])}
    transport = [port for port in elasticsearch.get("ports", []) if port not in http]
    return [network for port, its in by_port.items() if set(ports([port], expand=True)) & set(transport) for network in its]


def _plain(address: str) -> str:
    return str(ipaddress.ip_address(address))


def _seen(cluster: Mapping[str, t.Any], unnamed: list[int]) -> str:
    known = "Nobody would be cut off" if cluster.get("is_known") else "Not known whether a node would be cut off"
    too = (
        f" Elasticsearch listens at {', '.join(map(str, unnamed))}, too. The role closes what it finds, unless host_firewall_ports_left_open names it."
        if unnamed
        else ""
    )
    return f"{known}: {cluster.get('seen', '')}.{too}"


def _of_kept(kept: list[int]) -> str:
    if not kept:
        return ""
    return (
        f" Nothing listens at {', '.join(map(str, kept))} now, which the rules in force close: it stays closed, for what was there may be stopped. "
        "Name it in host_firewall_ports_left_open to open it."
    )


def _of_others(firewalls: Mapping[str, t.Any], opens: bool) -> list[str]:
    """What keeps clients out of https and is not to be changed, or cannot be."""
    problems, by_hand = list(firewalls.get("problems", [])), firewalls.get("by_hand", [])
    if by_hand and not opens:
        problems.append(
            f"{' and '.join(firewalls['found'])} on this host keeps out clients of https, and host_firewall_open_others is false. "
            f"Let them in there: {'; '.join(by_hand)}. Or set it to true."
        )
    return problems


def _seen_of_others(firewalls: Mapping[str, t.Any], opens: bool) -> list[str]:
    changes = firewalls.get("commands", []) if opens else []
    told = [f"The rules of other firewalls on this host are changed for https: {'; '.join(changes)}."] if changes else []
    return [*told, *firewalls.get("notices", [])]


def _of_sniffing(past: list[str], https_port: int | str) -> str:
    if not past:
        return ""
    where = ", ".join(past[:3]) + (" and more" if past[3:] else "")
    return (
        f" A client that asks the cluster for its nodes (sniffing) is led to {where}, which the rules close to it. "
        f"Have it not sniff, or set http.publish_host to a name of the certificate and http.publish_port to {https_port} in elasticsearch.yml: docs/clients.md."
    )
