# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a certificate before it is installed, each thing in a sentence that says what to do."""

from __future__ import annotations

import datetime
import itertools
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _constraints, _names, _x509

# Every controller has it, for ansible-core needs it; only the documentation is read without.
try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError:
    pass

__all__ = ["of_ca", "of_server"]

_OLD_HASHES = ("md5", "sha1")
# such as one by which an older root vouched for a newer one, https://letsencrypt.org/docs/dst-root-ca-x3-expiration-september-2021/
_AN_INTERMEDIATE = "Take it out of the chain where clients trust what it signed, else get a new certificate"


def of_server(
    chain: str, key: str, wanted: t.Sequence[str], trusted: str, now: datetime.datetime | None = None
) -> list[str]:
    """Return what keeps a server from using the certificate; empty where nothing does.

    chain    PEM: the server's certificate, then its intermediates
    key      PEM: the private key
    wanted   subjectAltName entries that must be covered, as _names.entries gives them
    trusted  PEM: the CAs that clients trust
    now      the time to judge by, with its time zone; default the clock's
    """
    if "PRIVATE KEY-----" in chain:
        return [
            "The chain holds a private key, but everybody may read the chain: "
            "put the key into certificate_provided_key."
        ]
    try:
        certificates = _x509.load_certificates(chain)
    except _x509.Unreadable as cause:
        return [f"The chain {cause}, the server's first, then its intermediates."]
    leaf = certificates[0]
    now = now or datetime.datetime.now(datetime.timezone.utc)
    return [
        *_of_key(key, leaf),
        *_of_names(leaf, wanted),
        *_of_dates(leaf, now, "Get a new certificate"),
        *itertools.chain.from_iterable(_of_dates(one, now, _AN_INTERMEDIATE) for one in certificates[1:]),
        *itertools.chain.from_iterable(_of_strength(certificate) for certificate in certificates),
        *_of_purpose(leaf),
        *_of_order(certificates),
        *itertools.chain.from_iterable(_of_constraints(issuer, _x509.names(leaf)) for issuer in certificates[1:]),
        *_of_trust(certificates[-1], trusted, now),
    ]


def of_ca(
    certificate: str,
    key: str,
    passphrase: str,
    days: int,
    now: datetime.datetime | None = None,
    wanted: t.Sequence[str] = (),
    permitted: t.Sequence[str] = (),
    passphrase_option: str = "certificate_own_ca_passphrase",
    intermediates: int = 0,
    intermediate: bool = False,
) -> list[str]:
    """Return what keeps the own CA from signing; empty where nothing does.

    certificate  PEM: the CA's certificate; empty where there is none yet
    key          PEM: its private key; empty where it is not at hand
    passphrase   of the key; empty for none
    days         for which the CA must be valid still
    now          the time to judge by, with its time zone; default the clock's
    wanted       subjectAltName entries that it is to sign
    permitted    domains and networks for which it is to be able to sign and for no others; empty for all
    passphrase_option  what the passphrase is called where it is set
    intermediates      how many CAs it must be able to have below it
    intermediate       whether it is itself one of the own CA
    """
    problems = []
    now = now or datetime.datetime.now(datetime.timezone.utc)
    opened = None
    if key:
        try:
            opened = _x509.load_key(key, passphrase)
        except _x509.Unreadable as cause:
            problems.append(f"The CA's key {cause}: set {passphrase_option} as it was when the key was made.")
    if not certificate:
        return [*problems, *_of_plan(permitted, wanted)]
    try:
        ca = _x509.load_certificates(certificate)[0]
    except _x509.Unreadable as cause:
        return [*problems, f"The CA's certificate {cause}, or restore it from a backup."]
    if opened is not None and _x509.public_sha256(opened.public_key()) != _x509.public_sha256(ca.public_key()):
        problems.append("The CA's key does not match the CA's certificate: restore both from the same backup.")
    if not _x509.is_ca(ca) or _x509.extension(ca, x509.SubjectKeyIdentifier) is None:
        problems.append(
            f'The certificate "{_x509.title(ca)}" is no CA (RFC 5280 wants the basic constraint CA:TRUE, a subject key '
            "identifier, and keyCertSign where there is a key usage): put a CA's certificate in its place."
        )
    elif _x509.most_below(ca) < intermediates:
        problems.append(
            f'The CA "{_x509.title(ca)}" may sign no intermediate (its path length is {_x509.most_below(ca)}): set '
            "certificate_own_ca_intermediate to false, or begin another CA and go over to it."
        )
    if _x509.ends(ca) < now + datetime.timedelta(days=days):
        problems.append(
            f"The CA's certificate ends at {_x509.ends(ca)}, in fewer than {days} days: move certificate and key away "
            "to begin a new CA, which every client must then trust."
        )
    return [*problems, *_of_constraints(ca, wanted), *_of_width(ca, permitted, intermediate)]


