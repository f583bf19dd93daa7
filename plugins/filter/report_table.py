# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: report_table
short_description: Results of C(https_check) as a table in plain text
version_added: 0.1.0
description:
  - One line for each address of each endpoint from each host that looked. Below it each failure with its cause and cure, each warning,
    and on the last line the summary.
  - A port is said to be V(closed) where that was seen. Where a host did not answer at all its ports are V(unknown), and the check failed.
  - Text from certificates and servers is shown without control characters.
positional: _input
options:
  width:
    description:
      - Columns of the terminal, at least 40.
      - Longer lines are avoided by shortening names and addresses in the middle. The verdict and the ports are never shortened.
    type: int
    default: 120
extends_documentation_fragment:
  - tlsfront.elasticsearch.report
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Endpoints as seen from each client
  tlsfront.elasticsearch.https_check:
    endpoints: ["https://es1.example.org", "https://es2.example.org"]
    closed_ports: [9200, 9300]
  register: seen
  failed_when: false

- name: What this client saw
  ansible.builtin.set_fact:
    observation:
      from: "{{ inventory_hostname }}"
      result: "{{ seen }}"

- name: One table of what all of them saw
  ansible.builtin.debug:
    msg: "{{ (observations | tlsfront.elasticsearch.report_table(width=160)).splitlines() }}"
  vars:
    observations: "{{ ansible_play_hosts_all | map('extract', hostvars, 'observation') }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The table. No line ends in a space.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._table import DEFAULT_WIDTH, columns, table


def report_table(observations: t.Any, width: int = DEFAULT_WIDTH) -> str:
    """See DOCUMENTATION."""
    try:
        return table(checks_of(observations), columns(width))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"report_table: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"report_table": report_table}
