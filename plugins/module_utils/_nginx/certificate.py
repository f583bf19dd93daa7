# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate that is to be served, or the version before it.

The role certificate keeps the version before the current one, and "live" is a link to the current one. What nginx serves from memory is the former
still where the current one is wrong; with the link back, a restart or a reboot finds it too.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Sequence

from .._tls.keypair import judged
from .._tls.versions import NO_VERSIONS


def missing(directory: Path) -> bool:
    return not all((directory / name).exists() for name in ("chain.pem", "key.pem"))


def former(directory: Path, names: Sequence[str]) -> Path | None:
    """The newest version beside the one that the link `directory` leads to which clients would accept."""
    if not directory.is_symlink():
        return None
    live = directory.resolve()
    others = [each for each in live.parent.iterdir() if each != live and each.name not in NO_VERSIONS and each.is_dir() and not each.is_symlink()]
    newest_first = sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)
    return next((each for each in newest_first if judged(each, names)["accepted"]), None)


def make_live(version: Path, directory: Path) -> None:
    """The link leads to that version, at once."""
    new = directory.with_name(f".{directory.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(version, directory.parent.resolve()))
    new.replace(directory)
