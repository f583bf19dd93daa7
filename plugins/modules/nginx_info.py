#!/usr/bin/python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_info
author: The tlsfront.elasticsearch authors (@tlsfront)
version_added: 0.1.0
short_description: Read what an nginx is, and what its sites have set that a new one must fit in with
description:
  - Returns nginx's version, the user and group of its workers, settings of the whole C(http) block that only one file may have,
    and which site is the default of a port.
  - Reads the files of the configuration as nginx does, with what they include, and does not need nginx to accept them.
options:
  binary:
    description: The program. Where it is not there, nothing else is returned.
    type: path
    default: /usr/sbin/nginx
  main:
    description: The main file of its configuration. Defaults to the one that the program was built with (C(nginx -V)).
    type: path
  ours:
    description: The file of the new site, which is left out; it need not be there yet.
    type: path
    required: true
  port:
    description: The TCP port that the new site listens on, on all addresses.
    type: int
    required: true
attributes:
  check_mode:
    description: Can run in check mode and do the same.
    support: full
  diff_mode:
    description: Returns what would change.
    support: none
"""

EXAMPLES = r"""
- name: Gather what other sites have set
  tlsfront.elasticsearch.nginx_info:
    ours: /etc/nginx/conf.d/tlsfront.conf
    port: 443
  register: sites
"""

RETURN = r"""
nginx:
  description: What was found.
  returned: always
  type: dict
  contains:
    present:
      description: Whether nginx is there. Where it is not, nothing else is returned.
      type: bool
      returned: always
    problem:
      description: Why its configuration cannot be read; empty where it can be. Where it cannot, no more than V(version) is returned.
      type: str
      returned: where nginx is there
    version:
      description: The version, V(1.26.3).
      type: str
      returned: where nginx is there
    user:
      description: The user of its workers.
      type: str
      returned: where it can be read
    group:
      description: The group of its workers.
      type: str
      returned: where it can be read
    server_names_hash_bucket_size:
      description: The value that the configuration sets; null where it sets none.
      type: int
      returned: where it can be read
    listener_has_options:
      description: Whether a site sets options of the socket of the port, which only one site may do.
      type: bool
      returned: where it can be read
    has_default_server:
      description: Whether a site says that it is the default of the port, which only one site may do.
      type: bool
      returned: where it can be read
    default_site:
      description: The site that is the default of the port, by what it says or by being the first; null where it is O(ours), or where there is none.
      type: dict
      returned: where it can be read
      contains:
        place:
          description: Its file and line.
          type: str
        names:
          description: Its server names.
          type: list
          elements: str
        keeps_sessions:
          description: Whether it has a cache of TLS sessions.
          type: bool
"""

import re
import typing as t
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import sites, syntax


def gather(module: AnsibleModule) -> dict[str, t.Any]:
    if not Path(module.params["binary"]).exists():
        return {"present": False}
    _code, _out, said = module.run_command([module.params["binary"], "-V"], check_rc=True)
    version = re.search(r"nginx version: \S+?/([0-9.]+)", said)
    built = dict(re.findall(r"--([a-z-]+)=([^\s']+)", said))
    prefix = built.get("prefix", "/usr/local/nginx")
    main = module.params["main"] or str(Path(prefix) / built.get("conf-path", "conf/nginx.conf"))
    nginx: dict[str, t.Any] = {"present": True, "problem": "", "version": version[1] if version else ""}
    try:
        nginx.update(sites.found(main, module.params["ours"], module.params["port"]))
    except (OSError, syntax.BadSyntax) as cause:
        nginx["problem"] = str(cause)
        return nginx
    # without the directive, those of the build: https://nginx.org/en/docs/ngx_core_module.html#user
    nginx["user"] = nginx["user"] or built.get("user", "nobody")
    nginx["group"] = nginx["group"] or built.get("group", nginx["user"])
    return nginx


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "binary": {"type": "path", "default": "/usr/sbin/nginx"},
            "main": {"type": "path"},
            "ours": {"type": "path", "required": True},
            "port": {"type": "int", "required": True},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, nginx=gather(module))


if __name__ == "__main__":
    main()
