# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""firewalld(1): the zones by which clients come in, what they do, and how they are changed, now and for the next start, without a reload."""

from __future__ import annotations

import re
import socket
import subprocess
from pathlib import Path
from typing import Iterable, NamedTuple

from .._commands import Failed, ask, find
from .model import ANY, DENIED, OPEN, PARTLY, SHUT, Answer, Network, Opening, in_words, network, within

__all__ = ["NAME", "PROGRAM", "ZONE", "Firewalld", "Rich", "Zone", "command", "is_written", "look"]

NAME = "firewalld"
PROGRAM = "firewall-cmd"
OFFLINE = "firewall-offline-cmd"
_SERVICES = (Path("/etc/firewalld/services"), Path("/usr/lib/firewalld/services"))  # the first one with it counts
_WRITTEN = Path("/etc/firewalld/zones")
_BUS = Path("/run/dbus/system_bus_socket")  # firewalld cannot do without
_DENYING = ("DROP", "%%REJECT%%")
_NOT_RUNNING = 252  # firewall-cmd(1)
ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_/-]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_HEADER = re.compile(r"(\S+)(?: \(([a-z, ]*)\))?")
# firewalld.richlanguage(5)
_PLACE = r'(?:NOT )?[a-z]+="[^"]+"(?: invert="True")?'
_RICH = re.compile(
    r'rule(?: priority="(?P<priority>-?[0-9]+)")?(?: family="(?P<family>ipv[46])")?'
    rf"(?: source (?P<source>{_PLACE}))?(?: destination (?P<destination>{_PLACE}))?"
    r'(?: (?:service name="(?P<service>[^"]+)"|(?P<from>source-)?port port="(?P<port>[0-9]+(?:-[0-9]+)?)" protocol="(?P<protocol>[a-z]+)"'
    r'|protocol value="(?P<value>[^"]+)"|icmp-type name="(?P<icmp>[^"]+)"))?'
    r"(?: (?:log|nflog|audit)\b.*)?"
)
_ACTION = re.compile(r'(?P<rest>.*) (?P<action>accept|reject(?: type="[^"]*")?|drop)(?: limit value="[^"]*")?')


class Rich(NamedTuple):
    """A rule in the rich language that lets in or keeps out."""

    priority: int
    is_deny: bool
    family: str
    source: Network | None
    service: str
    port: str
    is_conditional: bool
    """It asks for what is not known here: a set, a hardware address, a destination, a source port; or it cannot be read."""
    line: str


class Zone(NamedTuple):
    """What firewall-cmd lists of one."""

    name: str
    target: str
    interfaces: list[str]
    sources: list[str]
    services: list[str]
    ports: list[str]
    protocols: list[str]
    rich: list[Rich]
    lines: list[str]
    """All rich rules as they are listed."""


