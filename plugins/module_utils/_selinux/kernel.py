# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the policy in force says, asked of the kernel as libselinux does: https://github.com/SELinuxProject/selinux-notebook/blob/main/src/lsm_selinux.md"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["MOUNT", "Kernel", "label", "mode", "set_label"]

MOUNT = Path("/sys/fs/selinux")
_PROC = Path("/proc")
_ATTRIBUTE = "security.selinux"


def mode(mount: Path = MOUNT) -> str:
    """`enforcing`, `permissive` or `disabled`. Within a container that may not ask, it is as if disabled."""
    try:
        return "enforcing" if (mount / "enforce").read_text("ascii").strip() == "1" else "permissive"
    except OSError:
        return "disabled"


def label(path: Path) -> str:
    """The context of what is there; empty where it has none, or is not there."""
    try:
        return os.getxattr(str(path), _ATTRIBUTE, follow_symlinks=False).rstrip(b"\0").decode("utf-8", "replace")
    except OSError:
        return ""


def set_label(path: Path, context: str) -> None:
    os.setxattr(str(path), _ATTRIBUTE, context.encode() + b"\0", follow_symlinks=False)


class Kernel:
    """The policy in force."""

    def __init__(self, mount: Path = MOUNT, proc: Path = _PROC) -> None:
        self.mount, self.proc = mount, proc

    def allows(self, source: str, target: str, kind: str, *permissions: str) -> bool:
        """Whether a process of this context may do all of it to what has that one. What the policy does not know is not allowed."""
        try:
            its = self.mount / "class" / kind
            bits = [int((its / "perms" / permission).read_text("ascii")) for permission in permissions]
            answer = self._ask("access", f"{source} {target} {int((its / 'index').read_text('ascii'))}")
        except OSError:
            return False
        return all(int(answer.split()[0], 16) & 1 << (bit - 1) for bit in bits)

    def runs_as(self, program_label: str) -> str:
        """The context of what systemd starts from a program with this one.

        :raises OSError: it cannot be known
        """
        return self._create(self._context("1"), program_label, "process")

    def made_in(self, directory_label: str, kind: str, by: str = "") -> str:
        """The context of what this process, or one of the context, makes in such a directory.

        :raises OSError: it cannot be known
        """
        return self._create(by or self._context("self"), directory_label, kind)

    def has(self, boolean: str) -> bool:
        return (self.mount / "booleans" / boolean).exists()

    def is_on(self, boolean: str) -> bool:
        try:
            return (self.mount / "booleans" / boolean).read_text("ascii").split()[0] == "1"
        except OSError:
            return False

    def context(self, kind: str) -> str:
        """That of a port or a file of this type."""
        try:
            has_range = (self.mount / "mls").read_text("ascii").strip() == "1"
        except OSError:
            has_range = False
        return f"system_u:object_r:{kind}{':s0' if has_range else ''}"

    def _context(self, process: str) -> str:
        return (self.proc / process / "attr/current").read_text("ascii").rstrip("\0\n")

    def _create(self, source: str, target: str, kind: str) -> str:
        number = int((self.mount / "class" / kind / "index").read_text("ascii"))
        return self._ask("create", f"{source} {target} {number}").rstrip("\0\n")

    def _ask(self, name: str, question: str) -> str:
        descriptor = os.open(str(self.mount / name), os.O_RDWR)
        try:
            os.write(descriptor, question.encode())
            return os.read(descriptor, 4096).decode("ascii", "replace")
        finally:
            os.close(descriptor)
