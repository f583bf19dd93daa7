#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action, which has its code in plugins/action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_packages
short_description: Installs packages by the package manager of a node, also where somebody else's repository is out of order
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Installs packages by the module of the package manager that Ansible finds on the node, as M(ansible.builtin.package) does.
  - By M(ansible.builtin.apt), it installs them without those that they only recommend, after the package lists have been updated. Where not all lists can
    be updated, such as that of a repository that is gone, it goes on with those that are there, and warns which one is in the way.
  - Where a package cannot be installed, it says why, and what to do.
  - Needs root (C(become)).
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - The package lists of apt are not updated in check mode. A package that is in none of them is said to be installed.
  diff_mode:
    support: none
  platform:
    support: full
    platforms: posix
options:
  name:
    description: The packages, by the names that the node's distribution has for them.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Install nftables
  tlsfront.elasticsearch.node_packages:
    name: [nftables]
  become: true
"""

RETURN = r"""
msg:
  description: What would be installed, which package list is in the way, or why it failed.
  returned: in check mode, where a package list is in the way, and on failure
  type: str
"""
