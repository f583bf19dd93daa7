# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is wrong with the options of the role https_front, before anything changes: what nginx itself would refuse, too."""

from __future__ import annotations

import itertools
import json
import re
import typing as t
from collections.abc import Callable, Mapping

from ansible.errors import AnsibleFilterError
from ansible.module_utils.compat.version import LooseVersion
from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import build, syntax
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx.users import USER_NAME
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _distributions
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._numbers import whole
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import names_of, ports_of

from . import sites
from .found import Found
from .values import host_problem, is_address, is_truth, number, server_name_problem, trust_problems, truth, upstream_problem

__all__ = ["problems"]

Options = Mapping[str, t.Any]

_FILE = re.compile(r"(/[A-Za-z0-9._-]+)+", re.ASCII)
_SIZE = re.compile(r"([0-9]+)([kKmMgG]?)", re.ASCII)
_FACTORS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

# name: least, most, what it is. The most is what nginx can count without an overflow, or what is meant by nobody.
_NUMBERS = {
    "https_front_port": (1, 65535, "a TCP port"),
    "https_front_redirect_port": (0, 65535, "a TCP port, or 0 for none"),
    "https_front_balancer_port": (0, 65535, "a TCP port, or 0 for none"),
    "https_front_balancer_idle_seconds": (1, 86400, "a number of seconds"),
    "https_front_hsts_seconds": (0, 2**31 - 1, "a number of seconds, or 0 for none"),
    "https_front_client_depth": (1, 100, "a number of authorities"),
    "https_front_rate_limit": (0, 1_000_000, "a number of requests per second, or 0 for any"),
    "https_front_rate_burst": (0, 1_000_000, "a number of requests"),
    "https_front_upstream_keepalive": (1, 65535, "a number of connections"),
    "https_front_response_timeout": (1, 2_147_483, "a number of seconds"),  # nginx has milliseconds in 32 bits
    "https_front_worker_connections": (256, 500_000, "a number of connections"),
}
_SWITCHES = ("https_front_ipv6", "https_front_reject_unknown_names", "https_front_upstream_tls", "https_front_hardening")
_CHOICES = {
    "https_front_state": ("present", "absent"),
    "https_front_tls_profile": ("intermediate", "modern"),
    "https_front_balancer_protocol": ("x_forwarded_for", "proxy_protocol"),
}
_LISTS = ("https_front_server_names", "https_front_upstreams")
_TRUST = {
    "https_front_client_ca": ("CERTIFICATE", "the certificates of the authorities that sign client certificates"),
    "https_front_client_crl": ("X509 CRL", "the lists of revoked client certificates"),
    "https_front_upstream_ca": ("CERTIFICATE", "the certificate of the authority that signed those of https_front_upstreams"),
}
# what nginx reads as it is
_DIRECTORY = re.compile(r'/[^\x00-\x1f\x7f"$\\]*')
_BLOCKED_PATH = re.compile(r"/[A-Za-z0-9_.*,-]+(/[A-Za-z0-9_.*,-]+)*", re.ASCII)
_ENDPOINT = re.compile(r"_[a-z_]+(/_?[a-z_]+)*", re.ASCII)
# the modules that only the listener of load balancers needs
_OF_BALANCERS = ("realip", "auth_request")
_ROUNDS = (1000, 99999)
# as crypt(5) and RFC 4648 write them, with the lengths of MD5, SHA-1 and a salt of two bytes at least, SHA-256, SHA-512 and bcrypt
_SALT = "(rounds=[1-9][0-9]{3,4}[$])?[./0-9A-Za-z]{1,16}[$]"
_HASH = re.compile(
    "[$]apr1[$][./0-9A-Za-z]{1,8}[$][./0-9A-Za-z]{22}"
    "|[{]SSHA[}]([A-Za-z0-9+/]{4}){7}([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"
    f"|[$](5[$]{_SALT}[./0-9A-Za-z]{{43}}|6[$]{_SALT}[./0-9A-Za-z]{{86}})"
    "|[$]2[aby][$]0[4-8][$][./0-9A-Za-z]{53}",
    re.ASCII,
)


