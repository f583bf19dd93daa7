# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_facts
short_description: What a certificate says, in the words of the role certificate
version_added: 0.1.0
description:
  - Reads the first certificate of a PEM text. Gives an empty mapping where there is none that can be read.
positional: _input
options:
  _input:
    description: A text with a certificate in PEM.
    type: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: When does it end
  ansible.builtin.debug:
    msg: "{{ (pem | tlsfront.elasticsearch.certificate_facts).not_after }}"
  vars:
    pem: "{{ lookup('ansible.builtin.file', '/etc/ssl/es.pem') }}"
"""

RETURN = r"""
_value:
  description: What the certificate says; empty where it cannot be read.
  type: dict
  contains:
    names:
      description: Its subjectAltName, as P(tlsfront.elasticsearch.subject_alt_names#filter) writes it.
      type: list
      elements: str
    title:
      description: Its common name, or else its first name.
      type: str
    subject:
      description: Its distinguished name (RFC 4514).
      type: str
    issuer:
      description: Distinguished name of its issuer (RFC 4514).
      type: str
    key:
      description: Kind of its key, such as V(ecdsa-p256) or V(rsa-2048).
      type: str
    not_before:
      description: When it becomes valid, such as V(2026-11-24T13:37:57Z).
      type: str
    not_after:
      description: The last second in which it is valid, written in the same way.
      type: str
    sha256:
      description: Its fingerprint, in lower case with colons.
      type: str
    public_sha256:
      description: The sha256 of its public key, as P(community.crypto.openssl_privatekey_info#module) gives it.
      type: str
    authority_key_identifier:
      description: By what it names its issuer's key, in lower case with colons; empty where it does not.
      type: str
    subject_key_identifier:
      description: By what others name its own key, in lower case with colons; empty where it does not say.
      type: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _x509


def certificate_facts(pem: str) -> dict[str, t.Any]:
    """What the first certificate of a PEM text says; see RETURN."""
    certificates = _x509.readable_certificates(pem)
    return _x509.facts(certificates[0]) if certificates else {}


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"certificate_facts": certificate_facts}
