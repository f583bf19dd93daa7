# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: whole_run
short_description: "Internal: the hosts of a play, unless the command line leaves out what the play rests on"
version_added: 1.0.0
description:
  - Internal to this collection. Only its playbooks call it, and it may change in any version.
  - Returns what it is given, or fails where C(--skip-tags) or C(--start-at-task) leave out steps in a way that no
    task could notice, since it would be left out itself, or where a strategy lets some hosts go on when others have failed.
  - The hosts of a play are always looked at.
positional: _input
options:
  _input:
    description: The pattern of the play's hosts.
    type: str
    required: true
  skip_tags:
    description: The variable C(ansible_skip_tags).
    type: list
    elements: str
    default: []
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Summary
  hosts: "{{ 'all' | tlsfront.elasticsearch.whole_run(skip_tags=ansible_skip_tags) }}"
"""

RETURN = r"""
_value:
  description: The pattern.
  type: str
"""

import typing as t

from ansible import constants, context
from ansible.errors import AnsibleFilterError

# with both, what is tagged `always` is left out: https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_tags.html#special-tags
_LEAVE_OUT_ALWAYS = {"always", "tagged"}
# any_errors_fatal does not hold: https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_strategies.html
_EACH_BY_ITSELF = {"free", "host_pinned", "mitogen_free", "mitogen_host_pinned"}


def whole_run(pattern: str, skip_tags: t.Iterable[str] = ()) -> str:
    """See DOCUMENTATION. Raises AnsibleFilterError where steps are left out."""
    left_out = sorted(_LEAVE_OUT_ALWAYS.intersection(skip_tags))
    if left_out:
        raise AnsibleFilterError(
            f"--skip-tags {','.join(left_out)} leaves out steps of this playbook, and what it says of its proof. Nothing was changed and nothing was proved: "
            "run it again without."
        )
    if context.CLIARGS.get("start_at_task"):
        raise AnsibleFilterError(
            "--start-at-task leaves out steps on which all others rest, so nothing was changed and nothing was proved: run the playbook again without."
        )
    strategy = str(constants.DEFAULT_STRATEGY)
    if strategy.rpartition(".")[2] in _EACH_BY_ITSELF:
        raise AnsibleFilterError(
            f"With the strategy {strategy}, hosts go on when others have failed, and ports could be closed before all is proved. Nothing was changed. "
            "Set ANSIBLE_STRATEGY (strategy in ansible.cfg) to linear."
        )
    return pattern


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"whole_run": whole_run}