def problems(
    options: Options,
    closed_ports: t.Any = (),
    gathered: Mapping[str, t.Any] | None = None,
    host: str = "",
    needs_certificate: bool = False,
    listening: Found = (),
    facts: Mapping[str, t.Any] | None = None,
    certificate_names: t.Iterable[str] | None = None,
) -> list[str]:
    """Return a sentence for each thing that is wrong, with the option, the value and what to write; empty where nothing is.

    Nothing here says more of a user than the name: neither a password nor a hash comes into a message.

    options            the variables of the role that begin with https_front_, as they are
    closed_ports       the ports and ranges that are to be closed to clients
    gathered           what nginx_info has returned of the host
    host               its name, for the messages
    needs_certificate  whether the certificate must be there already
    listening          what node_info has found that listens for clients
    facts              those of the host
    certificate_names  the names that the certificate is for, where that is known
    """
    _distributions.warn(facts or {}, host)
    found: list[str] = []
    for check in (_choices, _numbers, _switches, _lists, _texts, _trust, _clients, _paths, _users, sites.problems):
        found += check(options)
    if not found:  # what is meant together only where each is possible by itself
        found += _ports(options, closed_ports)
        verified = (gathered or {}).get("https_upstreams", ())
        found += sites.problems_together(options, closed_ports, listening, host, facts, certificate_names, verified)
        found += _together(options)
        found += _beside(options, (gathered or {}).get("nginx", {}))
    if gathered:
        found += _distributions.problems(facts or {}, host)
        found += _broken(gathered, host) or _of_nginx(options, gathered["nginx"], host, facts or {})
        found += _of_unit(gathered, host)
        found += _on_host(options, gathered, host)
        found += _certificate(options, gathered, host) if needs_certificate else []
    return found


def _wrong(name: str, value: t.Any, must: str) -> str:
    return f"{name} is {value!r}: it must be {must}."


def _choices(options: Options) -> list[str]:
    return [
        _wrong(name, options[name], f"one of {', '.join(choices)}")
        for name, choices in _CHOICES.items()
        if name in options and options[name] not in choices
    ]


def _numbers(options: Options) -> list[str]:
    found = []
    for name, (least, most, what) in _NUMBERS.items():
        value = whole(options[name]) if name in options else least
        if value is None or not least <= value <= most:
            found.append(_wrong(name, options[name], f"{what}, a whole number from {least} to {most} in digits from 0 to 9"))
    return found


def _switches(options: Options) -> list[str]:
    return [
        _wrong(name, options[name], "true or false")
        for name in _SWITCHES
        if name in options and not is_truth(options[name])
    ]


def _lists(options: Options) -> list[str]:
    found = []
    checks: dict[str, tuple[Callable[[str], str], str]] = {
        "https_front_server_names": (server_name_problem, "https_front_server_names must list at least one name: set tlsfront_server_names for this host."),
        "https_front_upstreams": (upstream_problem, ""),  # none: where it is found
    }
    for name in _LISTS:
        values = options.get(name, [])
        if isinstance(values, (str, bytes, Mapping)) or not hasattr(values, "__iter__"):
            found.append(_wrong(name, values, "a list: write it in brackets"))
            continue
        check, empty = checks[name]
        texts = list(values)
        if name in options and not texts and empty:
            found.append(empty)
        for text in texts:
            problem = check(text) if isinstance(text, str) else "not a text"
            if problem:
                found.append(f"{name} has {text!r}, which is {problem}.")
        twice = sorted({str(text) for text in texts if [str(each).lower() for each in texts].count(str(text).lower()) > 1})
        if twice:
            found.append(f"{name} has {', '.join(twice)} more than once: write each once.")
    return found


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
    if not _DIRECTORY.fullmatch(directory):
        must = 'an absolute path without $, ", \\ and control characters, which nginx would read otherwise'
        found.append(f"{_wrong('https_front_certificate_dir', directory, must)} Correct it, or tlsfront_certificate_dir from which it is made.")
    if not isinstance(options.get("https_front_snippet", ""), str):
        found.append(_wrong("https_front_snippet", options["https_front_snippet"], "a text"))
    return found


def _trust(options: Options) -> list[str]:
    return [problem for name in _TRUST if options.get(name) for problem in trust_problems(name, options[name], *_TRUST[name])]


