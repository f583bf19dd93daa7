# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who beside the cluster may use which of the closed ports: `tlsfront_direct_clients` in canonical form."""

from __future__ import annotations

import ipaddress
import typing as t
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports

__all__ = ["DirectClients", "direct_clients"]

_EXAMPLE = "{networks: [192.0.2.0/24], ports: [9300]}"


@dataclass(frozen=True)
class DirectClients:
    """Networks that may use all closed ports, and those that may use some, by port or range of ports (`9200-9299`)."""

    everywhere: list[str] = field(default_factory=list)
    by_port: dict[str, list[str]] = field(default_factory=dict)


def direct_clients(
    entries: t.Any, closed: Sequence[int], name: str, cidr: bool = False, collapse: bool = True, elsewhere: Collection[int] = ()
) -> DirectClients:
    """Return who may use which ports.

    entries    addresses and networks, for all closed ports; and dictionaries of `networks` and `ports`, for some of them
    closed     the numbers of the ports that are closed
    name       what the user calls the entries
    cidr       as of the filter networks, collapse, too
    elsewhere  those that only other nodes have and close: the same entries may be said of all nodes

    Raises AnsibleFilterError for the first entry that is none of both, or that has a port which is not closed.
    """
    some = [entry for entry in entries if isinstance(entry, Mapping)] if _is_list(entries) else []
    everywhere = networks([entry for entry in entries if not isinstance(entry, Mapping)] if some else entries, cidr=cidr, collapse=collapse, name=name)
    numbers: dict[str, set[int]] = {}
    for entry in some:
        named, of = _read(entry, {*closed, *elsewhere}, name)
        for network in networks(named, cidr=cidr, collapse=collapse, name=name):
            if not _lies_in(network, everywhere):
                numbers.setdefault(network, set()).update(set(of) & set(closed))
    by_port: dict[str, list[str]] = {}
    for network, its in numbers.items():
        for port in ports(sorted(its)):
            by_port.setdefault(str(port), []).append(network)
    ordered = sorted(by_port, key=lambda text: int(text.partition("-")[0]))
    return DirectClients(everywhere, {port: networks(by_port[port], cidr=cidr, collapse=collapse, name=name) for port in ordered})


def _is_list(entries: t.Any) -> bool:
    return isinstance(entries, Iterable) and not isinstance(entries, (str, Mapping))


def _read(entry: Mapping[str, t.Any], closed: Collection[int], name: str) -> tuple[t.Any, list[int]]:
    if set(entry) != {"networks", "ports"}:
        raise AnsibleFilterError(f"{name}: {dict(entry)!r} must have networks and ports, and nothing else: write for example {_EXAMPLE}.")
    of = [int(port) for port in ports(entry["ports"], expand=True, name=name)]
    if not of:
        raise AnsibleFilterError(f"{name}: {dict(entry)!r} has no port: write for example {_EXAMPLE}, or the networks alone for all closed ports.")
    stray = [str(port) for port in of if port not in closed]
    if stray:
        raise AnsibleFilterError(f"{name}: {', '.join(stray[:3])} of {dict(entry)!r} is not among the closed ports: close it, or take it out.")
    return entry["networks"], of


def _lies_in(network: str, others: Iterable[str]) -> bool:
    one = ipaddress.ip_network(network)
    return any(one.version == other.version and one.subnet_of(other) for other in map(ipaddress.ip_network, others))  # type: ignore[arg-type]
