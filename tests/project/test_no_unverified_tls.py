# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verification is never off: not in a role, an example or a test."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from tracked import TOP, found

OWN = Path(__file__).relative_to(TOP).as_posix()

# it describes a certificate that has already failed, and sends no byte of HTTP
MAY = {"plugins/module_utils/_https_check/diagnostic_handshake.py"}

# written so that this file does not find itself
SWITCHES = [
    r"validate_certs: *['\"]?(false|no|off|0)\b",
    r"\bcurl\b[^\n]*(?<=\s)(-[a-zA-Z]*k[a-zA-Z]*|--insec[u]re)(?=\s|$)",
    r"--insec[u]re\b",
    r"--no-check-certific[a]te\b",
    r"\bCERT_(NONE|OPTIONAL)\b",
    r"check_hostname\s*=\s*(False|0)",
    r"check_hostname['\"]?\s*,\s*False",
    r"verify_mode\s*=\s*0",
    r"_create_unverified_[c]ontext",
    r"verify_certs\s*=\s*(False|0)",
    r"\bverify\s*=\s*(False|0)\b",
    r"ssl_show_warn\s*=\s*(False|0)",
    r"InsecureSkipVeri[f]y",
    r"NoopHostnameVeri[f]ier|ALLOW_ALL_HOSTNAME_VERI[F]IER|TrustAllStrat[e]gy",
    r"rejectUnauthoriz[e]d",
    r"NODE_TLS_REJECT_UNAUTHORIZ[E]D",
    r"proxy_ssl_verify\s+off",
    r"ssl_assert_hostname",
]


@pytest.mark.parametrize("switch", SWITCHES)
def test_no_file_switches_verification_off(switch: str) -> None:
    assert not found(switch, MAY | {OWN})


def test_the_search_finds_what_it_looks_for() -> None:
    samples = ["validate_certs: false", "curl -sk https://x", "curl --insec" + "ure https://x", "ssl.CERT_NONE", "check_hostname = False", "verify=False"]
    for sample in samples:
        assert any(re.search(switch, sample) for switch in SWITCHES), sample
