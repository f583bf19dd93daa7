# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: trust_problems
short_description: What keeps clients from trusting certificates as CAs
version_added: 0.1.0
description:
  - Checks what is to become a client's bundle of CAs - that it can be read, that each certificate in it is a CA's and
    valid now, and that no private key is in it.
  - All that is wrong is told at once.
positional: _input
options:
  _input:
    description: A text with certificates in PEM.
    type: str
    required: true
  judged:
    description: Whether each certificate must be a CA's and valid now, and not only one that can be read.
    type: bool
    default: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse what is no CA to trust
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ lookup('ansible.builtin.file', '/etc/ssl/es-ca.pem') | tlsfront.elasticsearch.trust_problems }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which says what was found and what to do; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _bundle


def trust_problems(pem: str, *, judged: bool = True) -> list[str]:
    """See DOCUMENTATION."""
    return _bundle.problems(pem, judged=judged)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"trust_problems": trust_problems}
