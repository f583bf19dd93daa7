# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The tables of nftables and iptables in the kernel: those at the input hook that are neither ours nor those of a tool that is asked itself."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any, Iterable, NamedTuple, Sequence

from .._commands import ask, find
from . import iptables_rules, nft_rules
from .model import ANY, OPEN, PARTLY, SHUT, UNKNOWN, Network, in_words, text
from .walk import ACCEPT, Chain, Chains, Rule, verdict

__all__ = ["Found", "Judged", "Table", "judge", "look"]

_OURS = ("inet", "tlsfront")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./\\-]*")
_FAMILIES = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}
_IPTABLES = {"ip": "iptables", "ip6": "ip6tables"}
_LEGACY = {"/proc/net/ip_tables_names": ("ip", "iptables"), "/proc/net/ip6_tables_names": ("ip6", "ip6tables")}
# where the rest of a packet's way through the table is up to a tool that is asked itself
_TOOLS = {"ufw": ("ufw-user-input", "ufw6-user-input"), "firewalld": ("INPUT_ZONES",)}


class Table(NamedTuple):
    """One with a base chain at the input hook."""

    family: str
    name: str
    base: str
    iptables: str = ""
    """By which kind of iptables it is listed: nft or legacy."""

    def words(self) -> str:
        return f"chain {self.base} of iptables" if self.iptables else f"chain {self.base} of the table {self.family} {self.name}"


class Found(NamedTuple):
    """What the kernel has."""

    tables: list[Table]
    has_ufw: bool
    has_firewalld: bool
    """Or may have."""
    problem: str = ""


class Judged(NamedTuple):
    """What is certain, what cannot be known, and what to type for each of them."""

    shut: list[str]
    unknown: list[str]
    commands: list[str]


def look(nft: str) -> Found:
    """Costs one run of nft, and none where it is not there."""
    tables: list[Table] = []
    names: list[str] = []
    problem = ""
    chains: list[dict[str, Any]] | None = None
    if Path(nft).exists():
        done = ask(nft, "-j", "list", "chains")
        try:
            chains = [part["chain"] for part in json.loads(done.stdout)["nftables"] if "chain" in part] if not done.returncode else None
        except (ValueError, KeyError, TypeError):
            chains = None
        said = (done.stderr.strip().splitlines() or ["it printed what cannot be read"])[0]
        problem = "" if chains is not None else f"nft cannot list the chains of the kernel as JSON ({said}), so tables of nftables could not be looked at"
    for chain in chains or ():
        names.append(str(chain["name"]))
        here = (str(chain.get("family")), str(chain.get("table")))
        if chain.get("hook") == "input" and chain.get("type") == "filter" and here != _OURS and here[0] in _FAMILIES:
            tables.append(Table(*here, str(chain["name"])))
    if chains is None:  # nothing but iptables itself tells what iptables-nft wrote
        for family in _IPTABLES:
            with contextlib.suppress(ValueError):
                names += re.findall(r"(?m)^:(\S+)", _saved(family, "nft"))
                tables.append(Table(family, "filter", "INPUT", "nft"))
    for file, (family, tool) in _LEGACY.items():
        path = Path(file)
        if path.exists() and "filter" in path.read_text("ascii", "replace").split():
            tables.append(Table(family, "filter", "INPUT", "legacy"))
            legacy = find(f"{tool}-legacy-save")
            names += re.findall(r"(?m)^:(\S+)", ask(legacy, "-t", "filter").stdout) if legacy else []
    has_ufw = any(re.fullmatch("ufw6?-user-input", name) for name in names)
    has_firewalld = chains is None or any(table.name == "firewalld" for table in tables) or "INPUT_ZONES" in names
    return Found(tables, has_ufw, has_firewalld, problem)