def _of_plan(permitted: t.Sequence[str], wanted: t.Sequence[str]) -> t.Iterator[str]:
    try:
        constraints = _constraints.planned(permitted)
    except _constraints.NotAConstraint as cause:
        yield f"certificate_own_ca_permitted: {cause}."
        return
    outside = _constraints.not_allowed(constraints, wanted)
    if outside:
        yield (
            f"The CA that is to be made may not sign for {', '.join(outside)}: "
            "add domains or networks to certificate_own_ca_permitted, or take the names out."
        )


def _of_width(ca: x509.Certificate, permitted: t.Sequence[str], intermediate: bool) -> t.Iterator[str]:
    try:
        found = _constraints.wider(_x509.extension(ca, x509.NameConstraints), permitted)
    except _constraints.NotAConstraint as cause:
        yield f"certificate_own_ca_permitted: {cause}."
        return
    if found:
        cure = (
            "move the intermediate's certificate away, and the CA signs another (its key is needed for that run)"
            if intermediate
            else "leave certificate_own_ca_permitted empty to go on with it as it is, and begin another CA and go over to it "
            "for one that is restricted"
        )
        yield (
            f'The CA "{_x509.title(ca)}" may sign for {", ".join(found)}, but certificate_own_ca_permitted lets it sign for '
            f"{', '.join(permitted)} only, and what a CA may sign for is fixed when it is made: {cure}."
        )


def _of_constraints(ca: x509.Certificate, wanted: t.Sequence[str]) -> t.Iterator[str]:
    outside = _constraints.not_allowed(_x509.extension(ca, x509.NameConstraints), wanted)
    if outside:
        yield (
            f'The CA "{_x509.title(ca)}" may not sign for {", ".join(outside)} (name constraints), and clients refuse '
            "it if it does: take the names out, or use a CA that may."
        )


def _of_key(key: str, leaf: x509.Certificate) -> t.Iterator[str]:
    try:
        its = _x509.public_sha256(_x509.load_server_key(key)[0].public_key())
    except _x509.Unreadable as cause:
        yield f"The key {cause}: give it in PEM, unencrypted (openssl pkey -in KEY -out NEW), kept with ansible-vault."
        return
    wanted = _x509.public_sha256(leaf.public_key())
    if its != wanted:
        yield (
            f'The key does not match the certificate "{_x509.title(leaf)}" (sha256 of its public half {its}, of the '
            f"certificate's {wanted}): give the key with which the certificate was requested, and the server's "
            "certificate first in the chain."
        )


def _of_names(leaf: x509.Certificate, wanted: t.Sequence[str]) -> t.Iterator[str]:
    found = _x509.names(leaf)
    missing = _names.not_covered(wanted, found)
    if missing:
        yield (
            f"The certificate covers {', '.join(found) or 'no name (a common name does not count)'}, but not "
            f"{', '.join(missing)}: get a certificate for every name in certificate_names and certificate_addresses, "
            "or take the name out of them."
        )


def _of_dates(certificate: x509.Certificate, now: datetime.datetime, cure: str) -> t.Iterator[str]:
    if not _x509.starts(certificate) <= now <= _x509.ends(certificate):
        state = "is not valid yet" if now < _x509.starts(certificate) else "has expired"
        yield (
            f'The certificate "{_x509.title(certificate)}" {state}: it is valid from {_x509.starts(certificate)} to '
            f"{_x509.ends(certificate)}, and now it is {now:%Y-%m-%d %H:%M:%S%z}. {cure}, or set the "
            "controller's clock."
        )


