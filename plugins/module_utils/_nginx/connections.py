# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one value of ours that nginx takes in its main file only: https://nginx.org/en/docs/ngx_core_module.html#worker_connections

It is raised, never lowered, and what it was stays beside it, so that it can be put back.
"""

from __future__ import annotations

import re

_LINE = re.compile(rb"^([ \t]*worker_connections[ \t]+)([0-9]+);(?:[ \t]*# ([0-9]+) before tlsfront)?", re.MULTILINE)


def with_connections(main: bytes, needed: int) -> bytes:
    """The main file with at least so many; with 0, as it was before."""

    def line(found: re.Match[bytes]) -> bytes:
        before = int(found[3] or found[2])
        return found[1] + (b"%d;" % before if before >= needed else b"%d; # %d before tlsfront" % (needed, before))

    return _LINE.sub(line, main)
