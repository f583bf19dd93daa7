# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The system's store has of ours exactly the certificates that are asked for."""

from __future__ import annotations

import contextlib
import os
import pwd
from pathlib import Path
from typing import Mapping, NamedTuple

from .. import _certificate, _files, _pem
from .._commands import Failed
from .store import NAME, STATE, Store, find, left_over, name_of

__all__ = ["PENDING", "Outcome", "change"]

PENDING = STATE / "system-truststore.pending"
"""The names of what is about to be changed, from before the first change until the system was seen to have taken it."""


class Outcome(NamedTuple):
    program: str = ""
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    before: str = ""
    after: str = ""


class _Difference(NamedTuple):
    wrong: list[str]  # to be written
    untaken: list[str]  # written, or to be written, and not taken by the system
    gone: list[str]  # to be removed

    def of(self, store: Store) -> list[str]:
        return [
            *(f"write {store.path(name)}" for name in self.wrong),
            *(f"remove {name}" for name in self.gone),
            f"run {store.program}",
        ]


def change(certificates: Mapping[str, bytes], java_cacerts: bool, write: bool) -> Outcome:
    """Makes it so, or says what would be done.

    :param certificates: what is to be trusted, in DER, by `name_of` each
    :param java_cacerts: whether the store of the JVMs is to follow
    :raises Failed: and why
    """
    store, missing = find()
    if store is None:
        left = left_over()
        if certificates:
            raise Failed(
                f"This system has no store of CAs that is known here. Looked for: {missing}. Nothing was changed. "
                "Install the package ca-certificates of the system, or set client_trust_system to false."
            )
        if left:
            raise Failed(f"{', '.join(left)}: to be removed, but the program that has the system forget it is not there. Looked for: {missing}.")
        return Outcome()
    difference = _difference(store, certificates)
    before, after = _described(store), "".join(_line(name, der) for name, der in sorted(certificates.items()))
    if not any(difference):
        return Outcome(store.program, (), (), before, after)
    if os.geteuid() != 0:
        raise Failed(
            f"Only root may change the system's store of CAs, and this runs as {_user()}. Nothing was changed. "
            "Set become to true, or client_trust_system to false."
        )
    warnings = []
    if certificates and store.follows() and not java_cacerts and (difference.wrong or difference.untaken):
        warnings.append(f"The store of the JVMs follows the system's, though it was not asked for: {store.follows()}.")
    if write:
        warnings += _apply(store, certificates, java_cacerts)
    return Outcome(store.program, tuple(difference.of(store)), tuple(warnings), before, after)


def _difference(store: Store, certificates: Mapping[str, bytes]) -> _Difference:
    pending, taken = _pending(), store.taken()
    return _Difference(
        [name for name, der in certificates.items() if _files.differs(store.path(name), _pem.in_pem(der), 0o644, owner=0)],
        [name for name in certificates if name not in taken or name in pending],
        sorted((store.ours() | pending) - set(certificates)),
    )


def _apply(store: Store, certificates: Mapping[str, bytes], java_cacerts: bool) -> list[str]:
    for directory in (STATE, store.sources):
        _files.make_directory(directory)
    with _files.locked(store.sources):
        wrong, untaken, gone = _difference(store, certificates)  # what another run has done in the meantime is done
        added = list(dict.fromkeys([*wrong, *untaken]))
        _files.write(PENDING, "".join(f"{name}\n" for name in [*added, *gone]), 0o644)
        for name in wrong:
            _files.write(store.path(name), _pem.in_pem(certificates[name]), 0o644)
        for name in gone:
            _files.remove(store.path(name))
        made = _identity(store.bundle)
        warnings = store.update(added, gone, java_cacerts)
        warnings += _verify(store, certificates, gone, made == _identity(store.bundle))
        _files.remove(PENDING)
    with contextlib.suppress(OSError):
        STATE.rmdir()  # unless something else is in it
    return warnings


def _verify(store: Store, certificates: Mapping[str, bytes], gone: list[str], same: bool) -> list[str]:
    """What is to be known of the system's having given up the former ones.

    :raises Failed: it has not taken what it should, or not given up what it should
    """
    taken = store.taken()
    missing = [str(store.path(name)) for name in certificates if name not in taken]
    if missing:
        raise Failed(
            f"{store.program} has run, but did not put {', '.join(missing)} into {store.bundle}: see whether it is distrusted there, or run "
            f"{store.program} by hand and see what it says. The next run goes on here; client_trust_system=false takes it out again."
        )
    still = [name for name in gone if name in taken]
    if still and same:
        raise Failed(f"{store.program} has run, but did not make {store.bundle} anew, which still has {', '.join(still)}. The next run goes on here.")
    return [f"{name} was taken out, but is still in {store.bundle}, for somebody else has put the same certificate into the store." for name in still]


def _pending() -> set[str]:
    return {line for line in _files.read(PENDING).splitlines() if NAME.fullmatch(line)}


def _identity(path: Path) -> tuple[int, int]:
    """Changes whenever the file is made anew."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (status.st_ino, status.st_mtime_ns)


def _described(store: Store) -> str:
    """What is of ours, and as far as the system has taken it."""
    taken, lines = store.taken() - _pending(), []
    for name in sorted(store.ours() | _pending()):
        try:
            (der,) = _pem.certificates(_pem.text_of(store.path(name).read_bytes()))
            line = _line(name, der) if name_of(der) == name else f"{name}  another certificate\n"
        except FileNotFoundError:
            line = f"{name}  being removed\n"
        except ValueError:
            line = f"{name}  no certificate\n"
        lines.append(line if name in taken else f"{line[:-1]}  (not taken by the system)\n")
    return "".join(lines)


def _line(name: str, der: bytes) -> str:
    facts = _certificate.read(der)
    return f"{name}  {facts.subject}  until {facts.not_after:%Y-%m-%d}\n"


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
