# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A client's bundle of CAs: what is in it, and whether it is one."""

from __future__ import annotations

import datetime

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _x509

__all__ = ["certificates", "problems"]


def certificates(pem: str) -> list[dict[str, str]]:
    """Return what is in the bundle, each certificate once; raises Unreadable."""
    found = {}
    for certificate in _x509.load_certificates(pem):
        facts = _x509.facts(certificate)
        text = _x509.certificates_pem([certificate])
        title = "".join(each if each.isprintable() else "?" for each in facts["title"])
        found[text] = {"pem": text, "title": title, "not_after": facts["not_after"], "sha256": facts["sha256"]}
    return list(found.values())


def problems(pem: str, now: datetime.datetime | None = None, *, judged: bool = True) -> list[str]:
    """Return what keeps clients from trusting it, a sentence each; empty where nothing does.

    now     the time to judge by, with its time zone; default the clock's
    judged  whether each must be a CA's and valid now, and not only one that can be read
    """
    if "PRIVATE KEY-----" in pem:
        return ["It has a private key in it, which must never leave its place: give a file with certificates alone."]
    try:
        loaded = _x509.load_certificates(pem)
    except _x509.Unreadable as cause:
        return [f"It {cause}."]
    now = now or datetime.datetime.now(datetime.timezone.utc)
    found = []
    for certificate in loaded if judged else []:
        title = _x509.title(certificate)
        if not _x509.is_ca(certificate):
            found.append(
                f'"{title}" is no CA (RFC 5280 wants the basic constraint CA:TRUE, and keyCertSign where there is a key '
                "usage): give the certificate of the CA that has issued it."
            )
        if not _x509.starts(certificate) <= now <= _x509.ends(certificate):
            found.append(
                f'"{title}" is valid from {_x509.starts(certificate)} to {_x509.ends(certificate)}, and now it is '
                f"{now:%Y-%m-%d %H:%M:%S%z}: take it out, or set the controller's clock."
            )
    return found