def _of_strength(certificate: x509.Certificate) -> t.Iterator[str]:
    """The least that OpenSSL's security level 2, Debian's default, takes (SSL_CTX_set_security_level(3))."""
    key = certificate.public_key()
    least = 2048 if isinstance(key, rsa.RSAPublicKey) else 224
    if not isinstance(key, _key_types()) or getattr(key, "key_size", least) < least:
        yield (
            f'The certificate "{_x509.title(certificate)}" has a weak key, {_x509.kind(key)}: make a new key (ECDSA '
            "P-256, RSA from 2048 bits, Ed25519) and get a new certificate for it."
        )
    digest = certificate.signature_hash_algorithm
    if digest is not None and digest.name in _OLD_HASHES and certificate.issuer != certificate.subject:
        yield (
            f'The certificate "{_x509.title(certificate)}" has a weak signature, {digest.name}: get a new certificate '
            "that is signed with SHA-256 or stronger."
        )


def _of_purpose(leaf: x509.Certificate) -> t.Iterator[str]:
    """RFC 5280, sections 4.2.1.3, 4.2.1.9 and 4.2.1.12: what is absent does not restrict."""
    title = _x509.title(leaf)
    constraints = _x509.extension(leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        yield f'The first certificate, "{title}", is a CA: put the server\'s certificate first in the chain.'
    purposes = _x509.extension(leaf, x509.ExtendedKeyUsage)
    if purposes is not None and not _serving() & set(purposes):
        yield f'The certificate "{title}" is not for servers: get one with the extended key usage serverAuth.'
    usage = _x509.extension(leaf, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        yield f'The key of "{title}" may not sign handshakes: get a certificate with the key usage digitalSignature.'


def _of_order(chain: t.Sequence[x509.Certificate]) -> t.Iterator[str]:
    for below, (certificate, follower) in enumerate(zip(chain, chain[1:])):
        if not _x509.issued(follower, certificate):
            yield (
                f'After "{_x509.title(certificate)}", issued by {certificate.issuer.rfc4514_string()}, the chain goes '
                f'on with "{_x509.title(follower)}", which did not sign it: put each certificate\'s issuer right after it.'
            )
        elif not _x509.is_ca(follower) or _x509.most_below(follower) < below:
            yield (
                f'"{_x509.title(follower)}" in the chain signed "{_x509.title(certificate)}", but its basic '
                "constraints and key usage do not let it: get a certificate from a CA that may sign it."
            )


def _of_trust(last: x509.Certificate, trusted: str, now: datetime.datetime) -> t.Iterator[str]:
    roots = _roots(last, _x509.readable_certificates(trusted))
    if not roots:
        yield (
            f'The chain ends with "{_x509.title(last)}", issued by {last.issuer.rfc4514_string()}, and leads to no '
            "root CA that clients trust: add the missing intermediates, each after the one that it signed, or, for a "
            "private CA, set certificate_provided_ca to its root certificate."
        )
    elif all(_x509.ends(root) < now for root in roots):
        yield (
            f'The CA "{_x509.title(roots[0])}", to which the chain leads, has expired at {_x509.ends(roots[0])}: get a '
            "certificate from another CA."
        )


def _roots(certificate: x509.Certificate, trusted: list[x509.Certificate], most: int = 8) -> list[x509.Certificate]:
    """The self-signed ones of `trusted` to which a certificate leads, through at most so many others of them.

    An intermediate alone is no anchor: without X509_V_FLAG_PARTIAL_CHAIN, OpenSSL goes on to a root (its default).
    """
    if certificate.issuer == certificate.subject and certificate in trusted:
        return [certificate]
    parents = [one for one in trusted if one != certificate and _x509.issued(one, certificate)] if most else []
    return [root for parent in parents for root in _roots(parent, trusted, most - 1)]


def _serving() -> set[x509.ObjectIdentifier]:
    """The purposes that let a certificate serve (RFC 5280, section 4.2.1.12)."""
    return {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def _key_types() -> tuple[type, ...]:
    return rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey, ed448.Ed448PublicKey
