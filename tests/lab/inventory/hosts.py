#!/usr/bin/env python
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The hosts of the lab, and how Ansible reaches them: an inventory script, https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html

A program, because what it says is of no template then: for each task and host, Ansible evaluates anew what a connection is told.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

LAB = Path(__file__).resolve().parents[1]
NUMBERS = {"es1": 11, "es2": 12, "es3": 13, "client": 21, "outsider": 31}
# The third number of the lab's networks: labs side by side differ in it.
NET = os.environ.get("LAB_NET") or "40"
# What the controller keeps of one lab; goes with it.
STATE = Path(os.environ.get("ANSIBLE_HOME") or Path.home() / ".ansible") / "lab" / NET

print(
    json.dumps(
        {
            "all": {"vars": {"lab_dir": str(LAB), "lab_net": NET, "lab_state": str(STATE), "tlsfront_controller_dir": f"{STATE}/controller"}},
            "lab": {
                "children": ["elasticsearch", "clients", "outsiders"],
                "vars": {
                    "ansible_ssh_private_key_file": f"{STATE}/ssh/key",
                    # a host of an earlier lab that is gone sends no word of it
                    "ansible_ssh_common_args": f"-o UserKnownHostsFile={STATE}/ssh/known_hosts -o StrictHostKeyChecking=yes -o ServerAliveInterval=5",
                    # of this lab and no other at the same addresses: Ansible's own name for a connection that is kept open says only the address
                    "ansible_control_path": f"{STATE}/ssh/%%h",
                },
            },
            "elasticsearch": {"hosts": ["es1", "es2", "es3"]},
            "clients": {"hosts": ["client"]},
            "outsiders": {"hosts": ["outsider"]},
            "_meta": {"hostvars": {host: {"lab_number": number} for host, number in NUMBERS.items()}},
        }
    )
)
