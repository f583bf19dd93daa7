# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""An execution environment with the collection gets what the collection needs on the controller."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml
from bindep.depends import Depends
from tracked import TOP


def introspected(where: Path) -> dict[str, list[str]]:
    """What ansible-builder reads off an installed collection, without its remarks from which one each is."""
    (where / "ansible_collections/tlsfront").mkdir(parents=True)
    (where / "ansible_collections/tlsfront/elasticsearch").symlink_to(TOP)
    done = subprocess.run(["ansible-builder", "introspect", str(where)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return {kind: [line.split("  #")[0] for line in lines] for kind, lines in yaml.safe_load(done.stdout).items()}


def test_python_packages_are_those_that_https_check_is_documented_to_need(tmp_path: Path) -> None:
    documented = re.search(r"^requirements:\n((?:  - .*\n)+)", (TOP / "plugins/modules/https_check.py").read_text("utf-8"), re.MULTILINE)
    assert documented
    needed = {f"{name}>={version}" for name, version in re.findall(r"- (\w+) >= (\d+)", documented[1]) if name != "python"}
    assert needed and set(introspected(tmp_path)["python"]) == needed


def test_system_packages_are_what_bindep_reads(tmp_path: Path) -> None:
    system = introspected(tmp_path)["system"]
    assert system
    for distribution in ("dpkg", "rpm"):
        assert any(f"platform:{distribution}" in line for line in system)
    # refuses what is no line of bindep
    Depends("\n".join(system) + "\n", "meta/ee-bindep.txt")