class Firewalld:
    """What was found: the zones as they are in force, and as they are written for the next start."""

    def __init__(self, default: str, now: dict[str, Zone], later: dict[str, Zone], is_panic: bool = False) -> None:
        self.default = default
        self.is_panic = is_panic
        self.zones = {False: now, True: later}
        self._services: dict[str, list[tuple[str, bool]]] = {}

    def zones_of(self, clients: Network) -> list[str]:
        """Those by which packets of these clients come in: firewalld asks for the source first, then for the interface, then takes the default."""
        now = self.zones[False]
        found: list[str] = []
        for zone in now.values():
            for source in zone.sources:
                bound = _network(source)
                if bound and within(clients, bound):
                    return [*found, zone.name]  # they are asked by name: those before it may have a part of the clients
                # of a part of the clients, or one cannot tell: who is kept out there by the zone itself is meant to be
                if (not bound or within(bound, clients)) and zone.target not in _DENYING:
                    found.append(zone.name)
        found += [zone.name for zone in now.values() if zone.interfaces]
        if not all(any(_is_named(each, zone.interfaces) for zone in now.values()) for each in _interfaces()):
            found.append(self.default)
        return list(dict.fromkeys(found))

    def answer(self, name: str, permanent: bool, port: int, clients: Network, without: frozenset[Opening] = frozenset()) -> Answer:
        """Rules of a priority below 0 come first, then those that deny, then all that accepts, then the rest, and at last the zone's target."""
        zone = self.zones[permanent].get(name)
        if zone is None:
            return Answer(DENIED, f"it has no zone {name} in its permanent configuration: run firewall-cmd --runtime-to-permanent, if that is meant")
        gone = {_rich(each) or f"{each.port}/tcp" for each in without if each[3:] == (name, permanent)}
        partly = ""
        shut_by_default = False
        unless: list[Rich] = []
        for rule in sorted([each for each in zone.rich if each.line not in gone], key=lambda each: (each.priority, not each.is_deny)):
            if (rule.priority, not rule.is_deny) >= (0, True) and self._lets_in(zone, port, gone):
                return Answer(OPEN, unless=_lines(unless))
            if not self._is_about(rule, port, clients):
                continue
            names_port = rule.port or rule.service
            if rule.is_conditional or (rule.service and not self._serves(rule.service, port)):
                if rule.is_deny:
                    unless.append(rule)
                elif names_port:
                    partly = partly or f"the rule '{rule.line}' of its zone {name} lets in where it fits only, which is not known here"
                continue
            if rule.is_deny and rule.priority > 0 and not names_port and rule.source is None:
                shut_by_default = True  # for what nothing lets in, as in libvirt's own zone
                break
            if rule.source is None or within(clients, rule.source):
                where = f"the rule '{rule.line}' of its zone {name}"
                return Answer(DENIED, where) if rule.is_deny else Answer(OPEN, where, _lines(unless))
            if not rule.is_deny and names_port and within(rule.source, clients):
                partly = partly or f"the rule '{rule.line}' of its zone {name} lets in a part of {in_words(clients)} only"
        if (zone.target == "ACCEPT" and not shut_by_default) or self._lets_in(zone, port, gone):
            return Answer(OPEN, unless=_lines(unless))
        if zone.target in _DENYING and any(within(clients, bound) for bound in map(_network, zone.sources) if bound):
            return Answer(DENIED, f"its zone {name}, to which their addresses are bound")
        elsewhere = [each for each in zone.services if self._serves(each, port, is_bound=True)]
        if elsewhere:
            partly = partly or f"the service {elsewhere[0]} of its zone {name} lets in at a destination of its own only"
        if partly:
            return Answer(PARTLY, partly)
        return Answer(SHUT, f"its zone {name} does not let it in", _lines(each for each in unless if each.priority <= 0))

    def has(self, opening: Opening) -> bool:
        zone = self.zones[opening.permanent].get(opening.zone)
        if zone is None:
            return False
        return _rich(opening) in zone.lines if opening.network else f"{opening.port}/tcp" in zone.ports

    def _lets_in(self, zone: Zone, port: int, gone: Iterable[str]) -> bool:
        if any(_is_in(port, each) for each in zone.ports if each not in gone) or "tcp" in zone.protocols:
            return True
        return any(self._serves(each, port) for each in zone.services)

    def _is_about(self, rule: Rich, port: int, clients: Network) -> bool:
        if rule.family not in ("", f"ipv{clients.version}"):
            return False
        if rule.source is not None and not within(clients, rule.source) and not within(rule.source, clients):
            return False
        if rule.service:
            return self._serves(rule.service, port) or self._serves(rule.service, port, is_bound=True)
        return not rule.port or _is_in(port, rule.port)

    def _serves(self, service: str, port: int, is_bound: bool = False) -> bool:
        """:param is_bound: at a destination of its own, instead of at any"""
        if service not in self._services:
            self._services[service] = _service(service)
        return any(_is_in(port, each) for each, bound in self._services[service] if bound == is_bound)


def _lines(rules: Iterable[Rich]) -> tuple[str, ...]:
    return tuple(each.line for each in rules)


def _service(name: str, depth: int = 0) -> list[tuple[str, bool]]:
    """Its TCP ports, and whether they are those of a destination of its own, as its definition says: firewall-cmd would take a second for each."""
    from xml.etree import ElementTree  # most nodes have no firewalld

    for directory in _SERVICES if _NAME.fullmatch(name) and depth < 8 else ():
        file = directory / f"{name}.xml"
        if file.exists():
            try:
                root = ElementTree.fromstring(file.read_bytes())
            except ElementTree.ParseError:
                return []
            is_bound = root.find("destination") is not None
            ports = [(each.get("port", ""), is_bound) for each in root.iter("port") if each.get("protocol") == "tcp"]
            return [*ports, *(port for each in root.iter("include") for port in _service(each.get("service", ""), depth + 1))]
    return []


