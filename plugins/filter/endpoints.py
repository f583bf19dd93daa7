# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: endpoints
short_description: The endpoints of a cluster's nodes, for C(https_check)
version_added: 1.0.0
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
        and C(tlsfront_addresses) (default C(ansible_host), an address or a name that is looked up where the check runs; without it, the node's names are
        looked up there, and the host's own name where several nodes share one).
      - A name in C(ansible_host) counts for connections over SSH only. To other connections it is the name of a container or an instance.
      - Of a wildcard name, C(tlsfront-probe) in place of the asterisk is asked for.
      - What the playbooks of this collection have noted of a node counts more, since C(hostvars) lacks what C(vars) of C(import_playbook) say.
    type: dict
    required: true
  sites:
    description:
      - Whether the further sites of each node (C(tlsfront_sites)) are among them. Another Elasticsearch is not held to be of the same cluster, unless the site
        says so, and of Kibana or OpenSearch Dashboards the status is asked for.
    type: bool
    default: false
  closed_ports:
    description: Of each node, the ports that must be closed, which each of its endpoints is then given.
    type: dict
    default: {}
  min_days_valid:
    description: Of each node, the days that its certificate must be valid still, which each of its endpoints is then given.
    type: dict
    default: {}
  lists:
    description:
      - Whether, where some of the nodes have their certificates from an own CA that has revoked something, and others have not, each endpoint of the former is
        given the lists. Where all have, P(tlsfront.elasticsearch.ca_paths#filter) names the files.
    type: bool
    default: false
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
  description:
    - Mappings with C(url), C(connect_to) where it is known where the node is, and C(closed_ports), C(min_days_valid) and C(crl_content) where there are any; of
      further sites also C(product) or C(same_cluster).
  type: list
  elements: dict
"""

import collections
import ipaddress
import re
import typing as t

from ansible.errors import AnsibleFilterError

if t.TYPE_CHECKING:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import Site

_NAME = re.compile(r"[*]?[A-Za-z0-9_.-]+", re.ASCII)
_SSH = {"smart", "ssh", "paramiko", "paramiko_ssh", "libssh"}


def _is_address(text: t.Any) -> bool:
    try:
        ipaddress.ip_address(str(text))
    except ValueError:
        return False
    return True


def _url(name: str, port: int) -> str:
    host = f"[{name}]" if ":" in name else name.replace("*", "tlsfront-probe", 1)
    return f"https://{host}" if port == 443 else f"https://{host}:{port}"


def _port(node: str, value: t.Any) -> int:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._numbers import whole

    port = whole(value)
    if port is None or not 1 <= port <= 65535:
        raise AnsibleFilterError(f"endpoints: tlsfront_https_port of {node} is {value!r}, and must be a port.")
    return port


def _list(said: str, value: t.Any) -> list[str]:
    """The value, of which ``said`` says what it is, where it is a list. A text would be taken letter by letter."""
    if isinstance(value, (str, t.Mapping)) or not isinstance(value, t.Iterable):
        raise AnsibleFilterError(f"endpoints: {said} {value!r}, and must be a list.")
    return [str(item) for item in value]


def _names(said: str, node: str, value: t.Any) -> list[str]:
    names = _list(f"{said} is", value)
    if not names:
        raise AnsibleFilterError(f"endpoints: {node} has no name to ask for: set tlsfront_server_names for it.")
    wrong = [name for name in names if not (_NAME.fullmatch(name) or _is_address(name))]
    if wrong:
        raise AnsibleFilterError(f"endpoints: {said} has {wrong[0]!r}, which is neither a host name nor an address.")
    return names


def _sites(node: str, value: t.Any) -> list[Site]:
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import sites as read

    try:
        return read(value)
    except ValueError as cause:
        raise AnsibleFilterError(f"endpoints: of {node}, {cause}.") from None


def _places(node: str, addresses: t.Any, of_node: t.Mapping[str, t.Any]) -> list[str]:
    """Where the node is, as far as its variables say."""
    if addresses is not None:
        return _list(f"tlsfront_addresses of {node} is", addresses)
    host = of_node.get("ansible_host")
    connection = str(of_node.get("ansible_connection", "ssh")).rpartition(".")[2]
    return [str(host)] if host and (_is_address(host) or connection in _SSH) else []


def endpoints(
    nodes: list[str],
    hostvars: t.Mapping[str, t.Mapping[str, t.Any]],
    closed_ports: t.Mapping[str, list[t.Any]] | None = None,
    min_days_valid: t.Mapping[str, int] | None = None,
    sites: bool = False,
    lists: bool = False,
) -> list[dict[str, t.Any]]:
    """Endpoints of the nodes named, in their order; see DOCUMENTATION.

    Raises AnsibleFilterError for a node that would have none, or whose variables cannot be meant.
    """
    from ansible_collections.tlsfront.elasticsearch.plugins.filter.ca_paths import lists_of
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._https_front.values import truth
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_options import options
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import DASHBOARDS

    nodes = _list("the nodes are", nodes)
    unknown = [node for node in nodes if node not in hostvars]
    if unknown:
        raise AnsibleFilterError(f"endpoints: {', '.join(unknown)} is not in the inventory.")
    if closed_ports is not None and not isinstance(closed_ports, t.Mapping):
        raise AnsibleFilterError(f"endpoints: closed_ports is {closed_ports!r}, and must be a mapping from nodes to lists of ports.")
    if min_days_valid is not None and not isinstance(min_days_valid, t.Mapping):
        raise AnsibleFilterError(f"endpoints: min_days_valid is {min_days_valid!r}, and must be a mapping from nodes to days.")
    said = {node: options(node, hostvars) for node in nodes}
    asked: list[tuple[str, str, str, dict[str, t.Any]]] = []
    for node in nodes:
        names = _names(f"tlsfront_server_names of {node}", node, said[node].get("tlsfront_server_names", [node]))
        port = _port(node, said[node].get("tlsfront_https_port", 443))
        asked += [(node, name, _url(name, port), {}) for name in names]
        for site in _sites(node, said[node].get("tlsfront_sites", [])) if sites else []:
            more = {"product": "dashboards"} if site.kind == DASHBOARDS else {} if truth(site.given, "same_cluster") else {"same_cluster": False}
            own = names if site.names is None else _names(f"tlsfront_sites of {node}", node, site.names)
            asked += [(node, name, _url(name, port if site.port is None else _port(node, site.port)), more) for name in own]
    files = lists_of(said) if lists else {}
    texts = {node: file.read_text("utf-8") for node, file in files.items()} if len(files) < len(said) else {}
    nodes_of = collections.Counter(url for _node, _name, url, _more in asked)
    found: list[dict[str, t.Any]] = []
    for node, name, url, more in asked:
        addresses = said[node].get("tlsfront_addresses")
        places = _places(node, addresses, hostvars[node])
        if not places and nodes_of[url] > 1 and addresses is None:
            places = [node]  # by the name that they share, one of them would stand for all
        # a name that is both needs no second telling
        of_name: list[dict[str, t.Any]] = [{"url": url, **({} if place == name else {"connect_to": place})} for place in places] or [{"url": url}]
        of_node = {
            "closed_ports": (closed_ports or {}).get(node),
            "min_days_valid": (min_days_valid or {}).get(node),
            "crl_content": texts.get(node),
        }
        found += [{**one, **more, **{option: value for option, value in of_node.items() if value}} for one in of_name]
    return found


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"endpoints": endpoints}
