#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has the system trust exactly the CA certificates given, of those that this module brings."""

from __future__ import annotations

DOCUMENTATION = r"""
module: system_truststore
short_description: Keeps CA certificates in the system's store of trusted CAs
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - The system's store has exactly the certificates given, of those that this module puts there. All programs of the host that use it trust them then, for
    every server. What others have put into the store is left alone.
  - What fills the store is found on the host, C(update-ca-certificates) (Debian's way) or C(update-ca-trust) (Red Hat's). Where both are there, it is
    the one that C(/etc/ssl/certs) belongs to. A program counts only when it names the directories that are meant, since others have the same name.
  - That the system has taken a certificate, or given it up, is seen in the bundle that it makes, and in its directory of hashes where it has one. When it
    is not seen there, the module fails.
  - A call that was cut off is finished by the next one.
  - Debian's way is tested with Debian's own program. Red Hat's way is tested with the extractor of p11-kit, which C(update-ca-trust) runs, and a stand-in
    for that script. Alpine's C(update-ca-certificates) is written for, and not tested.
  - To be refused before anything changes, call it with C(check_mode=true) first.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Each certificate is a line with its name in the store, its subject and its last day.
  platform:
    support: full
    platforms: posix
options:
  certificates:
    description: A text with the CA certificates in PEM. Without one, those that an earlier call has put into the store are taken out again.
    type: str
    default: ""
  java_cacerts:
    description:
      - Whether the store of the JVMs is to follow when a certificate is added. With V(false), the hooks of C(update-ca-certificates) are not run then. When
        one is taken out, they are run in any case, so that whoever has taken it gives it up.
      - C(update-ca-trust) makes the store of the JVMs with the others. With V(false), this is said as a warning.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Trust the CA of the cluster
  tlsfront.elasticsearch.system_truststore:
    certificates: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"

- name: Trust it no more
  tlsfront.elasticsearch.system_truststore:
"""

RETURN = r"""
program:
  description: What fills the store of this system. Empty where nothing is known that does, and nothing is to be done.
  returned: success
  type: str
  sample: /usr/sbin/update-ca-certificates
changes:
  description: What was done, or would be.
  returned: success
  type: list
  elements: str
  sample: [write /usr/local/share/ca-certificates/tlsfront-2f7ab2fbd9f8b3a4.crt, run /usr/sbin/update-ca-certificates]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._certificate import read_certificates
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._system_trust.change import change
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._system_trust.store import name_of


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={"certificates": {"type": "str", "default": ""}, "java_cacerts": {"type": "bool", "default": False}},
        supports_check_mode=True,
    )
    text = module.params["certificates"]
    try:
        certificates = {name_of(each): each for each in read_certificates(text)} if text.strip() else {}
        outcome = change(certificates, module.params["java_cacerts"], write=not module.check_mode)
    except (Failed, _files.Locked, OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    for warning in outcome.warnings:
        module.warn(warning)
    header = f"CAs in the system's store ({outcome.program or 'none is known here'})"
    diff = {"before_header": header, "after_header": header, "before": outcome.before, "after": outcome.after}
    module.exit_json(changed=bool(outcome.changes), changes=list(outcome.changes), program=outcome.program, diff=diff)


if __name__ == "__main__":
    main()
