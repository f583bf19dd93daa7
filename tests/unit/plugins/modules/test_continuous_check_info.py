# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is gathered on a probe host is what is there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._continuous_host import METRICS, gathered


def found(place: Path, python: str = "", user: str = "nobody", directories: tuple[str, ...] = ()) -> dict[str, Any]:
    return gathered(python, user, f"{place}/settings.json", f"{place}/record", f"{place}/target", directories)


def test_what_is_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"cluster": "logs", "check": {"endpoints": [{"url": "https://a"}, "https://b"]}}))
    told = found(tmp_path, sys.executable, directories=(str(tmp_path), "/nonexistent"))
    assert told["python"]["version"] == list(sys.version_info[:3])
    assert (told["former"], told["former_urls"], told["directories"]) == ("logs", ["https://a", "https://b"], [str(tmp_path)])
    assert told["comment"] == "nobody" and told["links"] == told["taken"] == []
    assert bool(told["systemd"]) == Path("/run/systemd/system").is_dir()
    assert found(tmp_path)["python"]["lacks"] == [], "a virtual environment brings them"


def test_what_is_not_there_is_told_too(tmp_path: Path) -> None:
    told = found(tmp_path, f"{tmp_path}/none", "nobody-knows")
    assert told["python"]["problem"] == "FileNotFoundError" and told["comment"] is None
    assert (told["former"], told["former_urls"], told["directories"], told["links"]) == ("", [], [], [])


@pytest.mark.parametrize(
    "settings", ["", "{", "[]", "null", "7", '{"cluster": "logs"}', '{"cluster": "logs", "check": [7]}', '{"cluster": "logs", "check": {"endpoints": 7}}']
)
def test_settings_that_are_cut_off_are_no_fault(tmp_path: Path, settings: str) -> None:
    (tmp_path / "settings.json").write_text(settings)
    told = found(tmp_path)
    assert (told["former"], told["former_urls"]) == ("logs" if "logs" in settings else "", [])


@pytest.mark.parametrize("program", ["#!/bin/sh\necho no", "#!/bin/sh\necho '[]'", "#!/bin/sh\nexit 1", "no program"])
def test_what_is_no_python_is_a_problem(tmp_path: Path, program: str) -> None:
    (tmp_path / "python").write_text(f"{program}\n")
    (tmp_path / "python").chmod(0o755)
    told = found(tmp_path, f"{tmp_path}/python")["python"]
    assert told["version"] == [] and told["problem"]


def test_the_links_to_the_metrics_are_found_also_where_one_was_noted(tmp_path: Path) -> None:
    names = ("now", "former", "others")
    for name in names:
        (tmp_path / name).mkdir()
    for name, target in zip(names, ("target", "target", "something-else")):
        (tmp_path / name / METRICS).symlink_to(tmp_path / target)
    (tmp_path / "record").write_text(f"{tmp_path}/former/{METRICS}\n")
    told = found(tmp_path, directories=(f"{tmp_path}/now", f"{tmp_path}/others"))
    assert told["links"] == [f"{tmp_path}/now/{METRICS}", f"{tmp_path}/former/{METRICS}"]
    assert told["taken"] == [f"{tmp_path}/others/{METRICS}"]


@pytest.mark.parametrize("record", ["/etc/passwd", "settings.json", "", f"relative/{METRICS}", f"/nonexistent\n/{METRICS}"])
def test_a_record_leads_to_nothing_else(tmp_path: Path, record: str) -> None:
    (tmp_path / "record").write_text(record)
    assert found(tmp_path)["links"] == []
