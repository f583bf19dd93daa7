# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is wrong with the options of the role https_front, before anything changes: what nginx itself would refuse, too."""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Callable, Mapping
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import syntax
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _x509

__all__ = ["problems"]

Options = Mapping[str, t.Any]

# RFC 1123, section 2.1, and an underscore, which nginx and the domain name system have nothing against
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", re.ASCII)
_LONGEST_NAME = 253  # RFC 1035, section 2.3.4
_FILE = re.compile(r"(/[A-Za-z0-9._-]+)+", re.ASCII)
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)", re.ASCII)
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_TRUTHS = {"true", "yes", "on", "1", "false", "no", "off", "0"}
_FALSE = {"false", "no", "off", "0"}

# name: least, most, what it is. The most is what nginx can count without an overflow, or what is meant by nobody.
_NUMBERS = {
    "https_front_port": (1, 65535, "a TCP port"),
    "https_front_redirect_port": (0, 65535, "a TCP port, or 0 for none"),
    "https_front_hsts_seconds": (0, 2**31 - 1, "a number of seconds, or 0 for none"),
    "https_front_client_depth": (1, 100, "a number of authorities"),
    "https_front_rate_limit": (0, 1_000_000, "a number of requests per second, or 0 for any"),
    "https_front_rate_burst": (0, 1_000_000, "a number of requests"),
    "https_front_upstream_keepalive": (1, 65535, "a number of connections"),
    "https_front_response_timeout": (1, 2_147_483, "a number of seconds"),  # nginx has milliseconds in 32 bits
    "https_front_worker_connections": (256, 500_000, "a number of connections"),
}
_SWITCHES = ("https_front_ipv6", "https_front_reject_unknown_names", "https_front_upstream_tls", "https_front_hardening")
_CHOICES = {"https_front_state": ("present", "absent"), "https_front_tls_profile": ("intermediate", "modern")}
_LISTS = ("https_front_server_names", "https_front_upstreams")
_TRUST = {
    "https_front_client_ca": ("CERTIFICATE", "the certificates of the authorities that sign client certificates"),
    "https_front_client_crl": ("X509 CRL", "the lists of revoked client certificates"),
    "https_front_upstream_ca": ("CERTIFICATE", "the certificate of the authority that signed those of https_front_upstreams"),
}
_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def problems(options: Options, closed_ports: t.Any = (), sites: Mapping[str, t.Any] | None = None) -> list[str]:
    """Return a sentence for each thing that is wrong, with the option, the value and what to write; empty where nothing is.

    options       the variables of the role that begin with https_front_, as they are
    closed_ports  the ports that are to be closed to clients, as numbers
    sites         what nginx_info has found of other sites of the same nginx
    """
    found: list[str] = []
    for check in (_choices, _numbers, _switches, _lists, _texts, _trust):
        found += check(options)
    if not found:  # what is meant together only where each is possible by itself
        found += _ports(options, closed_ports)
        found += _together(options)
        found += _beside(options, sites or {})
    return found


def _wrong(name: str, value: t.Any, must: str) -> str:
    return f"{name} is {value!r}: it must be {must}."


