# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""SELinux is never switched off or made permissive, neither as a whole nor for a domain, and no rules of our own come into its policy."""
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]

# written so that this file does not find itself
SWITCHES = [
    r"setenforc[e]\W+(0|[Pp]ermissive)\b",
    r"semanage\W+permissiv[e]\b",
    r"permissive\W+(--add|-a)\b",
    r"selinux_permissiv[e]\b",
    r"ansible\.posix\.selinu[x]:|^\s*selinu[x]:\s*$(?=\s+(policy|state):)",
    r"(?m)^\W*SELINU[X]=(permissive|disabled)",
    r"(?<![a-z_])(selinux|enforcing)=0\b",
    r"\bsecurity_setenforc[e]\b|\bsetenforc[e]\(",
    r"selinux/(enforc[e]|disable)\b[^\n]*(write|>|tee)",
    r"\baudit2allo[w]\b|\bsemodul[e]\W+(-i|--install|-d|--disable|-r|--remove)\b",
]
SAMPLES = [
    "setenforce" + " 0", "semanage" + " permissive -a httpd_t", "community.general.selinux_" + "permissive:", "  ansible.posix.selin" + "ux:",
    "SELIN" + "UX=permissive", "selinux=" + "0", "enforcing=" + "0", "selinux.security_" + "setenforce(0)", "audit2" + "allow -M x", "semodule" + " -i x.pp",
    "echo 0 > /sys/fs/selinux/enforce" + " write",
]  # fmt: skip


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=TOP, check=True, capture_output=True, text=True)
    return [name for name in listing.stdout.splitlines() if (TOP / name).is_file()]


@pytest.mark.parametrize("switch", SWITCHES)
def test_no_file_switches_selinux_off(switch: str) -> None:
    found = []
    for name in tracked():
        if name != Path(__file__).relative_to(TOP).as_posix():
            text = (TOP / name).read_text("utf-8", "ignore")
            found += [f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}" for match in re.finditer(switch, text)]
    assert not found


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_search_finds_what_it_looks_for(sample: str) -> None:
    assert any(re.search(switch, sample) for switch in SWITCHES)
