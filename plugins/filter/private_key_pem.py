# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: private_key_pem
short_description: A server's private key as every program reads it
version_added: 0.1.0
description:
  - Takes the private key out of a PEM text, and leaves out what is around it, such as indentation, a byte order mark, comments, parameters
    of its curve, or certificates. The key itself stays as it was written.
positional: _input
options:
  _input:
    description: A text with one private key in PEM, unencrypted.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: The key alone
  ansible.builtin.copy:
    content: "{{ lookup('ansible.builtin.file', '/etc/ssl/es.key') | tlsfront.elasticsearch.private_key_pem }}"
    dest: /etc/program/key.pem
    mode: "0600"
  no_log: true
"""

RETURN = r"""
_value:
  description: The key in PEM.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _x509


def private_key_pem(text: str) -> str:
    """See DOCUMENTATION. Raises AnsibleFilterError, which has no part of the key."""
    try:
        return _x509.load_server_key(text)[1]
    except _x509.Unreadable as cause:
        raise AnsibleFilterError(f"private_key_pem: the text {cause}") from None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"private_key_pem": private_key_pem}
