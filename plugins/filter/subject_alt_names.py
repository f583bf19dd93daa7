# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: subject_alt_names
short_description: Names and addresses as the subjectAltName entries of a certificate
version_added: 0.1.0
description:
  - Makes of host names and addresses the entries of a certificate's subjectAltName, in the one spelling in which
    certificates are compared, each of them once, in the order given.
  - What no certificate for a host can carry is refused, with what to write in its place.
notes:
  - Host names follow RFC 1123, section 2.1. Underscores are refused, because Java's URLs and certificates know none.
  - A wildcard is the whole first label, with two or more labels after it (RFC 6125, section 6.4.3).
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
- name: Entries for a certificate request
  ansible.builtin.debug:
    msg: "{{ ['es1.example.org'] | tlsfront.elasticsearch.subject_alt_names(['10.0.0.7', 'FD00:0::7']) }}"
    # -> ['DNS:es1.example.org', 'IP:10.0.0.7', 'IP:fd00::7']
"""

RETURN = r"""
_value:
  description: Entries that begin with V(DNS:) or V(IP:).
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._names import NotAName, entries


def subject_alt_names(names: t.Any, addresses: t.Any = ()) -> list[str]:
    """Entries of a subjectAltName; see DOCUMENTATION. Raises AnsibleFilterError for what is none."""
    try:
        return entries(names, addresses)
    except NotAName as refusal:
        raise AnsibleFilterError(str(refusal)) from refusal


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"subject_alt_names": subject_alt_names}
