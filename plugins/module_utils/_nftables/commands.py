# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What nft says of itself, of the kernel, and of a table."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from .._commands import Failed, ask

__all__ = ["Rules", "gone", "kernel_problem", "list_table", "rules", "version"]


def list_table(nft: str, family: str, table: str, option: str) -> str:
    """What nft lists with this option; empty where the kernel has no such table.

    :raises Failed: it cannot be seen
    :raises OSError: the program is not there
    """
    done = ask(nft, option, "list", "table", family, table)
    if done.returncode and "No such file or directory" not in done.stderr:
        raise Failed(f"nft cannot list the table {family} {table}: {done.stderr.strip()}")
    return done.stdout


def gone(family: str, table: str) -> str:
    """What takes a table away, or does nothing. Without its first line, the second one would fail where there is no such table."""
    return f"table {family} {table}\ndelete table {family} {table}\n"


def version(nft: str) -> str:
    """That of nft, `1.0.6`; empty where it does not say it."""
    found = re.match(r"nftables v([0-9]+(?:[.][0-9]+)*)", ask(nft, "--version").stdout)
    return found[1] if found else ""


class Rules(NamedTuple):
    """What the rules of a table do, as far as others must know."""

    let_in: list[str]
    """The addresses and networks that they accept at all ports."""
    peers: list[str]
    """Those of them that are elements of the sets of peers."""
    closed_ports: list[str]
    """The ports, and ranges of them (`9200-9201`), that they look at."""
    let_in_by_port: list[dict[str, str]]
    """Each address or network that they accept at one port, or range of them, with both."""


def rules(nft: str, family: str, table: str, chain: str) -> Rules | None:
    """What the table does. None where the kernel has no such table.

    Accepted at all ports is what rules of the chain accept that ask for the source alone, and what is in the sets that these name. As
    libnftables-json(5) gives them.

    :raises Failed: it cannot be seen
    """
    listed = list_table(nft, family, table, "-j")
    if not listed:
        return None
    parts = json.loads(listed)["nftables"]
    sets = {part["set"]["name"]: [str(each) for each in part["set"].get("elem", ())] for part in parts if "set" in part}
    let_in: list[str] = []
    ports: list[str] = []
    by_port: list[dict[str, str]] = []
    for rule in (part["rule"] for part in parts if "rule" in part):
        matches = [statement["match"] for statement in rule["expr"] if "match" in statement]
        accepts = rule["chain"] == chain and any("accept" in statement for statement in rule["expr"])
        if accepts and len(matches) == 2:
            by_port += [{"port": port, "network": network} for port in _ports(matches[0]) for network in _sources(matches[1], sets)]
        if len(matches) != 1:
            continue
        if accepts:
            let_in += _sources(matches[0], sets)
        elif any("goto" in statement for statement in rule["expr"]):
            ports += _ports(matches[0])
    return Rules(let_in, [*sets.get("peers4", ()), *sets.get("peers6", ())], ports, by_port)


def _ports(match: dict[str, Any]) -> list[str]:
    """Those that a match is about; none where it is about something else than the destination port."""
    port = match["right"]
    if match["op"] != "==" or match["left"].get("payload", {}).get("field") != "dport":
        return []
    return ["-".join(map(str, port["range"]))] if isinstance(port, dict) and "range" in port else [str(port)]


def _sources(match: dict[str, Any], sets: dict[str, list[str]]) -> list[str]:
    """Those that a match lets through; none where it is about something else than the source."""
    source = match["right"]
    if match["op"] != "==" or match["left"].get("payload", {}).get("field") != "saddr":
        return []
    if isinstance(source, dict) and "prefix" in source:
        return [f"{source['prefix']['addr']}/{source['prefix']['len']}"]
    text = str(source)
    return sets.get(text[1:], []) if text.startswith("@") else [text]


def kernel_problem(nft: str) -> str:
    """Why nft, which is there, cannot be used; empty where it can."""
    done = ask(nft, "list", "tables")
    if not done.returncode:
        return ""
    return (
        f"nft cannot talk to this kernel: {done.stderr.strip()} No rule was changed. The role needs root (become), the capability CAP_NET_ADMIN, "
        "which containers must be given, and a kernel with nf_tables."
    )
