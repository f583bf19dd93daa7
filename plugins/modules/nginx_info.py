#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads all that a new site of an nginx must fit in with."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nginx_info
short_description: Reads all that a new site of an nginx must fit in with
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Returns nginx's version, the user and group of its workers, settings of the whole C(http) block that only one file may have, and which site is the
    default of a port; which other programs listen on the ports; whether clients would accept the certificate; and who may read or change what decides who
    gets in.
  - Reads the files of the configuration as nginx does, with what they include, and does not need nginx to accept them. What is live is left out.
  - Changes nothing. Whether clients would accept the certificate is known from a client and a server that shake hands within the module.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    support: full
    platforms: posix
options:
  main:
    description: The main file of nginx's configuration. Defaults to the one that the program was built with (C(nginx -V)).
    type: path
  port:
    description: The TCP port that the new site listens on, on all addresses.
    type: int
    required: true
  redirect_port:
    description: Another port that it listens on; V(0) for none.
    type: int
    default: 0
  further_ports:
    description: More ports that it listens on as on O(port), which other sites of the same nginx may use as well.
    type: list
    elements: int
    default: []
  certificate_dir:
    description: The directory of C(chain.pem), C(key.pem) and, for a private CA, C(ca.pem). Without C(ca.pem) the system's store is trusted.
    type: str
    required: true
  names:
    description: Names and addresses that clients ask for.
    type: list
    elements: str
    required: true
  drop_in:
    description: What systemd is to be told that nginx may do.
    type: str
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - tlsfront.elasticsearch.nginx_files
seealso:
  - module: tlsfront.elasticsearch.nginx_config
"""

EXAMPLES = r"""
- name: Gather what a new site must fit in with
  tlsfront.elasticsearch.nginx_info:
    port: 443
    certificate_dir: /etc/tlsfront/certificate/live
    names: [es.example.org]
  register: gathered
