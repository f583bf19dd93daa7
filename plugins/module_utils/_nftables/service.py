# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the distribution's nftables.service loads, as its own file says it: Debian's and Red Hat's differ in the path, and in who flushes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterable

__all__ = ["UNIT", "about"]

UNIT = "nftables.service"
# In the order in which systemd looks, systemd.unit(5). Drop-ins are left out, ours among them.
_DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
_NFT = r"^{}=[-@:+!]*(?:/[\w.-]+)*/nft\s+(.*)$"
# what may stand in a unit of ours as it is: neither quotes nor blanks, and none of systemd's specifiers
_CONFIGURATION = re.compile(r"""(?:-f|--file|include)\s+(["']?)(/[A-Za-z0-9_./-]+)\1(?=[\s;'"]|\Z)""", re.ASCII)


def about(directories: Iterable[str] = _DIRECTORIES) -> dict[str, Any] | None:
    """The file that it loads, `configuration`, and whether a reload flushes the ruleset before, `flushes`; None where there is no such unit.

    The file is an empty text where the unit loads it in another way than the distributions do.
    """
    for directory in directories:
        try:
            text = (Path(directory) / UNIT).read_text("utf-8", errors="replace")
        except OSError:
            continue
        started, reloaded = (" ".join(re.findall(_NFT.format(what), text, re.MULTILINE)) for what in ("ExecStart", "ExecReload"))
        loaded = _CONFIGURATION.search(started)
        return {"configuration": loaded[2] if loaded else "", "flushes": "flush ruleset" in reloaded}
    return None
