# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""Hosts with a store of trusted CAs: a mount namespace of this machine, whose /etc and whatever else is written to are directories of the test's own.

Debian's is filled by its own program. Red Hat's is filled by p11-kit's own extractor, which the real update-ca-trust runs, too; that script has a stand-in.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import shlex
import shutil
import ssl
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["REDHATS", "STORES", "Host", "missing"]

REDHATS = ["redhat", "redhat_2023"]
STORES = ["debian", *REDHATS]
_NEWNS = 0x20000
_NEEDED = ["unshare", "update-ca-certificates", "trust"]
# p11-kit's module as Red Hat builds it: Debian's reads other paths. https://p11-glue.github.io/p11-glue/p11-kit/manual/pkcs11-conf.html
_MODULE = """module: p11-kit-trust.so
priority: 1
trust-policy: yes
x-trust-lookup: pkcs11:library-description=PKCS%2311%20Kit%20Trust%20Module
x-init-reserved: paths=/etc/pki/ca-trust/source
disable-in: p11-kit-proxy
"""
# A stand-in for the script of the package ca-certificates as it is since 2024, without what nobody here looks at: it stops at the first failure, and makes
# a directory with hashes and the links to it.
# https://github.com/openela-main/ca-certificates/blob/43978f5458960cdcc42558babdaedc39943e4fdc/SOURCES/update-ca-trust
_UPDATE_CA_TRUST = """#!/bin/sh
set -eu
[ "$*" = "" ] || [ "$*" = extract ] || exit 1
export P11_KIT_NO_USER_CONFIG=1
to=/etc/pki/ca-trust/extracted
find /etc/pki/tls/certs -type l -name '*.[0-9]' -delete
extract() { trust extract --filter=ca-anchors --overwrite --purpose server-auth "$@"; }
extract --format=pem-bundle --comment $to/pem/tls-ca-bundle.pem
extract --format=java-cacerts $to/java/cacerts
extract --format=pem-directory-hash $to/pem/directory-hash
for link in $to/pem/directory-hash/*.[0-9]; do
  [ ! -L "$link" ] || ln -s "$(readlink -f "$link")" "/etc/pki/tls/certs/${link##*/}"
done
"""
# And one for it as it was before, in Red Hat Enterprise Linux 8 and 9: no directory, its arguments do not matter, and its status is that of its last step.
# https://github.com/openela-main/ca-certificates/blob/2936aa4e62a739c9ef8cbba5201b72fbc57ee80b/SOURCES/update-ca-trust
_UPDATE_CA_TRUST_2023 = """#!/bin/sh
export P11_KIT_NO_USER_CONFIG=1
to=/etc/pki/ca-trust/extracted
p11-kit extract --format=pem-bundle --filter=ca-anchors --overwrite --comment --purpose server-auth $to/pem/tls-ca-bundle.pem
p11-kit extract --format=java-cacerts --filter=ca-anchors --overwrite --purpose server-auth $to/java/cacerts
"""


def missing() -> str:
    """Why there can be no such host here; empty where there can."""
    absent = [each for each in _NEEDED if not shutil.which(each, path=f"{os.environ['PATH']}:/usr/sbin")]
    absent += [] if list(Path("/usr/lib").glob("*/pkcs11/p11-kit-trust.so")) else ["p11-kit-trust.so"]
    return "needs root" if os.geteuid() != 0 else f"needs {', '.join(absent)}" if absent else ""


