#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says whether clients would accept a certificate with its key."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_keypair_info
short_description: Says which certificates and keys are on a host, and whether clients would accept them
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - A client and a server shake hands within the module, so key, chain, dates and names are judged as real clients would do it.
    Nothing is sent over a network, and nothing is changed.
  - Says in the same call who else may read or change files that a certificate comes from, and which programs are there.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  platform:
    support: full
    platforms: posix
options:
  directories:
    description:
      - Directories, each with C(chain.pem), C(key.pem) and, for a private CA, C(ca.pem). Without C(ca.pem) the system's store is trusted.
    type: list
    elements: str
    default: []
  names:
    description: Names and addresses that clients ask for. Without one, no certificate is accepted.
    type: list
    elements: str
    default: []
  paths:
    description: Files, as for M(tlsfront.elasticsearch.path_access_info).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: An absolute path. What is not there is no problem, but what leads to it may be.
        type: str
        required: true
      secret:
        description: Whether only its owner may read it, and its group unless it is O(paths[].ours).
        type: bool
        default: false
      ours:
        description: Whether nobody may change it but root and the user who asks.
        type: bool
        default: false
  look_for:
    description: Paths of programs and directories.
    type: list
    elements: str
    default: []
  programs:
    description:
      - Names of programs, which are looked for in the directories of C(PATH), in those of the system, and in C(/snap/bin). Who else may change one that is
        found is said as of O(paths).
    type: list
    elements: str
    default: []
  python_packages:
    description: Packages of Python, which are looked for where O(python) finds them.
    type: list
    elements: str
    default: []
  python:
    description: The interpreter. Defaults to the one that runs modules on this node.
    type: path
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
found:
  description: Those of O(look_for) that are there.
  returned: success
  type: list
  elements: str
packages:
  description: Of each of O(programs) that is not there, the version of the package of that name, as far as the package manager knows one.
  returned: success
  type: dict
  sample: {certbot: 3.1.0}
programs:
  description: The path of each of O(programs), empty where it is not there. A snap is said to be in C(/snap/bin).
  returned: success
  type: dict
  sample: {certbot: /usr/bin/certbot}
python:
  description:
    - The C(path) of the interpreter that was looked at, and whether it C(is_systems), C(/usr/bin/python3), for which the distribution has its packages.
  returned: O(python_packages) is given
  type: dict
  sample: {path: /usr/bin/python3.12, is_systems: false}
python_packages:
  description: Whether each of O(python_packages) is there.
  returned: O(python_packages) is given
  type: dict
  sample: {cryptography: true}
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access, _commands, _packages, _pem
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls.keypair import judged, key_state

_SYSTEMS = "/usr/bin/python3"
# a virtual environment has the same program, and other packages
_LOOK_FOR = """
import importlib.util, json, sys
found = [name for name in sys.argv[1:] if importlib.util.find_spec(name)]
print(json.dumps({"packages": found, "is_whole": sys.prefix == sys.base_prefix}))
"""
NAMELESS = {"accepted": False, "message": "names is empty, and a certificate is accepted for a name", "ocsp": []}


def chain_of(directory: Path) -> str:
    try:
        return _pem.text_of((directory / "chain.pem").read_bytes())
    except (OSError, ValueError):
        return ""


def keypair(directory: str, names: list[str]) -> dict[str, Any]:
    """What the result says of one directory."""
    place = Path(directory)
    return {"directory": directory, **(judged(place, names) if names else NAMELESS), "chain": chain_of(place), "key": key_state(place)}


def program(name: str) -> str:
    """Where it is; empty where it is not."""
    found = _commands.find(name, "/snap/bin")
    # what starts a snap is one program for all of them: https://snapcraft.io/docs/commands-and-aliases
    return f"/snap/bin/{name}" if Path(found).resolve().name == "snap" else found


def about_python(module: AnsibleModule, interpreter: str, packages: list[str]) -> dict[str, Any]:
    """What it finds; nothing where it cannot be run."""
    command = [interpreter, "-c", _LOOK_FOR, *packages]
    try:
        # it would take modules of the directory that it is started in
        code, out, _err = module.run_command(command, cwd="/", handle_exceptions=False)
        found = json.loads(out) if code == 0 else {}
    except (OSError, ValueError):
        found = {}
    is_systems = found.get("is_whole", False) and os.path.realpath(interpreter) == os.path.realpath(_SYSTEMS)
    return {
        "python": {"path": interpreter, "is_systems": is_systems},
        "python_packages": {name: name in found.get("packages", ()) for name in packages},
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "str", "default": []},
            "names": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "list", "elements": "dict", "default": [], "options": _access.ASKED},
            "look_for": {"type": "list", "elements": "str", "default": []},
            "programs": {"type": "list", "elements": "str", "default": []},
            "python_packages": {"type": "list", "elements": "str", "default": []},
            "python": {"type": "path"},
        },
        supports_check_mode=True,
    )
    given = module.params
    programs = {name: program(name) for name in given["programs"]}
    missing = [name for name, path in programs.items() if not path]
    access = _access.answer(given["paths"])
    access["problems"] += [said for path in programs.values() if path for said in _access.problems(path, ours=True)]
    module.exit_json(
        changed=False,
        keypairs=[keypair(each, given["names"]) for each in given["directories"]],
        **access,
        found=[path for path in given["look_for"] if Path(path).exists()],
        programs=programs,
        packages={name: _packages.candidate(_commands.by(module), name) for name in missing},
        **(about_python(module, given["python"] or sys.executable, given["python_packages"]) if given["python_packages"] else {}),
    )


if __name__ == "__main__":
    main()
