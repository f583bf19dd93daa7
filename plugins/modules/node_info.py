#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says where Elasticsearch listens on a node, which nodes it is connected with, and what nftables can do there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_info
short_description: Says where Elasticsearch listens on a node, which nodes it is connected with, and what nftables can do there
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Finds the ports at which Elasticsearch or OpenSearch listens on this host, by the processes of the host and of containers on it, by what container
    engines publish, and by what answers at O(ports) and in the ranges 9200-9300 and 9300-9400, of which Elasticsearch takes the first free port.
  - Says of each port for clients whether it speaks http or https, and whether it wants a login. Https is verified with one of O(ca_paths) or the CAs of the
    system, by one of O(names) or the host's own; what cannot be verified is asked nothing, and the RV(elasticsearch.http[].problem) says why.
  - Says which other nodes these are connected with. It asks them itself, with the credentials over verified https only, and where they do not tell, looks
    at their sockets; or it asks O(cluster_url).
  - A port that Docker publishes without C(docker-proxy) (C(userland-proxy=false)) has no listener and is not found. Neither is the remote cluster
    interface, 9443, which speaks TLS only.
  - Says, too, which ports the kernel takes for outgoing connections, and, where O(nft) is given, whether nftables can be used.
  - Needs root to see the sockets of other users' processes. Uses no proxy, and changes nothing.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
options:
  ports:
    description: Further ports and ranges (V(9200-9299)) to look at.
    type: list
    elements: str
    default: []
  ca_paths:
    description:
      - Files on the node, of which one may have the CA certificates of an Elasticsearch that speaks https itself. Those that are not there are left out.
      - One that others may change is not trusted.
    type: list
    elements: str
    default: [/etc/elasticsearch/certs/http_ca.crt, /etc/opensearch/root-ca.pem]
  names:
    description: Host names that its certificate may have, tried before C(localhost) and the host's own name. Addresses and patterns are left out.
    type: list
    elements: str
    default: []
  cluster_url:
    description: Where the node's own Elasticsearch is to be asked for its nodes.
    type: str
    default: ""
  cluster_ca_path:
    description:
      - File on the node with the CA certificates to trust, and no others. Without it, those of the system.
      - One that everybody may change, or whose directory, is refused.
    type: path
  cluster_username:
    description:
      - User to log in as. Credentials are sent to O(cluster_url) only, over https or to a loopback address; without it, to what was found, over verified
        https only.
    type: str
  cluster_password:
    description: Password of the user.
    type: str
  cluster_api_key:
    description: API key in its encoded form, instead of user and password.
    type: str
  nft:
    description: The program nft. Without it, nftables is not looked at.
    type: path
  https_ports:
    description: TCP ports at which O(https_clients) are to get in. Without it, firewalls of others are not looked at.
    type: list
    elements: int
  https_clients:
    description: Addresses and networks of them.
    type: list
    elements: str
    default: ["0.0.0.0/0", "::/0"]
  timeout:
    description: Seconds that one answer may take.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Gather what is on the node
  tlsfront.elasticsearch.node_info:
  become: true
  register: node

- name: Show the ports of Elasticsearch that other hosts could reach
  ansible.builtin.debug:
    msg: "{{ node.elasticsearch.ports }}"
"""

RETURN = r"""
elasticsearch:
  description: What was found of Elasticsearch or OpenSearch.
  returned: success
  type: dict
  contains:
    ports:
      description: The ports that listen at more than loopback.
      type: list
      elements: int
      sample: [9200, 9300]
    is_complete:
      description: Whether the processes of all users were seen, which needs root. Without it, a port of Elasticsearch may be missing.
      type: bool
    http:
      description: What listens for clients.
      type: list
      elements: dict
      contains:
        address:
          description: Where it answers.
          type: str
        port:
          description: Its port.
          type: int
        scheme:
          description: Either V(http) or V(https).
          type: str
        wants_login:
          description: Whether it answers nobody without a login.
          type: bool
        refused:
          description: The status with which it refuses the credentials that were given, V(401) or V(403); V(0) where it does not, or was given none.
          type: int
        cluster_uuid:
          description: The cluster, where it tells it.
          type: str
        product:
          description: Either V(elasticsearch) or V(opensearch), or an empty text where that is not known.
          type: str
        version:
          description: As it says itself, or behind a login, as the files that it was started from do.
          type: str
        ca_path:
          description: The file of O(ca_paths) with which it was verified. An empty text means the CAs of the system, or that it was not.
          type: str
        ca_content:
          description: The certificates of RV(elasticsearch.http[].ca_path).
          type: str
        name:
          description: The host name by which it was verified.
          type: str
        problem:
          description: Why it could not be verified.
          type: str
    listeners:
      description: Everything that was looked at, with C(address), C(port), C(program), C(elasticsearch), C(scheme) and C(answer).
      type: list
      elements: dict
    cluster:
      description:
        - C(is_known) says whether it could be seen which other nodes there are, and C(seen) how, or why not.
        - C(answers) has the answers to C(GET /_nodes/transport,http), in which each node has the number of its C(shards) where that is told, and
          C(addresses) the other ends of connections between nodes.
      type: dict
