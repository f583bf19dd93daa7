# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The module as Ansible runs it; what counts as a problem, test_access.py says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module_runs


def run(*paths: dict[str, Any]) -> dict[str, Any]:
    (result,), _log = module_runs({"paths": paths}, name="path_access_info")
    return result


def test_it_tells_each_problem_once_and_what_is_there(tmp_path: Path) -> None:
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    (place / "hook").write_text("#!/bin/sh\n")
    (place / "hook").chmod(0o755)
    (place / "key").write_text("a secret")
    (place / "key").chmod(0o644)
    result = run({"path": f"{place}/hook", "ours": True}, {"path": f"{place}/key", "secret": True}, {"path": f"{place}/nosuch"}, {"path": "hook"})
    assert not result["changed"]
    assert [(Path(one["path"]).name, one["regular"], one["executable"]) for one in result["paths"]] == [
        ("hook", True, True),
        ("key", True, os.geteuid() == 0 and os.access(place / "key", os.X_OK)),
        ("nosuch", False, False),
        ("hook", False, False),
    ]
    told = [problem for problem in result["problems"] if str(place) in problem]
    assert told == [
        f"{place} may be changed by everybody (mode 0777): chmod go-w {place}",
        f"{place} may be changed by everybody (mode 0777): chmod o-w {place}",
        f"{place}/key may be read by everybody (mode 0644): chmod o-rwx {place}/key",
    ]
