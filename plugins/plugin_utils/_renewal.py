# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of a run that renews: for whoever reads its last line, or is woken by its failure."""

from __future__ import annotations

import datetime
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import Check, checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._summary import and_join, probes_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["outcome"]


def outcome(
    observations: Sequence[object],
    nodes: Mapping[str, Mapping[str, t.Any]],
    revoked: Sequence[Mapping[str, t.Any]],
    asked: Sequence[str],
    check: bool,
    now: datetime.datetime,
    elsewhere: Sequence[str] = (),
    group: str = "",
) -> dict[str, t.Any]:
    """Return `problems`, each a sentence, and where there is none the `summary`, one line.

    A node that Ansible cannot reach is no problem by itself where its certificate was seen to be valid for long enough. Where it can reach none, it is: so
    it will be when they are due.

    :param observations: what hosts saw of the nodes
    :param nodes: of each node what it has noted: `reached`, `failed` (why), `problems`, `due`, `left` and `warnings` (sentences), or nothing where it could
        not be reached
    :param revoked: the result of own_ca_crl for each own CA
    :param asked: the hosts whose certificates were to be revoked
    :param elsewhere: those of them that are in the inventory, and not in the group of the nodes
    """
    checks = checks_of(observations)
    why = {node: said.get("failed") or " ".join(said.get("problems", [])) for node, said in nodes.items()}
    problems = [f"{node}: {one_line(text)}" for node, text in why.items() if text]
    problems += [_of_check(each) for each in checks if each.state == "failed"]
    # the task that asks goes on where it fails, so that its result does not say that it has failed
    wrong = [one_line(each["msg"]) for each in revoked if each.get("msg") and "next_update" not in each]
    wrong += [one_line(sentence) for each in revoked for sentence in each.get("unrevoked", [])]
    if asked and not revoked:
        wrong.append(f"What {and_join(asked)} has got was not revoked: no node of this run has a certificate of the own CA.")
    problems = wrong + problems
    away = [node for node, said in nodes.items() if not said.get("reached")]
    if len(away) == len(nodes):
        problems.append(
            f"Ansible can reach none of the nodes ({', '.join(away)}), or not work there, so none could be renewed. At night no SSH agent is there, and nobody "
            "who types a password."
        )
    is_revoked = any(each.get("next_update") for each in revoked)
    told = [_of_elsewhere(elsewhere, group, check)] if elsewhere and is_revoked else []
    if problems:
        return {"problems": problems + told, "summary": ""}
    return {"problems": [], "summary": " ".join([_summary(checks, nodes, away, revoked, check, now), *told])}


def _of_elsewhere(hosts: Sequence[str], group: str, check: bool) -> str:
    """Of a host that may have left the group for good, or be a node of another one."""
    is_one = len(hosts) == 1
    they = "it" if is_one else "they"
    return (
        f'{and_join(hosts)} {"is" if is_one else "are"} in the inventory, but not in the group "{group}", so {they} {"would get" if check else "got"} no other '
        f"certificate: where {they} still {'serves' if is_one else 'serve'} what was revoked, {they} {'goes' if is_one else 'go'} on doing so until "
        f"tlsfront.elasticsearch.renew or site is run with {'its' if is_one else 'their'} own group (-e tlsfront_group=...)."
    )


def _of_check(check: Check) -> str:
    where = f"{check.url} ({check.address})" if check.address else check.url or "no endpoint"
    return f"{where}, seen from {check.probe}: {check.reason}: {check.message}"


def _summary(
    checks: Sequence[Check],
    nodes: Mapping[str, Mapping[str, t.Any]],
    away: Sequence[str],
    revoked: Sequence[Mapping[str, t.Any]],
    check: bool,
    now: datetime.datetime,
) -> str:
    due = {node: "; ".join(said["due"]) for node, said in nodes.items() if said.get("due")}
    left = {node: "; ".join(said["left"]) for node, said in nodes.items() if said.get("left")}
    parts = [("Would renew " if check else "Renewed ") + ", ".join(f"{node} ({why})" for node, why in due.items()) if due else "No certificate was due"]
    serials = [serial for each in revoked for serial in each.get("revoked", [])]
    if serials:
        parts.insert(0, f"{'Would revoke' if check else 'Revoked'} {', '.join(serials)}")
    dated = [(each.expires, each.node) for each in checks if each.expires is not None]
    if dated:
        first = min(dated)[0]
        whose = list(dict.fromkeys(node for moment, node in dated if moment == first))
        served = len({node for _moment, node in dated})
        parts.append(
            f"of what {served} {'node serves' if served == 1 else 'nodes serve'}, seen from {and_join(probes_of(checks))}, the first to end is that of "
            f"{and_join(whose)}, at {first:%Y-%m-%dT%H:%M:%SZ}, in {(first - now).days} days"
        )
    ends = [each["next_update"] for each in revoked if each.get("next_update")]
    if ends:
        parts.append(f"the list of revoked certificates ends at {min(ends)}")
    sentences = ["; ".join(parts) + "."]
    if away:
        sentences.append(f"Ansible could not reach {and_join(away)}: what {'it serves' if len(away) == 1 else 'they serve'} is not due yet.")
    if left:
        sentences.append("Left to a run of tlsfront.elasticsearch.site: " + ", ".join(f"{node} ({why})" for node, why in left.items()) + ".")
    warnings = dict.fromkeys(warning for said in nodes.values() for warning in said.get("warnings", []))
    return " ".join([*sentences, *warnings])
