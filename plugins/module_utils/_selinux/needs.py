# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service needs that the policy does not let it do, and the least change that lets it."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import NamedTuple, Sequence

from .. import _sockets
from .kernel import Kernel, label
from .labels import BOOLEAN, PORT, Labels

__all__ = ["ACCESS", "Change", "File", "Missing", "Needs"]

# The field's own label for what https listens on, and the switch for what a web server passes on to: httpd_selinux(8)
LISTENS_AT = "http_port_t"
CONNECTS = "httpd_can_network_connect"
# what is asked for a directory, and for the files in it
ACCESS = {
    "read": {"dir": ("search",), "file": ("open", "read", "getattr")},
    "append": {"dir": ("search", "write", "add_name"), "file": ("open", "append", "create", "getattr")},
}
_SAID = {"read": "read %s and what is in it", "append": "append to %s"}


class File(NamedTuple):
    """A directory with what is in it, or a file, what is done with it, and the type that such files have in the policy."""

    path: Path
    access: str
    type: str


class Needs(NamedTuple):
    """What a program does that systemd starts."""

    program: str
    connect_ports: Sequence[int] = ()
    listen_ports: Sequence[int] = ()
    files: Sequence[File] = ()


class Change(NamedTuple):
    """A record of the policy's store; with an empty kind, the labels of a path and what is below it, which are to be what the store says already."""

    kind: str
    name: str
    before: str
    after: str

    @property
    def what(self) -> str:
        return {PORT: f"label of port {self.name}/tcp", BOOLEAN: f"boolean {self.name}"}.get(self.kind, f"label of {self.name}")

    @property
    def said(self) -> str:
        return f"{self.what}: {self.before} -> {self.after}"


class Missing:
    """The changes, and a sentence for each thing that no change of these kinds would let it do.

    :raises Failed: the store cannot be asked
    :raises OSError: the kernel cannot
    """

    def __init__(self, kernel: Kernel, labels: Labels, needs: Needs) -> None:
        self.kernel, self.labels = kernel, labels
        # in check mode, it may not be installed yet
        self.domain = kernel.runs_as(label(Path(os.path.realpath(needs.program))) or labels.path(Path(needs.program), "file"))
        self.who = f"{needs.program} ({_type(self.domain)})"
        self.changes: list[Change] = []
        self.problems: list[str] = []
        types = {port: labels.port(port) for port in {*needs.listen_ports, *needs.connect_ports}}
        for port in dict.fromkeys(needs.listen_ports):
            self._listen(port, types)
        self._connect(list(dict.fromkeys(needs.connect_ports)), types)
        for file in needs.files:
            self._file(file)
        self.changes = list(dict.fromkeys(self.changes))

    def _may(self, type_name: str, kind: str, *permissions: str) -> bool:
        return self.kernel.allows(self.domain, self.kernel.context(type_name), kind, *permissions)

    def _listen(self, port: int, types: dict[int, str]) -> None:
        first, last = _sockets.ephemeral_ports()
        # at those the kernel asks nobody: selinux_socket_bind() of Linux
        if max(first, 1024) <= port <= last or self._may(types[port], "tcp_socket", "name_bind"):
            return
        if str(port) in self.labels.local(PORT):
            self.problems.append(
                f"{self.who} may not listen on port {port}, which an administrator has labelled {types[port]}. If that is not needed, remove it "
                f"(semanage port --delete --proto tcp {port}); else choose another port."
            )
        elif self._may(LISTENS_AT, "tcp_socket", "name_bind"):
            self.changes.append(Change(PORT, str(port), types[port], LISTENS_AT))
            types[port] = LISTENS_AT
        else:
            self.problems.append(f"{self.who} may listen neither on port {port} ({types[port]}) nor on those of {LISTENS_AT}.")

    def _connect(self, ports: Sequence[int], types: dict[int, str]) -> None:
        refused = [port for port in ports if not self._may(types[port], "tcp_socket", "name_connect")]
        is_on = self.kernel.is_on(CONNECTS)
        if refused and (is_on or not self.kernel.has(CONNECTS)):
            said = ", ".join(f"{port} ({types[port]})" for port in refused)
            self.problems.append(f"{self.who} may not connect to port {said}, and the policy has no boolean {CONNECTS} that would let it.")
        elif refused:
            self.changes.append(Change(BOOLEAN, CONNECTS, "off", "on"))
        elif ports and is_on and not self.labels.is_on_at_boot(CONNECTS):
            self.changes.append(Change(BOOLEAN, CONNECTS, "on until the next boot", "on"))

    def _file(self, file: File) -> None:
        real = Path(os.path.realpath(str(file.path)))
        for directory in reversed(real.parents):
            context = label(directory)
            if context and not self.kernel.allows(self.domain, context, "dir", "search"):
                self.problems.append(f"{self.who} may not get to {file.path}: {directory} has the label {_type(context)}. Choose another place.")
                return
        wanted = ACCESS[file.access]
        wrong = [context for context, kind in self._contexts(real, file.access) if not self.kernel.allows(self.domain, context, kind, *wanted[kind])]
        if not wrong:
            return
        top = file.path.parent if file.path.is_symlink() else file.path
        has = _type(wrong[0])
        if real.exists() and all(self.kernel.allows(self.domain, self.labels.path(top, kind), kind, *permissions) for kind, permissions in wanted.items()):
            self.changes.append(Change("", str(top), has, _type(self.labels.path(top, "file"))))
            return
        # others' files may be there, too
        self.problems.append(
            f"{self.who} may not {_SAID[file.access] % file.path} ({has}). Choose another place; or, if all that is in {top} may have the label "
            f"{file.type}: semanage fcontext --add --type {file.type} {shlex.quote(f'{re.escape(str(top))}(/.*)?')} && restorecon -R {shlex.quote(str(top))}."
        )

    def _contexts(self, path: Path, access: str) -> list[tuple[str, str]]:
        """Those of a file, or of a directory and what is in it; or those that they would have where they are not there yet."""
        if path.is_dir():
            inside = [(label(each), "file") for each in sorted(path.iterdir()) if each.is_file() and not each.is_symlink()]
            return [(label(path), "dir"), *inside, (self._made_in(path, "file", access), "file")]
        if path.exists():
            return [(label(path), "file")]
        above = next(each for each in path.parents if each.is_dir())
        return [(label(above) if access == "append" else self._made_in(above, "dir", access), "dir"), (self._made_in(above, "file", access), "file")]

    def _made_in(self, directory: Path, kind: str, access: str) -> str:
        """What is read was made by this collection, what is appended to is made by the service itself."""
        return self.kernel.made_in(label(directory), kind, self.domain if access == "append" else "")


def _type(context: str) -> str:
    """`user:role:type:range`"""
    return [*context.split(":"), "", ""][2] or "no label"
