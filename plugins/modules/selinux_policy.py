#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has SELinux's policy let a web server do what it needs, and nothing more."""

from __future__ import annotations

DOCUMENTATION = r"""
module: selinux_policy
short_description: Has SELinux's policy let a web server do what it needs, and nothing more
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Asks the policy in force whether the domain in which systemd starts a program may listen on ports, connect to ports, and use files. What is allowed is left
    as it is.
  - What is not gets the least change that allows it. A port to listen on gets the label C(http_port_t). The boolean C(httpd_can_network_connect) is switched on
    where the label of a port to connect to does not do. Files that have another label than the policy has for their place are labelled anew, if that is
    enough; another label than that they do not get, and a message says by which command they would.
  - Afterwards it asks again. It never makes SELinux or a domain permissive, and adds no rules of its own.
  - What it is about to change is written to V(/etc/tlsfront/selinux.json) first. With O(state=absent) exactly that is taken away again, as far as nobody has
    changed it since.
  - Without SELinux, it changes nothing. Where SELinux is permissive, it changes the same, and says so.
  - Needs root, C(semanage) of C(policycoreutils-python-utils), and C(matchpathcon) and C(restorecon), which are wherever SELinux is.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - Where C(semanage) is not there yet, it warns that it cannot say what it would change.
  diff_mode:
    support: full
  platform:
    support: full
    platforms: posix
options:
  program:
    description: The program that systemd starts. The policy says in which domain it runs.
    type: path
    default: /usr/sbin/nginx
  listen_ports:
    description: TCP ports that it listens on.
    type: list
    elements: int
    default: []
  connect_ports:
    description: TCP ports of any host that it connects to.
    type: list
    elements: int
    default: []
  files:
    description: What it reads or appends to besides its own configuration.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: A directory, with all that is directly in it, or a file. It need not be there yet.
        type: str
        required: true
      access:
        description: Whether it reads the files, or makes them and appends to them.
        type: str
        choices: [read, append]
        default: read
      type:
        description: The type that such files have in the policy, for the message where what is there may not be used.
        type: str
        required: true
  state:
    description: Whether the policy lets it, or what was changed is taken away again.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: ansible.posix.seboolean
  - module: community.general.seport
  - module: community.general.sefcontext
"""

EXAMPLES = r"""
- name: Have SELinux let nginx serve Elasticsearch
  tlsfront.elasticsearch.selinux_policy:
    listen_ports: [9243]
    connect_ports: [9200]
    files:
      - path: /etc/tlsfront/certificate/live
        type: cert_t

- name: Take away what was changed for it
  tlsfront.elasticsearch.selinux_policy:
    state: absent
"""

RETURN = r"""
mode:
  description: V(enforcing), V(permissive) or V(disabled).
  returned: success
  type: str
changes:
  description: What was changed, or would be.
  returned: success
  type: list
  elements: str
  sample: ["label of port 9243/tcp: unreserved_port_t -> http_port_t", "boolean httpd_can_network_connect: off -> on"]
"""

import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._files import Locked
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.kernel import Kernel, mode
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.labels import Labels, lacks
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.needs import ACCESS, Change, File, Needs
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux.transaction import Changes


def needs_of(params: dict[str, Any]) -> Needs:
    """What the program does.

    :raises Failed: it cannot be meant
    """
    for name in ("listen_ports", "connect_ports"):
        for port in params[name]:
            if not 1 <= port <= 65535:
                raise Failed(f"{name} has {port}, which is no TCP port: write a number from 1 to 65535. Nothing was changed.")
    for path in (params["program"], *(each["path"] for each in params["files"])):
        if not re.fullmatch(r"/[^\0-\x1f\x7f]*", path) or ".." in Path(path).parts:
            raise Failed(f"{path!r} is no absolute path. Nothing was changed.")
    for each in params["files"]:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", each["type"], re.ASCII):
            raise Failed(f"files has the type {each['type']!r}, which is no type of SELinux such as cert_t. Nothing was changed.")
    files = [File(Path(each["path"]), each["access"], each["type"]) for each in params["files"]]
    return Needs(params["program"], params["connect_ports"], params["listen_ports"], files)


def run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of one call."""
    needs, found = needs_of(params), mode()
    changes = Changes(Kernel(), Labels())
    made: list[Change] = []
    warnings: list[str] = []
    if params["state"] == "absent":
        made = changes.made() if check_mode else changes.take_away()
    elif found != "disabled" and check_mode and lacks():
        warnings = [f"SELinux is {found}. What would be changed of its policy cannot be said before {', '.join(lacks())} is installed."]
    elif found != "disabled":
        made = changes.missing(needs) if check_mode else changes.make(needs)
    if made and found == "permissive":
        warnings = ["SELinux is permissive on this host: it only logs what it would refuse. Its policy is changed as for enforcing."]
    diff = {side: "".join(f"{each.what}: {getattr(each, side)}\n" for each in made) for side in ("before", "after")}
    diff.update(before_header="SELinux policy", after_header="SELinux policy")
    return {"changed": bool(made), "mode": found, "changes": [each.said for each in made], "diff": diff, "warnings": warnings}


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "program": {"type": "path", "default": "/usr/sbin/nginx"},
            "listen_ports": {"type": "list", "elements": "int", "default": []},
            "connect_ports": {"type": "list", "elements": "int", "default": []},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "str", "required": True},
                    "access": {"type": "str", "choices": list(ACCESS), "default": "read"},
                    "type": {"type": "str", "required": True},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module.params, module.check_mode)
    except (Failed, Locked, OSError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
