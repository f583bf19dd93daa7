# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of a run of the playbook C(renew), as the filter C(tlsfront.elasticsearch.renewal_outcome)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: renewal_outcome
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: "Internal: what came of a run that renews certificates, in one line, or what is wrong"
description:
  - Internal to this collection. Only the playbook C(tlsfront.elasticsearch.renew) calls it, and it may change in any version.
positional: _input
options:
  _input:
    description: What hosts saw of the nodes, one mapping of C(from) and C(result) for each host that looked.
    type: list
    elements: dict
    required: true
  nodes:
    description: What each node has noted, by its name.
    type: dict
    required: true
  revoked:
    description: What M(tlsfront.elasticsearch.own_ca_crl) has returned for each own CA.
    type: list
    elements: dict
    default: []
  asked:
    description: The hosts whose certificates were to be revoked.
    type: list
    elements: str
    default: []
  elsewhere:
    description: Those of them that are in the inventory, and not in O(group).
    type: list
    elements: str
    default: []
  group:
    description: The group of the nodes.
    type: str
    default: ""
  check:
    description: Whether it was a run in check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Tell what came of it
  ansible.builtin.debug:
    msg: "{{ (observations | tlsfront.elasticsearch.renewal_outcome(nodes={'es1': {'reached': true}})).summary }}"
"""

RETURN = r"""
_value:
  description: C(problems), each a sentence, and the C(summary), which is empty where there are any.
  type: dict
"""

import datetime
import typing as t

from ansible.errors import AnsibleFilterError


def renewal_outcome(
    observations: t.Sequence[object],
    *,
    nodes: t.Mapping[str, t.Mapping[str, t.Any]],
    revoked: t.Sequence[t.Mapping[str, t.Any]] = (),
    asked: t.Sequence[str] = (),
    elsewhere: t.Sequence[str] = (),
    group: str = "",
    check: bool = False,
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._renewal import outcome

    try:
        return outcome(observations, nodes, revoked, asked, check, datetime.datetime.now(datetime.timezone.utc), elsewhere, group)
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"renewal_outcome: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"renewal_outcome": renewal_outcome}
