#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells what of Elasticsearch, OpenSearch and their consoles answers on a host, at whatever port."""

from __future__ import annotations

DOCUMENTATION = r"""
module: search_services_info
short_description: Tells what of Elasticsearch, OpenSearch and their consoles answers on a host, at whatever port
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Asks each TCP listener of this host for C(GET /), at an address at which it listens, by plain http and, where it speaks TLS, with its certificate verified.
    No credentials are sent, nothing is followed, and no other host is asked.
  - A listener of a program that is known to speak something else, such as sshd or a database, is not asked.
  - Says of each that is Elasticsearch, OpenSearch, Kibana or OpenSearch Dashboards whether it wants a login, of which cluster it is, and whom the rules of
    this host let in to it.
  - Without root, the programs of others are not known, and C(is_complete) is V(false).
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
  exclude_ports:
    description: Ports that are not asked.
    type: list
    elements: int
    default: []
  ca_paths:
    description: Absolute paths of files on the host, of which one has the CA of a server that speaks https.
    type: list
    elements: str
    default: [/etc/elasticsearch/certs/http_ca.crt, /etc/opensearch/root-ca.pem]
  names:
    description: Names that its certificate may have, besides those of the host and V(localhost).
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds for one answer.
    type: int
    default: 5
  nft:
    description: The program nft.
    type: path
    default: /usr/sbin/nft
"""

EXAMPLES = r"""
- name: Find what answers
  tlsfront.elasticsearch.search_services_info:
  become: true
  register: found
"""

RETURN = r"""
services:
  description:
    - What was found. C(open_to) is V(itself), V(everybody), V(some), with their addresses in C(let_in), or V(unknown), with C(why). C(wants_login) is null
      where it could not be asked, and then C(problem) says why, and of a console behind a base path, which does not say.
  returned: success
  type: list
  elements: dict
  sample:
    - address: "0.0.0.0"
      port: 9200
      program: java
      scheme: http
      product: elasticsearch
      version: 7.17.13
      wants_login: false
      cluster_uuid: 1eUnCn8pSvSDp2bPQaI0Gw
      cluster_name: logs
      problem: ""
      open_to: everybody
      let_in: []
      why: ""
unknown:
  description:
    - A sentence for each thing that could be one of the products and is not known, such as a listener with TLS that could not be verified, or a container with
      a network of its own.
  returned: success
  type: list
  elements: str
left_out:
  description: How many listeners were not asked because there are more than 200, or they took too long together.
  returned: success
  type: int
is_complete:
  description: Whether the programs of all listeners could be seen.
  returned: success
  type: bool
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch.secured import CA_PATHS, Trust
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._services.find import find, told


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "exclude_ports": {"type": "list", "elements": "int", "default": []},
            "ca_paths": {"type": "list", "elements": "str", "default": list(CA_PATHS)},
            "names": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 5},
            "nft": {"type": "path", "default": "/usr/sbin/nft"},
        },
        supports_check_mode=True,
    )
    for path in module.params["ca_paths"]:
        if not re.fullmatch(r"/[^\0-\x1f\x7f]*", path):
            module.fail_json(msg=f"ca_paths has {path!r}. Give absolute paths of files on the host.")
    if not 1 <= module.params["timeout"] <= 60:
        module.fail_json(msg=f"timeout is {module.params['timeout']}. Give 1 to 60 seconds.")
    trust = Trust(tuple(module.params["ca_paths"]), tuple(module.params["names"]))
    try:
        found = told(find(module.params["timeout"], trust, module.params["exclude_ports"]), module.params["nft"])
    except (Failed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
