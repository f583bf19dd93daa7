# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Would nginx accept a configuration where it is to live?

A staging tree answers, in which everything is the host's own configuration, by links, and only that one file is the candidate.
So a file that nginx refuses is never where a restart could find it. Nothing is left behind.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

_PREFIX = ".tlsfront-candidate-"


class Refused(Exception):
    """nginx does not accept it; the message says why."""


def test(octets: bytes, configuration: Path, nginx: str) -> None:
    """The caller holds the lock, so what an earlier test left when it was killed is of no use to anybody.

    :param configuration: the path where the candidate is to live, in conf.d below the directory of nginx.conf
    :raises Refused: it is not accepted
    """
    nginx_dir = configuration.parent.parent
    for left in nginx_dir.glob(f"{_PREFIX}*"):
        shutil.rmtree(str(left))
    stage = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=str(nginx_dir)))
    try:
        _fill(stage, octets, configuration, nginx_dir)
        # -T is -t that also prints what was read: the candidate must be part of it
        done = subprocess.run(  # pylint: disable=ansible-bad-function # a unit test drives this without Ansible
            [nginx, "-T", "-q", "-c", str(stage / "nginx.conf")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False
        )
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            raise Refused(_essence(said).replace(str(stage), str(nginx_dir)))
        if f"# configuration file {stage / 'conf.d' / configuration.name}:" not in said:
            raise Refused(f"{nginx_dir}/nginx.conf does not include conf.d/*.conf inside http {{ }}: add 'include {nginx_dir}/conf.d/*.conf;' there")
    finally:
        shutil.rmtree(str(stage))


def _fill(stage: Path, octets: bytes, configuration: Path, nginx_dir: Path) -> None:
    (stage / "conf.d").mkdir()
    for entry in nginx_dir.iterdir():
        if entry.name not in ("conf.d", "nginx.conf") and not entry.name.startswith("."):
            (stage / entry.name).symlink_to(entry)
    for entry in (nginx_dir / "conf.d").glob("*.conf"):
        if entry.name != configuration.name and entry.exists():
            (stage / "conf.d" / entry.name).symlink_to(entry)
    (stage / "conf.d" / configuration.name).write_bytes(octets)
    main = (nginx_dir / "nginx.conf").read_bytes()
    (stage / "nginx.conf").write_bytes(main.replace(f"{nginx_dir}/conf.d/".encode(), f"{stage}/conf.d/".encode()))


def _essence(said: str) -> str:
    """Without the configuration, which -T prints when only a later step has failed."""
    return said.partition("\n# configuration file ")[0].strip()
