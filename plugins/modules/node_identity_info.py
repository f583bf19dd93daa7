#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part on a node of the action in plugins/action, which has this name, too: it asks the metadata service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_identity_info
short_description: Tells a node's names and addresses, from its cloud's metadata or from its facts
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - On Amazon EC2 asks the instance metadata service with a session token (IMDSv2), so it works where IMDSv1 is off and the hop limit is 1.
    On Google Compute Engine asks the metadata server. Elsewhere takes the host's facts, and gathers those of the network where they are missing.
  - Reads single values only. User data, custom metadata and the credentials that the same service hands out are never asked for.
  - Every value of a metadata service must be what an instance can have, a host name, an address or an identifier. Otherwise it fails, and returns none.
  - Uses no proxy, follows no redirect, and changes nothing.
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
  cloud:
    description: Which metadata to ask. With V(none) the host's facts are taken, with V(auto) the host's firmware tells which cloud it is in.
    type: str
    choices: [auto, none, ec2, gce]
    default: auto
  endpoint:
    description: Where the metadata service is, by http. An instance of EC2 with IPv6 only has it at V(http://[fd00:ec2::254]).
    type: str
    default: http://169.254.169.254
  timeout:
    description: Seconds that one answer may take from the connection to its last byte. The service is asked up to three times.
    type: int
    default: 2
"""

EXAMPLES = r"""
- name: Identify the node
  tlsfront.elasticsearch.node_identity_info:
  register: node

- name: Show its public name
  ansible.builtin.debug:
    msg: "{{ node.identity.names | first }}"
"""

RETURN = r"""
identity:
  description:
    - The C(cloud), C(ec2), C(gce) or C(none), the C(names), public ones first, and C(addresses), C(private_addresses) and C(public_addresses). An address of
      IPv6 is among both.
    - On a cloud also C(region) and C(zone), on EC2 C(instance_id), on Compute Engine C(instance) and C(project).
  returned: success
  type: dict
  sample:
    cloud: ec2
    instance_id: i-0a45c8b2a33e9c2f7
    region: eu-central-1
    zone: eu-central-1a
    names: [ec2-203-0-113-11.eu-central-1.compute.amazonaws.com, ip-10-0-3-11.eu-central-1.compute.internal]
    addresses: [10.0.3.11, 203.0.113.11]
    private_addresses: [10.0.3.11]
    public_addresses: [203.0.113.11]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._instance_metadata.http import Unanswered
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._instance_metadata.identity import identify


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "choices": ["auto", "none", "ec2", "gce"], "default": "auto"},
            "endpoint": {"type": "str", "default": "http://169.254.169.254"},
            "timeout": {"type": "int", "default": 2},
        },
        supports_check_mode=True,
    )
    try:
        identity = identify(module.params["cloud"], module.params["endpoint"], module.params["timeout"])
    except Unanswered as error:
        module.fail_json(msg=f"The node {error}")
    module.exit_json(changed=False, identity=identity)


if __name__ == "__main__":
    main()
