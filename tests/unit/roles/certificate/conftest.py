# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates as the node has them, and the program of the role certificate that judges them there."""
from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[4]
# the role puts the collection's own module_utils beside its program
sys.path[:0] = [str(TOP / place) for place in ("roles/certificate/files/acme", "plugins")]

import pki  # noqa: E402


@pytest.fixture
def ca():
    return pki.root()


@pytest.fixture
def node(tmp_path, ca):
    return Node(tmp_path, ca)


class Node:
    """A node with a certificate from the directory of a CA, and the settings of its role."""

    def __init__(self, place: Path, ca: pki.Issued) -> None:
        self.ca = ca
        self.live = place / "live"
        (place / "versions/first").mkdir(parents=True)
        self.live.symlink_to("versions/first")
        self.settings = {
            "directory": "https://127.0.0.1:1/dir",  # nobody answers there
            "directory_ca": "",
            "certificate_dir": str(place),
            "state_dir": str(place),
            "names": ["es1.example.org"],
            "key_type": "ecdsa-p256",
            "renew_days": 30,
            "ca": ca.pem.decode(),
            "dns_hook": "",
        }

    def empty(self) -> None:
        """It has no certificate yet."""
        self.live.unlink()
        shutil.rmtree(self.live.parent / "versions")

    def has(self, certificate: pki.Issued, key: pki.Issued | None = None) -> pki.Issued:
        (self.live / "chain.pem").write_bytes(certificate.pem)
        (self.live / "key.pem").write_bytes((key or certificate).key_pem)
        (self.live / "ca.pem").write_bytes(self.ca.pem)
        (self.live / "directory.txt").write_text("https://127.0.0.1:1/dir\n")
        return certificate
