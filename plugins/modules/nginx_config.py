#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has nginx serve a configuration and proves it, or goes back to the one that was served."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_config
short_description: Has nginx serve a configuration and proves it, or goes back to the one that was served
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Writes what the configuration names, has nginx test it where it is to live, swaps it in, restarts or reloads nginx, and asks every listener, for every
    name and over a verified connection to this host, which certificate and which configuration it serves, and whether users can log in.
  - Before it writes anything, it asks each server to which the configuration passes requests on by https for its certificate. One that nginx could not verify
    is refused, unless what is live passes on to it in the same way. One that does not answer is not. So is one to which it passes on by plain http, and that
    does not speak it.
  - Where what is served is not what was written, the configuration that was live and served when the call began is live again and is proved in the same
    way, and the call fails with the cause.
  - It belongs to the role P(tlsfront.elasticsearch.https_front#role), whose template says in the configuration what its listeners must show.
  - One call at a time changes a node. A call that has begun goes on to its end where the connection to the node is lost. One that was killed, or whose
    node went down, leaves a configuration that can be served after a boot; the next call goes on from there.
attributes:
  check_mode:
    support: full
    details:
      - Whether nginx would accept the configuration is not tested then.
  diff_mode:
    support: full
    details:
      - Of the file of users, it is only said that it changes.
  platform:
    support: full
    platforms: posix
options:
  state:
    description:
      - With V(present), O(configuration) is served.
      - With V(served), no file is changed. Where nginx serves another certificate, or another configuration, than the ones that are live, it reloads, and
        the proof is the same. This is for a certificate that was renewed.
      - With V(absent), all that the module made is removed. nginx goes on for other sites, and ends where there are none.
    type: str
    choices: [present, served, absent]
    default: present
  configuration:
    description:
      - The configuration. In it, C(%USERS_FILE%) stands for the path of the file of O(users), and C(%CONFIGURATION_ID%) for what a listener is asked for to
        know which configuration it runs.
      - Required with O(state=present).
    type: str
  drop_in:
    description: What systemd lets nginx do. Another one needs a restart. Required with O(state=present).
    type: str
  restart_drop_in:
    description: When systemd starts nginx again. Another one needs neither restart nor reload. Required with O(state=present).
    type: str
  users:
    description: Who may log in. Passwords are hashed on the node, with salts from a secret that only root can read there.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name, without a colon.
        type: str
        required: true
      password:
        description: The password, unless there is a O(users[].hash).
        type: str
      hash:
        description: A hash that nginx knows.
        type: str
      read_only:
        description: Is of no meaning here, but in O(configuration).
        type: bool
        default: false
  rounds:
    description: Rounds of SHA-512 crypt that a password is hashed with.
    type: int
    default: 1000
  files:
    description: Other files that the configuration names, in O(directory). Everybody on the node may read them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Another name for another content.
        type: str
        required: true
      content:
        description: The content.
        type: str
        required: true
  group:
    description: The group of nginx's workers, who read the file of users.
    type: str
    default: www-data
  token:
    description:
      - What M(tlsfront.elasticsearch.nginx_info) returned as RV(tlsfront.elasticsearch.nginx_info#module:token) when it looked. Where something else is
        live now, nothing is changed.
    type: str
  wait:
    description: Seconds within which the configuration must be served.
    type: float
    default: 15
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - tlsfront.elasticsearch.nginx_files
seealso:
  - module: tlsfront.elasticsearch.nginx_info
"""

EXAMPLES = r"""
- name: Serve the configuration, or roll back
  tlsfront.elasticsearch.nginx_config:
    configuration: "{{ lookup('ansible.builtin.template', 'tlsfront.conf.j2') }}"
    drop_in: "{{ lookup('ansible.builtin.template', 'nginx.service.conf.j2') }}"
    restart_drop_in: "{{ lookup('ansible.builtin.file', 'nginx.restart.conf') }}"

- name: Serve the certificate that was renewed
  tlsfront.elasticsearch.nginx_config:
    state: served

- name: Remove it
  tlsfront.elasticsearch.nginx_config:
    state: absent
"""

RETURN = r"""
raced:
  description: Whether something else has changed the node in the meantime, so that this call has changed nothing.
  returned: always
  type: bool
served:
  description: Whether a configuration of the collection is served now, the new one or, on failure, the former one.
  returned: with O(state=present) and O(state=served), unless in check mode, and unless another run or the certificate is in the way
  type: bool
restarted:
  description: Whether nginx was restarted, or would be, for which a reload was not enough.
  returned: success
  type: bool
removed:
  description: Files that no configuration names any more.
  returned: success
  type: list
  elements: str
"""

from typing import Any, Callable

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import candidate, files, service, transaction, upstreams
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.arguments import CHANGE, FILES, front, wanted
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.detached import Lost, detached


def run(work: Callable[[], transaction.Outcome]) -> dict[str, Any]:
    """What has come of it, as the result of the module."""
    try:
        outcome = work()
    except transaction.Raced as error:
        return {"failed": True, "msg": f"The configuration of the front was not changed. {error}", "raced": True}
    except transaction.Failed as error:
        return {"failed": True, "msg": str(error), "raced": False, "served": error.served}
    except (transaction.PairRefused, upstreams.Refused, transaction.NotServed, candidate.Refused, service.Failed, files.Locked, OSError, ValueError) as error:
        return {"failed": True, "msg": str(error), "raced": False}
    told = {"diff": outcome.diff, "restarted": outcome.restarted, "removed": outcome.removed}
    return {"changed": outcome.changed, "raced": False, **told}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "served", "absent"], "default": "present"},
            "token": {"type": "str", "no_log": False},
            **CHANGE,
            **FILES,
        },
        required_if=[("state", "present", ("configuration", "drop_in", "restart_drop_in"))],
        no_log=True,  # the journal need not have a configuration, which may have credentials in it
        supports_check_mode=True,
    )
    node, state, write = front(module), module.params["state"], not module.check_mode

    def work() -> transaction.Outcome:
        if state == "served":
            return node.serve_live(module.params["wait"], write)
        if state == "absent":
            return node.remove(write)
        given = wanted(module.params, module.check_mode)
        return node.change(given, module.params["token"]) if write else node.preview(given, module.params["token"])

    try:
        result = detached(lambda: run(work)) if write else run(work)
    except Lost as error:
        module.fail_json(msg=str(error), raced=False)
    if result.get("failed"):
        module.fail_json(**result)
    if state != "absent" and write:
        result["served"] = True
    if module.check_mode and result["restarted"]:
        module.warn(
            f"nginx would be restarted, not reloaded: the limits or the sandbox that systemd starts it with change ({module.params['drop_in_path']}). "
            "It refuses connections for about 0.1 s; one node at a time."
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