nftables:
  description:
    - Whether the program O(nft) C(is_installed), its C(version), and the C(problem) where it cannot talk to the kernel, an empty text otherwise.
    - Of C(nftables.service), the C(service) has the C(configuration) that it loads, an empty text where that cannot be seen, and whether a reload
      C(flushes) the ruleset before, or is there at all (C(reloads)). It is null where there is no such unit.
    - Of the rules of the role P(tlsfront.elasticsearch.host_firewall#role) that are in force, C(let_in) are the addresses and networks that they let in to
      all closed ports, C(peers) those of them that are single addresses of nodes, C(closed_ports) the ports and ranges of ports that they close, and
      C(let_in_by_port) which C(network) they let in to which C(port), or range of ports, alone; null without such rules, and where C(problem) says that they
      cannot be seen.
  returned: O(nft) is given
  type: dict
  sample:
    is_installed: true
    version: 1.0.6
    problem: ""
    service: {configuration: /etc/nftables.conf, flushes: false, reloads: true}
    let_in: ["192.0.2.7", "198.51.100.0/24"]
    peers: ["192.0.2.7"]
    closed_ports: ["9200-9201", "9300"]
    let_in_by_port: [{port: "9300", network: 203.0.113.7}]
firewalls:
  description:
    - What keeps O(https_clients) out of O(https_ports), as M(tlsfront.elasticsearch.other_firewalls) finds it. C(found) are ufw and firewalld where they are
      on, C(commands) what that module would run, and C(by_hand) what to type in its place. C(is_settled) is false where a run of it was killed, so that
      its record is to be finished.
    - C(problems) says what that module does not change and certainly keeps them out, and C(notices) what cannot be known.
  returned: O(https_ports) is given
  type: dict
  sample:
    found: [ufw]
    commands: [ufw allow proto tcp from 0.0.0.0/0 to any port 443 comment tlsfront]
    by_hand: [ufw allow proto tcp from 0.0.0.0/0 to any port 443]
    problems: []
    notices: []
    is_settled: true
observation:
  description: Who uses the ports that are to be closed, as M(tlsfront.elasticsearch.traffic_observer) has seen it.
  returned: success
  type: dict
outgoing_ports:
  description:
    - The C(first) and the C(last) port that the kernel takes as source of an outgoing connection, and those between that are C(reserved), which it does not.
  returned: success
  type: dict
  sample: {first: 32768, last: 60999, reserved: ["33000-33010"]}
"""

import ipaddress
import os
import re
from pathlib import Path
from typing import Any, Iterable
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import find as find_program
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch.cluster import Access, cluster_of
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch.listeners import find
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch.secured import CA_PATHS, Trust
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.commands import Rules, kernel_problem, rules, version
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables.service import about as about_service
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls import openings
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._port_spans import span
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._secrets import secrets_of, without_credentials
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._sockets import ephemeral_ports, reserved_ports
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.observer import RECORDS, Observer

_OPTIONS: dict[str, dict[str, Any]] = {
    "ports": {"type": "list", "elements": "str", "default": []},
    "ca_paths": {"type": "list", "elements": "str", "default": list(CA_PATHS)},
    "names": {"type": "list", "elements": "str", "default": []},
    "cluster_url": {"type": "str", "default": ""},
    "cluster_ca_path": {"type": "path"},
    "cluster_username": {"type": "str"},
    "cluster_password": {"type": "str", "no_log": True},
    "cluster_api_key": {"type": "str", "no_log": True},
    "nft": {"type": "path"},
    "https_ports": {"type": "list", "elements": "int"},
    "https_clients": {"type": "list", "elements": "str", "default": ["0.0.0.0/0", "::/0"]},
    "timeout": {"type": "int", "default": 5},
}


def read_ports(texts: Iterable[str]) -> set[int]:
    """The ports that are meant.

    :raises ValueError: with a sentence for the user
    """
    found: set[int] = set()
    for text in texts:
        try:
            first, last = span(text)
        except ValueError as error:
            raise ValueError(f"ports: {error}.") from None
        found.update(range(first, last + 1))
    return found


def read_access(params: dict[str, Any]) -> Access:
    """How the cluster is to be asked.

    :raises ValueError: with a sentence for the user, in which no value is that could be secret
    """
    given = {name: params[f"cluster_{name}"] or "" for name in ("url", "ca_path", "username", "password", "api_key")}
    has_credentials = bool(given["username"] or given["password"] or given["api_key"])
    if not re.fullmatch(r"[A-Za-z0-9+/=_:.-]*", given["api_key"]):
        raise ValueError("cluster_api_key is no API key in its encoded form.")
    if not given["url"]:
        return Access(**given)
    if not isinstance(given["url"], str):
        raise ValueError("cluster_url is no text. Give a URL of http or https, such as https://127.0.0.1:9200.")
    if "@" in given["url"]:  # anywhere: a password may have a slash or a question mark in it
        raise ValueError("cluster_url has credentials in it. Give cluster_username and cluster_password instead.")
    try:
        url = urlsplit(given["url"])
        is_url = url.scheme in ("http", "https") and url.hostname and url.port != 0 and not url.query and not url.fragment
    except ValueError:
        is_url = False
    if not is_url or not re.fullmatch(r"[!-~]+", given["url"]):
        raise ValueError("cluster_url is no URL of http or https, such as https://127.0.0.1:9200.")
    if has_credentials and url.scheme == "http" and not _is_loopback(url.hostname or ""):
        raise ValueError("cluster_url is plain http to another address than loopback, so no credentials are sent there. Use https.")
    if given["ca_path"] and not given["ca_path"].startswith("/"):
        raise ValueError(f"cluster_ca_path is {given['ca_path']!r}. Give the absolute path of a file on the node.")
    changeable = _access.problems(given["ca_path"])
    if changeable:
        raise ValueError(f"cluster_ca_path cannot be trusted. {'; '.join(changeable)}. Look first whether somebody has changed it. Nobody was asked.")
    return Access(**given)


def read_trust(params: dict[str, Any]) -> Trust:
    """How an Elasticsearch that speaks https itself is verified.

    :raises ValueError: with a sentence for the user
    """
    for path in params["ca_paths"]:
        if not re.fullmatch(r"/[^\0-\x1f\x7f]*", path):
            raise ValueError(f"ca_paths has {path!r}. Give absolute paths of files on the node.")
    return Trust(tuple(params["ca_paths"]), tuple(params["names"]))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def run(params: dict[str, Any]) -> dict[str, Any]:
    """What is on the node."""
    access = read_access(params)
    node = find(read_ports(params["ports"]), params["timeout"], read_trust(params), {} if access.url else access.credentials)
    cluster = cluster_of(node, access)
    found = {
        "ports": node.ports,
        "is_complete": os.geteuid() == 0,
        "http": [listener.http() for listener in node.listeners if listener.is_http],
        "listeners": [listener.plain() for listener in node.listeners],
        "cluster": {"is_known": cluster.is_known, "seen": cluster.seen, "answers": cluster.answers, "addresses": cluster.addresses},
    }
    first, last = ephemeral_ports()
    result = {"changed": False, "elasticsearch": found, "outgoing_ports": {"first": first, "last": last, "reserved": reserved_ports()}}
    if params["nft"]:
        is_installed = Path(params["nft"]).exists()
        problem = kernel_problem(params["nft"]) if is_installed else ""
        in_force = rules(params["nft"], "inet", "tlsfront", "closed") if is_installed and not problem else None
        about = in_force._asdict() if in_force else dict.fromkeys(Rules._fields)
        its_version = version(params["nft"]) if is_installed else ""
        result["nftables"] = {"is_installed": is_installed, "version": its_version, "problem": problem, "service": about_service(), **about}
    result["observation"] = Observer(params["nft"] or find_program("nft") or "/usr/sbin/nft", RECORDS).told()
    if params["https_ports"] is not None:
        ports, clients = openings.read_ports(params["https_ports"]), openings.read_clients(params["https_clients"])
        result["firewalls"] = openings.Openings(ports, clients, params["nft"] or "/nonexistent").plan().told()
    return result


class NodeInfoModule(AnsibleModule):  # type: ignore[misc]
    """Takes out of what Ansible logs and returns whatever may be a secret that has got into the wrong place."""

    cluster_url: Any = ""  #: as given

    def _load_params(self) -> None:
        super()._load_params()
        self.no_log_values.update(secrets_of(self.params).forms())
        for name in self.params:
            if name not in _OPTIONS and not name.startswith("_ansible"):
                self.params[name] = "(not shown)"  # perhaps a secret under a name that is written wrong
        self.cluster_url = self.params.get("cluster_url") or ""
        if self.cluster_url:
            self.params["cluster_url"] = without_credentials(self.cluster_url)


def main() -> None:
    """Runs as a module of Ansible."""
    module = NodeInfoModule(
        argument_spec=dict(_OPTIONS),
        supports_check_mode=True,
    )
    try:
        result = run(dict(module.params, cluster_url=module.cluster_url))
    except (Failed, ValueError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
