# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: sites
short_description: "Internal: what C(tlsfront_sites) means for names, ports, and what is closed"
version_added: 1.0.0
description:
  - Internal to this collection. Its roles and playbooks call it, and it may change in any version.
  - Of the further sites of a front, it says under which names and at which ports the node is reached besides, and which ports of the node are behind them.
  - What has not the form of a site fails, since what is left out would be left open.
positional: _input, what, given
options:
  _input:
    description: C(tlsfront_sites) of a host.
    type: list
    elements: dict
    required: true
  what:
    description:
      - V(names) adds the names of the sites to those that are O(given), and V(ports) their ports.
      - V(verified) adds the names of the sites, and those by which their upstreams are verified.
      - V(closed) adds, to ports at which Elasticsearch was found, those of the host itself to which the sites pass requests on, without the sites' own.
    type: str
    choices: [names, verified, ports, closed]
    required: true
  given:
    description: Names or ports of the front itself, or ports that were found.
    type: list
    elements: raw
    required: true
  left_open:
    description: With V(closed), ports and ranges that stay open, that of the front for one.
    type: list
    elements: raw
    default: []
  facts:
    description: With V(closed), the facts of the host, whose addresses are its own.
    type: dict
    default: {}
  host:
    description: With V(closed), the name of the host in the inventory.
    type: str
    default: ""
  nodes:
    description: With V(ports), names of other hosts whose sites count as well, since a cloud has one set of rules for all of them.
    type: list
    elements: str
    default: []
  hostvars:
    description: The variables of these hosts.
    type: dict
    default: {}
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show every name that the node is reached by
  ansible.builtin.debug:
    msg: "{{ tlsfront_sites | default([]) | tlsfront.elasticsearch.sites('names', ['es1.example.org']) }}"
"""

RETURN = r"""
_value:
  description: What was given, with what the sites add.
  type: list
  elements: raw
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports


def sites(
    its: t.Any,
    what: str,
    given: t.Any,
    *,
    left_open: t.Any = (),
    facts: t.Mapping[str, t.Any] | None = None,
    host: str = "",
    nodes: t.Iterable[str] = (),
    hostvars: t.Mapping[str, t.Any] | None = None,
) -> list[t.Any]:
    """See DOCUMENTATION."""
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_options import options
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import names_of, ports_of, upstream_ports_of
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import sites as read

    try:
        if what == "names":
            return names_of(its, given)
        if what == "verified":
            return names_of(its, [*given, *(str(site.given["upstream_name"]) for site in read(its) if site.given.get("upstream_name"))])
        if what == "ports":
            found = ports_of(its, given)
            for node in nodes:
                found = ports_of(options(node, hostvars or {}).get("tlsfront_sites", []), found)
            return found
        if what == "closed":
            behind = upstream_ports_of(its, facts or {}, [host])
            return ports([*given, *behind], expand=True, without=ports_of(its, left_open))
    except ValueError as cause:
        raise AnsibleFilterError(f"{cause}.") from None
    raise AnsibleFilterError(f"sites: {what!r} is none of names, verified, ports and closed.")


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"sites": sites}
