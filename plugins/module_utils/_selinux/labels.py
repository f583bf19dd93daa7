# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the kernel cannot be asked, and what changes it for good: labels of ports and paths, and booleans. semanage(8), matchpathcon(8), restorecon(8)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Iterable, NamedTuple

from .._commands import Failed, run

__all__ = ["BOOLEAN", "PACKAGE", "PORT", "Labels", "lacks"]

PACKAGE = "policycoreutils-python-utils"  # has semanage, on Red Hat's family as on Debian's
PORT, BOOLEAN = "port", "boolean"
_PATHS = "/usr/sbin:/usr/bin:/sbin:/bin"
_PORTS = re.compile(r"^(\w+) +tcp +([0-9, -]+?) *$", re.ASCII | re.MULTILINE)


class Range(NamedTuple):
    """Ports that have one label."""

    first: int
    last: int
    type: str


def lacks() -> list[str]:
    """The package that is needed here and is not there."""
    return [] if shutil.which("semanage", path=_PATHS) else [PACKAGE]


class Labels:
    """The policy's store: what is asked and changed here is so after a boot as well."""

    def __init__(self, options: Iterable[str] = ()) -> None:
        """
        :param options: of semanage, besides
        """
        self.options = tuple(options)
        self._listed: dict[tuple[str, ...], str] = {}

    def port(self, port: int) -> str:
        """The type of a port: an administrator's record goes before the policy's own, and there the narrower range before the wider."""
        for ranges in (self._ports(local=True), self._ports()):
            fitting = [each for each in ranges if each.first <= port <= each.last]
            if fitting:
                return min(fitting, key=lambda each: each.last - each.first).type
        return "port_t"

    def local(self, kind: str) -> dict[str, str]:
        """The type, or `on` and `off`, of each record that is not of the policy itself."""
        if kind == PORT:
            return {str(each.first): each.type for each in self._ports(local=True) if each.first == each.last}
        listed = self._list(kind, "--locallist")
        return dict(re.findall(r"^(\w+)\s+\(\s*\w+\s*,\s*(\w+)\s*\)", listed, re.MULTILINE))

    def is_on_at_boot(self, boolean: str) -> bool:
        listed = self._list(BOOLEAN)
        return re.search(rf"^{re.escape(boolean)}\s+\(\s*\w+\s*,\s*on\s*\)", listed, re.MULTILINE) is not None

    def set(self, kind: str, name: str, value: str) -> None:
        """Makes it so, now and after each boot."""
        if kind == BOOLEAN:
            self._change(kind, "--modify", f"--{value}", name)
        else:
            is_known = any(str(each.first) == name == str(each.last) for each in self._ports())
            self._change(kind, "--modify" if is_known else "--add", "--type", value, "--proto", "tcp", name)

    def remove_port(self, port: str) -> None:
        """The policy's own label again."""
        self._change(PORT, "--delete", "--proto", "tcp", port)

    def forget(self) -> None:
        """What was listed before is asked again."""
        self._listed.clear()

    def path(self, path: Path, kind: str) -> str:
        """The context that the policy has for a path; empty where it has none."""
        context = run("matchpathcon", "-n", "-m", kind, str(path)).strip()
        return "" if context == "<<none>>" else context

    def relabel(self, path: Path) -> None:
        """The path and all below it have what the policy has for them."""
        run("restorecon", "-R", str(path))

    def _ports(self, local: bool = False) -> list[Range]:
        found = []
        for name, ports in _PORTS.findall(self._list(PORT, *(["--locallist"] if local else []))):
            for part in ports.split(","):
                first, _hyphen, last = part.strip().partition("-")
                found.append(Range(int(first), int(last or first), name))
        return found

    def _list(self, kind: str, *arguments: str) -> str:
        """What it has printed: a call takes half a second and more."""
        asked = (kind, *arguments)
        if asked not in self._listed:
            self._listed[asked] = self._semanage(kind, "--list", "--noheading", *arguments)
        return self._listed[asked]

    def _change(self, kind: str, *arguments: str) -> None:
        self.forget()
        self._semanage(kind, *arguments)

    def _semanage(self, kind: str, *arguments: str) -> str:
        try:
            return run("semanage", kind, *self.options, *arguments)
        except FileNotFoundError:
            raise Failed(f"semanage is not there, by which SELinux is told and asked: install the package {PACKAGE}. Nothing was changed.") from None
