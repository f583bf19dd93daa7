# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file with the own CA's lists of revoked certificates: begun by the first revocation, and renewed before it ends."""

from __future__ import annotations

import dataclasses
import datetime
import typing as t
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access, _files
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _revocation, _x509

__all__ = ["Kept", "Problem", "keep"]


class Problem(ValueError):
    """Nothing was changed; the message says why, and what to do. No part of a key or a passphrase is in it."""


@dataclasses.dataclass
class Kept:
    """What has changed, or would."""

    changed: bool = False
    revoked: list[str] = dataclasses.field(default_factory=list)
    """Serial numbers that are in a list now and were not, in hexadecimal digits."""
    warnings: list[str] = dataclasses.field(default_factory=list)
    unrevoked: list[str] = dataclasses.field(default_factory=list)
    """Why something that was to be revoked is on no list, in a sentence each."""
    next_update: str = ""
    """When the first list ends; empty where there is none."""
    before: str = ""
    after: str = ""
    """The lists in words."""


@dataclasses.dataclass
class _Signer:
    """The own CA, or its intermediate."""

    name: str
    certificate: t.Any
    passphrase: str
    until: datetime.datetime
    """When the list that it signs now ends."""
    least: datetime.datetime | None = None
    """Until when its list must hold; None where that does not matter."""

    def is_due(self, found: t.Any, now: datetime.datetime) -> bool:
        """Say whether its list is to be signed anew."""
        return _revocation.is_due(found, now) or (self.least is not None and _revocation.ends(found) < self.least)


def keep(
    directory: str,
    passphrase: str = "",
    intermediate_passphrase: str | None = None,
    days: int = 30,
    revoke: Sequence[str] = (),
    now: datetime.datetime | None = None,
    write: bool = True,
    others: Sequence[str] = (),
) -> Kept:
    """Put all that was issued to the hosts named, and has not ended yet, on the list of what signed it; renew the lists of which half the time is over.

    Where nothing was ever revoked, there is no list, and nothing is done. The list of a former intermediate, whose key is gone, stays until it ends.

    :param directory: the own CA's
    :param passphrase: of its key; empty for none
    :param intermediate_passphrase: of its intermediate's key, where that signs the nodes' certificates; None where it does not
    :param days: for which a list is valid. That of a CA above an intermediate is valid as long as the intermediate, for its key may be away
    :param others: directories of other own CAs of the cluster. A host to which one of them alone has issued something is passed over
    :raises Problem: it cannot be done
    """
    revoke = _known(directory, revoke, others) if revoke else []
    now = now or datetime.datetime.now(datetime.timezone.utc)
    place = Path(directory)
    names = ("ca",) if intermediate_passphrase is None else ("ca", "intermediate")
    file = place / _revocation.LIST
    if lost := _revocation.loss(directory):
        raise Problem(lost)
    if not revoke and not file.exists():
        return Kept()
    open_to_others = [
        problem
        for path, secret in [(file, False), *((place / f"{name}{end}", end == ".key") for name in names for end in (".pem", ".key"))]
        for problem in _access.problems(str(path), secret=secret, ours=True)
    ]
    if open_to_others:
        raise Problem(f"Others can read or change what the own CA signs with. {'; '.join(dict.fromkeys(open_to_others))}.")
    try:
        with _files.locked(place):
            return _keep(place, _signers(place, passphrase, intermediate_passphrase, days, now), revoke, now, write)
    except (_files.Locked, OSError) as error:
        raise Problem(f"{file} could not be written: {error}") from None


def _known(directory: str, revoke: Sequence[str], others: Sequence[str]) -> list[str]:
    """Those of the hosts to which this CA has issued something. A name of which neither it nor another knows is a Problem."""
    here = _revocation.written(directory)
    known = sorted({*here, *(host for other in others for host in _revocation.written(other))})
    for host in revoke:
        if host not in known:
            places = " or ".join(dict.fromkeys((directory, *others)))
            raise Problem(
                f"No certificate was issued to {host} by the CA in {places}, so none can be revoked. Hosts that have got one: {', '.join(known) or 'none'}. "
                "Correct the name."
            )
    return [host for host in revoke if host in here]


