# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""provided.py SUPPORT DIRECTORY NAME...: certificates that are provided to the role, sound ones and others, for the names.

SUPPORT is the directory of the PKI of the unit tests. Writes root.pem, and of each certificate its chain (*.pem) and its key (*.key).
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])

import pki

place, names = Path(sys.argv[2]), sys.argv[3:]
root = pki.root()
middle = pki.intermediate("Test Intermediate", root)


def server(**options: object) -> pki.Issued:
    return pki.issue("provided", middle, **{"names": names, **options})


def write(name: str, chain: list[pki.Issued], key: pki.Issued | None = None) -> None:
    (place / f"{name}.pem").write_bytes(b"".join(one.pem for one in chain))
    (place / f"{name}.key").touch(0o600)
    (place / f"{name}.key").write_bytes((key or chain[0]).key_pem)


good = server()
write("good", [good, middle])
write("renewed", [server(key=good.key), middle])
write("another_key", [good, middle], key=server())
write("incomplete", [good])
write("out_of_order", [good, root, middle])
write("other_names", [server(names=["elsewhere.example"]), middle])
write("only_a_common_name", [pki.issue(names[0], middle, names=None), middle])
write("expired", [server(not_after=-pki.DAY / 2), middle])
write("not_yet_valid", [server(not_before=pki.DAY), middle])
write("short_key", [server(key=pki.rsa_key(1024)), middle])
write("for_clients", [server(purposes=[pki.CLIENT]), middle])
(place / "root.pem").write_bytes(root.pem)
