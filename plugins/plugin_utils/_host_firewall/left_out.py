# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether nodes that the run leaves out, and so does not change, let a node in."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._outside import outside

__all__ = ["reaching", "shut_out_by"]


def reaching(facts: Mapping[str, t.Any], own: Sequence[str]) -> Sequence[str]:
    """Return those of a host's own addresses by which it reaches others; all of them where that is not known."""
    main = [str((facts.get(family) or {}).get("address")) for family in ("default_ipv4", "default_ipv6")]
    return [address for address in main if address in own] or own


def shut_out_by(
    host: str, facts: Mapping[str, t.Any], own: Sequence[str], hosts: Iterable[str], hostvars: Mapping[str, t.Any], is_alone: bool = False
) -> list[str]:
    """Return a sentence where nodes that the run leaves out have rules that do not let the host in, or may have: it would be no node of the cluster.

    facts     of the host: of its addresses, those count by which it reaches others
    own       its addresses
    hostvars  where the playbook site keeps, as tlsfront_lets_in, whom the rules of a node that --limit leaves out let in, as tlsfront_hidden_rules why that
              cannot be seen, and as tlsfront_out_of_reach whether Ansible cannot reach it: such a node may be down, and one that others let in joins without
    is_alone  whether the host is in no cluster yet
    """
    wanted = reaching(facts, own)
    shut = {}
    hosts = list(hosts)
    for other in hosts:
        let_in = hostvars[other].get("tlsfront_lets_in") if other in hostvars else None
        if other != host and let_in is not None:
            missing = outside(wanted, let_in)
            shut.update({other: missing} if missing else {})
    hidden = {other: hostvars[other].get("tlsfront_hidden_rules") for other in hosts if other in hostvars and other != host}
    unseen = {other: str(why) for other, why in hidden.items() if why}
    if any(_is_seen(hostvars[other]) for other in hidden):
        unseen = {other: why for other, why in unseen.items() if not hostvars[other].get("tlsfront_out_of_reach")}
    if is_alone and unseen and not shut:
        names = sorted(unseen)
        return [
            f"{host} is in no cluster yet, and whether {', '.join(names)}, which --limit leaves out, would let it in cannot be seen ({unseen[names[0]]}). "
            f"Have Ansible reach {', '.join(names)} as root, or run it again with {':'.join(names)} in --limit."
        ]
    if not shut:
        return []
    names, addresses = sorted(shut), sorted({address for missing in shut.values() for address in missing})
    return [
        f"The rules of {', '.join(names)}, which --limit leaves out, do not let in {' and '.join(addresses)} of {host}, "
        f"so {host} would not join the cluster. Run it again without --limit, or with {':'.join(names)} in it."
    ]


def _is_seen(other: Mapping[str, t.Any]) -> bool:
    """Whether a node lets others in, or will: it is in the run, or was asked."""
    return bool(other.get("__host_firewall_node")) or ("tlsfront_lets_in" in other and not other.get("tlsfront_hidden_rules"))
