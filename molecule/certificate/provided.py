# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""provided.py SUPPORT DIRECTORY NAME...: a certificate for the names, to be provided to the role.

SUPPORT is the directory of the PKI of the unit tests. Writes root.pem, the chain (provided.pem) and the key (provided.key).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

import pki

place, names = Path(sys.argv[2]), sys.argv[3:]
root = pki.root()
middle = pki.intermediate("Test Intermediate", root)
server = pki.issue("provided", middle, names)
(place / "provided.key").touch(0o600)
for name, pem in {"root.pem": root.pem, "provided.pem": server.pem + middle.pem, "provided.key": server.key_pem}.items():
    (place / name).write_bytes(pem)
