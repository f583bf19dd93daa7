# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps the table of docs/secured.md: what the module node_info has found by itself on a node, without a login, for each server of the lab.

    found_table.py PAGE SERVER FOUND     SERVER of the lab, and a JSON file of what node_info has returned

Fails when the row of SERVER was another one: then it has been rewritten, and somebody should look at the difference.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- the table: made by molecule/clients and molecule/secured -->\n", "<!-- end of the table -->\n"
HEAD = "| server | product and version | speaks | wants a login | CA | name | other nodes are known by |\n|---|---|---|---|---|---|---|\n"
NAMES = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}


def row(server: str, found: dict[str, Any]) -> str:
    """The one listener for clients, and how the guard knows the cluster."""
    (http,) = found["elasticsearch"]["http"]
    cluster = found["elasticsearch"]["cluster"]
    told = "their list" if cluster["answers"] else "its connections" if cluster["is_known"] else "nothing"
    cells = [
        f"`{server}`",
        f"{NAMES[http['product']]} {http['version']}",
        f"{http['scheme']} on {http['port']}",
        "yes" if http["wants_login"] else "no",
        f"`{http['ca_path']}`" if http["ca_path"] else "",
        f"`{http['name']}`" if http["name"] else "",
        told,
    ]
    return "| " + " | ".join(cells) + " |\n"


def main() -> None:
    page, server = Path(sys.argv[1]), sys.argv[2]
    before = page.read_text("utf-8")
    head, _begin, rest = before.partition(BEGIN)
    table, _end, tail = rest.partition(END)
    rows = {line.split("`")[1]: line for line in table.splitlines(keepends=True) if line.startswith("| `")}
    rows[server] = row(server, json.loads(Path(sys.argv[3]).read_text("utf-8")))
    after = f"{head}{BEGIN}\n{HEAD}{''.join(rows[name] for name in sorted(rows))}\n{END}{tail}"
    if after != before:
        page.write_text(after, "utf-8")
        sys.exit(f"{page.name} had another row of {server}: it has been rewritten; look at the difference and commit it")


main()
