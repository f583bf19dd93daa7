# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: name_problems
short_description: What is wrong with the names and addresses for a certificate
version_added: 0.1.0
description:
  - Says of host names and addresses which of them no certificate can carry, why, and what to write in their place.
  - Host names follow RFC 1123, wildcard names RFC 6125.
positional: _input
options:
  _input:
    description: Host names, wildcard names and addresses.
    type: list
    elements: str
    required: true
  addresses:
    description: IPv4 and IPv6 addresses.
    type: list
    elements: str
    default: []
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse names that no certificate can carry
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ ['es_1'] | tlsfront.elasticsearch.name_problems }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _names


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"name_problems": _names.problems}
