# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role certificate is to do for a node, as the filter C(tlsfront.elasticsearch.certificate_plan)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_plan
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: What the role certificate is to do for a node
description:
  - Decides, from the options of the role P(tlsfront.elasticsearch.certificate#role), what is on the controller and what was gathered on the node, whether a
    new certificate is needed and why, what it must cover, and what is to be installed.
  - The options must be possible, as P(tlsfront.elasticsearch.certificate_problems#filter) says.
positional: _input
options:
  issued:
    description: The certificate that the own CA has just issued, in PEM. Empty where it has issued none.
    type: str
    default: ""
  hosts:
    description: The nodes of its group, which renew one after another.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - tlsfront.elasticsearch.certificate_options
"""

EXAMPLES = r"""
- name: Say why a certificate would be issued
  ansible.builtin.debug:
    msg: "{{ (options | tlsfront.elasticsearch.certificate_plan(node=gathered)).reasons }}"
  vars:
    options:
      certificate_source: own_ca
      certificate_own_ca_dir: ~/ca
      certificate_names: [es1.example.org]
"""

RETURN = r"""
_value:
  description:
    - C(names) are the entries of the subjectAltName, C(asked) the same without their kinds. C(reasons) and C(intermediate_reasons) say why the own CA issues a
      certificate for the node and one for its intermediate; empty where it does not. C(chain), C(ca) and C(key) are what is to be installed, C(about) what the
      chain says. C(key) is a secret, and only there for a provided one.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._certificate.plan import Plan


def certificate_plan(
    options: t.Mapping[str, t.Any],
    *,
    node: t.Mapping[str, t.Any] | None = None,
    texts: t.Mapping[str, str] | None = None,
    slurped: t.Sequence[t.Mapping[str, t.Any]] = (),
    issued: str = "",
    host: str = "",
    hosts: t.Sequence[str] = (),
) -> dict[str, t.Any]:
    """See DOCUMENTATION. Raises AnsibleFilterError, which has no part of a key."""
    try:
        return Plan(options, node, texts, slurped, issued).result(host, hosts)
    except ValueError as cause:
        raise AnsibleFilterError(f"certificate_plan: {cause}") from None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"certificate_plan": certificate_plan}
