#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says who else may read or change files that are to be trusted."""

from __future__ import annotations

DOCUMENTATION = r"""
module: path_access_info
short_description: Says who else may read or change files that are to be trusted
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Looks at the owner and the mode of files, and of each directory and symbolic link that leads to them, and says what lets
    others read or change them, each with the command that mends it.
  - Changes nothing.
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
  paths:
    description: The files.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: An absolute path. What is not there is no problem, but what leads to it may be.
        type: str
        required: true
      secret:
        description: Whether only its owner may read it, and its group unless it is O(paths[].ours).
        type: bool
        default: false
      ours:
        description:
          - Whether nobody may change it but root and the user who asks; nobody else's group may, either.
          - Otherwise its owner and its group may, but not everybody.
        type: bool
        default: false
      below:
        description: Whether all that is in it and below it is looked at, too, where it is a directory; no O(paths[].secret) there.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: Look at a program that root will run
  tlsfront.elasticsearch.path_access_info:
    paths:
      - path: /usr/local/bin/hook
        ours: true
  register: access

- name: Refuse one that others may change
  ansible.builtin.assert:
    that: access.problems | length == 0
    fail_msg: "{{ access.problems | join('. ') }}"
"""

RETURN = r"""
problems:
  description: What lets others read or change the files, each in a sentence; empty where nothing does.
  returned: success
  type: list
  elements: str
  sample: ["/usr/local/bin/hook may be changed by everybody (mode 0777): chmod go-w /usr/local/bin/hook"]
paths:
  description: Of each path in the order given, whether it is there.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path.
      type: str
    regular:
      description: Whether it is a file, or a link to one.
      type: bool
    executable:
      description: Whether the user who asks may run it.
      type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._access import ASKED, answer


def main() -> None:
    spec = {"paths": {"type": "list", "elements": "dict", "required": True, "options": {**ASKED, "below": {"type": "bool", "default": False}}}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    module.exit_json(changed=False, **answer(module.params["paths"]))


if __name__ == "__main__":
    main()
