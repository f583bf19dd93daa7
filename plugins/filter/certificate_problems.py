# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the options of the role certificate, as the filter C(tlsfront.elasticsearch.certificate_problems)."""

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_problems
author: The tlsfront.elasticsearch authors
version_added: 0.1.0
short_description: What is wrong with the options of the role certificate
description:
  - Checks the options of the role P(tlsfront.elasticsearch.certificate#role), the CA, certificate and key that they name, and who else could read or change
    these, before anything changes. All that is wrong is told at once.
  - No part of a key or a passphrase is ever told.
positional: _input
options:
  public_cas:
    description: The CAs that everybody trusts, in PEM. One that is provided must lead to one of them unless its own CA is provided, too.
    type: str
    default: ""
  distribution:
    description: Its distribution.
    type: str
    default: ""
  distributions:
    description: Those that the role supports.
    type: list
    elements: str
    default: [""]
extends_documentation_fragment:
  - tlsfront.elasticsearch.certificate_options
"""

EXAMPLES = r"""
- name: Assert that the options are possible
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ options | tlsfront.elasticsearch.certificate_problems(host=inventory_hostname) }}"
    options:
      certificate_source: acme
      certificate_acme_terms_agreed: false
"""

RETURN = r"""
_value:
  description: A sentence or more for each problem, with the option, its value and the remedy; empty where there is none.
  type: list
  elements: str
"""

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._certificate import problems
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._certificate.plan import Plan


def certificate_problems(
    options: t.Mapping[str, t.Any],
    *,
    node: t.Mapping[str, t.Any] | None = None,
    texts: t.Mapping[str, str] | None = None,
    slurped: t.Sequence[t.Mapping[str, t.Any]] = (),
    public_cas: str = "",
    host: str = "",
    distribution: str = "",
    distributions: t.Sequence[str] = ("",),
) -> list[str]:
    """See DOCUMENTATION."""
    return problems.problems(Plan(options, node, texts, slurped), host, distribution, distributions, public_cas)


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"certificate_problems": certificate_problems}
