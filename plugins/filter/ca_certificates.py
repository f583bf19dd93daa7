# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ca_certificates
short_description: The certificates of a text, each by itself
version_added: 0.1.0
description:
  - Takes a text with certificates in PEM apart, such as a bundle of CAs. One that is there twice is told once.
positional: _input
options:
  _input:
    description: A text with certificates in PEM, one at least. What stands between them is left out.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Who is trusted, and until when
  ansible.builtin.debug:
    msg: "{{ item.title }} until {{ item.not_after }}"
  loop: "{{ lookup('ansible.builtin.file', '/etc/ssl/es-ca.pem') | tlsfront.elasticsearch.ca_certificates }}"
  loop_control:
    label: "{{ item.sha256 }}"
"""

RETURN = r"""
_value:
  description: The certificates, in the order of the text.
  type: list
  elements: dict
  contains:
    pem:
      description: The certificate alone, in PEM.
      type: str
    title:
      description: What people call it - its common name, its first name, or its subject. On one line.
      type: str
    not_after:
      description: Its last second, in UTC.
      type: str
      sample: "2036-11-21T13:37:57Z"
    sha256:
      description: Its fingerprint.
      type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _bundle, _x509


def ca_certificates(pem: str) -> list[dict[str, str]]:
    """See DOCUMENTATION."""
    try:
        return _bundle.certificates(pem)
    except _x509.Unreadable as cause:
        raise AnsibleFilterError(f"ca_certificates: the text {cause}") from cause


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ca_certificates": ca_certificates}
