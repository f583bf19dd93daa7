# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may read what is written for nginx and for systemd."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import files


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        # a snippet of the user's may be in it; nginx's master reads it, which is root
        ("nginx/conf.d/tlsfront.conf", 0o600),
        ("front/proved/tlsfront.conf", 0o600),
        # what a unit says is no secret, and systemd complains of one that not everybody may read
        ("system/nginx.service.d/tlsfront.conf", 0o644),
    ],
)
def test_only_root_reads_the_configuration_whatever_was_there_before(tmp_path: Path, place: str, mode: int) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text("before")
    for left in (path, files.beside(path)):
        left.write_text("of a run that was killed")
        left.chmod(0o666)
    files.write_beside(path, b"proxy_set_header Authorization secret;")
    assert stat.S_IMODE(files.beside(path).stat().st_mode) == mode
    files.swap_in(path)
    assert path.read_bytes() == b"proxy_set_header Authorization secret;"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_what_an_earlier_run_left_is_no_way_to_read_the_next_content(tmp_path: Path) -> None:
    """Who had it open before its mode was changed would read what is written into it: open(2)."""
    path = tmp_path / "tlsfront.conf"
    files.beside(path).write_text("left")
    with files.beside(path).open() as reader:
        files.write_beside(path, b"secret")
        assert "secret" not in reader.read()
