# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""ufw(8): what its rules do, and how they are changed.

What `ufw status` prints is made for people: a profile's name and a comment can look like any other column of it. ufw reads its own rules from the
lines `### tuple ###` of user.rules, where comments are in hexadecimal digits and spaces of names are escaped (UFWBackendIptables._read_rules).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .._commands import find
from .model import DENIED, OPEN, PARTLY, SHUT, UNKNOWN, Answer, Network, Opening, in_words, network, within

__all__ = ["NAME", "PROGRAM", "Rule", "Ufw", "command", "is_enabled", "look"]

NAME = "ufw"
PROGRAM = "ufw"
COMMENT = "tlsfront"
_TUPLE = "### tuple ### "


class Rule(NamedTuple):
    """One that is about what comes in."""

    action: str
    protocol: str
    ports: str
    source: Network
    is_conditional: bool
    """It asks for an interface, a destination or a source port besides."""
    comment: str
    line: str

    @property
    def lets_in(self) -> bool:
        return self.action in ("allow", "limit")

    def is_about(self, port: int) -> bool:
        return self.protocol in ("tcp", "any") and (self.ports == "any" or port in _ports(self.ports))


class Ufw(NamedTuple):
    """What was found."""

    default: str
    ipv6: bool
    rules: list[Rule]

    def answer(self, port: int, clients: Network, without: frozenset[Opening] = frozenset()) -> Answer:
        """The first rule that is about all of these clients tells, else the default: "rule ordering is important and the first match wins"."""
        if clients.version == 6 and not self.ipv6:
            return Answer(DENIED, "IPV6=no in /etc/default/ufw, by which ufw drops all of IPv6")
        partly = ""
        for rule in self.rules:
            if not rule.is_about(port) or self.opening(rule) in without:
                continue
            if rule.is_conditional:
                if rule.lets_in and rule.ports != "any" and (within(clients, rule.source) or within(rule.source, clients)):
                    partly = partly or f"its rule '{rule.line}' lets in {in_words(rule.source)} where it fits only, which is not known here"
                continue
            if within(clients, rule.source):
                return Answer(OPEN if rule.lets_in else DENIED, f"its rule '{rule.line}'")
            if rule.lets_in and rule.ports != "any" and within(rule.source, clients):
                partly = partly or f"its rule '{rule.line}' lets in a part of {in_words(clients)} only"
        if self.default == "ACCEPT":
            return Answer(OPEN, "it lets in by default")
        if self.default not in ("DROP", "REJECT"):
            return Answer(UNKNOWN, "DEFAULT_INPUT_POLICY in /etc/default/ufw is none of ACCEPT, DROP and REJECT")
        return Answer(PARTLY, partly) if partly else Answer(SHUT, "it keeps out by default")

    def may_deny(self, port: int, clients: Network) -> list[str]:
        """Rules that keep some of them out by what is not known here: an interface, a destination, a source port."""
        found = []
        for rule in self.rules:
            if not rule.is_about(port) or not within(clients, rule.source):
                continue
            if not rule.is_conditional:
                break  # what comes behind it is not asked
            if rule.action in ("deny", "reject"):
                found.append(rule.line)
        return found

    @staticmethod
    def opening(rule: Rule) -> Opening | None:
        """What the rule is if it is ours: one that bears our comment. Who adds it again by hand takes the comment away."""
        if rule.comment != COMMENT or rule.action != "allow" or rule.protocol != "tcp" or rule.is_conditional or not re.fullmatch(r"[0-9]{1,5}", rule.ports):
            return None
        return Opening(NAME, int(rule.ports), str(rule.source))

    def has(self, opening: Opening) -> bool:
        return any(self.opening(rule) == opening for rule in self.rules)


def command(opening: Opening, add: bool, by_hand: bool = False) -> list[str]:
    rule = ["allow", "proto", "tcp", "from", opening.network, "to", "any", "port", str(opening.port)]
    if add:
        return [PROGRAM, *rule] if by_hand else [PROGRAM, *rule, "comment", COMMENT]
    return [PROGRAM, "--force", "delete", *rule]


def is_enabled(root: Path = Path("/")) -> bool:
    """Whether it is to be on after the next boot."""
    return bool(find(PROGRAM)) and _setting(root / "etc/ufw/ufw.conf", "ENABLED").lower() == "yes"


def look(root: Path = Path("/")) -> Ufw | None:
    """None where it is not there.

    :raises OSError: its rules cannot be read
    """
    if not find(PROGRAM):
        return None
    defaults = root / "etc/default/ufw"
    rules: list[Rule] = []
    for name in ("user.rules", "user6.rules"):
        file = root / "etc/ufw" / name
        for line in file.read_text("utf-8", "replace").splitlines() if file.exists() else ():
            rule = _rule(line) if line.startswith(_TUPLE) else None
            if rule:
                rules.append(rule)
    return Ufw(_setting(defaults, "DEFAULT_INPUT_POLICY").upper(), _setting(defaults, "IPV6").lower() == "yes", rules)


def _setting(file: Path, name: str) -> str:
    """As a shell reads it; empty where it is not there."""
    try:
        found = re.findall(rf"""(?m)^[ \t]*{name}=["']?([A-Za-z]*)["']?[ \t]*(?:#.*)?$""", file.read_text("utf-8", "replace"))
    except FileNotFoundError:
        return ""
    return str(found[-1]) if found else ""


def _rule(line: str) -> Rule | None:
    """ACTION PROTOCOL PORTS TO FROM_PORT FROM [APPLICATION FROM_APPLICATION] DIRECTION [comment=DIGITS]; None for what is not about what comes in."""
    words = line[len(_TUPLE) :].split(" ")
    comment = ""
    if words[-1].startswith("comment="):
        comment = _comment(words.pop()[len("comment=") :])
    if len(words) not in (7, 9):
        return None
    action, protocol, ports, to, source_ports, source, direction = *words[:6], words[-1]
    if not re.match(r"in(_|\Z)", direction) or action.startswith("route:"):
        return None
    is_conditional = direction != "in" or source_ports != "any" or to not in ("0.0.0.0/0", "::/0")
    try:
        return Rule(action.split("_")[0], protocol, ports, network(source), is_conditional, comment, " ".join(words))
    except ValueError:
        return None


def _comment(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode("utf-8", "replace")
    except ValueError:
        return ""


def _ports(text: str) -> list[int]:
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{1,5})(?::([0-9]{1,5}))?", part)
        if match:
            found += range(int(match[1]), int(match[2] or match[1]) + 1)
    return found
