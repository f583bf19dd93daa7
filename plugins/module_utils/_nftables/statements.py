# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether rules are about one table only. The grammar is that of nft(8), https://netfilter.org/projects/nftables/manpage.html"""

from __future__ import annotations

import re
from typing import Iterator

__all__ = ["stray"]

_TOKEN = re.compile(r'"[^"\n]*"|#[^\n]*|\\\n|[{};\n]|[^"#{};\n\\]+|.', re.DOTALL)


def stray(content: str, family: str, name: str) -> str:
    """The first statement that is not about that table, or an empty text. ``include`` and ``define`` are none that could be."""
    allowed = re.compile(rf"(?:(?:add|create|delete|destroy|flush)\s+)?table\s+{family}\s+{name}(?:\s*\{{.*)?", re.DOTALL)
    for statement in _statements(content):
        if not allowed.fullmatch(statement):
            return statement.split("{")[0].strip() or statement
        if re.search(r"(?:^|[\n;{}])\s*(?:include|define|redefine|undefine)\b", statement):
            return "include or define within the table"
    return ""


def _statements(content: str) -> Iterator[str]:
    """What stands between line feeds and semicolons, outside of braces and without comments."""
    depth, text = 0, ""
    for token in _TOKEN.findall(content):
        if token.startswith("#"):
            continue
        if depth == 0 and token in ("\n", ";"):
            if text.strip():
                yield text.strip()
            text = ""
            continue
        depth += {"{": 1, "}": -1}.get(token, 0)
        text += token
        if token == "}" and depth <= 0:
            yield text.strip()
            depth, text = 0, ""
    if text.strip():
        yield text.strip()
