#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a configuration of nginx live, keeps what was proved, or goes back to what was served."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_config
short_description: Makes a configuration of nginx live, keeps what was proved, or goes back to what was served
version_added: 0.1.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - The steps of one change. It begins with M(tlsfront.elasticsearch.nginx_config_info); then the new configuration is made live (O(state=present)), nginx
    reloads it, and what is served is proved and kept (O(state=verified)), or what was served before is made live again (O(state=former)).
  - Each step takes the token of what it expects to be live, and changes nothing where another run has changed it in the meantime.
  - Reloads nothing.
attributes:
  check_mode:
    description: Can run in check mode without changing anything.
    support: full
    details:
      - Whether nginx would accept the configuration is not tested then.
  diff_mode:
    description: Says what has changed, or would change, in diff mode.
    support: full
options:
  state:
    description:
      - V(present) makes O(configuration) and O(drop_in) live, both at once, after nginx has accepted the configuration where it is to live. What
        was live is kept first as what a change goes back to, if O(began.keep) says so.
      - V(verified) fails unless what is live is served. Then it is kept as proved, and files of O(own_files) that it does not name are removed.
      - V(former) makes live what was live when the run began or, if O(began.keep) says that this is not to be kept, what was last proved.
    type: str
    choices: [present, verified, former]
    default: present
  configuration:
    description: The configuration. Required with O(state=present).
    type: str
  drop_in:
    description: What systemd lets nginx do. Required with O(state=present).
    type: str
  began:
    description: What M(tlsfront.elasticsearch.nginx_config_info) returned when the run began. Required with O(state=present) and O(state=former).
    type: dict
    suboptions:
      token:
        description: As it was returned.
        type: str
        required: true
      keep:
        description: As it was returned.
        type: bool
        required: true
  token:
    description:
      - What this run has made live, as O(state=present) returned it. Required with O(state=verified).
      - With O(state=former) it is left out if nothing was made live.
    type: str
  wait:
    description: Seconds to go on asking with O(state=verified).
    type: float
    default: 0
  own_files:
    description: Patterns for files in O(directory) that are there for the configuration only.
    type: list
    elements: str
    default: []
  nginx:
    description: The program.
    type: str
    default: /usr/sbin/nginx
extends_documentation_fragment:
  - tlsfront.elasticsearch.nginx_files
seealso:
  - module: tlsfront.elasticsearch.nginx_config_info
"""

EXAMPLES = r"""
- name: Gather what nginx serves
  tlsfront.elasticsearch.nginx_config_info:
  register: began

- name: Make the configuration live
  tlsfront.elasticsearch.nginx_config:
    configuration: "{{ lookup('ansible.builtin.template', 'tlsfront.conf.j2') }}"
    drop_in: "{{ lookup('ansible.builtin.template', 'nginx.service.conf.j2') }}"
    began: "{{ {'token': began.token, 'keep': began.keep} }}"
  register: written

- name: Reload nginx
  ansible.builtin.systemd_service:
    name: nginx
    state: reloaded

- name: Verify that nginx serves the configuration
  tlsfront.elasticsearch.nginx_config:
    state: verified
    token: "{{ written.token }}"
    wait: 15
"""

RETURN = r"""
token:
  description: Stands for what is live now. In check mode it stands for what is live still.
  returned: success
  type: str
raced:
  description: Whether another run has changed the node in the meantime, so that this one has changed nothing.
  returned: always
  type: bool
served:
  description: Whether all that is served is what is live.
  returned: with O(state=verified), when it was asked
  type: bool
removed:
  description: Files that no configuration names any more.
  returned: with O(state=verified)
  type: list
  elements: str
there:
  description: Whether there was anything to go back to.
  returned: with O(state=former)
  type: bool
worker_connections:
  description: The connections that the configuration which is live now needs in nginx's main file; 0 if there is none.
  returned: with O(state=former)
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.arguments import FILES, front
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.candidate import Refused
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.configuration import worker_connections
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.files import Locked
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.transaction import (
    Began,
    Contents,
    Front,
    NotServed,
    Raced,
)


def diff(paths: tuple[Any, ...], before: Contents, after: Contents) -> list[dict[str, str]]:
    """What a person reads."""
    texts = [[(octets or b"").decode("utf-8", "replace") for octets in contents] for contents in (before, after)]
    return [
        {"before_header": str(path), "after_header": str(path), "before": old, "after": new}
        for path, old, new in zip(paths, *texts)
        if old != new
    ]


def present(module: AnsibleModule, files: Front, began: Began) -> dict[str, Any]:
    text, drop_in = module.params["configuration"], module.params["drop_in"]
    wanted = (text.encode(), drop_in.encode())
    before = files.expect(began)
    result: dict[str, Any] = {"changed": before != wanted, "token": began.token, "diff": diff(files.live, before, wanted)}
    if not module.check_mode:
        result["token"], result["changed"] = files.write(text, drop_in, began)
    return result


def verified(module: AnsibleModule, files: Front) -> dict[str, Any]:
    if module.check_mode:
        return {"changed": False, "token": module.params["token"]}
    removed = files.verify(module.params["token"], module.params["wait"], module.params["own_files"])
    return {"changed": bool(removed), "token": module.params["token"], "served": True, "removed": removed}


def former(module: AnsibleModule, files: Front, began: Began) -> dict[str, Any]:
    before = files.contents()
    after, token = files.go_back(began, module.params["token"] or began.token, write=not module.check_mode)
    return {
        "changed": before != after,
        "token": token,
        "there": after[0] is not None,
        "worker_connections": worker_connections((after[0] or b"").decode("utf-8", "replace")),
        "diff": diff(files.live, before, after),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "verified", "former"], "default": "present"},
            "configuration": {"type": "str"},
            "drop_in": {"type": "str"},
            "began": {
                "type": "dict",
                "options": {"token": {"type": "str", "required": True, "no_log": False}, "keep": {"type": "bool", "required": True}},
            },
            "token": {"type": "str", "no_log": False},
            "wait": {"type": "float", "default": 0},
            "own_files": {"type": "list", "elements": "str", "default": []},
            "nginx": {"type": "str", "default": "/usr/sbin/nginx"},
            **FILES,
        },
        required_if=[
            ("state", "present", ("configuration", "drop_in", "began")),
            ("state", "verified", ("token",)),
            ("state", "former", ("began",)),
        ],
        no_log=True,  # the journal need not have a configuration, which may have credentials in it
        supports_check_mode=True,
    )
    files, state = front(module.params), module.params["state"]
    began = Began(module.params["began"]["token"], module.params["began"]["keep"]) if module.params["began"] else Began("", False)
    try:
        if state == "present":
            result = present(module, files, began)
        elif state == "verified":
            result = verified(module, files)
        else:
            result = former(module, files, began)
    except Raced as error:
        module.fail_json(msg=str(error), raced=True)
    except NotServed as error:
        module.fail_json(msg=str(error), raced=False, served=False)
    except Refused as error:
        module.fail_json(msg=f"nginx would refuse the configuration: {error}", raced=False)
    except (Locked, OSError) as error:
        module.fail_json(msg=str(error), raced=False)
    module.exit_json(raced=False, **result)


if __name__ == "__main__":
    main()
