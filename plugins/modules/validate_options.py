#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action, which has its code in plugins/action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_options
short_description: Refuses options of this collection that have another type than documented
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Holds the variables C(tlsfront_*) of a host, and the options of roles of this collection, against their specifications.
  - Ansible's own check of a role's arguments converts a value to see whether it could be, and hands on what was given. The text C(false) of
    C(-e x=false) counts as true then, and a text for a list is taken letter by letter. Here such a text is refused, unless it means the same
    wherever it is used.
  - Texts are accepted for booleans (C(true), C(false), C(yes), C(no), C(on), C(off), C(1), C(0), in any case) and for whole numbers.
    Lists and mappings must be lists and mappings.
  - All that is wrong is told at once. The value of an option that is a secret is never told.
  - A value that cannot be known yet, since it depends on what a later task finds out, is not looked at, unless O(complete) says that all is known.
  - Runs on the controller, and changes nothing.
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
  roles:
    description: Roles of this collection whose options are held against their specifications, too.
    type: list
    elements: str
    default: []
  complete:
    description:
      - Whether all that the variables C(tlsfront_*) refer to is known by now. One that refers to an undefined variable is refused then; else, its default
        would silently stand in for it.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Refuse options of the wrong type
  tlsfront.elasticsearch.validate_options:
    roles: [certificate, https_front]
"""

RETURN = r""" # """
