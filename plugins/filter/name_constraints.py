# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: name_constraints
short_description: The name constraints by which a CA may sign for domains and networks only
version_added: 0.1.0
description:
  - Makes of domains and networks the name constraints of a CA, in which each kind of names is mentioned, because clients take
    a kind that is not for one that is not restricted.
  - A domain is permitted with all that is below it. Where no domain is given, the CA may sign for no host name, and where no
    network is given, for no address; for mail addresses and URIs never.
notes:
  - RFC 5280, section 4.2.1.10. Not restricted are names of persons (directory names).
positional: _input
options:
  _input:
    description: Domains and networks; empty for a CA without constraints.
    type: list
    elements: str
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: A request for a CA that may sign for one domain
  community.crypto.openssl_csr_pipe:
    privatekey_path: ca.key
    common_name: A CA
    basic_constraints: ["CA:TRUE"]
    name_constraints_permitted: "{{ constraints.permitted }}"
    name_constraints_excluded: "{{ constraints.excluded }}"
    name_constraints_critical: true
  vars:
    constraints: "{{ ['example.org'] | tlsfront.elasticsearch.name_constraints }}"
"""

RETURN = r"""
_value:
  description: C(permitted) and C(excluded), lists of subtrees as P(community.crypto.openssl_csr_pipe#module) takes them.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _constraints


def name_constraints(permitted: t.Iterable[str]) -> dict[str, list[str]]:
    """See DOCUMENTATION. Raises AnsibleFilterError for what is neither a domain nor a network."""
    try:
        return _constraints.subtrees(_constraints.planned(permitted))
    except _constraints.NotAConstraint as cause:
        raise AnsibleFilterError(f"name_constraints: {cause}") from cause


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"name_constraints": name_constraints}
