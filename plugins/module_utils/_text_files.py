# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""All text files below some paths: each once, nothing opened that is no file, and what could not be read is said."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Iterator

_LOOK = 8192  # bytes by which a binary file is known


@dataclass
class Reader:
    """Yields the files, and keeps what else there was."""

    max_size: int
    max_files: int
    exclude: tuple[str, ...] = ()
    unread: dict[str, str] = field(default_factory=dict)  #: why, by path
    read: int = 0
    binary: int = 0
    left_out: int = 0  #: files that a pattern of exclude names
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _files: int = 0
    _full: bool = False

    def texts(self, paths: Iterable[str], optional: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
        """Path and text of each file.

        :param paths: files and directories; one that is not there is among what could not be read
        :param optional: likewise, but they may be missing
        """
        for path, needed in [*((each, True) for each in paths), *((each, False) for each in optional)]:
            if needed and not os.path.lexists(path):
                self.unread[path] = "it is not there"
            else:
                yield from self._walk(path)

    def _walk(self, top: str) -> Iterator[tuple[str, str]]:
        waiting = [top]
        while waiting and not self._full:
            path = waiting.pop()
            try:
                facts = Path(path).stat()
                if self._is_excluded(path, stat.S_ISDIR(facts.st_mode)):
                    self.left_out += _count(path) if stat.S_ISDIR(facts.st_mode) else 1
                    continue
                if (facts.st_dev, facts.st_ino) in self._seen:
                    continue
                self._seen.add((facts.st_dev, facts.st_ino))
                if os.path.realpath(path) == os.devnull or self._is_out_of_bounds(path):  # so a unit is masked: systemctl(1)
                    continue
                if stat.S_ISDIR(facts.st_mode):
                    waiting += sorted(map(str, Path(path).iterdir()), reverse=True)
                elif stat.S_ISREG(facts.st_mode):
                    yield from self._file(path)
            except FileNotFoundError:  # a link that leads nowhere, or a file that has gone since: no program reads it
                continue
            except OSError as error:
                self.unread[path] = error.strerror or type(error).__name__

    def _is_excluded(self, path: str, is_directory: bool) -> bool:
        """Whether a pattern names the file, or all that is below the directory: a directory may be called releases.log."""
        return any(
            fnmatch.fnmatch(path, pattern) and (not is_directory or pattern.endswith("/*") or not re.search("[*?[]", pattern)) for pattern in self.exclude
        )

    def _is_out_of_bounds(self, path: str) -> bool:
        """Whether a link leads to where nobody means to look, and where a look may never end."""
        real = os.path.realpath(path)
        if real in {"/", "/proc", "/sys", "/dev", "/run"} or real.startswith(("/proc/", "/sys/", "/dev/")):
            self.unread[path] = f"it is {real}, which is not looked into"
            return True
        return False

    def _file(self, path: str) -> Iterator[tuple[str, str]]:
        self._files += 1
        if self._files > self.max_files:
            self.unread[path] = f"it and what follows it are more than {self.max_files} files (max_files)"
            self._full = True
            return
        # if another file has come into its place: wait for no pipe, and become no terminal's process
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return
            head = file.read(_LOOK)
            if is_binary(head):
                self.binary += 1
                return
            content = head + file.read(max(0, self.max_size + 1 - len(head)))
        if len(content) > self.max_size:
            self.unread[path] = f"it has more than {self.max_size} bytes (max_file_size)"
            return
        self.read += 1
        yield path, decoded(content)


def _count(path: str) -> int:
    return sum(len(files) for _place, _directories, files in os.walk(path))


def _encoding(head: bytes) -> str:
    """UTF-16 or UTF-32, where it is: without zero bytes a mark of theirs is nothing but two strange letters."""
    if 0 not in head:
        return ""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return encoding
    pairs = head[: len(head) // 2 * 2]
    if pairs.count(0) > 0.4 * len(pairs):  # Latin letters without a mark
        if not any(pairs[::2]):
            return "utf-16-be"
        if not any(pairs[1::2]):
            return "utf-16-le"
    return ""


def is_binary(head: bytes) -> bool:
    """Whether a file that begins so is no text: it has a zero byte, and not by mistake, nor because it is in UTF-16."""
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return 0 in head and controls > 0.05 * len(head) and not _encoding(head)


def decoded(content: bytes) -> str:
    """The text, whatever its bytes: of what is looked for, all is ASCII, and each encoding that files have is ASCII there."""
    encoding = _encoding(content[:_LOOK])
    text = content.decode(encoding, "replace") if encoding else content.decode("utf-8", "surrogateescape")
    return text.replace("\r\n", "\n").replace("\r", "\n")
