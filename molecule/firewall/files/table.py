# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""table.py NAME=FILE...: prints who reached what at which moment, from what each host has measured then.

A file has for each host a list of [node, family, port, result].
Families and nodes of which the same was seen share a line.
"""

import json
import pathlib
import sys


def merged(rows, position):
    """Joins the rows that differ at one position only."""
    found = {}
    for row in rows:
        found.setdefault(row[:position] + row[position + 1 :], []).append(row[position])
    return [(*key[:position], " ".join(dict.fromkeys(values)), *key[position:]) for key, values in found.items()]


moments = dict(argument.split("=", 1) for argument in sys.argv[1:])
cells = {}
for moment, file in moments.items():
    for who, seen in json.loads(pathlib.Path(file).read_text()).items():
        for node, family, port, result in seen:
            cells.setdefault((who, node, str(port), family), {})[moment] = result
rows = [key + tuple(cell.get(moment, "not tried") for moment in moments) for key, cell in cells.items()]
rows = merged(merged(rows, 3), 1)
rows.sort(key=lambda row: (row[0], int(row[2]), row[1]))
rows.insert(0, ("FROM", "TO", "PORT", "FAMILY", *(moment.upper() for moment in moments)))
widths = [max(map(len, column)) for column in zip(*rows)]
for row in rows:
    print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
