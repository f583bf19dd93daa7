# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: client_trust_problems
short_description: What keeps URLs and a directory from standing in the settings of clients
version_added: 0.1.0
description:
  - Checks what the role P(tlsfront.elasticsearch.client_trust#role) writes into files for shells, systemd, Java, Kibana, Beats
    and Logstash, by the rules of P(tlsfront.elasticsearch.https_check#module) for URLs.
  - All that is wrong is told at once.
positional: _input
options:
  _input:
    description: The URLs.
    type: list
    elements: str
    required: true
  directory:
    description: Directory on the client in which the files are, and which they name.
    type: path
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse what can be no URL and no directory
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ client_trust_urls | tlsfront.elasticsearch.client_trust_problems(client_trust_dir) }}"
"""

RETURN = r"""
_value:
  description: One or two sentences for each problem, which say what was found and what to do; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _client_address


def client_trust_problems(urls: t.Any, directory: t.Any) -> list[str]:
    """See DOCUMENTATION."""
    return [
        *_client_address.directory_problems(directory, "client_trust_dir"),
        *_client_address.url_problems(urls, "client_trust_urls"),
    ]


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"client_trust_problems": client_trust_problems}
