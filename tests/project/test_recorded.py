# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""tests/unit/recorded: each file has a source in its README, and the facts are what Ansible makes of the files beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from ansible.module_utils import distro
from ansible.module_utils.facts.system import distribution
from ansible.module_utils.facts.system.pkg_mgr import PkgMgrFactCollector

RECORDED = Path(__file__).resolve().parents[1] / "unit" / "recorded"
NAMES = sorted(path.name for path in RECORDED.iterdir() if path.is_dir())
ROW = re.compile(r"^\| `([^`]+)` \| (recorded|made) \| (.+?) \|$", re.MULTILINE)
# What is there by default, as Ansible looks for it: https://github.com/ansible/ansible/blob/devel/lib/ansible/module_utils/facts/system/pkg_mgr.py
PACKAGE_MANAGERS = {"debian": "/usr/bin/apt-get", "ubuntu": "/usr/bin/apt-get", "opensuse": "/usr/bin/zypper"}


def rows() -> dict[str, tuple[str, str]]:
    found = ROW.findall((RECORDED / "README.md").read_text("utf-8"))
    assert len({name for name, _kind, _source in found}) == len(found), "a file has two rows"
    return {name: (kind, source) for name, kind, source in found}


def text_of(name: str, file: str) -> str | None:
    for path in (RECORDED / name / file, RECORDED / name / f"{file}.made"):
        if path.is_file():
            return path.read_text("utf-8")
    return None


def facts_of(name: str, tree: Path) -> dict[str, Any]:
    """What ansible-core's own collectors say where these files, and the package manager, are all that is there."""
    wanted = {"os-release": ["/etc/os-release", "/usr/lib/os-release"], "redhat-release": ["/etc/redhat-release"], "debian_version": ["/etc/debian_version"]}
    files = {path: text for file, paths in wanted.items() for path in paths if (text := text_of(name, file))}
    for path, text in files.items():
        (tree / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (tree / path[1:]).write_text(text, "utf-8")
    read = distro.LinuxDistribution(include_lsb=False, include_uname=False, root_dir=str(tree))
    package_manager = PACKAGE_MANAGERS.get(name.split("-")[0], "/usr/bin/dnf")

    def content(path: str, default: Any = None, strip: bool = True) -> Any:
        return files[path].strip() if path in files else default

    patches = {"get_file_content": content, "_file_exists": lambda path, allow_empty=False: path in files, "get_uname": lambda module, flags=(): ""}
    with mock.patch(f"{distro.LinuxDistribution.__module__}._distro", read), mock.patch.multiple(distribution, **patches):
        found = distribution.DistributionFactCollector().collect(mock.Mock())
    with mock.patch("os.path.exists", lambda path: path == package_manager), mock.patch("os.path.realpath", lambda path: path):
        found.update(PkgMgrFactCollector().collect(collected_facts={"ansible_os_family": found["os_family"]}))
    names = ("distribution", "distribution_major_version", "distribution_version", "os_family", "pkg_mgr")
    return {**{fact: found[fact] for fact in names}, "service_mgr": "systemd"}


def test_the_readme_says_of_each_file_where_it_is_from_and_names_no_other() -> None:
    files = {str(path.relative_to(RECORDED)) for path in RECORDED.glob("*/*")}
    assert files == set(rows())


def test_what_was_made_is_called_so_by_its_name_too() -> None:
    wrong = [name for name, (kind, _source) in rows().items() if (kind == "made") != name.endswith((".made", "facts.json"))]
    assert wrong == []


@pytest.mark.parametrize("name", [name for name in NAMES if text_of(name, "os-release")])
def test_the_facts_are_those_that_ansible_collects(name: str, tmp_path: Path) -> None:
    assert json.loads((RECORDED / name / "facts.json").read_text("utf-8")) == facts_of(name, tmp_path)
