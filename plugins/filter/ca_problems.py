# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ca_problems
short_description: What keeps a CA from signing
version_added: 0.1.0
description:
  - Checks a CA before it is used - that its certificate is that of a CA and valid for long enough, that its key
    opens and matches, and that its name constraints let it sign for the names.
  - All that is wrong is told at once. No part of the key is ever told.
positional: _input
options:
  _input:
    description: A text with the CA's certificate in PEM; empty where there is none yet.
    type: str
    required: true
  key:
    description: A text with the CA's private key in PEM; empty where it is not at hand.
    type: str
    required: true
  passphrase:
    description: Passphrase of the key; empty for none.
    type: str
    default: ""
  passphrase_option:
    description: What the passphrase is called where it is set, for the message.
    type: str
    default: certificate_own_ca_passphrase
  intermediates:
    description: How many CAs it must be able to have below it, one below the other.
    type: int
    default: 0
  intermediate:
    description: Whether it is itself an intermediate of the own CA, for the message.
    type: bool
    default: false
  days:
    description: Days for which the CA must be valid still.
    type: int
    default: 0
  names:
    description: What it is to sign, as P(tlsfront.elasticsearch.subject_alt_names#filter) gives it.
    type: list
    elements: str
    default: []
  permitted:
    description: Domains and networks for which it is to be able to sign, and for no others; empty for all.
    type: list
    elements: str
    default: []
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Refuse a CA that cannot sign
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: >-
      {{ lookup('ansible.builtin.file', '~/ca/ca.pem') | tlsfront.elasticsearch.ca_problems(
           key=lookup('ansible.builtin.file', '~/ca/ca.key'), passphrase=ca_passphrase, days=30) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which says what was found and what to do; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _certificate_problems


def ca_problems(
    certificate: str,
    *,
    key: str,
    passphrase: str = "",
    days: int = 0,
    names: t.Sequence[str] = (),
    permitted: t.Sequence[str] = (),
    passphrase_option: str = "certificate_own_ca_passphrase",
    intermediates: int = 0,
    intermediate: bool = False,
) -> list[str]:
    """What keeps a CA from signing; see DOCUMENTATION."""
    return _certificate_problems.of_ca(
        certificate,
        key,
        passphrase,
        int(days),
        wanted=names,
        permitted=permitted,
        passphrase_option=passphrase_option,
        intermediates=int(intermediates),
        intermediate=intermediate,
    )


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ca_problems": ca_problems}
