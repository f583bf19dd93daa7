# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why the node needs another certificate: the reasons, in words; none where it is a good one for long enough."""
import base64
import datetime
import json
import os
import re
import ssl
import urllib.request
from pathlib import Path

import leaf
from module_utils._tls import keypair

TIME = re.compile(r"(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z")


def reasons(settings, now=None, version=None):
    """Why the certificate in a directory, by default the current one, will not do: all that can be had without asking the CA.

    If there is none, what the CA suggests (RFC 9773).
    """
    now = now or datetime.datetime.now(datetime.timezone.utc)
    version = version or os.path.join(settings["certificate_dir"], "live")
    found = unlike(settings, version, now)
    if found:
        return found
    refused = refusal(settings, version)
    if refused:
        return ["clients would refuse it (%s)" % refused]
    return suggested(settings, leaf.load(os.path.join(version, "chain.pem")), now)


def refusal(settings, version):
    """Why clients that trust what they are to trust would refuse the pair in a directory; empty where they would not."""
    return keypair.judged(Path(version), keypair.asked(settings["names"]), settings["ca"])["message"]


def unlike(settings, version, now):
    """What of the certificate in a directory is not as it is wanted, or will not be for long."""
    if not os.path.exists(os.path.join(version, "chain.pem")):
        return ["none is there"]
    try:
        certificate = leaf.load(os.path.join(version, "chain.pem"))
    except ValueError:
        return ["it cannot be read"]
    found = []
    if directory(version) != settings["directory"]:
        found.append("it is not from %s" % settings["directory"])
    if sorted(leaf.names(certificate)) != sorted(settings["names"]):
        found.append("its names are to be others")
    if leaf.kind(certificate) != settings["key_type"]:
        found.append("its key is to be of another type")
    if now >= latest(certificate, settings["renew_days"]):
        found.append("it ends at %s" % leaf.ends(certificate))
    return found


def latest(certificate, renew_days):
    """When it is renewed at the latest: so many days before its end, but not before two thirds of its life are over."""
    life = leaf.ends(certificate) - leaf.starts(certificate)
    return leaf.ends(certificate) - min(datetime.timedelta(days=renew_days), life / 3)


def suggested(settings, certificate, now):
    """Whether the CA wants it to be renewed by now. That it cannot be asked is no reason to renew."""
    try:
        window = renewal_window(settings, certificate)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, leaf.x509.ExtensionNotFound) as error:
        print("The CA could not be asked when it suggests to renew: %s" % error, flush=True)
        return []
    if window is None or now < moment(window, certificate):
        return []
    return ["the CA suggests it"]


def renewal_window(settings, certificate):
    """The window in which the CA suggests to renew the certificate; None where it suggests nothing."""
    context = ssl.create_default_context(cafile=settings["directory_ca"] or None)
    address = _get(settings["directory"], context).get("renewalInfo")
    if not address or not address.startswith("https://"):
        return None
    window = _get("%s/%s" % (address.rstrip("/"), identifier(certificate)), context)["suggestedWindow"]
    start, end = instant(window["start"]), instant(window["end"])
    # one that is wider than the whole life of a short-lived certificate says nothing about it
    return None if start <= leaf.starts(certificate) and leaf.ends(certificate) <= end else (start, end)


def identifier(certificate):
    """By what RFC 9773, section 4.1, names a certificate."""
    found = certificate.extensions.get_extension_for_class(leaf.x509.AuthorityKeyIdentifier).value.key_identifier
    serial = certificate.serial_number
    return ".".join(_base64url(part) for part in (found, serial.to_bytes(serial.bit_length() // 8 + 1, "big")))


def moment(window, certificate):
    """A random moment in the window (RFC 9773, section 4.2), the same at each look at the certificate."""
    start, end = window
    return start + (end - start) * (int(leaf.fingerprint(certificate)[:8], 16) / 2**32)


def instant(text):
    """The moment that a text of RFC 3339 names; older Pythons read neither its Z nor its nanoseconds."""
    found = TIME.match(text)
    if not found:
        raise ValueError("%r is no time" % text)
    offset = "+00:00" if found.group(2) in "Zz" else found.group(2)
    return datetime.datetime.fromisoformat(found.group(1).upper() + offset)


def directory(version):
    """From which directory the certificate there is; empty where it came in another way."""
    try:
        with open(os.path.join(version, "directory.txt")) as file:
            return file.read().strip()
    except OSError:
        return ""


class _OnlyHttps(urllib.request.HTTPRedirectHandler):
    """What was asked over a verified connection is not answered over another one."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if not newurl.lower().startswith("https://"):
            raise ValueError("%s leads to %s, which is not https" % (req.full_url, newurl))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _get(url, context):
    opener = urllib.request.build_opener(_OnlyHttps, urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=10) as answer:
        return json.loads(answer.read(100000).decode())


def _base64url(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
