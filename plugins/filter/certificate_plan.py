# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role certificate is to do for a node, as the filter C(tlsfront.elasticsearch.certificate_plan)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_plan
author: The tlsfront.elasticsearch authors
version_added: 1.0.0
short_description: "Internal: what the role certificate is to do for a node, and what speaks against it"
description:
  - Internal to this collection. Only the role P(tlsfront.elasticsearch.certificate#role) calls it, and it may change in any version.
  - Decides, from the options of the role, what is on the controller and what was gathered on the node, whether a new certificate is needed and why, what it
    must cover, and what is to be installed.
  - With O(check), it first checks the options, the CA, certificate and key that they name, and who else could read or change these. All that is wrong is
    told at once. No part of a key or a passphrase is ever told.
positional: _input
options:
  _input:
    description: The variables of the role, with their prefix C(certificate_).
    type: dict
    required: true
  node:
    description: What M(tlsfront.elasticsearch.tls_keypair_info) has returned.
    type: dict
    default: {}
  texts:
    description: What is in the files on the controller that the options name, by their paths.
    type: dict
    default: {}
  slurped:
    description: What is in those on the node, as the results of M(ansible.builtin.slurp) in a loop over their paths.
    type: list
    elements: dict
    default: []
  issued:
    description: The certificate that the own CA has just issued, in PEM. Empty where it has issued none.
    type: str
    default: ""
  key:
    description: Whether the result has the private key that is provided, which is a secret.
    type: bool
    default: false
  host:
    description: The name of the node in the inventory.
    type: str
    default: ""
  hosts:
    description: The nodes of its group, which renew one after another.
    type: list
    elements: str
    default: []
  public_cas:
    description:
      - The CAs that everybody trusts, in PEM, with O(check). A certificate that is provided must lead to one of them unless its own CA is provided, too.
    type: str
    default: ""
  keeps_lists:
    description:
      - Whether the run signs the own CA's lists of revoked certificates anew by itself. With O(check), one that has ended is a problem otherwise.
    type: bool
    default: false
  acme_package:
    description: The package of certbot on the node, with O(check). Empty where its distribution has none.
    type: str
    default: certbot
extends_documentation_fragment:
  - tlsfront.elasticsearch.plan
  - tlsfront.elasticsearch.plan.facts
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
    - C(problems) has a sentence or more for each problem, with the option, its value and the remedy; it is empty where there is none, and without O(check).
      Nothing else is there where there are problems, or where all is to be removed.
    - C(names) are the entries of the subjectAltName, C(asked) the same without their kinds. C(reasons) and C(intermediate_reasons) say why the own CA issues a
      certificate for the node and one for its intermediate; empty where it does not. C(chain) and C(ca) are what is to be installed, C(about) what the chain
      says, C(key) with O(key) the private key that is provided.
  type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError


def certificate_plan(
    options: t.Mapping[str, t.Any],
    *,
    node: t.Mapping[str, t.Any] | None = None,
    texts: t.Mapping[str, str] | None = None,
    slurped: t.Sequence[t.Mapping[str, t.Any]] = (),
    issued: str = "",
    key: bool = False,
    host: str = "",
    hosts: t.Sequence[str] = (),
    check: bool = False,
    public_cas: str = "",
    keeps_lists: bool = False,
    facts: t.Mapping[str, t.Any] | None = None,
    acme_package: str = "certbot",
) -> dict[str, t.Any]:
    """See DOCUMENTATION. Raises AnsibleFilterError, which has no part of a key."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._certificate.plan import Plan
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._certificate.problems import problems

    plan = Plan(options, node, texts, slurped, issued)
    found = problems(plan, host, facts or {}, acme_package, public_cas, keeps_lists) if check else []
    if found or plan.text("certificate_state") == "absent":
        return {"problems": found}
    try:
        return {"problems": found, **plan.result(host, hosts), **({"key": plan.key} if key else {})}
    except ValueError as cause:
        raise AnsibleFilterError(f"certificate_plan: {cause}") from None


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"certificate_plan": certificate_plan}
