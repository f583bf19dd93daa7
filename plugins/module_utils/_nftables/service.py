# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the distribution's nftables.service loads, as its own file says it: Debian's and Red Hat's differ in the path, and in who flushes."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any, Iterable

__all__ = ["UNIT", "about"]

UNIT = "nftables.service"
# In the order in which systemd looks, systemd.unit(5).
_DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_OURS = "00-tlsfront-firewall.conf"
# Whatever else a unit starts would be lost where a unit of ours starts this in its place. What may stand there as it is: neither quotes nor blanks,
# and none of systemd's specifiers.
_LOADS = re.compile(r"""(?:/[\w.-]+)*/nft\s+(?:-f|--file)\s+(["']?)(/[A-Za-z0-9_./-]+)\1""", re.ASCII)


def about(directories: Iterable[str] = _DIRECTORIES) -> dict[str, Any] | None:
    """What it loads, `configuration`, and whether a reload flushes the ruleset before, `flushes`, and is there at all, `reloads`; None without such a unit.

    The first is an empty text where the unit, or a drop-in that systemd reads before ours and that ours would override, starts anything else or more.
    """
    places = list(directories)
    for directory in places:
        try:
            text = (Path(directory) / UNIT).read_text("utf-8", errors="replace")
        except OSError:
            continue
        before = _drop_ins(places)
        started, reloaded = (_commands(what, [text, *before]) for what in ("ExecStart", "ExecReload"))
        loaded = _LOADS.fullmatch(started[0]) if len(started) == 1 and not any(_commands("Exec[A-Za-z]*", [each]) for each in before) else None
        flushes = any("flush ruleset" in each for each in reloaded)
        return {"configuration": loaded[2] if loaded else "", "flushes": flushes, "reloads": bool(reloaded)}
    return None


def _drop_ins(directories: Iterable[str]) -> list[str]:
    """Those that systemd reads before ours; one that it reads later wins over ours anyway."""
    paths = [path for directory in directories for path in (Path(directory) / f"{UNIT}.d").glob("*.conf") if path.name < _OURS]
    texts = []
    for path in sorted(paths, key=lambda path: path.name):
        with contextlib.suppress(OSError):
            texts.append(path.read_text("utf-8", errors="replace"))
    return texts


def _commands(setting: str, texts: Iterable[str]) -> list[str]:
    found = [line.strip() for text in texts for line in re.findall(rf"^{setting}[ \t]*=(.*)$", text, re.MULTILINE)]
    return [line for line in found if line]
