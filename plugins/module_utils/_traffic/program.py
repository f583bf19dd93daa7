# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the units run: loads the table at boot, saves what it has seen, and loads it again where somebody has flushed it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Sequence

from .._commands import Failed
from .observer import Observer
from .textfile import dropped, metrics, write

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 with the cause on standard error."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("action", choices=["load", "save"])
    parser.add_argument("--nft", required=True)
    parser.add_argument("--directory", required=True, type=Path)
    parser.add_argument("--textfile-dir", type=Path)
    options = parser.parse_args(arguments)
    observer = Observer(options.nft, options.directory)
    try:
        if observer.load() and options.action == "save":
            sys.stdout.write("The table was gone or changed, and was loaded again.\n")
        if options.textfile_dir:
            write(options.textfile_dir, metrics(observer.told(), dropped(options.nft)))
    except (Failed, OSError) as error:
        sys.stderr.write(f"NOT OBSERVED: {error}\n")
        return 1
    return 0
