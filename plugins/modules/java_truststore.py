#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a trust store for Java with exactly the CA certificates given."""

from __future__ import annotations

DOCUMENTATION = r"""
module: java_truststore
short_description: Makes a trust store for Java with exactly the CA certificates given
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Writes a trust store in PKCS 12 that has the certificates given, all of them and no other. It needs no Java, and no
    command line ever has the password.
  - Certificates are public, so nothing in the store is encrypted. The password guards the store's checksum only.
  - Read by Java 8 and everything newer. Its checksum is of the kind that Java before 8u301 and 11.0.12 knows, too.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Each certificate is a line with its alias, its subject and its last day.
  platform:
    support: full
    platforms: posix
options:
  path:
    description: The store, a file in a directory that is there.
    type: path
    required: true
  certificates:
    description: A text with the CA certificates in PEM, one at least.
    type: str
    required: true
  password:
    description: Of printable ASCII characters, one at least. The default is the one that Java programs expect.
    type: str
    default: changeit
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.files
"""

EXAMPLES = r"""
- name: Trust store with the CA of the cluster
  tlsfront.elasticsearch.java_truststore:
    path: /etc/program/truststore.p12
    certificates: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
    mode: "0644"
"""

RETURN = r"""
aliases:
  description: What the certificates are called in the store, in the order in which they were given.
  returned: success
  type: list
  elements: str
  sample: [ca-2f7ab2fbd9f8b3a4]
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._certificate import read as read_certificate
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._certificate import read_certificates
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._pkcs12 import (
    alias,
    certificates_in,
    truststore,
)


def described(certificates: list[bytes]) -> str:
    """What a person reads in a diff."""
    lines = []
    for certificate in certificates:
        facts = read_certificate(certificate)
        lines.append(f"{alias(certificate)}  {facts.subject}  until {facts.not_after:%Y-%m-%d}\n")
    return "".join(lines)


def described_store(content: bytes) -> str:
    """The same of a store that is there, whoever made it."""
    try:
        return described(certificates_in(content)) if content else ""
    except ValueError:
        return "a file that this module has not made\n"


def write(module: AnsibleModule, content: bytes, path: str) -> None:
    """Replace the file as a whole."""
    handle, name = tempfile.mkstemp(dir=module.tmpdir)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    module.atomic_move(name, path)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "certificates": {"type": "str", "required": True},
            "password": {"type": "str", "default": "changeit", "no_log": True},
        },
        add_file_common_args=True,
        supports_check_mode=True,
    )
    path, password = module.params["path"], module.params["password"]
    if not password or not password.isascii() or not password.isprintable():
        module.fail_json(msg="password: must be of printable ASCII characters, one at least.")
    try:
        certificates = read_certificates(module.params["certificates"])
    except ValueError as error:
        module.fail_json(msg=str(error))
    if not Path(path).parent.is_dir() and not module.check_mode:
        module.fail_json(msg=f"The directory of {path} is not there: make it first.")
    before = Path(path).read_bytes() if Path(path).exists() else b""
    wanted = truststore(certificates, password)
    result: dict[str, Any] = {"changed": before != wanted, "aliases": [alias(each) for each in certificates]}
    result["diff"] = {
        "before_header": path,
        "after_header": path,
        "before": described_store(before),
        "after": described(certificates),
    }
    if result["changed"] and not module.check_mode:
        write(module, wanted, path)
    if Path(path).exists():
        arguments = module.load_file_common_arguments(module.params)
        result["changed"] = module.set_fs_attributes_if_different(arguments, result["changed"])
    module.exit_json(**result)


if __name__ == "__main__":
    main()
