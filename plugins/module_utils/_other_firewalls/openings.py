# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Opens ports in the firewalls that are on a node already, each by its own tool, and takes exactly that away again.

What is added is written down before, so that whatever is killed on the way, the next call knows which rules are ours: it adds what is missing and
takes away what is no longer asked for. A rule that was there before is never written down.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterable, List, Sequence

from .. import _files
from .._commands import Failed, find, run
from . import firewalld, tables, ufw
from .model import ANY, DENIED, OPEN, PARTLY, SHUT, Answer, Network, Opening, families, in_words, network, text

__all__ = ["RECORD", "Openings", "Plan", "in_diff", "read_clients", "read_ports"]

_MOST_PORTS = 64
_GONE = "{} is not installed any more, so what was added to its rules cannot be taken away. It counts again once it is: look into"
# of rules outside of what their usual commands list
_KEEPERS = {ufw.NAME: "in /etc/ufw/before.rules and before6.rules", firewalld.NAME: "by firewall-cmd --direct (see --direct --get-all-rules)"}
_PANIC = "firewalld is in panic mode: it drops everything and changes nothing. Nothing can be opened or taken away until firewall-cmd --panic-off."
RECORD = Path("/var/lib/tlsfront/opened.json")


_Command = Callable[[Opening, bool], List[str]]


@dataclass
class Plan:
    """What is there, what is to be done, and what speaks against it."""

    found: list[str] = field(default_factory=list)
    add: list[Opening] = field(default_factory=list)
    remove: list[Opening] = field(default_factory=list)
    keep: list[Opening] = field(default_factory=list)
    """Ours, and to stay so."""
    problems: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    """What to type where the role is not to touch them."""
    is_settled: bool = True
    """Whether the record has exactly what is ours: a run that was killed leaves it otherwise."""

    def told(self) -> dict[str, list[str] | bool]:
        """What concerns others, as texts."""
        told: dict[str, list[str] | bool] = {"found": self.found, "commands": list(map(text, self.commands)), "by_hand": self.by_hand}
        return {**told, "problems": self.problems, "notices": self.notices, "is_settled": self.is_settled}


def read_clients(given: Iterable[str]) -> list[Network]:
    """:raises ValueError: with a sentence for the user"""
    found: list[Network] = []
    for each in given:
        try:
            found.append(network(each))
        except ValueError as error:
            raise ValueError(f"clients: {error}. Nothing was changed.") from None
    return families(found)


def read_ports(given: Iterable[int]) -> list[int]:
    """:raises ValueError: with a sentence for the user"""
    ports = list(dict.fromkeys(given))
    if len(ports) > _MOST_PORTS:
        raise ValueError(f"ports: these are {len(ports)}, and each would be a rule of its own: give at most {_MOST_PORTS}. Nothing was changed.")
    for port in ports:
        if not 0 < port < 65536:
            raise ValueError(f"ports: {port} is out of range: ports go from 1 to 65535. Nothing was changed.")
    return ports


def in_diff(openings: Iterable[Opening]) -> str:
    """The commands that add them, one a line."""
    commands = {ufw.NAME: ufw.command, firewalld.NAME: firewalld.command}
    return "".join(f"{text(commands[each.firewall](each, True))}\n" for each in sorted(set(openings)))


