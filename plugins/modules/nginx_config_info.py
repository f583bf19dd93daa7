#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says whether nginx serves the collection's configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_config_info
short_description: Says whether nginx serves the collection's configuration
version_added: 0.1.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Asks every listener, for every name and over a verified connection to this host, which certificate and which configuration it serves, and whether users
    can log in. Looks whether every file that the configuration names is there and can be read by whom nginx's workers are.
  - Where clients would refuse the certificate, it asks over a connection to whoever has the key of one of this node's own certificates, and to nobody else.
    That tells which configuration nginx runs, and is no proof.
  - Changes nothing. What it returns as RV(token) and RV(keep) is what M(tlsfront.elasticsearch.nginx_config) wants to know.
attributes:
  check_mode:
    description: Can run in check mode without changing anything.
    support: full
  diff_mode:
    description: Says what has changed, or would change, in diff mode.
    support: N/A
extends_documentation_fragment:
  - tlsfront.elasticsearch.nginx_files
seealso:
  - module: tlsfront.elasticsearch.nginx_config
"""

EXAMPLES = r"""
- name: Gather what nginx serves
  tlsfront.elasticsearch.nginx_config_info:
  register: result
"""

RETURN = r"""
token:
  description: Stands for what is live. It is another one when somebody has changed it.
  returned: success
  type: str
keep:
  description:
    - Whether a change that fails goes back to what is live. Otherwise to what was last proved.
    - It does unless nginx runs another configuration, whatever is wrong with the one that is live. What was last proved may have fewer passwords.
  returned: success
  type: bool
running_at:
  description: The listeners that run it, each with the name that was asked for.
  returned: success
  type: list
  elements: str
  sample: [127.0.0.1 port 443 as es.example.org]
served:
  description: Whether all that is served is what is live, the certificate as well.
  returned: success
  type: bool
problems:
  description: What is not.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.arguments import FILES, front
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.files import Locked


def main() -> None:
    module = AnsibleModule(argument_spec=FILES, supports_check_mode=True)
    try:
        began, proof = front(module.params).look()
    except (Locked, OSError) as error:
        module.fail_json(msg=f"What is live cannot be read: {error}")
    module.exit_json(
        changed=False, token=began.token, keep=began.keep, running_at=proof.running_at, served=proof.served, problems=proof.problems
    )


if __name__ == "__main__":
    main()
