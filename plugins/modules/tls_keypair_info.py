#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says whether clients would accept a certificate with its key."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_keypair_info
short_description: Says whether clients would accept a certificate with its key
version_added: 0.1.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - A client and a server shake hands within the module, so key, chain, dates and names are judged as real clients would do it.
    Nothing is sent over a network, and nothing is changed.
attributes:
  check_mode:
    description: Can run in check mode without changing anything.
    support: full
  diff_mode:
    description: Says what has changed, or would change, in diff mode.
    support: N/A
options:
  directories:
    description:
      - Directories, each with C(chain.pem), C(key.pem) and, for a private CA, C(ca.pem). Without C(ca.pem) the system's store is trusted.
    type: list
    elements: str
    required: true
  names:
    description: Names and addresses that clients ask for.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check the certificate
  tlsfront.elasticsearch.tls_keypair_info:
    directories: [/etc/tlsfront/certificate/live]
    names: [es.example.org]
  register: result
  failed_when: not result.keypairs[0].accepted
"""

RETURN = r"""
keypairs:
  description: One for each directory, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    directory:
      description: The directory.
      type: str
    accepted:
      description: Whether clients that ask for any of the names would accept it.
      type: bool
    message:
      description: Why they would not.
      type: str
    ocsp:
      description: The URLs of the certificate's OCSP responders.
      type: list
      elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls.keypair import Refused, check


def judged(directory: str, names: list[str]) -> dict[str, Any]:
    """What the result says of one directory."""
    try:
        return {"directory": directory, "accepted": True, "message": "", "ocsp": check(Path(directory), names)}
    except Refused as error:
        return {"directory": directory, "accepted": False, "message": str(error), "ocsp": []}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    names = module.params["names"]
    if not names:
        module.fail_json(msg="names must not be empty: a certificate is accepted for a name.")
    module.exit_json(changed=False, keypairs=[judged(each, names) for each in module.params["directories"]])


if __name__ == "__main__":
    main()
