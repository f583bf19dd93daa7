# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges what run.py has found, and writes it into docs/clients.md.

    table.py ROWS RESULTS PAGE

Fails when a client does not refuse what it must, refuses it for another reason, works with no server, or when the table in
PAGE was another one: then it has been rewritten, and somebody should look at the difference.
"""
from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from page import keep

BEGIN, END = "<!-- the table: made by molecule/clients -->\n", "<!-- end of the table -->\n"
# how each client words why it refuses
CAUSES = {
    "untrusted CA": r"self-signed certificate|unable to find valid certification path|unable to get local issuer",
    "wrong host name": r"(?i)hostname mismatch|does not match|doesn't match|no alternative certificate subject name matches",
    "expired certificate": r"certificate has expired|certificate_expired|CertificateExpired",
    "plain http": r"(?i)wrong.version.number|unrecognized SSL message|packet length too long",
}


def last_words(text: str) -> str:
    """What a person would quote of it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    thrown = [line for line in lines if line.startswith('Exception in thread "main"')]
    line = thrown[0].partition('"main" ')[2] if thrown else next((each for each in lines if each.startswith("curl: ")), lines[-1])
    line = re.sub(r"^[\w.$]+(Error|Exception): ", "", line)
    line = re.sub(r"example-[0-9a-f-]{8,}", "example", line)
    line = re.sub(r"^ApiError\((\d+), '([^']*)'.*", r"\1 \2", line)
    return re.sub(r"\s+", " ", line).replace("|", "\\|")[:200]


def problems(row: dict[str, Any], result: dict[str, Any]) -> list[str]:
    """What is not as it must be. A row of rows.json says what its client is known to accept, or that it works with nothing."""
    found = []
    works = result["traps"]["control"]["worked"] and any(each["worked"] for each in result["servers"].values())
    if works == row.get("inert", False):
        found.append("works" if works else "works with no server")
    for trap, cause in CAUSES.items():
        answer = result["traps"][trap]
        if answer["worked"] != (trap in row.get("accepts", [])):
            found.append(f"{'accepts' if answer['worked'] else 'refuses'}: {trap}")
        elif not answer["worked"] and not row.get("inert") and not re.search(cause, answer["words"]):
            found.append(f"refuses {trap} for another reason: {last_words(answer['words'])}")
    return [f"{row['client']}: {each}" for each in found]


def table(results: list[dict[str, Any]]) -> str:
    """One line a client, and below it what was said where something did not work."""
    notes: list[str] = []

    def note(text: str) -> str:
        said = last_words(text)
        if said not in notes:
            notes.append(said)
        return f"no [{notes.index(said) + 1}]"

    servers = list(results[0]["servers"])
    lines = ["| client | " + " | ".join(servers) + " | refuses " + " | refuses ".join(CAUSES) + " |"]
    lines.append("|" + "---|" * (1 + len(servers) + len(CAUSES)))
    for result in results:
        cells = ["yes" if each["worked"] else note(each["words"]) for each in result["servers"].values()]
        cells += ["**no**" if result["traps"][trap]["worked"] else "yes" for trap in CAUSES]
        lines.append("| " + " | ".join([result["client"], *cells]) + " |")
    lines += ["", *(f"{number}. {said}" for number, said in enumerate(notes, 1))]
    return "\n".join(lines) + "\n"


def main() -> None:
    rows, results = (json.loads(Path(name).read_text("utf-8")) for name in sys.argv[1:3])
    found = [each for row, result in zip(rows, results) for each in problems(row, result)]
    found += keep(Path(sys.argv[3]), BEGIN, END, table(results))
    sys.exit("\n".join(found) or 0)


main()
