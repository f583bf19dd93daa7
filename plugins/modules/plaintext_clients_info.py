#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds what in the settings of a host's programs still goes to a cluster by plain http."""

from __future__ import annotations

DOCUMENTATION = r"""
module: plaintext_clients_info
short_description: Finds settings that still send a program to Elasticsearch by plain http
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Looks into all text files below O(paths), whatever their format and encoding, for what names a port of O(ports), or a host of
    O(cluster_hosts) without https.
  - Found are URLs with C(http) in any case and notation (C(http\:\/\/) too); C(host:port) and C(host:port-port) without a scheme, for which Beats and
    Logstash take C(http); C(HttpHost) and C(TransportAddress) of Java's clients in one line, where C(http) is the default, too; ports and hosts that stand in
    keys of their own, where no key nearby of the same owner turns TLS on; and hosts of the cluster without a port, for which many programs take 9200, as
    Beats and Logstash do for C(https) without a port, too. C(https) on one of the
    ports is found where it names a host of the cluster, since the port is to be closed.
  - Lines that are comments do not count (C(#), C(;), C(//), C(--), and comments of XML and C).
  - Nothing is opened that is no regular file. Links are followed, and each file is read once.
  - Not seen are settings in databases, in archives such as C(.jar), in other binary files, and on other hosts.
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
  paths:
    description: Files and directories, absolute. One that is not there is told in RV(unread).
    type: list
    elements: path
    default: []
  optional_paths:
    description: The same, but it may be missing.
    type: list
    elements: path
    default: []
  exclude:
    description:
      - Patterns of the shell for whole paths of files that are left out, such as V(*.log).
      - One that ends in V(/*), as V(/opt/old/*) and V(*/node_modules/*), or has no C(*), C(?) and C([) leaves out directories, too.
    type: list
    elements: str
    default: []
  ports:
    description: Ports that are to be closed; a range is V(9200-9299).
    type: list
    elements: str
    default: ['9200', '9300']
  cluster_hosts:
    description: Names and addresses of the cluster; of a URL, its host counts.
    type: list
    elements: str
    default: []
  other_hosts:
    description: Names and addresses of which no mention counts, such as those of another cluster.
    type: list
    elements: str
    default: []
  max_file_size:
    description: Bytes of the largest text file that is read. A larger one is told in RV(unread).
    type: int
    default: 16777216
  max_files:
    description: Files that are looked at. If there are more, that is told in RV(unread).
    type: int
    default: 200000
"""

EXAMPLES = r"""
- name: What still says plain http
  tlsfront.elasticsearch.plaintext_clients_info:
    paths: [/opt/shop]
    optional_paths: [/etc/filebeat, /etc/logstash, /etc/kibana]
    cluster_hosts: [es1.example.org, 192.0.2.11]
  register: found

- name: All files were read, and none says it
  ansible.builtin.assert:
    that:
      - found.mentions | length == 0
      - found.unread | length == 0
"""

RETURN = r"""
mentions:
  description: What was found, each thing once a file. No user name and no password is in it.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /etc/filebeat/filebeat.yml
    line:
      description: Number of the line, from 1.
      type: int
      sample: 12
    kind:
      description: Which kind of mention it is.
      type: str
      sample: no_scheme
    host:
      description: The host as the file has it; empty where it could not be told.
      type: str
      sample: es1
    port:
      description: The port; 0 where none is said.
      type: int
      sample: 9200
    text:
      description: The same for a person.
      type: str
      sample: "/etc/filebeat/filebeat.yml:12: es1:9200"
unread:
  description: What could not be read, and why, for a person. A host with one such file is not known to be ready.
  returned: success
  type: list
  elements: str
  sample: ["/opt/shop/secret.conf: Permission denied"]
files_read:
  description: How many text files were read.
  returned: success
  type: int
  sample: 212
files_left_out:
  description: How many files O(exclude) left out.
  returned: success
  type: int
  sample: 4
binary_files:
  description: How many files were left out since they are no text.
  returned: success
  type: int
  sample: 31
"""

