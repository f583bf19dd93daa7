#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says what the role continuous_check must know of a probe host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: continuous_check_info
short_description: Says what the role continuous_check must know of a probe host
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Says which Python and systemd a host has, and what is there of a continuous check.
  - It is for the role P(tlsfront.elasticsearch.continuous_check#role).
  - Changes nothing. It starts O(python), so look first whether somebody else can change that.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    support: full
    platforms: posix
options:
  python:
    description: The interpreter that was chosen. Empty for C(python3).
    type: str
    default: ""
  user:
    description: Name of the user who checks.
    type: str
    required: true
  settings:
    description: File with the settings of the check.
    type: str
    required: true
  record:
    description: File in which is noted where the link to the metrics is.
    type: str
    required: true
  metrics:
    description: File with the metrics, to which that link leads.
    type: str
    required: true
  directories:
    description: Directories that a node exporter may read.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Gather what is on the host
  tlsfront.elasticsearch.continuous_check_info:
    user: tlsfront-check
    settings: /etc/tlsfront-continuous-check/settings.json
    record: /etc/tlsfront-continuous-check/link
    metrics: /var/lib/tlsfront-continuous-check/textfile/tlsfront_https_check.prom
    directories: [/var/lib/prometheus/node-exporter]
  register: found

- name: Show which cluster it checks
  ansible.builtin.debug:
    msg: "{{ found.former }}"
"""

RETURN = r"""
python:
  description:
    - The C(version) of the interpreter, and which packages that the check needs it C(lacks) where it was chosen. C(problem) where it cannot be started.
  returned: success
  type: dict
  sample: {version: [3, 11, 2], lacks: [], venv: true}
has_venv:
  description: Whether C(python3) can make virtual environments.
  returned: success
  type: bool
systemd:
  description: What C(systemctl --version) prints; empty where the host is not run by systemd.
  returned: success
  type: str
comment:
  description: The comment of O(user); null where there is none of that name.
  returned: success
  type: str
former:
  description: The cluster that is checked; empty where none is.
  returned: success
  type: str
former_urls:
  description: The URLs that are checked.
  returned: success
  type: list
  elements: str
directories:
  description: Those of O(directories) that are there.
  returned: success
  type: list
  elements: str
links:
  description: The links to O(metrics), in O(directories) and where O(record) says.
  returned: success
  type: list
  elements: str
taken:
  description: What is in their places and is something else.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._continuous_host import gathered

_OPTIONS = {
    "python": {"type": "str", "default": ""},
    "user": {"type": "str", "required": True},
    "settings": {"type": "str", "required": True},
    "record": {"type": "str", "required": True},
    "metrics": {"type": "str", "required": True},
    "directories": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=_OPTIONS, supports_check_mode=True)
    asked = module.params
    found = gathered(asked["python"], asked["user"], asked["settings"], asked["record"], asked["metrics"], asked["directories"])
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
