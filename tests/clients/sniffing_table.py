# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges where sniffing.py has seen clients go, and writes it into docs/clients.md.

    sniffing_table.py ROWS BEFORE AFTER PAGE

BEFORE is what it has printed of servers as they are, AFTER where their fronts are published. Fails when a client was not led to port 9200 before,
or does not go on over https after; and when the table in PAGE was another one: then it has been rewritten, and somebody should look at the difference.
"""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from page import keep

BEGIN, END = "<!-- the table of those that sniff: made by molecule/clients -->\n", "<!-- end of it -->\n"


def problems(row: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not as it must be. A row says whether its client is known to be lost with the front published, too."""
    found = []
    if not any(server.endswith(":9200") for server in before["led_to"]):
        found.append(f"was not led to port 9200, but to {before['led_to']}")
    if after["answered"] == row.get("lost", False):
        found.append(f"with the front published, it goes on with {after['led_to']}, which {'answers' if after['answered'] else 'does not answer'}")
    return [f"{row['client']}: {each}" for each in found]


def shown(answer: dict[str, Any]) -> str:
    servers = [re.sub(r"//(\d+\.){3}\d+:", "//ADDRESS:", server) for server in answer["led_to"]]
    return ", ".join(f"`{server}`" for server in servers) + ("" if answer["answered"] else ", which does not answer it")


def main() -> None:
    rows, before, after = (json.loads(Path(name).read_text("utf-8")) for name in sys.argv[1:4])
    lines = ["| client | led to, by itself | with the front published |", "|---|---|---|"]
    lines += [f"| {row['client']} | {shown(one)} | {shown(other)} |" for row, one, other in zip(rows, before, after)]
    found = [each for case in zip(rows, before, after) for each in problems(*case)]
    found += keep(Path(sys.argv[4]), BEGIN, END, "".join(f"{line}\n" for line in lines))
    sys.exit("\n".join(found) or 0)


main()
