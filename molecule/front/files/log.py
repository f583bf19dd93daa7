# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads a JSON access log of the front; fails at a line that is not JSON. Prints {"lines": N, "slow": {X-Opaque-Id: upstream_seconds}}.

    log.py FILE WORD ...     fails also at a line that has one of the words
"""
import json
import sys
from pathlib import Path


def main():
    file, *words = sys.argv[1:]
    lines = Path(file).read_text().splitlines()
    told = [line for line in lines for word in words if word in line]
    if told:
        sys.exit("in the log: " + told[0])
    entries = [json.loads(line) for line in lines]
    slow = {entry["opaque_id"]: float(entry["upstream_seconds"]) for entry in entries if entry["opaque_id"].startswith("slow-")}
    print(json.dumps({"lines": len(entries), "slow": slow}))


if __name__ == "__main__":
    main()
