# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: client_trust_plan
short_description: "Internal: which CAs the role client_trust puts on a client, and what speaks against it"
version_added: 1.0.0
description:
  - Internal to this collection. Only the role P(tlsfront.elasticsearch.client_trust#role) calls it, and it may change in any version.
  - Takes the files with the CAs apart. A certificate that is there twice is told once.
  - With O(check), it first checks what the role writes into files for shells, systemd, Java, Kibana, Beats and Logstash, by the rules of
    P(tlsfront.elasticsearch.https_check#module) for URLs; that each certificate is a CA's and valid now, and that no private key is beside it; and who else
    could change what clients will trust. All that is wrong is told at once.
positional: _input
options:
  _input:
    description:
      - The variables of the role without their prefix C(client_trust_). Looked at are C(cas), and with O(check) also C(state), C(dir), C(urls), C(system)
        and C(java_cacerts).
    type: dict
    required: true
  texts:
    description: What is in those of C(cas) that are files on the controller, by their paths, with certificates in PEM.
    type: dict
    required: true
  access:
    description: Who else may change what is in C(dir), as P(tlsfront.elasticsearch.path_access_info#module) returns it, with O(check).
    type: list
    elements: str
    default: []
  host:
    description: The name of the client, for the messages, with O(check).
    type: str
    default: ""
  group:
    description: The name of the group of the cluster's nodes, for the messages, with O(check).
    type: str
    default: elasticsearch
author: The tlsfront.elasticsearch authors
extends_documentation_fragment:
  - tlsfront.elasticsearch.plan
"""

EXAMPLES = r"""
- name: Who is trusted, and until when
  ansible.builtin.debug:
    msg: "{{ item.title }} until {{ item.not_after }}"
  loop: "{{ ({'cas': texts.keys()} | tlsfront.elasticsearch.client_trust_plan(texts=texts)).certificates }}"
  loop_control:
    label: "{{ item.sha256 }}"
  vars:
    texts:
      /etc/ssl/es-ca.pem: "{{ lookup('ansible.builtin.file', '/etc/ssl/es-ca.pem') }}"
"""

RETURN = r"""
_value:
  description: What is to be done. Where there are problems, nothing else is there.
  type: dict
  contains:
    problems:
      description: One or two sentences for each problem, which say what was found and what to do; empty where there is none, and without O(check).
      type: list
      elements: str
    certificates:
      description: The certificates, in the order of C(cas) and of the text.
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


def client_trust_plan(
    options: t.Mapping[str, t.Any],
    *,
    texts: t.Mapping[str, str],
    check: bool = False,
    access: t.Sequence[str] = (),
    host: str = "",
    group: str = "elasticsearch",
) -> dict[str, t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _bundle, _client_trust, _x509

    paths = list(options["cas"])
    found = _client_trust.problems(options, texts, access, host, group) if check else []
    if found:
        return {"problems": found}
    try:
        return {"problems": found, "certificates": _bundle.certificates("\n".join(texts[path] for path in paths)) if paths else []}
    except _x509.Unreadable as cause:
        raise AnsibleFilterError(f"client_trust_plan: the text {cause}") from cause


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"client_trust_plan": client_trust_plan}
