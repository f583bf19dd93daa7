#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Remembers who sends packets to the ports that are to be closed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic_observer
short_description: Remembers who sends packets to ports, in a table of nftables of its own
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Loads the table C(inet tlsfront_observe), which counts and drops nothing. Its sets are filled by the packets themselves, with the address of the sender,
    the address and the port asked for, the first and the last time, and the last time that the node has answered on a connection whose handshake is complete,
    which the sender of a forged packet never gets to.
  - It sees each packet before any rule of the host could drop it, so that after the ports are closed it remembers who still tries. A port that a container
    engine publishes is seen at the address that was asked for.
  - What is remembered is saved every few minutes, when the host shuts down, and before each change, and loaded at boot. Where something else flushes the
    table, it is loaded again at the next of these times, and the time in between is told as a gap.
  - A set that is full remembers nobody else until a place in it gets free. That is noticed by each packet, and told.
  - Never opens or closes anything. Needs root, C(nft) and systemd.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the units and the ports. Of the program, which is the code of this module, only that it changes.
  platform:
    support: full
    platforms: posix
options:
  ports:
    description: Ports, and ranges of them such as V(9200-9299). Required unless O(state=absent).
    type: list
    elements: str
    default: []
  keep_days:
    description: Days for which a sender is remembered after its last packet, 1 to 365.
    type: int
    default: 30
  size:
    description:
      - How many combinations of sender, address and port each of the six sets holds, 16 to 1000000. One takes about 200 bytes of the kernel's memory.
    type: int
    default: 16384
  save_minutes:
    description: Minutes from one save to the next, 1 to 60. What was seen since the last one is lost when the host goes down without a shutdown.
    type: int
    default: 5
  textfile_dir:
    description: Directory of the textfile collector of Prometheus' node exporter, into which C(tlsfront_traffic.prom) is written at each save. Empty for none.
    type: str
    default: ""
  directory:
    description: Where the record is. Only root may read it.
    type: path
    default: /var/lib/tlsfront/observe
  program:
    description: Where the program is that the units run.
    type: path
    default: /usr/local/lib/tlsfront-observe
  nft:
    description: The program nft.
    type: path
    default: /usr/sbin/nft
  state:
    description: With V(absent) the table, the record, the units and the program are taken off.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: tlsfront.elasticsearch.nftables_table
  - name: nft(8)
    description: Sets, their timeouts and sizes, and the statements that add to them.
    link: https://netfilter.org/projects/nftables/manpage.html
"""

EXAMPLES = r"""
- name: Observe who uses plain http
  tlsfront.elasticsearch.traffic_observer:
    ports: [9200, 9300]

- name: Stop observing
  tlsfront.elasticsearch.traffic_observer:
    state: absent
"""

RETURN = r"""
observation:
  description:
    - What has been observed. All times are seconds since the epoch by the clock of the node, whose time is C(now).
    - C(to) is an address of the node or of a container on it, or that of another host, where packets pass through the node on the way there; those the role
      P(tlsfront.elasticsearch.host_firewall#role) does not stop.
    - C(lost_at) is the last time at which there was no place for one more source that has completed a handshake, C(tries_lost_at) for one that has only tried,
      or null. C(gaps) are the times in which nothing was observed.
    - C(answered) is the last time at which a source was sent data on a connection, or the end of one. It is null where that never was, so
      that its address may be forged.
    - C(problem) says why nothing is known.
  returned: always
  type: dict
  sample:
    installed: true
    running: true
    problem: ""
    since: 1790000000
    now: 1790600000
    gaps: [{from: 1790300000, to: 1790300300}]
    ports: ["9200", "9300"]
    lost_at: null
    tries_lost_at: null
    keep_seconds: 2592000
    size: 16384
    local_packets: 1204
    sources:
      - {address: 192.0.2.7, to: 192.0.2.1, port: 9200, first: 1790000100, last: 1790599990, packets: 5123, answered: 1790599990}
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed, find
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.installation import Installation
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.observer import Observer
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.rules import Wanted, wanted
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.units import installed

_UNITS = Path("/etc/systemd/system")


def installation_of(params: dict[str, Any]) -> Installation:
    """What these options mean.

    :raises Failed: with a sentence for the user
    """
    if not 1 <= params["save_minutes"] <= 60:
        raise Failed(f"save_minutes is {params['save_minutes']}. Give 1 to 60. Nothing was changed.")
    directory, program = Path(params["directory"]), Path(params["program"])
    files = installed(params["nft"], directory, program, _UNITS, params["textfile_dir"], params["save_minutes"])
    return Installation(Observer(params["nft"], directory), files, program, params["textfile_dir"])


def diff_of(installation: Installation, what: Wanted) -> list[dict[str, str]]:
    """What would change."""
    found = []
    for file in installation.differing():
        name, is_unit = str(file.path), file in installation.files.units
        before, after = (_files.read(file.path), file.content) if is_unit else ("", "(the code of this module)\n")
        found.append({"before_header": name, "after_header": name, "before": before, "after": after})
    if not installation.observer.observes(what):
        told = installation.observer.told()
        name = "table inet tlsfront_observe"
        before = f"ports: {', '.join(told['ports'])}\n" if told["running"] else ""
        found.append({"before_header": name, "after_header": name, "before": before, "after": f"ports: {', '.join(what.ports)}\n"})
    return found


def run(module: AnsibleModule) -> dict[str, Any]:
    """The result of one call.

    :raises Failed: with a sentence for the user
    """
    installation = installation_of(module.params)
    if module.params["state"] == "absent":
        remains = installation.remains()
        if remains and not module.check_mode:
            installation.remove()
        return {"changed": bool(remains), "diff": [{"before_header": name, "after_header": name, "before": "there\n", "after": ""} for name in remains]}
    what = wanted(module.params["ports"], module.params["keep_days"], module.params["size"])
    diff = diff_of(installation, what)
    if module.check_mode:
        # what systemd would say of units that are still to be written means nothing
        return {"changed": bool(diff) or not installation.is_there(what), "diff": diff}
    if not Path(module.params["nft"]).exists():
        raise Failed(f"{module.params['nft']} is not there: install the package nftables. Nothing was changed.")
    if not find("systemctl"):
        raise Failed("This host has no systemd, which is to save what is observed. Nothing was changed.")
    return {"changed": installation.install(what), "diff": diff}


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "ports": {"type": "list", "elements": "str", "default": []},
            "keep_days": {"type": "int", "default": 30},
            "size": {"type": "int", "default": 16384},
            "save_minutes": {"type": "int", "default": 5},
            "textfile_dir": {"type": "str", "default": ""},
            "directory": {"type": "path", "default": "/var/lib/tlsfront/observe"},
            "program": {"type": "path", "default": "/usr/local/lib/tlsfront-observe"},
            "nft": {"type": "path", "default": "/usr/sbin/nft"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
        observation = Observer(module.params["nft"], Path(module.params["directory"])).told()
    except (Failed, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(observation=observation, **result)


if __name__ == "__main__":
    main()
