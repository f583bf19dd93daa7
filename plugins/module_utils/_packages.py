# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the package manager of a node would install, as far as what it has fetched tells it. It is asked, and changes nothing."""

from __future__ import annotations

import contextlib
import re

from ._commands import Run

__all__ = ["candidate"]

_VERSION = r"([0-9]+(?:[.][0-9]+)+)"


def candidate(run: Run, package: str) -> str:
    """The version; empty where it is not known. apt-cache(8), https://dnf.readthedocs.io/en/latest/command_ref.html#repoquery-command"""
    for command, pattern in (
        (("apt-cache", "policy", package), rf"^\s*Candidate: (?:[0-9]+:)?{_VERSION}"),
        (("dnf", "--quiet", "--cacheonly", "repoquery", "--latest-limit=1", "--queryformat=%{version}\\n", package), rf"^{_VERSION}$"),
    ):
        with contextlib.suppress(OSError):  # it is not this one
            code, out, _err = run(command)
            found = re.search(pattern, out, re.MULTILINE) if code == 0 else None
            if found:
                return found[1]
    return ""
