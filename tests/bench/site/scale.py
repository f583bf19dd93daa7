# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a node costs in a run of the playbook ``site`` where nothing changes, in clusters of several sizes.

    scale.py [--sizes 3 10 30] [--rounds 3]

The nodes are containers of a lab without an Elasticsearch of their own: each hands port 9200 on to that of es1, so that all that the roles and the proof
ask is answered. A cluster of each size is installed, then measured: the median of the rounds. What a run costs before it has any node (Ansible itself
reads the playbooks) is not a node's: so the cost is that of one node **more**, (CPU of the larger - CPU of the smaller) / nodes more. Exits with 1 where
that grows by more than 10 %.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import HERE, LAB, Run, Subject, middle, run

GROWS_BY = 1.10


def inventory(count: int) -> dict[str, object]:
    """``count`` light nodes, in addition to the hosts of the lab. What is said of each stands at the host: the lab's group_vars come after those of a group."""
    numbers = [100 + number for number in range(1, count + 1)]
    variables = {
        "tlsfront_server_names": ["{{ lab_ip4 }}"],
        "tlsfront_probe_hosts": ["client"],
        "host_firewall_peers": [f"10.89.{os.environ['LAB_NET']}.{number}" for number in (11, 12, 13, *numbers)],
        "lab_prepared_host": "{{ (hostvars['localhost'].lab_prepared.stdout | from_json)['es1'] }}",
    }
    hosts = {f"light{number}": {"lab_number": number, **variables} for number in numbers}
    return {"all": {"vars": {"tlsfront_group": "light"}, "children": {"lab": {"children": {"light": {"hosts": hosts}}}}}}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[3, 10, 30])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    collections = os.environ["ANSIBLE_COLLECTIONS_PATH"]
    site = Subject("tlsfront.elasticsearch.site", collections, os.environ["LAB_NET"])
    rows: dict[int, Run] = {}
    with tempfile.TemporaryDirectory() as place:
        inventories = {size: Path(place) / f"{size}.json" for size in sorted(options.sizes)}
        for size, path in inventories.items():
            path.write_text(json.dumps(inventory(size)))
        every = list(inventories.values())[-1]
        environment = os.environ | {"ANSIBLE_CONFIG": str(LAB / "ansible.cfg")}
        subprocess.run(
            ["ansible-playbook", "-i", str(LAB / "inventory"), "-i", str(every), str(HERE / "light.yml")], env=environment, stdout=sys.stderr, check=True
        )
        for size, path in inventories.items():
            nodes = tuple(f"light{100 + number}" for number in range(1, size + 1))
            run(site, nodes, path)
            rows[size] = middle([run(site, nodes, path) for _round in range(options.rounds)])
            print(f"{size} nodes: CPU {rows[size].cpu:.1f} s, wall {rows[size].wall:.1f} s, calls a node {rows[size].calls / size:.1f}", flush=True)
    more = {
        f"{fewer} to {larger}": (rows[larger].cpu - rows[fewer].cpu) / (larger - fewer) for fewer, larger in itertools.pairwise(sorted(rows))
    }
    print(f"\n  {'from ... nodes':16}{'CPU s of one more':>18}")
    for name, cost in more.items():
        print(f"  {name:16}{cost:18.2f}")
    costs = list(more.values())
    reached = all(later <= former * GROWS_BY for former, later in itertools.pairwise(costs)) and not any(row.changed for row in rows.values())
    print(f"{'reached' if reached else 'MISSED '}  one node more costs the same, within 10 %, and nothing changes")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