import os
import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._plaintext import host_of, mentions
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._secrets import secrets_of, without_credentials
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._text_files import Reader


def port_numbers(items: list[str]) -> set[int]:
    """The ports, and those of each range.

    :raises ValueError: an item is neither
    """
    ports: set[int] = set()
    for item in items:
        found = re.fullmatch(r"\s*([0-9]{1,5})\s*(?:-\s*([0-9]{1,5})\s*)?", item, re.ASCII)
        first = int(found.group(1)) if found else 0
        last = int(found.group(2) or first) if found else 0
        if not 1 <= first <= last <= 65535:
            raise ValueError(f"ports: {item!r} is neither a port from 1 to 65535 nor a range like 9200-9299.")
        ports.update(range(first, last + 1))
    return ports


def hosts(option: str, items: list[str]) -> set[str]:
    """:raises ValueError: an item names no host"""
    found = [host_of(item) for item in items]
    for number, host in enumerate(found):
        if not host:
            raise ValueError(f"{option}[{number}] names no host: give a name, an address or a URL, without credentials.")
    return set(found)


def find(options: dict[str, Any]) -> dict[str, Any]:
    """What the module returns.

    :raises ValueError: an option is wrong; the text names it
    """
    for option in ("max_file_size", "max_files"):
        if options[option] < 1:
            raise ValueError(f"{option}: must be 1 or more, not {options[option]}.")
    for option in ("paths", "optional_paths"):
        for path in options[option]:
            if not Path(path).is_absolute():
                raise ValueError(f"{option}: {path!r} is not an absolute path.")
    if not options["paths"] and not options["optional_paths"]:
        raise ValueError("paths: give one path at least, in paths or in optional_paths; else nothing is looked into.")
    ports, cluster, others = (
        port_numbers(options["ports"]),
        hosts("cluster_hosts", options["cluster_hosts"]),
        hosts("other_hosts", options["other_hosts"]),
    )
    if not ports:
        raise ValueError("ports: give one port at least.")
    reader = Reader(options["max_file_size"], options["max_files"], tuple(options["exclude"]))
    found = []
    for path, text in reader.texts(options["paths"], options["optional_paths"]):
        shown = printable(path)
        for each in mentions(text, ports, cluster, others):
            found.append(
                {"path": shown, "line": each.line, "kind": each.kind, "host": each.host, "port": each.port, "text": f"{shown}:{each.line}: {each.text}"}
            )
    return {
        "mentions": found,
        "unread": [f"{printable(path)}: {why}" for path, why in sorted(reader.unread.items())],
        "files_read": reader.read,
        "files_left_out": reader.left_out,
        "binary_files": reader.binary,
    }


def printable(path: str) -> str:
    """A path as JSON can have it and a terminal can show it, whatever bytes it has."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(each if each.isprintable() else "?" for each in text)


class PlaintextClientsInfoModule(AnsibleModule):  # type: ignore[misc]
    """Of URLs that are given as hosts, Ansible neither logs nor returns the credentials."""

    def _load_params(self) -> None:
        super()._load_params()
        for option in ("cluster_hosts", "other_hosts"):
            given = self.params.get(option)
            if given:
                self.no_log_values.update(secrets_of({"endpoints": given}).forms())
                items = given if isinstance(given, (list, tuple)) else str(given).split(",")
                self.params[option] = [without_credentials(item) for item in items]


def main() -> None:
    module = PlaintextClientsInfoModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path", "default": []},
            "optional_paths": {"type": "list", "elements": "path", "default": []},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "ports": {"type": "list", "elements": "str", "default": ["9200", "9300"]},
            "cluster_hosts": {"type": "list", "elements": "str", "default": []},
            "other_hosts": {"type": "list", "elements": "str", "default": []},
            "max_file_size": {"type": "int", "default": 16777216},
            "max_files": {"type": "int", "default": 200000},
        },
        supports_check_mode=True,
    )
    try:
        result = find(module.params)
    except ValueError as error:
        module.fail_json(msg=f"{error} Nothing was looked into.")
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