def _clients(options: Options) -> list[str]:
    found = []
    for name in ("https_front_clients", "https_front_balancers"):
        try:
            networks(options.get(name, []), name=name)
        except AnsibleFilterError as error:
            found.append(str(error))
    return found


def _paths(options: Options) -> list[str]:
    found = []
    for name, pattern, must in (
        (
            "https_front_blocked_paths",
            _BLOCKED_PATH,
            'each must begin with "/", not end with it, and have only letters, digits and _ - . , in it, or * for any name between two slashes, '
            "for example /_snapshot or /*/_close",
        ),
        (
            "https_front_read_only_endpoints",
            _ENDPOINT,
            "each must be what Elasticsearch's documentation writes after the index, from the underscore on, for example _search or _validate/query",
        ),
    ):
        texts = [str(text) for text in options.get(name, [])]
        if not all(map(pattern.fullmatch, texts)):
            found.append(f"{name} is {json.dumps(texts)}: {must}.")
    return found


def _users(options: Options) -> list[str]:
    found = []
    users = options.get("https_front_users", [])
    names = [str(user.get("name", "")) for user in users]
    if not all(map(USER_NAME.fullmatch, names)) or len(set(names)) != len(names):
        found.append(
            f"https_front_users has the names {json.dumps(names)}: every user must have one, none twice, of at most 64 letters, digits and . _ @ + -"
        )
    with_password, with_hash = ([name for name, user in zip(names, users) if user.get(secret)] for secret in ("password", "hash"))
    if len(set(with_password) ^ set(with_hash)) != len(set(names)):
        found.append(
            f"https_front_users gives a password to {json.dumps(with_password)} and a hash to {json.dumps(with_hash)}: give each user exactly one of them."
        )
    refused = [name for name, user in zip(names, users) if user.get("hash") and not _HASH.fullmatch(str(user["hash"]))]
    if refused:
        found.append(
            f"https_front_users has a hash that the role does not accept for {', '.join(refused)}. It must be salted, and cheap enough to be computed with "
            "every request: $apr1$ or {SSHA}, $5$ or $6$ with at most 99999 rounds, or $2y$ with a cost of at most 08. "
            '"openssl passwd -6" makes one; or give the password itself, from a vault.'
        )
    rounds = whole(options.get("https_front_password_rounds", _ROUNDS[0]))
    if rounds is None or not _ROUNDS[0] <= rounds <= _ROUNDS[1]:
        found.append(_wrong("https_front_password_rounds", options["https_front_password_rounds"], "from {} to {}".format(*_ROUNDS)))
    return found


def _of_nginx(options: Options, nginx: Mapping[str, t.Any], host: str, facts: Mapping[str, t.Any]) -> list[str]:
    """What the configuration needs of it and that it lacks. It may be another one than the distribution's."""
    if not nginx.get("present"):
        return _distributions.not_installable(facts, host, "nginx")
    found = []
    instead = "Take the distribution's nginx or nginx.org's in its place."
    if LooseVersion(nginx.get("version") or build.OLDEST) < LooseVersion(build.OLDEST):
        found.append(f"nginx of {host} is {nginx['version']}, and the role https_front needs {build.OLDEST} or newer. {instead}")
    of_balancers = () if number(options, "https_front_balancer_port") else _OF_BALANCERS
    lacks = [f"http_{name}" for name in nginx.get("lacks", ()) if name not in of_balancers]
    if lacks:
        found.append(f"nginx of {host} was built without what the role https_front needs ({', '.join(lacks)}). {instead}")
    library, _space, version = str(nginx.get("tls_library") or "").partition(" ")
    if library == "OpenSSL" and LooseVersion(version) < LooseVersion("1.1.1"):
        found.append(f"nginx of {host} was built with OpenSSL {version}, which knows no TLS 1.3: 1.1.1 or newer is needed. {instead}")
    if nginx.get("includes_site") is False:
        found.append(
            f"nginx of {host} reads {nginx.get('main')}. The role https_front needs /etc/nginx/nginx.conf, with conf.d/*.conf included inside http {{ }}, "
            "for its site: add 'include /etc/nginx/conf.d/*.conf;' there. An nginx that has its files elsewhere cannot be used."
        )
    return found


