# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Google Cloud puts before a network interface, as a path of stages.

First come the hierarchical firewall policies, from the organization down to the folder, and Google's system policies;
then the firewall rules of the network; then its network firewall policies, global and regional. A network may be set to
have its policies before its rules. A packet that nothing matches is denied.
See https://cloud.google.com/firewall/docs/firewall-policies-overview#rule-evaluation

The input is what `instances.getEffectiveFirewalls` of compute v1 answers for one interface.
"""

from __future__ import annotations

import typing as t

from .._addresses import Addresses, addresses
from .._intervals import Intervals, port_set
from .exposure import ALL_PORTS, Rule, Source, Stage

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Resource = Mapping[str, t.Any]

__all__ = ["path_of"]

_ANYWHERE = ("0.0.0.0/0", "::/0")
_TCP = {"6", "all", "tcp"}
# the last one hands the packet to a firewall that is configured elsewhere, and which may let it pass
_VERDICTS = {"allow": "allow", "deny": "deny", "goto_next": "next", "apply_security_profile_group": "allow"}


# what a rule may ask for besides source and port
_CONDITIONS = (
    *("destAddressGroups", "destFqdns", "destIpRanges", "destNetworkContext", "destNetworkType", "destRegionCodes"),
    *("destThreatIntelligences", "srcNetworkContext", "srcNetworkType", "srcNetworks"),
)
_ORDER = {"HIERARCHY": 0, "SYSTEM_GLOBAL": 1, "SYSTEM_REGIONAL": 2, "NETWORK": 3, "NETWORK_REGIONAL": 4}
_KINDS = {"HIERARCHY": "hierarchical firewall policy", "NETWORK": "network firewall policy"}


def path_of(
    effective: Resource, members: Mapping[str, Addresses], network: str, policies_first: bool = False
) -> list[Stage]:
    """Return the stages before an interface.

    `effective` is the answer for it, which has only rules whose target service accounts and secure tags are the
    instance's. `members` are the addresses behind network tags and service accounts, as far as they are known.
    `network` is the last part of its network's URL. `policies_first` says whether the network has its policies before
    its rules (`networkFirewallPolicyEnforcementOrder`).
    """
    policies = sorted(effective.get("firewallPolicys") or [], key=_rank)
    above = [_policy_stage(policy, network) for policy in policies if _rank(policy) < _ORDER["NETWORK"]]
    below = [_policy_stage(policy, network) for policy in policies[len(above) :]]
    rules = Stage(tuple(_network_rules(effective.get("firewalls") or [], members)), "next")
    return [*above, *([*below, rules] if policies_first else [rules, *below])]


def _rank(policy: Resource) -> int:
    return _ORDER.get(policy.get("type", ""), 0)


def _network_rules(firewalls: Sequence[Resource], members: Mapping[str, Addresses]) -> list[Rule]:
    """Rules of a network, by priority. Of equal ones those that deny win, so they are tried first."""
    rules = []
    for firewall in sorted(firewalls, key=lambda f: (f.get("priority", 1000), "denied" not in f)):
        if firewall.get("direction", "INGRESS") != "INGRESS" or firewall.get("disabled"):
            continue
        configs = firewall.get("denied") or firewall.get("allowed") or []
        ports = _ports((config["IPProtocol"], config.get("ports")) for config in configs)
        verdict = "deny" if "denied" in firewall else "allow"
        sources = _firewall_sources(firewall, members)
        rules.append(Rule(_firewall_name(firewall), verdict, ports, sources, not firewall.get("destinationRanges")))
    return [rule for rule in rules if rule.ports]


def _firewall_sources(firewall: Resource, members: Mapping[str, Addresses]) -> tuple[Source, ...]:
    found = [_range(text) for text in firewall.get("sourceRanges") or []]
    for kind, field in (("tag", "sourceTags"), ("service account", "sourceServiceAccounts")):
        found += [Source(f"instances with the {kind} {name}", members.get(name)) for name in firewall.get(field) or []]
    return tuple(found or map(_range, _ANYWHERE))


def _firewall_name(firewall: Resource) -> str:
    parts = str(firewall.get("selfLink", "")).split("/")
    project = f" of project {parts[parts.index('projects') + 1]}" if "projects" in parts else ""
    description = firewall.get("description")
    said = f" ('{description}')" if description else ""
    return f"firewall rule {firewall['name']}{project}, priority {firewall.get('priority', 1000)}{said}"


def _policy_stage(policy: Resource, network: str) -> Stage:
    rules = []
    for rule in sorted(policy.get("rules") or [], key=lambda r: r.get("priority", 0)):
        if rule.get("direction", "INGRESS") != "INGRESS" or rule.get("disabled") or rule["action"] not in _VERDICTS:
            continue
        networks = {url.rsplit("/", 1)[-1] for url in rule.get("targetResources") or []}
        if rule.get("targetType", "INSTANCES") != "INSTANCES" or (networks and network not in networks):
            continue
        match = rule.get("match") or {}
        ports = _ports((config["ipProtocol"], config.get("ports")) for config in match.get("layer4Configs") or [])
        certain = all(match.get(field) in (None, [], "UNSPECIFIED") for field in _CONDITIONS)
        rules.append(
            Rule(_policy_name(policy, rule), _VERDICTS[rule["action"]], ports, _policy_sources(match), certain)
        )
    return Stage(tuple(rule for rule in rules if rule.ports), "next")


def _policy_sources(match: Resource) -> tuple[Source, ...]:
    """The sources of a policy's rule. All but its networks are lists that Google keeps, or the owner of the policy."""
    ranges = match.get("srcIpRanges") or []
    others = [
        Source(f"{what} {text}", None)
        for what, field in (
            ("address group", "srcAddressGroups"),
            ("domain name", "srcFqdns"),
            ("region", "srcRegionCodes"),
            ("threat list", "srcThreatIntelligences"),
        )
        for text in match.get(field) or []
    ]
    others += [Source(f"secure tag {tag.get('name')}", None) for tag in match.get("srcSecureTags") or []]
    if others or ranges:
        return (*map(_range, ranges), *others)
    return tuple(map(_range, _ANYWHERE))


def _policy_name(policy: Resource, rule: Resource) -> str:
    kind = _KINDS.get(policy.get("type", ""), "firewall policy")
    name = policy.get("displayName") or policy.get("shortName") or policy.get("name")
    description = rule.get("ruleName") or rule.get("description")
    said = f" ('{description}')" if description else ""
    return f"{kind} {name}, rule of priority {rule.get('priority', 0)}{said}"


def _ports(configs: Iterable[tuple[str, Sequence[str] | None]]) -> Intervals:
    """The TCP ports of protocols with their ports, each a number or a range with a hyphen; without ports, all."""
    found = Intervals()
    for protocol, ports in configs:
        if str(protocol).lower() not in _TCP:
            continue
        found |= port_set(ports) if ports else ALL_PORTS
    return found


def _range(text: str) -> Source:
    return Source(text, addresses([text]))