@dataclass
class Openings:
    """On one node."""

    ports: Sequence[int]
    clients: Sequence[Network]
    nft: str = "/usr/sbin/nft"
    record: Path = RECORD
    purge: bool = True
    """Whether what has left the ports and the clients is taken away."""

    def plan(self) -> Plan:
        """:raises Failed: something cannot be seen"""
        recorded = self.recorded()
        plan = self._plan(recorded)
        plan.is_settled = set(plan.keep) == set(recorded)
        return plan

    def _plan(self, recorded: list[Opening]) -> Plan:
        plan = Plan()
        if not self.ports or not self.clients:
            return self._taken_away(plan, recorded)
        kernel = tables.look(self.nft)
        has_ufw = kernel.has_ufw or (bool(kernel.problem) and ufw.is_enabled())  # what cannot be seen is taken for what it is to be
        clients = self._ufw(plan, [each for each in recorded if each.firewall == ufw.NAME], has_ufw)
        self._firewalld(plan, [each for each in recorded if each.firewall == firewalld.NAME], kernel.has_firewalld)
        judged = tables.judge(kernel, self.nft, self.ports, clients, plan.found)
        hint = f" Let it in there: {'; '.join(judged.commands)}. Do the same in the file that this table is loaded from, or it is shut after the next boot."
        if judged.shut:
            may_keep = [_KEEPERS[each] for each in plan.found] if any(each.startswith("chain INPUT of") for each in judged.shut) else []
            keepers = f", which may be kept {' or '.join(may_keep)}" if may_keep else ""
            plan.problems.append(f"{'; '.join(judged.shut)}. The role does not touch this table{keepers}.{hint}")
        plan.notices += [f"{sentence}." for sentence in judged.unknown]
        return plan

    def _ufw(self, plan: Plan, recorded: list[Opening], is_loaded: bool) -> Sequence[Network]:
        """Of which clients its own tables do not tell already what becomes of them."""
        found = ufw.look() if is_loaded else None
        if found is None:
            self._shrink(plan, recorded)
            if ufw.is_enabled():
                self._notice(plan, "ufw is not in force, and is to be after the next boot (ENABLED=yes in /etc/ufw/ufw.conf): run this again once it is")
            return self.clients
        plan.found.append(ufw.NAME)
        wanted = [Opening(ufw.NAME, port, str(each)) for port in self.ports for each in self.clients]
        leaving = frozenset(recorded) - frozenset(wanted)
        for opening in wanted:
            answer = found.answer(opening.port, network(opening.network), leaving)
            only_ipv6 = all(each.version == 6 for each in self.clients)
            if answer.verdict == DENIED and ":" in opening.network and not found.ipv6 and not only_ipv6:
                self._notice(plan, f"ufw keeps out port {opening.port} to {in_words(network(opening.network))} by {answer.why}")
            elif self._is_missing(plan, "ufw", opening, answer):
                plan.add.append(opening)
            for line in found.may_deny(opening.port, network(opening.network)) if answer.verdict in (OPEN, SHUT) else ():
                what = f"port {opening.port} to {in_words(network(opening.network))}"
                self._notice(plan, f"ufw keeps out {what} where its rule '{line}' fits, and the role does not overrule that")
        self._settle(plan, recorded, wanted, found, ufw.command)
        plan.by_hand += [text(ufw.command(each, True, by_hand=True)) for each in plan.add if each.firewall == ufw.NAME]
        return self.clients if found.ipv6 else [each for each in self.clients if each.version == 4]

    def _firewalld(self, plan: Plan, recorded: list[Opening], is_loaded: bool) -> None:
        found = firewalld.look() if is_loaded else None
        if found is None:
            self._shrink(plan, recorded)
            return
        plan.found.append(firewalld.NAME)
        if found.is_panic:
            plan.problems.append(_PANIC)
        wanted: list[Opening] = []
        may_stay: list[Opening] = []
        for zone, networks in self._zones(found).items():
            for permanent in (False, True):
                for port in self.ports:
                    single = [Opening(firewalld.NAME, port, str(each), zone, permanent) for each in networks]
                    both = [Opening(firewalld.NAME, port, "", zone, permanent)] if set(map(str, networks)) == set(ANY) else []
                    may_stay += [*single, *both]
                    leaving = frozenset(recorded) - frozenset(may_stay)
                    missing = []
                    for each in single:
                        answer = found.answer(zone, permanent, port, network(each.network), leaving)
                        missing += [each] if self._is_missing(plan, "firewalld", each, answer) else []
                        for line in answer.unless:
                            what = f"port {port} to {in_words(network(each.network))} where the rule '{line}' of its zone {zone} fits"
                            self._notice(plan, f"firewalld keeps out {what}, and the role does not overrule that")
                    wanted += both if both and len(missing) == len(single) else missing
        plan.add += wanted
        self._settle(plan, recorded, may_stay, found, firewalld.command)
        plan.by_hand += [text(firewalld.command(each, True)) for each in wanted]

    def _zones(self, found: firewalld.Firewalld) -> dict[str, list[Network]]:
        """By which zones which of the clients come in."""
        zones: dict[str, list[Network]] = {}
        for each in self.clients:
            for zone in found.zones_of(each):
                zones.setdefault(zone, []).append(each)
        return zones

    def _is_missing(self, plan: Plan, name: str, opening: Opening, answer: Answer) -> bool:
        """Whether nobody has said yet what is to become of it. Who has is not overruled."""
        who = in_words(network(opening.network))
        if answer.verdict == DENIED:
            problem = (
                f"{name} keeps out port {opening.port} to {who} by {answer.why}. An administrator has said so, and the role does not overrule it: "
                "change that, or take these clients out of tlsfront_clients."
            )
            if problem not in plan.problems:  # of now, and of the next start
                plan.problems.append(problem)
        elif answer.verdict not in (OPEN, SHUT):
            hint = "Name these clients in tlsfront_clients, or let the others in by hand" if answer.verdict == PARTLY else "Look at it"
            self._notice(plan, f"{name} does not let all of the clients in to port {opening.port}, and the role leaves it so: {answer.why}. {hint}")
        return answer.verdict == SHUT

    @staticmethod
    def _notice(plan: Plan, sentence: str) -> None:
        if f"{sentence}." not in plan.notices:
            plan.notices.append(f"{sentence}.")

    def _settle(self, plan: Plan, recorded: list[Opening], wanted: list[Opening], found: ufw.Ufw | firewalld.Firewalld, command: _Command) -> None:
        """What is ours, is there and is wanted stays; what is not wanted goes."""
        adding = [each for each in plan.add if each in wanted]
        leaving = [each for each in recorded if each not in wanted]
        plan.keep += [each for each in recorded if each in wanted and each not in adding and found.has(each)]
        plan.commands += [command(each, True) for each in adding]
        if self.purge:
            self._take_away(plan, leaving, found, command)
        else:
            plan.keep += leaving

    @staticmethod
    def _take_away(plan: Plan, leaving: list[Opening], found: ufw.Ufw | firewalld.Firewalld, command: _Command) -> None:
        for each in leaving:
            if isinstance(found, ufw.Ufw) and ":" in each.network and not found.ipv6 and found.has(each):
                plan.keep.append(each)
                plan.notices.append(
                    f"ufw has IPV6=no, so it cannot take away its rule for {each.network}, which does nothing now. Run this again with IPV6=yes."
                )
                continue
            plan.remove.append(each)
            if found.has(each):
                plan.commands.append(command(each, False))

    def _shrink(self, plan: Plan, recorded: list[Opening]) -> None:
        """Of a firewall that is not in force: what has left the lists would let in more than these once it is switched on."""
        if not self.purge:
            plan.keep += recorded
            return
        networks = set(map(str, self.clients))
        staying = [each for each in recorded if each.port in self.ports and {each.network} - {""} <= networks and (each.network or networks == set(ANY))]
        plan.keep += staying
        leaving = [each for each in recorded if each not in staying]
        self._take_out(plan, leaving)
        plan.keep += [each for each in leaving if each not in plan.keep and each not in plan.remove]  # it cannot be done

    def _take_out(self, plan: Plan, leaving: list[Opening]) -> None:
        """Whether the firewall is in force or not."""
        of = {name: [each for each in leaving if each.firewall == name] for name in (ufw.NAME, firewalld.NAME)}
        rules = ufw.look() if of[ufw.NAME] else None
        if rules:
            self._take_away(plan, of[ufw.NAME], rules, ufw.command)
        elif of[ufw.NAME]:
            self._notice(plan, f"{_GONE.format('ufw')} /etc/ufw/user.rules and user6.rules, with the comment {ufw.COMMENT} in hexadecimal digits")
        zones = firewalld.look() if of[firewalld.NAME] else None
        if zones:
            plan.problems += [_PANIC] if zones.is_panic else []
            self._take_away(plan, of[firewalld.NAME], zones, firewalld.command)
        elif find(firewalld.OFFLINE):
            plan.commands += [firewalld.command(each, False, is_running=False) for each in of[firewalld.NAME] if firewalld.is_written(each)]
            plan.remove += of[firewalld.NAME]
        elif any(map(firewalld.is_written, of[firewalld.NAME])):
            self._notice(plan, f"{_GONE.format('firewalld')} /etc/firewalld/zones")

    def _taken_away(self, plan: Plan, recorded: list[Opening]) -> Plan:
        """All that is ours goes."""
        self._take_out(plan, recorded)
        plan.remove = [each for each in recorded if each not in plan.keep]
        return plan

    def apply(self) -> Plan:
        """Does what is planned.

        :raises Failed: it cannot be done, or something speaks against it
        """
        recorded = self.recorded()
        plan = self.checked()
        if plan.commands or not plan.is_settled:
            _files.make_directory(self.record.parent)
            with _files.locked(self.record.parent):
                if self.recorded() != recorded:  # another run was faster
                    plan = self.checked()
                self._write([*plan.keep, *plan.remove, *plan.add])
                for command in plan.commands:
                    run(find(command[0]) or command[0], *command[1:])
                # firewall-offline-cmd reports success where there is nothing to remove
                missing = [command for command in self.checked().commands if command[0] != firewalld.OFFLINE]
                if missing:
                    raise Failed(f"It was done, and yet it is not so, as if another program changed it: {'; '.join(map(text, missing))}.")
                self._write([*plan.keep, *plan.add])
        elif not plan.keep and self.record.parent.is_dir():
            self._write([])  # of a run that was killed there may be a directory
        return plan

    def checked(self) -> Plan:
        plan = self.plan()
        if plan.problems:
            raise Failed(f"{' '.join(plan.problems)} Nothing was changed.")
        return plan

    def recorded(self) -> list[Opening]:
        """What was added before.

        :raises Failed: it was not written by this
        """
        try:
            status = self.record.lstat()
        except FileNotFoundError:
            return []
        try:
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
                raise ValueError("others can change it")
            return [_opening(each) for each in json.loads(self.record.read_text("utf-8"))["opened"]]
        except (ValueError, KeyError, TypeError) as error:
            raise Failed(
                f"{self.record} does not tell what was opened in other firewalls ({error}): nothing was changed. Look at what it has, take these "
                "rules away by hand, and then the file."
            ) from None

    def _write(self, openings: Iterable[Opening]) -> None:
        listed = sorted(set(openings))
        if listed:
            _files.write(self.record, json.dumps({"opened": [each._asdict() for each in listed]}, indent=1) + "\n", 0o600)
            return
        _files.remove(self.record)
        with contextlib.suppress(OSError):  # something of others is in it
            self.record.parent.rmdir()


def _opening(given: dict[str, object]) -> Opening:
    """:raises ValueError: nothing that could have been written"""
    opening = Opening(**given)  # type: ignore[arg-type]
    if opening.firewall == ufw.NAME:
        is_zone = opening.zone == ""
    else:
        is_zone = opening.firewall == firewalld.NAME and isinstance(opening.zone, str) and bool(firewalld.ZONE.fullmatch(opening.zone))
    if not is_zone or not isinstance(opening.port, int) or not 0 < opening.port < 65536 or not isinstance(opening.permanent, bool):
        raise ValueError("an entry of it is none")
    is_everybody = opening.network == "" and opening.firewall == firewalld.NAME
    if not is_everybody and str(network(opening.network)) != opening.network:
        raise ValueError("a network in it is none")
    return opening