def _broken(gathered: Mapping[str, t.Any], host: str) -> list[str]:
    """One that is there and does not run is nobody's to install, unless an installation was cut off."""
    said = gathered["nginx"].get("broken")
    if not said or gathered.get("installing"):
        return []
    return [f"nginx of {host} is there, but cannot be run: {said}. Repair it, or remove it, so that the role installs its package."]


def _of_unit(gathered: Mapping[str, t.Any], host: str) -> list[str]:
    """Whether systemd can start it, where no installation that was cut off is to be finished first."""
    obstacle = gathered["nginx"].get("unit_obstacle")
    if not obstacle or gathered.get("installing"):
        return []
    if obstacle == "masked":
        return [f"nginx.service of {host} is masked, so nginx cannot be started there: systemctl unmask nginx, if nobody meant it."]
    return [
        f"nginx of {host} cannot be started by systemd: nginx.service is {obstacle}. The role https_front needs a unit of that name: install the package that "
        "has it (nginx, where only nginx-core is there), write it, or have it lead to the one that starts nginx there (Alias=nginx.service, systemd.unit(5))."
    ]


def _on_host(options: Options, gathered: Mapping[str, t.Any], host: str) -> list[str]:
    """What stands against it on the host itself."""
    found = []
    for port in sorted({each["port"] for each in gathered["listeners"]}):
        others = [
            f"{each['program'] or 'a program that cannot be seen'}{' (process {})'.format(each['pid']) if each['pid'] else ''} at {each['address']}"
            for each in gathered["listeners"]
            if each["port"] == port
        ]
        found.append(
            f"Port {port} of {host} is taken by another program: {'; '.join(others)}. "
            f"Stop it, or set {_set_by(options, port)} to a free port."
        )
    if gathered["access"]:
        found.append(
            f"Others can read or change what decides who gets in at {host}, and as whom it shows itself (https_front_certificate_dir is "
            f"{options.get('https_front_certificate_dir')}). {'; '.join(gathered['access'])}. "
            "Look first whether somebody has changed it, and take another key in place of one that others could read."
        )
    return found


def _set_by(options: Options, port: int) -> str:
    """The option that sets a port at which nginx is to listen."""
    own = {"https_front_port": "tlsfront_https_port"}
    own |= {name: name for name in ("https_front_redirect_port", "https_front_balancer_port")}
    return next((said for name, said in own.items() if number(options, name) == port), "tlsfront_sites")


def _certificate(options: Options, gathered: Mapping[str, t.Any], host: str) -> list[str]:
    """Whether there is one to serve. Where nginx is there, whether clients would accept it is asked again when it is to be served."""
    directory, certificate = options.get("https_front_certificate_dir"), gathered["certificate"]
    if not {"chain.pem", "key.pem"} <= set(certificate["files"]):
        return [
            f"{directory} has no chain.pem and key.pem: run the role tlsfront.elasticsearch.certificate before this one, or point "
            "https_front_certificate_dir to the pair."
        ]
    if not gathered["nginx"]["present"] and not certificate["accepted"]:
        return [
            f"No client would accept the certificate in {directory} of {host}: {certificate['message']}. "
            "Run the role tlsfront.elasticsearch.certificate with a certificate that is right."
        ]
    return []