def _whole(value: t.Any) -> int | None:
    """The number that a number, or a text of ASCII digits, is; nothing else is one: int() takes 4_43 and digits of other scripts, too."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None


def number(options: Options, name: str) -> int:
    """The value of an option that is known to be a number; 0 where it is not set."""
    return _whole(options.get(name, 0)) or 0


def truth(options: Options, name: str, default: bool = False) -> bool:
    """The value of an option that is known to be a boolean or a text of one."""
    return str(options.get(name, default)).lower() not in _FALSE


def _choices(options: Options) -> list[str]:
    return [
        _wrong(name, options[name], f"one of {', '.join(choices)}")
        for name, choices in _CHOICES.items()
        if name in options and options[name] not in choices
    ]


def _numbers(options: Options) -> list[str]:
    found = []
    for name, (least, most, what) in _NUMBERS.items():
        value = _whole(options[name]) if name in options else least
        if value is None or not least <= value <= most:
            found.append(_wrong(name, options[name], f"{what}, a whole number from {least} to {most} in digits from 0 to 9"))
    return found


def _switches(options: Options) -> list[str]:
    return [
        _wrong(name, options[name], "true or false")
        for name in _SWITCHES
        if name in options and str(options[name]).lower() not in _TRUTHS
    ]


def _lists(options: Options) -> list[str]:
    found = []
    checks: dict[str, tuple[Callable[[str], str], str]] = {
        "https_front_server_names": (_server_name, "https_front_server_names must list at least one name: set tlsfront_server_names for this host."),
        "https_front_upstreams": (_upstream, "https_front_upstreams must list where Elasticsearch answers, for example 127.0.0.1:9200."),
    }
    for name in _LISTS:
        values = options.get(name, [])
        if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
            found.append(_wrong(name, values, "a list: write it in brackets"))
            continue
        check, empty = checks[name]
        texts = list(values)
        if name in options and not texts:
            found.append(empty)
        for text in texts:
            problem = check(text) if isinstance(text, str) else "not a text"
            if problem:
                found.append(f"{name} has {text!r}, which is {problem}.")
        twice = sorted({str(text) for text in texts if [str(each).lower() for each in texts].count(str(text).lower()) > 1})
        if twice:
            found.append(f"{name} has {', '.join(twice)} more than once: write each once.")
    return found


def _address(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _host(text: str) -> str:
    """Why the text is no host name; empty where it is one."""
    if not text.isascii():
        return "not ASCII: write it in its ASCII form, which has xn-- in it (RFC 5891)"
    labels = text.split(".")
    if len(text) > _LONGEST_NAME:
        return f"longer than {_LONGEST_NAME} characters, which no host name is (RFC 1035, section 2.3.4)"
    if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        return "no host name: write labels of letters, digits and inner hyphens, each of at most 63 characters, joined by dots"
    return ""


def _server_name(text: str) -> str:
    if _address(text):
        return ""
    if text.startswith("*."):
        return _host(text[2:])
    problem = _host(text)
    return f"{problem}; or an address, as 192.0.2.7 or 2001:db8::7" if problem.startswith("no host name") else problem


def _upstream(text: str) -> str:
    host, _colon, port = text.rpartition(":")
    number_of_port = _whole(port)
    if number_of_port is None or not 1 <= number_of_port <= 65535:
        return "not host:port, with a port from 1 to 65535: write for example 127.0.0.1:9200"
    if host.startswith("[") and host.endswith("]"):
        return "" if _address(host[1:-1]) and ":" in host else "no address: write for example [2001:db8::7]:9200"
    if ":" in host:
        return "an IPv6 address without brackets: write for example [2001:db8::7]:9200"
    return "" if _address(host) else _host(host)


def _texts(options: Options) -> list[str]:
    found = []
    size = _SIZE.fullmatch(str(options.get("https_front_max_body", "1m")))
    if not size or len(size[1]) > 19 or int(size[1]) * _FACTORS[size[2].lower()] >= 2**63:
        found.append(_wrong("https_front_max_body", options["https_front_max_body"], "a size as nginx writes it, such as 100m, below 2^63 bytes"))
    log = options.get("https_front_access_log", "")
    if not isinstance(log, str) or (log and not _FILE.fullmatch(log)):
        must = "the absolute path of a file (below /var/log/nginx it is rotated with nginx's others), or empty for none"
        found.append(_wrong("https_front_access_log", log, must))
    directory = str(options.get("https_front_certificate_dir", "/"))
    try:
        syntax.quote(directory)
    except ValueError as cause:
        found.append(f"https_front_certificate_dir cannot be written into nginx's configuration: {cause}.")
    if not directory.startswith("/"):
        found.append(_wrong("https_front_certificate_dir", directory, "an absolute path on the node"))
    if not isinstance(options.get("https_front_snippet", ""), str):
        found.append(_wrong("https_front_snippet", options["https_front_snippet"], "a text"))
    return found


def _trust(options: Options) -> list[str]:
    return [problem for name in _TRUST if options.get(name) for problem in _trust_file(name, options[name])]


def _trust_file(name: str, value: t.Any) -> list[str]:
    kind, what = _TRUST[name]
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
    # who can write into it decides who gets in, or who is taken for Elasticsearch
    return [f"{name} ({value}) can be changed by others: {said}." for said in _access.problems(str(path))]


def _ports(options: Options, closed_ports: t.Any) -> list[str]:
    port, redirect = number(options, "https_front_port"), number(options, "https_front_redirect_port")
    closed = {_whole(each) for each in closed_ports}
    found = []
    if port and port == redirect:
        found.append(f"https_front_port and https_front_redirect_port are both {port}: one of them speaks TLS, the other does not. Choose two ports.")
    for name, value in (("https_front_port", port), ("https_front_redirect_port", redirect)):
        if value and value in closed:
            found.append(f"{name} is {value}, which is one of tlsfront_closed_ports: nobody could reach it. Choose another one.")
    return found


def _together(options: Options) -> list[str]:
    found = []
    if options.get("https_front_client_crl") and not options.get("https_front_client_ca"):
        found.append(
            "https_front_client_crl is set and https_front_client_ca is not: without a CA no client certificate is asked for, so none can be refused. "
            "Set both, or neither."
        )
    if truth(options, "https_front_upstream_tls"):
        if not options.get("https_front_upstream_ca"):
            found.append("https_front_upstream_tls is true: then https_front_upstream_ca must be the file of the CA that signed Elasticsearch's certificate.")
        name = options.get("https_front_upstream_name", "")
        if not isinstance(name, str) or not name or _host(name):
            found.append(_wrong("https_front_upstream_name", name, "a host name that the certificate of every upstream has, with https_front_upstream_tls"))
    addresses = [name for name in options.get("https_front_server_names", []) if _address(str(name))]
    if options.get("https_front_client_ca") and addresses and not truth(options, "https_front_reject_unknown_names", True):
        found.append(
            f"https_front_server_names has {', '.join(addresses)}, https_front_client_ca is set and https_front_reject_unknown_names is false: a client that "
            "asks for an address names no server in the TLS handshake (RFC 6066, section 3), so its certificate would be verified by the site that is the "
            "default of the port. Take the addresses out, or make this site the default (https_front_reject_unknown_names true)."
        )
    return found


def _beside(options: Options, sites: Mapping[str, t.Any]) -> list[str]:
    """What does not go together with other sites of the same nginx."""
    if not sites.get("present") or sites.get("problem"):
        return []
    found = []
    port = number(options, "https_front_port")
    names = [str(name) for name in options.get("https_front_server_names", [])]
    needed = syntax.hash_bucket_size(names)
    there = sites.get("server_names_hash_bucket_size")
    if there is not None and there < needed:
        found.append(
            f"https_front_server_names has a name of {max(map(len, names))} characters, and nginx's configuration sets server_names_hash_bucket_size "
            f"to {there}, once for all sites: set it to {needed} there, or take the line out."
        )
    default = sites.get("default_site") or {}
    title = f"{' '.join(default.get('names', [])) or 'without a name'}, {default.get('place')}"
    if truth(options, "https_front_reject_unknown_names", True):
        if sites.get("has_default_server"):
            found.append(
                f"Another site ({title}) is the default_server of port {port}, and only one site can be: set "
                "https_front_reject_unknown_names to false, or give this one another port (tlsfront_https_port)."
            )
    elif options.get("https_front_client_ca") and default.get("keeps_sessions"):
        found.append(
            f"https_front_client_ca is set, and another site ({title}) is the default of port {port} and keeps TLS sessions: they are "
            'resumed before nginx knows the name, without a look at the client certificate. Write "ssl_session_cache off;" there, or give this one '
            "another port (tlsfront_https_port)."
        )
    return found
