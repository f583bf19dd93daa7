# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: https_front_problems
short_description: What is wrong with the options of the role https_front
version_added: 0.1.0
description:
  - Says all that is wrong with the values of the role P(tlsfront.elasticsearch.https_front#role)'s options, by themselves, together, and on the host and
    beside the other sites of its nginx, before anything changes. It takes what nginx would take.
  - Neither passwords nor hashes come into a message.
positional: _input
options:
  _input:
    description: The variables that begin with C(https_front_), by name. Those that are not there are not looked at.
    type: dict
    required: true
  closed_ports:
    description: The ports that are to be closed to clients.
    type: list
    elements: int
    default: []
  gathered:
    description: What M(tlsfront.elasticsearch.nginx_info) has returned. Without it, nothing of the host is looked at.
    type: dict
  host:
    description: The name of the host, for the messages.
    type: str
    default: ""
  distribution:
    description: The distribution of the host.
    type: str
    default: ""
  distributions:
    description: Those that the role knows.
    type: list
    elements: str
    default: [""]
  needs_certificate:
    description: Whether the certificate must be there already.
    type: bool
    default: false
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Assert that the options of the proxy are possible
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ {'https_front_port': '4_43'} | tlsfront.elasticsearch.https_front_problems }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front import problems


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"https_front_problems": problems.problems}
