# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What may be given as a text means the same as the type itself wherever it is used, and each variable that the playbooks read is specified."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

TOP = Path(__file__).parents[2]
SPECIFICATIONS = sorted(TOP.glob("roles/*/meta/argument_specs.yml"))
PLAYBOOKS = TOP / "playbooks/meta/argument_specs.yml"
# What the playbooks keep for each other and for roles, and the groups that they make
OWN = {
    "tlsfront_identity",
    "tlsfront_found_ports",
    "tlsfront_hidden_rules",
    "tlsfront_left_out_http",
    "tlsfront_lets_in",
    "tlsfront_nodes",
    "tlsfront_others",
    "tlsfront_out_of_reach",
    "tlsfront_clients",
    "tlsfront_no_clients",
    "tlsfront_node",
    "tlsfront_observations",
    "tlsfront_peer",
    "tlsfront_probe_host",
    "tlsfront_probes",
}


def options(file: Path) -> dict[str, dict[str, Any]]:
    return yaml.safe_load(file.read_text("utf-8"))["argument_specs"]["main"]["options"]


def sources() -> list[Path]:
    found = [*(TOP / "playbooks").rglob("*.yml"), *(TOP / "roles").rglob("*.yml"), *(TOP / "roles").rglob("*.j2")]
    return sorted(file for file in found if file.name != "argument_specs.yml")


def code(file: Path) -> list[str]:
    """The lines of a file in which variables are read: no comments, no messages, no names of keys."""
    lines = file.read_text("utf-8").splitlines()
    found, message = [], None
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if message is not None and (not line.strip() or indent > message):
            continue
        message = indent if re.match(r"\s*(- )?(fail_msg|success_msg|msg):", line) else None
        if message is None and not re.match(r"\s*(#|- name:|name:)", line):
            found.append(line)
    return found


def test_each_boolean_is_converted_wherever_it_is_used() -> None:
    booleans = [name for file in [*SPECIFICATIONS, PLAYBOOKS] for name, option in options(file).items() if option["type"] == "bool"]
    booleans.append("https_front_ipv6")
    for file in sources():
        for line in code(file):
            for name in booleans:
                for use in re.finditer(rf"\b{name}\b(?!:)(.*)", line):
                    assert re.match(r"( \| default\(\w+\))? \| bool\b", use[1]), f"{file.relative_to(TOP)}: {line.strip()}"


def test_each_variable_of_the_playbooks_is_specified_and_told() -> None:
    specified = set(options(PLAYBOOKS))
    used: set[str] = set()
    for file in sources():
        # a name in a configuration of nginx or nftables is none of Ansible's, and neither is one of a file
        used.update(*(re.findall(r"(?<![\w$/:-])tlsfront_[a-z_]+\b(?!\()", line) for line in code(file) if "$tlsfront_" not in line and file.suffix == ".yml"))
    assert {name for name in used - specified - OWN if not name.startswith("tlsfront_plaintext")} == set()
    assert specified - used == set()
    assert set(re.findall(r"^\| `(\w+)`", (TOP / "docs/variables.md").read_text("utf-8"), re.MULTILINE)) == specified