def _ports(options: Options, closed_ports: t.Any) -> list[str]:
    own = {name: number(options, name) for name in ("https_front_port", "https_front_redirect_port", "https_front_balancer_port")}
    closed = ports(closed_ports, expand=True, name="tlsfront_closed_ports")
    found = []
    for (one, value), (other, its) in itertools.combinations(own.items(), 2):
        if value and value == its:
            found.append(f"{one} and {other} are both {value}: each is for others, who are served in another way. Choose two ports.")
    for name, value in own.items():
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
    if truth(options, "https_front_upstream_tls") and not options.get("https_front_upstreams"):  # else see behind.py
        if not options.get("https_front_upstream_ca"):
            found.append("https_front_upstream_tls is true: then https_front_upstream_ca must be the file of the CA that signed Elasticsearch's certificate.")
        name = options.get("https_front_upstream_name", "")
        if not isinstance(name, str) or not name or host_problem(name):
            found.append(_wrong("https_front_upstream_name", name, "a host name that the certificate of every upstream has, with https_front_upstream_tls"))
    if number(options, "https_front_balancer_port"):
        if not options.get("https_front_balancers"):
            found.append("https_front_balancer_port is set and https_front_balancers is empty: nobody could use it. List the networks of the load balancers.")
        if options.get("https_front_client_ca") and options.get("https_front_balancer_protocol", "x_forwarded_for") == "x_forwarded_for":
            found.append(
                "https_front_client_ca is set, and https_front_balancer_protocol is x_forwarded_for: TLS of the client ends at such a balancer, and its "
                "certificate with it. Use one that passes connections on (proxy_protocol), or leave one of the two out."
            )
    readers = [str(user["name"]) for user in options.get("https_front_users", []) if user.get("read_only")]
    if readers and "proxy_pass" in options.get("https_front_snippet", ""):
        found.append(
            f"https_front_snippet has a proxy_pass of its own, and {', '.join(readers)} of https_front_users may only read: what is passed on there is not "
            "held against that, so it could be written. Take it out of the snippet, or read_only from the users."
        )
    names = names_of(options.get("https_front_sites") or [], options.get("https_front_server_names", []))
    addresses = [name for name in names if is_address(str(name))]
    if options.get("https_front_client_ca") and addresses and not truth(options, "https_front_reject_unknown_names", True):
        found.append(
            f"https_front_server_names has {', '.join(addresses)}, https_front_client_ca is set and https_front_reject_unknown_names is false: a client that "
            "asks for an address names no server in the TLS handshake (RFC 6066, section 3), so its certificate would be verified by the site that is the "
            "default of the port. Take the addresses out, or make this site the default (https_front_reject_unknown_names true)."
        )
    return found


def _beside(options: Options, others: Mapping[str, t.Any]) -> list[str]:
    """What does not go together with other sites of the same nginx."""
    if not others.get("present") or others.get("problem"):
        return []
    found = []
    names = names_of(options.get("https_front_sites") or [], [str(name) for name in options.get("https_front_server_names", [])])
    needed = syntax.hash_bucket_size(names)
    there = others.get("server_names_hash_bucket_size")
    if there is not None and there < needed:
        found.append(
            f"https_front_server_names has a name of {max(map(len, names))} characters, and nginx's configuration sets server_names_hash_bucket_size "
            f"to {there}, once for all sites: set it to {needed} there, or take the line out."
        )
    for place, port in enumerate(ports_of(options.get("https_front_sites") or [], [number(options, "https_front_port")])):
        found += _beside_at(options, sites.beside(others, port, first=place == 0), port)
    at_balancer = sites.at_balancer(options, others)
    if at_balancer.get("has_default_server"):
        found.append(
            f"Another site ({_title(at_balancer)}) is the default_server of port {at_balancer['port']}, and only one site can be: give the load balancers "
            "another port (https_front_balancer_port), since they name no server."
        )
    return found


def _beside_at(options: Options, others: Mapping[str, t.Any], port: int) -> list[str]:
    """What does not go together with the other sites of one port."""
    default = others.get("default_site") or {}
    title = _title(others)
    another = _set_by(options, port)
    if truth(options, "https_front_reject_unknown_names", True):
        if others.get("has_default_server"):
            return [
                f"Another site ({title}) is the default_server of port {port}, and only one site can be: set "
                f"https_front_reject_unknown_names to false, or give this one another port ({another})."
            ]
    elif options.get("https_front_client_ca") and default.get("keeps_sessions"):
        return [
            f"https_front_client_ca is set, and another site ({title}) is the default of port {port} and keeps TLS sessions: they are "
            'resumed before nginx knows the name, without a look at the client certificate. Write "ssl_session_cache off;" there, or give this one '
            f"another port ({another})."
        ]
    return []


def _title(others: Mapping[str, t.Any]) -> str:
    default = others.get("default_site") or {}
    return f"{' '.join(default.get('names', [])) or 'without a name'}, {default.get('place')}"