"""

RETURN = r"""
nginx:
  description: What nginx is, and what other sites of it have set.
  returned: always
  type: dict
  contains:
    present:
      description: Whether nginx is there.
      type: bool
      returned: always
    version:
      description:
        - The version, V(1.26.3). In check mode, where nginx is not there, the one that the package manager would install, as far as it knows; otherwise the
          oldest for which the role P(tlsfront.elasticsearch.https_front#role) is.
      type: str
      returned: always
    tls_library:
      description: With what it was built, V(OpenSSL 3.0.15).
      type: str
      returned: where nginx is there
    main:
      description: The main file of its configuration.
      type: str
      returned: where nginx is there
    lacks:
      description: Modules of nginx that the role P(tlsfront.elasticsearch.https_front#role) may need and that it was built without, V(realip) for example.
      type: list
      elements: str
      returned: where nginx is there
    broken:
      description: What it said where it is there and cannot be run; empty where it is not there.
      type: str
      returned: where nginx is not there, or cannot be run
    unit_obstacle:
      description: Why systemd cannot start C(nginx.service), V(not-found) or V(masked) for example; empty where it can, or where systemd is not there.
      type: str
      returned: where nginx is there
    includes_site:
      description: Whether the configuration includes O(path) in its C(http) block, and is C(nginx.conf) in the directory above that of O(path).
      type: bool
      returned: where it can be read
    group:
      description: The group of its workers. Empty where nginx is not there.
      type: str
      returned: always
    problem:
      description: Why its configuration cannot be read; empty where it can be.
      type: str
      returned: where nginx is there
    user:
      description: The user of its workers.
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
      description: The site that is the default of the port, by what it says or by being the first; null where it is O(path), or where there is none.
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
    further:
      description: For each of O(further_ports), its C(port), and C(listener_has_options), C(has_default_server) and C(default_site) as above.
      type: list
      elements: dict
      returned: where it can be read
installing:
  description: Whether a run was cut off while it installed nginx.
  returned: always
  type: bool
token:
  description: Stands for what is live of the collection's own. It is another one when somebody has changed it.
  returned: always
  type: str
passes_on_by:
  description: The scheme by which the site that is live passes requests on, V(http) or V(https); empty where there is none.
  returned: always
  type: str
passes_on_to:
  description: Each C(address:port) to which it does, the first one first; empty where there is none.
  returned: always
  type: list
  elements: str
https_upstreams:
  description:
    - Each C(address:port) to which any server of the site that is live passes requests on by https, a further one of the role
      P(tlsfront.elasticsearch.https_front#role) as well; empty where there is none.
  returned: always
  type: list
  elements: str
restart_due:
  description:
    - Whether M(tlsfront.elasticsearch.nginx_config) would have to restart nginx, since systemd is told something else than O(drop_in), or was told it after
      nginx was started. Without O(drop_in), only the second is looked at.
  returned: always
  type: bool
listeners:
  description: Other programs than nginx that listen on one of the ports.
  returned: always
  type: list
  elements: dict
  contains:
    port:
      description: The port.
      type: int
    address:
      description: The address.
      type: str
    program:
      description: The program; empty where it cannot be seen.
      type: str
    pid:
      description: The number of its process; null where it cannot be seen.
      type: int
certificate:
  description: What is in O(certificate_dir).
  returned: always
  type: dict
  contains:
    files:
      description: Which of the files are there.
      type: list
      elements: str
    accepted:
      description: Whether clients that ask for any of the names would accept it.
      type: bool
    message:
      description: Why they would not.
      type: str
    ocsp:
      description: The URLs of its OCSP responders.
      type: list
      elements: str
system_ca:
  description: The file with the certificates of the CAs that the system trusts; where none is found, the one that Debian has.
  returned: always
  type: str
selinux:
  description:
    - The C(mode) of SELinux on the host, V(enforcing), V(permissive) or V(disabled), and the packages that M(tlsfront.elasticsearch.selinux_policy) C(lacks)
      there.
  returned: always
  type: dict
  sample: {mode: enforcing, lacks: [policycoreutils-python-utils]}
access:
  description: What lets others read or change what decides who gets in, each in a sentence; empty where nothing does.
  returned: always
  type: list
  elements: str
"""

import contextlib
import re
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access, _commands, _packages, _sockets
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import build, sites, syntax
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.arguments import FILES, front
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.service import Service
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.transaction import INSTALLING, Front
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._selinux import kernel, labels
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls.keypair import judged

# of Debian, of Red Hat's family, of SUSE, and of OpenSSL itself as others have it
_SYSTEM_CAS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")


def about_nginx(module: AnsibleModule, unit: Service, built: dict[str, Any] | None, said: str) -> dict[str, Any]:
    given = module.params
    if built is None:  # What it will be matters only where that is not seen before it is needed.
        version = _packages.candidate(_commands.by(module), "nginx") if module.check_mode else ""
        return {"present": False, "version": version or build.OLDEST, "group": "", "broken": said.strip()}
    nginx: dict[str, Any] = {"present": True, "problem": "", "unit_obstacle": unit.obstacle()}
    nginx.update({name: built[name] for name in ("version", "tls_library", "main", "user", "group", "lacks")})
    nginx["main"] = given["main"] or nginx["main"]
    try:
        found = sites.found(nginx["main"], given["path"], given["port"], given["further_ports"])
    except (OSError, syntax.BadSyntax) as cause:
        nginx["problem"] = str(cause)
        return nginx
    # the site is tested with the main file beside it, and with no other
    found["includes_site"] = found["includes_site"] and Path(nginx["main"]) == Path(given["path"]).parent.parent / "nginx.conf"
    # without the directive, those of the build: https://nginx.org/en/docs/ngx_core_module.html#user
    return {**nginx, **found, "user": found["user"] or nginx["user"], "group": found["group"] or nginx["group"]}


def system_ca() -> str:
    return next((path for path in _SYSTEM_CAS if Path(path).exists()), _SYSTEM_CAS[0])


def passes_on_by(site: str) -> str:
    found = re.search(r"^\s*proxy_pass (https?)://tlsfront_elasticsearch;", site, re.MULTILINE)
    return found[1] if found else ""


def servers_of(site: str) -> dict[str, list[str]]:
    """The servers of each of its upstreams."""
    blocks = re.findall(r"^upstream (\w+) {\n(.*?)^}", site, re.MULTILINE | re.DOTALL)
    return {name: re.findall(r"^\s*server ([^\s;]+)", block, re.MULTILINE) for name, block in blocks}


def https_upstreams(site: str) -> list[str]:
    """By address, since the number of a further site is another one when those before it come or go."""
    by_https = set(re.findall(r"^\s*proxy_pass https://(\w+);", site, re.MULTILINE))
    return sorted({server for name, servers in servers_of(site).items() if name in by_https for server in servers})


def about_listeners(ports: list[int]) -> list[dict[str, Any]]:
    listening = [each for each in _sockets.sockets() if each.state == "listening" and each.port in ports]
    if not listening:
        return []
    owners = {inode: process.pid for process in _sockets.processes() for inode in process.inodes}
    found = []
    for each in listening:
        pid, program = owners.get(each.inode), ""
        with contextlib.suppress(OSError):
            program = Path(f"/proc/{pid}/comm").read_text("utf-8", errors="replace").strip() if pid else ""
        if program != "nginx":
            found.append({"port": each.port, "address": each.address, "program": program, "pid": pid})
    return found


def about_certificate(directory: Path, names: list[str]) -> dict[str, Any]:
    files = [name for name in ("chain.pem", "key.pem", "ca.pem") if (directory / name).exists()]
    return {"files": files, **judged(directory, names)}


def about_access(node: Front, certificate_dir: str) -> list[str]:
    """What the role makes is root's; a certificate from elsewhere is also its owner's and its group's."""
    found = [
        *_access.problems(str(node.secret), secret=True, ours=True),
        *_access.problems(str(node.proved[0]), ours=True),
        *_access.problems(str(node.live[0])),
        *_access.problems(f"{certificate_dir}/key.pem", secret=True),
        *_access.problems(f"{certificate_dir}/chain.pem"),
        *_access.problems(f"{certificate_dir}/ca.pem"),
    ]
    return list(dict.fromkeys(found))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "main": {"type": "path"},
            "port": {"type": "int", "required": True},
            "redirect_port": {"type": "int", "default": 0},
            "further_ports": {"type": "list", "elements": "int", "default": []},
            "certificate_dir": {"type": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
            "drop_in": {"type": "str"},
            **FILES,
        },
        supports_check_mode=True,
    )
    given = module.params
    built, said = build.asked(_commands.by(module), given["nginx"])
    node = front(module, built)
    site = ""
    with contextlib.suppress(OSError):
        site = node.live[0].read_text("utf-8", errors="replace")
    try:
        token = node.token()
        restart_due = node.must_restart(None if given["drop_in"] is None else node.drop_in(given["drop_in"]))
    except OSError as error:
        module.fail_json(msg=f"What is live cannot be read: {error}")
    mode = kernel.mode()
    module.exit_json(
        changed=False,
        nginx=about_nginx(module, node.unit, built, said),
        installing=(node.directory / INSTALLING).exists(),
        token=token,
        passes_on_by=passes_on_by(site),
        passes_on_to=servers_of(site).get("tlsfront_elasticsearch", []),
        https_upstreams=https_upstreams(site),
        restart_due=restart_due,
        listeners=about_listeners([port for port in (given["port"], given["redirect_port"], *given["further_ports"]) if port]),
        certificate=about_certificate(Path(given["certificate_dir"]), given["names"]),
        system_ca=system_ca(),
        selinux={"mode": mode, "lacks": [] if mode == "disabled" else labels.lacks()},
        access=about_access(node, given["certificate_dir"]),
    )


if __name__ == "__main__":
    main()
