# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Of each file it is known under which license it is, and the text of that license is here: https://reuse.software.

Of the tool `reuse` there is no wheel for all of the Pythons that run the tests: `reuse lint` asks the same and more.
"""

from __future__ import annotations

import re

import tomllib
from tracked import TOP, found

ANNOTATIONS = tomllib.loads((TOP / "REUSE.toml").read_text("utf-8"))["annotations"]
TAG = "SPDX-License-Identifier"


def paths(annotation: dict[str, str | list[str]]) -> list[str]:
    return [annotation["path"]] if isinstance(annotation["path"], str) else annotation["path"]


def test_what_is_not_a_file_of_ours_is_there() -> None:
    everything, *others = ANNOTATIONS
    assert (everything["path"], everything[TAG]) == ("**", "GPL-3.0-or-later")
    assert [path for other in others for path in paths(other) if not (TOP / path).is_file()] == []


def test_each_license_has_its_text_and_no_other_is_there() -> None:
    used = {place.split(f"{TAG}: ")[1] for place in found(rf"{TAG}: [^\n]+", but=["REUSE.toml"])} | {each[TAG] for each in ANNOTATIONS}
    assert used == {path.stem for path in (TOP / "LICENSES").iterdir()}


def test_the_collection_itself_is_under_one_license() -> None:
    """What is in plugins/ is imported by Ansible, which is under that license itself."""
    other = [place for place in found(rf"{TAG}: [^\n]+", but=()) if not place.endswith(f"{TAG}: GPL-3.0-or-later")]
    other += [path for each in ANNOTATIONS[1:] for path in paths(each)]
    assert [place for place in other if not place.startswith("tests/unit/recorded/")] == []


def test_each_module_names_its_license_as_ansible_test_and_as_reuse_reads_it() -> None:
    for path in TOP.glob("plugins/modules/*.py"):
        lines = path.read_text("utf-8").splitlines()[:5]
        assert any(re.match("# GNU General Public License v3.0", line) for line in lines), path
        assert f"# {TAG}: GPL-3.0-or-later" in lines, path
