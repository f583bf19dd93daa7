# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What single values of the role https_front may be, of the front itself and of its further sites."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import re
import typing as t
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _x509
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._numbers import whole

if t.TYPE_CHECKING:
    from collections.abc import Mapping

# Every controller has it, for ansible-core needs it; only the documentation is read without.
with contextlib.suppress(ImportError):
    from cryptography import x509

__all__ = ["host_problem", "is_address", "is_truth", "number", "server_name_problem", "trust_problems", "truth", "upstream_problem"]

# RFC 1123, section 2.1, and an underscore, which nginx and the domain name system have nothing against
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_LONGEST_NAME = 253  # RFC 1035, section 2.3.4
_TRUTHS = {"true", "yes", "on", "1", "false", "no", "off", "0"}
_FALSE = {"false", "no", "off", "0"}
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_CRL = re.compile(b"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)


def number(options: Mapping[str, t.Any], name: str) -> int:
    """The value of an option that is known to be a number; 0 where it is not set."""
    return whole(options.get(name, 0)) or 0


def truth(options: Mapping[str, t.Any], name: str, default: bool = False) -> bool:
    """The value of an option that is known to be a boolean or a text of one."""
    return str(options.get(name, default)).lower() not in _FALSE


def is_truth(value: t.Any) -> bool:
    """Whether it is a boolean, or a text of one."""
    return str(value).lower() in _TRUTHS


def is_address(text: str) -> bool:
    """Whether it is an IP address, without a zone."""
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def host_problem(text: str) -> str:
    """Why the text is no host name; empty where it is one."""
    if not text.isascii():
        return "not ASCII: write it in its ASCII form, which has xn-- in it (RFC 5891)"
    labels = text.split(".")
    if len(text) > _LONGEST_NAME:
        return f"longer than {_LONGEST_NAME} characters, which no host name is (RFC 1035, section 2.3.4)"
    if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        return "no host name: write labels of letters, digits and inner hyphens, each of at most 63 characters, joined by dots"
    return ""


def server_name_problem(text: str) -> str:
    """Why nginx could not serve that name; empty where it can."""
    if is_address(text):
        return ""
    if text.startswith("*."):
        return host_problem(text[2:])
    problem = host_problem(text)
    return f"{problem}; or an address, as 192.0.2.7 or 2001:db8::7" if problem.startswith("no host name") else problem


def upstream_problem(text: str) -> str:
    """Why nothing can be passed on there; empty where it can."""
    host, _colon, port = text.rpartition(":")
    number_of_port = whole(port)
    if number_of_port is None or not 1 <= number_of_port <= 65535:
        return "not host:port, with a port from 1 to 65535: write for example 127.0.0.1:9200"
    if host.startswith("[") and host.endswith("]"):
        return "" if is_address(host[1:-1]) and ":" in host else "no address: write for example [2001:db8::7]:9200"
    if ":" in host:
        return "an IPv6 address without brackets: write for example [2001:db8::7]:9200"
    return "" if is_address(host) else host_problem(host)


def trust_problems(name: str, value: t.Any, kind: str, what: str) -> list[str]:
    """A sentence for each thing that is wrong with a file of trust on the controller.

    name  of the option
    kind  of PEM text that must be in it
    what  these texts are
    """
    path = Path(str(value))
    if not path.is_absolute() or not path.is_file():
        return [
            f'{name} is "{value}", which is not the absolute path of a file on the controller. Correct it; a path beside the playbook begins with '
            "{{ playbook_dir }}/."
        ]
    try:
        content = path.read_bytes()
    except OSError as cause:
        return [f"{name} ({value}) cannot be read: {cause.strerror}."]
    if _KEY.search(content):
        return [f"{name} ({value}) has a private key in it, and would be copied to the node for everybody to read: it must hold {what} alone."]
    if f"-----BEGIN {kind}-----".encode() not in content:
        return [f"{name} ({value}) must hold PEM texts that begin with -----BEGIN {kind}-----: {what}."]
    if kind == "CERTIFICATE":
        try:
            _x509.load_certificates(content.decode("ascii", "replace"))
        except _x509.Unreadable as cause:
            return [f"{name} ({value}) {cause}."]
    if kind == "X509 CRL":
        try:
            ends = [_x509.moment(x509.load_pem_x509_crl(pem), "next_update") for pem in _CRL.findall(content)]
            ended = [end for end in ends if end and end <= datetime.datetime.now(datetime.timezone.utc)]
        except ValueError:
            return [f"{name} ({value}) holds a list that cannot be read: get it from the CA once more."]
        if ended:
            return [f"{name} ({value}) ended at {ended[0]:%Y-%m-%d %H:%M:%S} UTC: with it, nginx would refuse every client. Get a new list from the CA."]
    # who can write into it decides who gets in, or who is taken for Elasticsearch
    return [f"{name} ({value}) can be changed by others: {said}." for said in _access.problems(str(path))]
