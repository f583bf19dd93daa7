# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: endpoints
short_description: The endpoints of a cluster's nodes, for C(https_check)
version_added: 0.1.0
description:
  - Makes, of host names in the inventory, the list that O(tlsfront.elasticsearch.https_check#module:endpoints) takes.
  - Each node gives one endpoint for each of its names, or one for each pair of a name and an address where it has C(tlsfront_addresses).
positional: _input
options:
  _input:
    description: Names of hosts in the inventory.
    type: list
    elements: str
    required: true
  hostvars:
    description:
      - The variables of all hosts. Of each node are read C(tlsfront_server_names) (default the host's own name), C(tlsfront_https_port) (default 443),
        and C(tlsfront_addresses) (default C(ansible_host) where that is an address; else none, and the name is looked up where the check runs).
      - Of a wildcard name, C(tlsfront-probe) in place of the asterisk is asked for.
    type: dict
    required: true
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Every node is reachable over verified https
  tlsfront.elasticsearch.https_check:
    endpoints: "{{ groups['elasticsearch'] | tlsfront.elasticsearch.endpoints(hostvars) }}"
    ca_path: /etc/ssl/es-ca.pem
    same_cluster: true
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: Mappings with C(url), and C(connect_to) where the address is known.
  type: list
  elements: dict
"""

import ipaddress
import typing as t


def _is_address(text: t.Any) -> bool:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True


def _url(name: str, port: t.Any) -> str:
    host = f"[{name}]" if ":" in name else name.replace("*", "tlsfront-probe", 1)
    return f"https://{host}" if int(port) == 443 else f"https://{host}:{int(port)}"


def endpoints(nodes: list[str], hostvars: t.Mapping[str, t.Mapping[str, t.Any]]) -> list[dict[str, str]]:
    """Endpoints of the nodes named, in their order; see DOCUMENTATION."""
    found = []
    for node in nodes:
        of_node = hostvars[node]
        addresses = of_node.get("tlsfront_addresses")
        if addresses is None:
            addresses = [of_node["ansible_host"]] if _is_address(of_node.get("ansible_host")) else []
        for name in of_node.get("tlsfront_server_names", [node]):
            url = _url(name, of_node.get("tlsfront_https_port", 443))
            found += [{"url": url, "connect_to": str(address)} for address in addresses] or [{"url": url}]
    return found


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"endpoints": endpoints}