def _signers(place: Path, passphrase: str, intermediate_passphrase: str | None, days: int, now: datetime.datetime) -> list[_Signer]:
    found = []
    until = now + datetime.timedelta(days=days)
    for name, own in (("ca", passphrase), ("intermediate", intermediate_passphrase)):
        if own is None:
            continue
        try:
            certificate = _x509.load_certificates(_files.read(place / f"{name}.pem"))[0]
        except ValueError as error:
            raise Problem(f"{place}/{name}.pem, without which nothing can be revoked, {error}.") from None
        found.append(_Signer(name, certificate, own, until))
    if len(found) > 1:
        found[0].least = _x509.ends(found[1].certificate)
        found[0].until = max(until, found[0].least)
    return found


def _keep(place: Path, signers: Sequence[_Signer], revoke: Sequence[str], now: datetime.datetime, write: bool) -> Kept:
    kept = Kept()
    file = place / _revocation.LIST
    try:
        there = _revocation.lists(_files.read(file))
    except ValueError as error:
        raise Problem(f"{file} cannot be read ({error}): restore it from a backup, for it says what was revoked before.") from None
    if file.exists() and not there:
        raise Problem(f"{file} has no list in it: restore it from a backup, for it says what was revoked before.")
    wanted = _wanted(place, signers, revoke, now, kept)
    lists = []
    for signer in signers:
        before = _revocation.list_of(there, signer.certificate)
        new = [one for one in wanted if _x509.issued(signer.certificate, one) and (before is None or not _revocation.holds(before, one))]
        if before is not None and not new and not signer.is_due(before, now):
            lists.append(before)
            continue
        key = _key(place, signer, before, new, now, kept)
        after = before if key is None else _revocation.renewed(before, signer.certificate, key, new, signer.until, now)
        lists += [] if after is None else [after]
        kept.changed |= key is not None
        kept.revoked += map(_revocation.serial, new)
    kept.next_update = min((_revocation.ends(one).strftime("%Y-%m-%dT%H:%M:%SZ") for one in lists), default="")
    lists += [one for one in there if _revocation.ends(one) > now and not any(_revocation.is_of(one, signer.certificate) for signer in signers)]
    kept.before, kept.after = _told(there), _told(lists)
    if kept.changed and write:
        _files.write(file, _revocation.pem(lists), 0o644)
    if lists and write:
        _revocation.mark(str(place))
    return kept


def _wanted(place: Path, signers: Sequence[_Signer], revoke: Sequence[str], now: datetime.datetime, kept: Kept) -> list[t.Any]:
    found = []
    for host in revoke:
        try:
            issued = _revocation.recorded(str(place), host)
        except ValueError as error:
            raise Problem(f"A record of what was issued to {host}, in {place}/issued, {error}.") from None
        for certificate in issued:
            if _x509.ends(certificate) <= now:
                continue
            if any(_x509.issued(signer.certificate, certificate) for signer in signers):
                found.append(certificate)
            else:
                kept.unrevoked.append(
                    f"The certificate {_revocation.serial(certificate)} of {host} is valid until {_x509.ends(certificate)} and was signed by "
                    f"{certificate.issuer.rfc4514_string()}, which is no more what signs here, so it is on no list: clients must trust that CA no longer."
                )
    return found


def _key(place: Path, signer: _Signer, before: t.Any, new: Sequence[t.Any], now: datetime.datetime, kept: Kept) -> t.Any:
    """The key that signs; None where it is away and the list that is there holds still."""
    path = place / f"{signer.name}.key"
    text = _files.read(path)
    if text:
        try:
            return _x509.load_key(text, signer.passphrase)
        except ValueError as error:
            raise Problem(f"The key {path} {error}.") from None
    if before is not None and not new and _revocation.ends(before) > now:
        kept.warnings.append(f"The list of revoked certificates of {path.stem}.pem ends at {_revocation.ends(before)}: put {path} there for one run before.")
        return None
    raise Problem(f"{path} is not there, and a list of revoked certificates must be signed with it: put it there for one run.")


def _told(lists: Sequence[t.Any]) -> str:
    lines = []
    for one in lists:
        lines.append(f"{one.issuer.rfc4514_string()}, until {_revocation.ends(one):%Y-%m-%d %H:%M:%S}Z:")
        lines += [f"  {entry.serial_number:x}" for entry in one]
    return "".join(f"{line}\n" for line in lines)
