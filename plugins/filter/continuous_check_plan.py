# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: continuous_check_plan
short_description: "Internal: what the role continuous_check puts on a host, and what speaks against it"
version_added: 1.0.0
description:
  - For the role P(tlsfront.elasticsearch.continuous_check#role). Of its variables, and of what was gathered on a host, it tells what is wrong, or what is
    to be there.
positional: _input
options:
  _input:
    description: The variables of the role, by their names with the prefix.
    type: dict
    required: true
  node:
    description: What the role has gathered on the host.
    type: dict
    required: true
  starter:
    description: The file that is run there.
    type: str
    default: ""
  lock:
    description: What pip installs there, with hashes.
    type: str
    default: ""
  host:
    description: The name of the host, for messages.
    type: str
    default: ""
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Assert that what was asked for is possible
  ansible.builtin.assert:
    that: plan.problems | length == 0
    fail_msg: "{{ plan.problems | join(' ') }} Nothing was changed."
  vars:
    plan: "{{ options | tlsfront.elasticsearch.continuous_check_plan(node=gathered, host=inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: What is to be there, as the role uses it; of what cannot be, the problems alone.
  type: dict
  contains:
    problems:
      description: A sentence for each thing that is wrong, and what to do.
      type: list
      elements: str
    program_files:
      description: The files of the program, by their paths.
      type: dict
    files:
      description: Its settings, which everybody may read, by their paths.
      type: dict
    secrets:
      description: Files that only root may read, by their paths.
      type: dict
    python:
      description: The interpreter that runs the program.
      type: str
"""

import typing as t

_PREFIX = "continuous_check_"


def continuous_check_plan(
    options: t.Mapping[str, t.Any], *, node: t.Mapping[str, t.Any], starter: str = "", lock: str = "", host: str = ""
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._continuous_plan import plan

    own = {name[len(_PREFIX) :]: value for name, value in options.items() if name.startswith(_PREFIX)}
    return plan(own, node, starter, lock, host)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"continuous_check_plan": continuous_check_plan}