def judge(found: Found, nft: str, ports: Sequence[int], clients: Sequence[Network], tools: Iterable[str]) -> Judged:
    """:param tools: those that are asked themselves"""
    asked = list(tools)
    shut: list[str] = []
    unknown = [found.problem] if found.problem else []
    commands: list[str] = []
    for table in found.tables:
        if table.name == "firewalld" and "firewalld" in asked:
            continue
        try:
            table, chains = _read(table, nft)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            unknown.append(f"{table.words()} cannot be read")
            continue
        prefixes = tuple(prefix for tool in asked for prefix in _TOOLS.get(tool, ()))
        for name in [name for name in chains if prefixes and name.startswith(prefixes)]:
            # by a policy that accepts, ufw lets in what goes on to the rules behind it: after.rules
            goes_on = name not in _TOOLS["firewalld"] and chains[table.base].policy == ACCEPT
            chains[name] = Chain([Rule([lambda _packet: None] if goes_on else [], ACCEPT)])
        for port in ports:
            verdicts = [(each, verdict(chains, table.base, port, each)) for each in clients if each.version in _FAMILIES[table.family]]
            for each, said in verdicts:
                sentence = f"{table.words()} {_WORDS[said]} port {port} to {in_words(each)}"
                (shut if said == SHUT else unknown if said in (UNKNOWN, PARTLY) else []).append(sentence)
            if any(said == SHUT for _each, said in verdicts):
                commands += _commands(table, port, [each for each, said in verdicts if said != OPEN])
    return Judged(shut, unknown, list(dict.fromkeys(commands)))


_WORDS = {
    SHUT: "shuts",
    PARTLY: "lets in a part of the clients only, where it shuts",
    UNKNOWN: "has rules of which it cannot be told whether they shut",
    OPEN: "",
}


def _read(table: Table, nft: str) -> tuple[Table, Chains]:
    """The chains, and whether iptables lists them."""
    if not all(map(_NAME.fullmatch, (table.name, table.base))):
        raise ValueError("a name of which nft could make something else")
    if table.iptables:
        return table, iptables_rules.read(_saved(table.family, table.iptables))
    done = ask(nft, "-j", "list", "table", table.family, table.name)
    parts: list[dict[str, Any]] = json.loads(done.stdout)["nftables"]
    # which flags they are, nft 1.0.6 does not say in JSON: it prints a piece of its memory
    if any(part.get("table", {}).get("flags") for part in parts):
        listed = ask(nft, "--terse", "list", "table", table.family, table.name).stdout
        if re.search(r"(?m)^\tflags (?:\S+ ?, ?)*dormant\b", listed):
            return table, {table.base: Chain([], ACCEPT)}  # its chains are at no hook
    if table.name == "filter" and table.base == "INPUT" and table.family != "inet" and nft_rules.has_foreign(parts):
        return table._replace(iptables="nft"), iptables_rules.read(_saved(table.family, "nft"))
    return table, nft_rules.read(parts)


def _saved(family: str, kind: str) -> str:
    path = find(f"{_IPTABLES[family]}-{kind}-save")
    done = ask(path, "-t", "filter") if path else None
    if done is None or done.returncode or ":INPUT " not in done.stdout:
        raise ValueError("it is not listed")
    return done.stdout


def _commands(table: Table, port: int, clients: Sequence[Network]) -> list[str]:
    """What to type, for a rule before all others. It is for the next boot where the table is written, which is not known here."""
    found = []
    for each in clients:
        source = [] if str(each) in ANY else [str(each)]
        if table.iptables:
            tool = _IPTABLES[table.family]
            own = f"{tool}-{table.iptables}"  # what is named without it may be the other kind
            found.append(
                text([own if find(own) else tool, "-I", table.base, *(["-s", *source] if source else []), "-p", "tcp", "--dport", str(port), "-j", "ACCEPT"])
            )
            continue
        match = [{4: "ip", 6: "ip6"}[each.version], "saddr", *source] if source else []
        if not source and table.family == "inet" and len(clients) == 1:
            match = ["meta", "nfproto", f"ipv{each.version}"]
        found.append(text(["nft", "insert", "rule", table.family, table.name, table.base, *match, "tcp", "dport", str(port), "accept"]))
    return list(dict.fromkeys(found))
