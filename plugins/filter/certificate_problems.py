# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_problems
short_description: What keeps a server from using a certificate
version_added: 0.1.0
description:
  - Checks a certificate before it is installed - that the key matches, that the chain is in order and leads to a CA
    that clients trust, that every name is covered by the subjectAltName and
    within the name constraints of the CAs, dates, key sizes, signatures and purpose.
  - All that is wrong is told at once. No part of the key is ever told.
positional: _input
options:
  _input:
    description: A text with the server's certificate in PEM, then each intermediate after the one that it signed.
    type: str
    required: true
  key:
    description: A text with the private key in PEM, unencrypted.
    type: str
    required: true
  names:
    description: What the certificate must cover, as P(tlsfront.elasticsearch.subject_alt_names#filter) gives it.
    type: list
    elements: str
    required: true
  trusted:
    description: A text with the CAs in PEM that clients trust.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse a certificate that would not work
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    names: "{{ ['es1.example.org'] | tlsfront.elasticsearch.subject_alt_names }}"
    problems: >-
      {{ lookup('ansible.builtin.file', '/etc/ssl/es.pem') | tlsfront.elasticsearch.certificate_problems(
           key=lookup('ansible.builtin.file', '/etc/ssl/es.key'), names=names,
           trusted=lookup('ansible.builtin.file', '/etc/ssl/certs/ca-certificates.crt')) }}
"""

RETURN = r"""
_value:
  description:
    - One sentence for each problem, which says what was found, what is wanted and what to do; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _certificate_problems


def certificate_problems(chain: str, *, key: str, names: list[str], trusted: str) -> list[str]:
    """What keeps a server from using a certificate; see DOCUMENTATION."""
    return _certificate_problems.of_server(chain, key, names, trusted)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"certificate_problems": certificate_problems}
