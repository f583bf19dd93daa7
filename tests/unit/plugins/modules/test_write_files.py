# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the module write_files leaves on a disk, and what it says of it."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files
from ansible_collections.tlsfront.elasticsearch.plugins.modules import write_files
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module_runs


def call(write: bool = True, **given: Any) -> write_files.Outcome:
    return write_files.run({"directories": [], "files": {}, "secret_files": {}, "absent": [], "absent_if_empty": [], **given}, write)


def wanted(place: Path) -> dict[str, Any]:
    return {
        "directories": [{"path": str(place / "program"), "mode": "0755"}, {"path": str(place / "program/state"), "mode": "0700"}],
        "files": {str(place / "program/a.py"): "a = '\u00fc'\n"},
        "secret_files": {str(place / "program/state/account"): "s3cret\n"},
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_it_is_written_once_and_with_its_modes(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert len(call(**wanted(tmp_path)).paths) == 4
    finally:
        os.umask(before)
    assert (tmp_path / "program/a.py").read_text("utf-8") == "a = '\u00fc'\n"
    paths = ("program", "program/state", "program/a.py", "program/state/account")
    assert [mode(tmp_path / path) for path in paths] == [0o755, 0o700, 0o644, 0o600]
    assert call(**wanted(tmp_path)).paths == []


def test_check_mode_says_the_same_and_changes_nothing(tmp_path: Path) -> None:
    seen = call(write=False, **wanted(tmp_path))
    assert list(tmp_path.iterdir()) == []
    done = call(**wanted(tmp_path))
    assert (seen.paths, seen.diff) == (done.paths, done.diff)
    gone = {"absent": [str(tmp_path / "program/a.py"), str(tmp_path / "program/state")], "absent_if_empty": [str(tmp_path / "program")]}
    assert call(write=False, **gone).paths == call(**gone).paths == [*gone["absent"], *gone["absent_if_empty"]]
    assert list(tmp_path.iterdir()) == [] and call(**gone).paths == []


def test_what_others_have_put_there_stays(tmp_path: Path) -> None:
    call(**wanted(tmp_path))
    assert call(absent=[str(tmp_path / "program/a.py")], absent_if_empty=[str(tmp_path / "program")]).paths == [str(tmp_path / "program/a.py")]
    assert (tmp_path / "program/state").is_dir()


def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("text")
    call(**wanted(tmp_path))
    for path in ("program/a.py", "program/state/account"):
        (tmp_path / path).unlink()
        (tmp_path / path).symlink_to(precious)
    assert len(call(**wanted(tmp_path)).paths) == 2
    assert precious.read_text() == "text" and not (tmp_path / "program/state/account").is_symlink()
    (tmp_path / "link").symlink_to(tmp_path / "program")
    call(absent=[str(tmp_path / "link")])
    assert (tmp_path / "program").is_dir() and not (tmp_path / "link").exists()


def test_modes_are_put_right(tmp_path: Path) -> None:
    call(**wanted(tmp_path))
    (tmp_path / "program/state").chmod(0o755)
    (tmp_path / "program/state/account").chmod(0o644)
    assert len(call(**wanted(tmp_path)).paths) == 2
    assert (mode(tmp_path / "program/state"), mode(tmp_path / "program/state/account")) == (0o700, 0o600)


@pytest.mark.parametrize("path", ["/", "/etc", "etc/x", "/etc/x/../y"])
def test_what_is_not_a_path_of_its_own_is_refused_before_anything_changes(tmp_path: Path, path: str) -> None:
    for given in ({"absent": [path]}, {"absent_if_empty": [path]}, {"files": {path: ""}}, {"directories": [{"path": path, "mode": "0755"}]}):
        both: dict[str, Any] = {**wanted(tmp_path), **given}
        with pytest.raises(ValueError, match="two parts or more"):
            call(**both)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_not_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(**wanted(tmp_path))
    monkeypatch.setattr(_files.os, "fsync", lambda _descriptor: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        call(files={str(tmp_path / "program/a.py"): "other"})
    assert (tmp_path / "program/a.py").read_text("utf-8") == "a = '\u00fc'\n"


def test_a_secret_is_neither_returned_nor_logged(tmp_path: Path) -> None:
    other = {"secret_files": {str(tmp_path / "program/state/account"): "another s3cret"}}
    results, log = module_runs(wanted(tmp_path) | {"_ansible_diff": True}, other | {"_ansible_diff": True}, name="write_files")
    assert [result["changed"] for result in results] == [True, True]
    assert "s3cret" not in json.dumps(results) + log
    assert results[1]["diff"][0]["after"] == "(not shown, another)\n"