class Host:
    """The paths here are those of the directories that stand for the host's."""

    def __init__(self, place: Path, store: str) -> None:
        self.place, self.etc, self.sbin, self.told_path = place, place / "etc", place / "sbin", place / "told"
        self.share, self.lib = place / "share", place / "lib"
        subprocess.run(["cp", "-a", "/etc", str(self.etc)], check=True)
        for path in (self.etc / "ssl/certs", self.etc / "pki", self.etc / "ca-certificates/update.d"):
            shutil.rmtree(path, ignore_errors=True)
        for directory in (self.sbin, self.share, self.lib, self.etc / "pki"):
            directory.mkdir()
        self.mounts = {self.etc: "/etc", self.sbin: "/usr/local/sbin", self.share: "/usr/local/share", self.lib: "/var/lib"}
        self.anchors = self.etc / "pki/ca-trust/source/anchors"
        if store == "debian":
            self._debian()
        elif store in REDHATS:
            self._redhat(_UPDATE_CA_TRUST if store == "redhat" else _UPDATE_CA_TRUST_2023)
        if store != "debian":
            self.has_no("update-ca-certificates")

    def _debian(self) -> None:
        self.program, self.sources = "/usr/sbin/update-ca-certificates", self.share / "ca-certificates"
        self.bundle = self.etc / "ssl/certs/ca-certificates.crt"
        (self.etc / "ssl/certs").mkdir()
        self.sources.mkdir()
        (self.etc / "ca-certificates.conf").write_text("# selected\nmozilla/ISRG_Root_X1.crt\n")
        hook = self.etc / "ca-certificates/update.d/told"
        hook.parent.mkdir(exist_ok=True, parents=True)
        hook.write_text(f"#!/bin/sh\ncat >>{self.told_path}\n")
        hook.chmod(0o755)
        self.enter("update-ca-certificates")
        self.told_path.unlink()

    def _redhat(self, script: str) -> None:
        self.program, self.sources = "/usr/local/sbin/update-ca-trust", self.anchors
        self.bundle = self.etc / "pki/ca-trust/extracted/pem/tls-ca-bundle.pem"
        self.java = self.etc / "pki/ca-trust/extracted/java/cacerts"
        modules = self.place / "modules"
        for path in (modules, self.anchors, self.anchors.parent / "blocklist", self.bundle.parent, self.java.parent, self.etc / "pki/tls/certs"):
            path.mkdir(parents=True)
        (self.etc / "ssl/certs").symlink_to("../pki/tls/certs")
        (modules / "p11-kit-trust.module").write_text(_MODULE)
        self.mounts[modules] = "/usr/share/p11-kit/modules"
        self.has("update-ca-trust", script)
        shutil.copy("/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt", self.anchors / "others.pem")
        self.enter("/usr/local/sbin/update-ca-trust")

    def has(self, name: str, script: str) -> Path:
        path = self.sbin / name
        path.write_text(script)
        path.chmod(0o755)
        return path

    def has_no(self, name: str) -> None:
        """A file that nobody can run hides it, wherever it is on this machine."""
        path = shutil.which(name, path="/usr/sbin:/usr/bin")
        if path:
            self.mounts[Path("/dev/null")] = str(Path(path).resolve())

    def wrapper(self) -> Path:
        """A program that runs what it is told to on the host, and reads the mounts that it has by then."""
        path = self.place / "enter"
        script = shlex.quote(f'{self._mount()} && exec "$@"')
        path.write_text(f'#!/bin/sh\nexec unshare --mount sh -c {script} sh "$@"\n')
        path.chmod(0o755)
        return path

    def python(self) -> Path:
        """A Python on the host, for Ansible."""
        path = self.place / "python"
        path.write_text(f'#!/bin/sh\nexec {self.wrapper()} {sys.executable} "$@"\n')
        path.chmod(0o755)
        return path

    def enter(self, *command: str) -> None:
        subprocess.run([str(self.wrapper()), *command], check=True, capture_output=True)

    def inside(self, do: Callable[[], Any], user: int = 0) -> Any:
        """What a function returns that runs on the host, or raises there."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                if ctypes.CDLL(None, use_errno=True).unshare(_NEWNS) != 0:
                    raise OSError(ctypes.get_errno(), "unshare")
                subprocess.run(["sh", "-c", f"mount --make-rprivate / && {self._mount()}"], check=True)
                if user:
                    os.setgid(user)
                    os.setuid(user)
                answer: tuple[bool, Any] = (True, do())
            except BaseException as error:  # pylint: disable=broad-except
                answer = (False, error)
            with os.fdopen(writer, "wb") as file:
                file.write(pickle.dumps(answer))
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as file:
            told = file.read()
        os.waitpid(child, 0)
        succeeded, value = pickle.loads(told)  # what the child has written
        if not succeeded:
            raise value
        return value

    def _mount(self) -> str:
        return " && ".join(f"mount --bind {own} {path}" for own, path in self.mounts.items())

    def trusts(self) -> set[bytes]:
        """What the system's programs trust, as OpenSSL reads the bundle."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=self.bundle)
        return set(context.get_ca_certs(binary_form=True))

    def ours(self) -> list[str]:
        """All files and links of ours, wherever they are."""
        places = (self.sources, self.etc / "ssl/certs", self.lib)
        return sorted(str(path.relative_to(self.place)) for place in places for path in place.rglob("*tlsfront*"))

    def tree(self) -> list[tuple[str, int, int]]:
        """Every file of it as it is."""
        found = ((path, path.lstat()) for each in (self.etc, self.share, self.lib) for path in each.rglob("*"))
        return sorted((str(path), status.st_ino, status.st_mtime_ns) for path, status in found)

    def told(self) -> str:
        """What the hooks of the system's store have been told."""
        return self.told_path.read_text() if self.told_path.exists() else ""
