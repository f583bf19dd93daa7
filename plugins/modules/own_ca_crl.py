#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of an action, which has its code in plugins/action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: own_ca_crl
short_description: Revokes what the own CA has issued to a host, and renews its lists of revoked certificates
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Keeps C(crl.pem) beside the own CA of the role P(tlsfront.elasticsearch.certificate#role), with one list (RFC 5280, section 5) for each CA of a chain.
    The first revocation makes it, and where there is none, nothing is done.
  - A list of which half the time is over is signed anew. What is on a list stays on it.
  - What was issued to whom is read from C(issued) in the same directory, where the role records it.
  - Runs on the controller, where the CA's key is, in the process of Ansible itself, so that no passphrase is in a command line or a file.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - The lists are shown in words.
  platform:
    support: full
    platforms: posix
options:
  directory:
    description: The own CA's directory on the controller, absolute or with C(~).
    type: path
    required: true
  passphrase:
    description: Passphrase of C(ca.key). Empty for none.
    type: str
    default: ""
  intermediate:
    description:
      - Whether the own CA's intermediate signs the nodes' certificates. There are two lists then. That of C(ca.pem) is valid as long as the intermediate is,
        since C(ca.key) may be away from the controller, without which it cannot be signed anew.
    type: bool
    default: false
  intermediate_passphrase:
    description: Passphrase of C(intermediate.key). Empty for none.
    type: str
    default: ""
  days:
    description: Days for which a list is valid.
    type: int
    default: 30
  revoke:
    description: Names of hosts in the inventory, or that were in it. All that was issued to them and has not ended yet is revoked.
    type: list
    elements: str
    default: []
  other_directories:
    description:
      - Directories of the cluster's other own CAs, absolute or with C(~). A host in O(revoke) to which one of them has issued something, and this CA has not,
        is passed over. Without them, it is a wrong name, and nothing is revoked.
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Revoke what es3 has
  tlsfront.elasticsearch.own_ca_crl:
    directory: ~/.tlsfront/ca
    passphrase: "{{ vault_ca_passphrase }}"
    revoke: [es3]
  run_once: true
"""

RETURN = r"""
revoked:
  description: Serial numbers that are on a list now, and were on none before, in hexadecimal digits.
  returned: success
  type: list
  elements: str
unrevoked:
  description: Why something that was to be revoked is on no list, in a sentence each.
  returned: success
  type: list
  elements: str
next_update:
  description: When the first list ends, such as C(2026-12-26T13:37:57Z). Empty where there is none.
  returned: success
  type: str
"""
