# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Texts as systemd reads them in a unit file: systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers"; systemd.service(5), "Command lines"."""

from __future__ import annotations

__all__ = ["argument", "program", "value"]


def value(text: str) -> str:
    """Return one word of a setting, in quotes. A specifier begins with a percent sign.

    Raises ValueError for control characters, which are never meant: a line feed would begin another setting.
    """
    if not text or not text.isprintable():
        raise ValueError(f"{text!r} cannot stand in a unit of systemd, since it is empty or has control characters")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def argument(text: str) -> str:
    """Return one argument of a command line, where a dollar sign begins a variable. Raises ValueError as `value` does."""
    return value(text).replace("$", "$$")


def program(path: str) -> str:
    """Return the path of a program, with which a command line begins: variables are not looked for there. Raises ValueError as `value` does."""
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not the absolute path of a program")
    return value(path)
