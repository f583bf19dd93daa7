# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan for Google Compute Engine: a few firewall rules of ours in a network, for the nodes by tag or account.

Unlike a security group these can deny. Ours let in who may come in, and deny the closed ports to everybody else just
behind that, before any rule of a lower priority is looked at.
"""

from __future__ import annotations

import re
import typing as t

from .._intervals import port_set, port_texts
from .plan import CLOSE, OPEN, Plan, Policy

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Firewall = Mapping[str, t.Any]

__all__ = ["plan_absent", "plan_all", "plan_present", "rule_names"]

# Begins the description of each rule that is ours, so that one of the same name that is not is never touched.
_OURS = "Kept by tlsfront.elasticsearch: "
# The fields of a rule that are ours to say. A field that is not there means nothing, no empty list.
_FIELDS = (
    *("description", "direction", "priority", "disabled", "allowed", "denied", "sourceRanges", "destinationRanges"),
    *("sourceTags", "sourceServiceAccounts", "targetTags", "targetServiceAccounts"),
)
# those that are lists of whom a rule is from, and for
_MATCHED = ("sourceRanges", "sourceTags", "sourceServiceAccounts", "targetTags", "targetServiceAccounts")
_OF_CLOSED_PORTS = ("members", "direct-v4", "direct-v6", "deny-v4", "deny-v6")
_KINDS = ("https-v4", "https-v6", *_OF_CLOSED_PORTS)
# those for direct clients of a port or of a range of ports
_OF_PORT = re.compile(r"direct-v[46]-[0-9]+(-[0-9]+)?", re.ASCII)
# A name is a label: RFC 1035, section 2.3.4
_LONGEST_NAME = 63


def rule_names(policy: Policy, network: str, live: Sequence[Firewall]) -> list[str]:
    """Return the names of all rules of ours that may be in a network, or are: firewall rules have one name space a project."""
    begin = f"{policy.name}-{network}-"
    of_ports = [rule["name"] for rule in live if rule["name"].startswith(begin) and _OF_PORT.fullmatch(rule["name"][len(begin) :])]
    return [*(begin + kind for kind in _KINDS), *of_ports]


def plan_all(
    policy: Policy,
    nodes: Sequence[Mapping[str, t.Any]],
    live: Sequence[Firewall],
    target: Mapping[str, Sequence[str]],
    priority: int,
    state: str,
) -> Plan:
    """Return the plan for all networks of the nodes, which are as the module gce_instance_firewalls_info returns them.

    Raises ValueError when a node is not among those that the rules are for, when they would be for every instance of the network, when
    the priority cannot be set, when the name of a rule would be too long, or when a rule has our name but is not ours.
    """
    # gcp_compute_firewall does not send a 0, and Google then takes 1000
    if not 1 <= priority <= 65534:
        raise ValueError(f"the priority of the rules is {priority}, and must be from 1 to 65534. Nothing was changed. Set cloud_firewall_gce_priority.")
    if state == "present":
        _check_target(nodes, target)
    whole = Plan()
    networks = list(dict.fromkeys(interface["network"] for node in nodes for interface in node["interfaces"]))
    if state == "present":
        _check_names(policy, networks, live, target)
    for network in networks:
        whole += plan_absent(policy, network, live) if state == "absent" else plan_present(policy, network, live, target, priority)
    return whole


def _check_target(nodes: Sequence[Mapping[str, t.Any]], target: Mapping[str, Sequence[str]]) -> None:
    kind = "service_accounts" if target.get("service_accounts") else "tags"
    wanted = target.get(kind) or ()
    if not wanted:
        raise ValueError(
            "without tags and service accounts the rules would be for every instance of the network. "
            "Nothing was changed. Set cloud_firewall_gce_target_tags or cloud_firewall_gce_target_service_accounts."
        )
    strangers = [node["name"] for node in nodes if not set(node[kind]) & set(wanted)]
    if strangers:
        raise ValueError(
            f"{', '.join(strangers)} has none of the {kind.replace('_', ' ')} {', '.join(wanted)}, so the rules would "
            "not be for it. Nothing was changed. Set cloud_firewall_gce_target_tags to a network tag that the nodes "
            "have and no other instance has, or give them one, for example: "
            f"gcloud compute instances add-tags {strangers[0]} --tags={wanted[0]}"
        )


def _check_names(policy: Policy, networks: Sequence[str], live: Sequence[Firewall], target: Mapping[str, Sequence[str]]) -> None:
    """A rule is found again by its name, so that a name that is too long cannot be made shorter here."""
    names = {rule["name"]: network for network in networks for rule in _wanted(policy, network, target, 1)}
    longest = max(names, key=len, default="")
    if len(longest) <= _LONGEST_NAME:
        return
    said = f"the firewall rule {longest} would have {len(longest)} characters, and Compute Engine takes names of at most {_LONGEST_NAME}. Nothing was changed. "
    room = _LONGEST_NAME - (len(longest) - len(policy.name))
    if room < 1:
        raise ValueError(f"{said}No cloud_firewall_name is short enough for the network {names[longest]}: use one with a shorter name.")
    ours = [name for network in networks for name in _ours(policy, network, live)]
    there = f" Those of the name that it has now stay then, and are for you to delete: {', '.join(ours)}." if ours else ""
    raise ValueError(f"{said}Set cloud_firewall_name to one of at most {room} character{'s' if room != 1 else ''}.{there}")


def plan_present(
    policy: Policy,
    network: str,
    live: Sequence[Firewall],
    target: Mapping[str, Sequence[str]],
    priority: int,
) -> Plan:
    """Return the plan by which the policy's rules are in the network, and no other rule of ours.

    While the run leaves nodes out, closed ports that our rules have stay in them.
    `live` are the project's firewall rules in the form of compute v1. `target` has `tags` or `service_accounts`.

    Raises ValueError when a rule has one of our names, but is not ours.
    """
    plan = Plan()
    wanted = {rule["name"]: rule for rule in _wanted(policy, network, target, priority)}
    ours = _ours(policy, network, live)
    if policy.others:
        plan.left += _keep_ports(policy, network, ours, wanted)
    for name in dict.fromkeys([*rule_names(policy, network, live), *wanted]):
        before, after = ours.get(name), wanted.get(name)
        plan.before += [f"{name}: {_text(before)}"] if before else []
        plan.after += [f"{name}: {_text(after)}"] if after else []
        if after is None:
            if before is not None:
                plan.add(CLOSE, f"- {name}: {_text(before)}", do="absent", name=name)
        elif before is None:
            plan.add(
                _phase(after),
                f"+ {name}: {_text(after)}",
                do="present",
                name=name,
                network=network,
                rule=_for_module(after),
            )
        elif _same(before) != _same(after):
            # the module compares, and sends, only fields that the live rule has too
            do = "present" if set(_same(before)) == set(_same(after)) else "replace"
            wider = _wider(before, after) if do == "present" else after
            if _same(wider) != _same(before):
                plan.add(_phase(after), f"~ {name}: {_text(wider)}", do=do, name=name, network=network, rule=_for_module(wider))
            if _same(wider) != _same(after):
                plan.add(CLOSE, f"~ {name}: {_text(after)}", do=do, name=name, network=network, rule=_for_module(after))
    # what is denied no longer is let go before what lets members in there: a run that is killed between them leaves nobody cut off
    plan.steps.sort(key=lambda step: step["phase"] == CLOSE and "denied" not in step.get("rule", {}))
    return plan


def plan_absent(policy: Policy, network: str, live: Sequence[Firewall]) -> Plan:
    """Return the plan by which no rule of ours is in the network, unless other nodes need them. What denies goes in the closing phase's place.

    Raises ValueError when a rule has one of our names, but is not ours.
    """
    plan = Plan()
    for name, rule in _ours(policy, network, live).items():
        line = f"{name}: {_text(rule)}"
        plan.before.append(line)
        if policy.others:
            plan.after.append(line)
            plan.left.append(f"{name}, for {' and '.join(policy.others)}")
        else:
            plan.add(_phase(rule), f"- {line}", do="absent", name=name)
    return plan


def _ours(policy: Policy, network: str, live: Sequence[Firewall]) -> dict[str, Firewall]:
    found = {rule["name"]: rule for rule in live}
    named = {name: found[name] for name in rule_names(policy, network, live) if name in found}
    others = [name for name, rule in named.items() if not str(rule.get("description", "")).startswith(_OURS)]
    others += [name for name, rule in named.items() if rule["network"].rsplit("/", 1)[-1] != network]
    if others:
        raise ValueError(
            f"the firewall rule {' and '.join(others)} is not one of this role: its description does not say so, or it "
            "is of another network. Nothing was changed. Rename it, or set cloud_firewall_name to another name."
        )
    return named


def _wanted(
    policy: Policy, network: str, target: Mapping[str, Sequence[str]], priority: int
) -> Iterator[dict[str, t.Any]]:
    who = "ServiceAccounts" if target.get("service_accounts") else "Tags"
    targets = list(target.get("service_accounts") or target.get("tags") or ())

    def rule(kind: str, said: str, action: str, ports: Iterable[str], rank: int, **sources: t.Any) -> dict[str, t.Any]:
        return {
            "name": f"{policy.name}-{network}-{kind}",
            "description": _OURS + said,
            "direction": "INGRESS",
            "priority": rank,
            "disabled": False,
            action: [{"IPProtocol": "tcp", "ports": list(ports)}],
            f"target{who}": targets,
            **sources,
        }

    for family, colon in (("v4", False), ("v6", True)):
        # one rule takes networks of one family
        for kind, said, ports, networks in (
            (f"https-{family}", "clients", policy.open_ports, policy.clients),
            (f"direct-{family}", "direct clients", policy.closed_ports, policy.direct_clients),
            *((f"direct-{family}-{port}", f"direct clients of {port}", [port], its) for port, its in policy.direct_clients_by_port.items()),
        ):
            sources = [network for network in networks if (":" in network) == colon]
            if sources:
                yield rule(kind, said, "allowed", ports, priority, sourceRanges=sources)
        everybody = ["::/0" if colon else "0.0.0.0/0"]
        # behind the allowances: of two rules of one priority the one that denies wins
        yield rule(f"deny-{family}", "all others", "denied", policy.closed_ports, priority + 1, sourceRanges=everybody)
    yield rule("members", "members", "allowed", policy.closed_ports, priority, **{f"source{who}": targets})


def _keep_ports(policy: Policy, network: str, live: Mapping[str, Firewall], wanted: dict[str, dict[str, t.Any]]) -> Iterator[str]:
    """Add to the wanted rules the closed ports that the live ones have besides: nodes that the run leaves out may need them. Yields a line for each rule."""
    for name in (f"{policy.name}-{network}-{kind}" for kind in _OF_CLOSED_PORTS):
        if name not in live or name not in wanted:
            continue
        (config,) = wanted[name].get("denied") or wanted[name]["allowed"]
        before = live[name].get("denied" if "denied" in wanted[name] else "allowed") or ()
        ports = port_set(config["ports"])
        kept = port_set(port for its in before if its["IPProtocol"] == "tcp" for port in its.get("ports") or ()) - ports
        if kept:
            config["ports"] = port_texts(ports | kept)
            yield f"{name}: tcp {','.join(port_texts(kept))}, for {' and '.join(policy.others)}"


def _wider(before: Firewall, after: Firewall) -> Firewall:
    """The rule that lets in what both of them do: whoever is to be let in no longer is kept out last. What comes after, where nobody is let in before, or by
    something that is no rule of ours."""
    configs = before.get("allowed") or [], after.get("allowed") or []
    if before.get("disabled") or any([config.get("IPProtocol") for config in its] != ["tcp"] or not its[0].get("ports") for its in configs):
        return after
    lists = {field: [*after[field], *(one for one in before[field] if one not in after[field])] for field in _MATCHED if after.get(field)}
    ports = port_texts(port_set(configs[0][0]["ports"]) | port_set(configs[1][0]["ports"]))
    return {**after, **lists, "allowed": [{**configs[1][0], "ports": ports}]}


def _phase(rule: Firewall) -> str:
    return CLOSE if "denied" in rule else OPEN


def _same(rule: Firewall) -> dict[str, t.Any]:
    """What is ours to say of a rule, so that rules that mean the same are equal."""
    said = {field: rule[field] for field in _FIELDS if rule.get(field) not in (None, [], "")}
    said.setdefault("disabled", False)
    for field, value in said.items():
        if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
            said[field] = sorted(value)
    return said


def _text(rule: Firewall) -> str:
    configs = rule.get("denied") or rule.get("allowed") or []
    ports = ", ".join(f"{c['IPProtocol']} {','.join(c.get('ports') or ['all'])}" for c in configs)
    sources = _named(rule, "sourceRanges", "sourceTags", "sourceServiceAccounts")
    targets = _named(rule, "targetTags", "targetServiceAccounts")
    verb = "deny" if "denied" in rule else "allow"
    off = ", switched off" if rule.get("disabled") else ""
    return (
        f"{verb} {ports} from {', '.join(sources) or 'everywhere'} to {', '.join(targets) or 'all instances'}, "
        f"priority {rule.get('priority', 1000)}{off}"
    )


def _named(rule: Firewall, *fields: str) -> list[str]:
    return [name for field in fields for name in rule.get(field) or []]


def _for_module(rule: Firewall) -> dict[str, t.Any]:
    """The rule as arguments of the module gcp_compute_firewall."""
    names = {"IPProtocol": "ip_protocol", "sourceRanges": "source_ranges", "sourceTags": "source_tags"}
    names.update(sourceServiceAccounts="source_service_accounts", targetTags="target_tags")
    names.update(targetServiceAccounts="target_service_accounts")
    arguments = {names.get(field, field): value for field, value in rule.items()}
    for action in ("allowed", "denied"):
        if action in arguments:
            arguments[action] = [{"ip_protocol": c["IPProtocol"], "ports": c["ports"]} for c in arguments[action]]
    return arguments