def command(opening: Opening, add: bool, is_running: bool = True) -> list[str]:
    """:param is_running: without it, only what is permanent can be changed"""
    what = f"rich-rule={_rich(opening)}" if opening.network else f"port={opening.port}/tcp"
    program = [OFFLINE] if not is_running else [PROGRAM, "--permanent"] if opening.permanent else [PROGRAM]
    return [*program, f"--zone={opening.zone}", f"--{'add' if add else 'remove'}-{what}"]


def is_written(opening: Opening) -> bool:
    """Whether its zone is written here for the next start. Where it is not, firewalld has nothing that was added to it."""
    return opening.permanent and (_WRITTEN / f"{opening.zone}.xml").exists()


def look() -> Firewalld | None:
    """None where it does not run.

    :raises Failed: it cannot be seen
    """
    if not find(PROGRAM) or not _BUS.exists():
        return None
    done = _ask("--list-all-zones")
    if done.returncode == _NOT_RUNNING:
        return None
    if done.returncode:
        raise Failed(f"firewall-cmd cannot say which zones firewalld has: {(done.stderr or done.stdout).strip()}")
    default, later = _ask("--get-default-zone"), _ask("--permanent", "--list-all-zones")
    if default.returncode or later.returncode:
        raise Failed(f"firewall-cmd cannot say what firewalld has in its permanent configuration: {(default.stderr + later.stderr).strip()}")
    is_panic = _ask("--query-panic").returncode == 0
    return Firewalld(default.stdout.strip(), _zones(done.stdout), _zones(later.stdout), is_panic)


def _ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    return ask(find(PROGRAM) or PROGRAM, *arguments)


def _interfaces() -> list[str]:
    return [name for _index, name in socket.if_nameindex() if name != "lo"]


def _zones(listed: str) -> dict[str, Zone]:
    """:raises Failed: a name that no zone can have"""
    found: dict[str, Zone] = {}
    for block in re.split(r"\n(?=\S)", listed.strip("\n")):
        head, *lines = block.split("\n")
        match = _HEADER.fullmatch(head.rstrip())
        if not match or not ZONE.fullmatch(match[1]):
            raise Failed(f"firewalld has a zone whose name cannot be read: {head.strip()!r}.")
        fields = dict(line[2:].split(":", 1) for line in lines if re.match(r"  [a-z]", line) and ":" in line)
        words = {name: value.split() for name, value in fields.items()}
        rules = [line.strip() for line in lines if line.startswith("\t")]
        rich = [rule for rule in map(_read_rich, rules) if rule]
        interfaces, sources, services, ports, protocols = (words.get(name, []) for name in ("interfaces", "sources", "services", "ports", "protocols"))
        found[match[1]] = Zone(match[1], fields.get("target", "").strip(), interfaces, sources, services, ports, protocols, rich, rules)
    return found


def _read_rich(line: str) -> Rich | None:
    """None for what neither lets in nor keeps out TCP."""
    action = _ACTION.fullmatch(line)
    if not action:
        return None
    is_deny = action["action"] != "accept"
    match = _RICH.fullmatch(action["rest"])
    if not match:
        return Rich(0, is_deny, "", None, "", "0-65535", True, line)
    if (match["protocol"] or "tcp") != "tcp" or (match["value"] or "tcp") not in ("tcp", "6") or match["icmp"]:
        return None
    address = re.fullmatch(r'address="([^"]+)"', match["source"] or "")
    source = _network(address[1]) if address else None
    is_conditional = bool(match["from"] or match["destination"] or (match["source"] and source is None))
    port = "" if match["from"] else match["port"] or ""
    return Rich(int(match["priority"] or 0), is_deny, match["family"] or "", source, match["service"] or "", port, is_conditional, line)


def _rich(opening: Opening) -> str:
    """As firewalld lists it."""
    if not opening.network:
        return ""
    family = "ipv6" if ":" in opening.network else "ipv4"
    source = "" if opening.network in ANY else f' source address="{opening.network}"'
    return f'rule family="{family}"{source} port port="{opening.port}" protocol="tcp" accept'


def _network(text: str) -> Network | None:
    """None for a hardware address or a set of addresses."""
    try:
        return network(text)
    except ValueError:
        return None


def _is_named(interface: str, names: Iterable[str]) -> bool:
    return any(interface.startswith(name[:-1]) if name.endswith("+") else interface == name for name in names)


def _is_in(port: int, listed: str) -> bool:
    """443, 443/tcp, or 440-450/tcp"""
    match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?(?:/tcp)?", listed)
    return bool(match) and int(match[1]) <= port <= int(match[2] or match[1])  # type: ignore[index]
