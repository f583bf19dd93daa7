# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""SELinux is never switched off or made permissive, neither as a whole nor for a domain, and no rules of our own come into its policy."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from tracked import TOP, found

OWN = Path(__file__).relative_to(TOP).as_posix()

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


@pytest.mark.parametrize("switch", SWITCHES)
def test_no_file_switches_selinux_off(switch: str) -> None:
    assert not found(switch, {OWN})


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_search_finds_what_it_looks_for(sample: str) -> None:
    assert any(re.search(switch, sample) for switch in SWITCHES)
