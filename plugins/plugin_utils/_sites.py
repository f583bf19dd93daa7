# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the further sites of a node's front (tlsfront_sites) mean for all that must agree on them: names, ports, and what is closed behind them."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._numbers import whole

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["DASHBOARDS", "ELASTICSEARCH", "KINDS", "Site", "address_of", "names_of", "ports_of", "sites", "upstream_ports_of"]

ELASTICSEARCH, DASHBOARDS = KINDS = ("elasticsearch", "dashboards")


class Site(t.NamedTuple):
    """One of them, as it is given. A part that is not given is that of the front."""

    names: list[str] | None
    port: int | None
    kind: str
    upstreams: list[str]
    given: Mapping[str, t.Any]


def sites(given: t.Any, name: str = "tlsfront_sites") -> list[Site]:
    """Return them. Raises ValueError, with a sentence, where one has not the form of a site: skipped, its ports would be left open.

    name  of the variable, for the sentence
    """
    if not _is_list(given):
        raise ValueError(f"{name} is {given!r}: it must be a list of mappings")
    return [_site(f"{name}[{number}]", site) for number, site in enumerate(given)]


def _site(where: str, given: t.Any) -> Site:
    if not hasattr(given, "keys"):
        raise ValueError(f"{where} is {given!r}: it must be a mapping with upstreams, and with server_names or port")
    names = None if given.get("server_names") is None else _texts(f"{where}.server_names", given["server_names"])
    port = None
    if given.get("port") is not None:
        port = whole(given["port"])
        if port is None:
            raise ValueError(f"{where}.port is {given['port']!r}: it must be a TCP port, a whole number in digits from 0 to 9")
    return Site(names, port, str(given.get("kind", ELASTICSEARCH)), _texts(f"{where}.upstreams", given.get("upstreams", [])), given)


def _texts(where: str, value: t.Any) -> list[str]:
    if not _is_list(value):
        raise ValueError(f"{where} is {value!r}: it must be a list")
    return [str(each) for each in value]


def _is_list(value: t.Any) -> bool:
    """Whether it is neither a text nor a mapping, which could be iterated over as well."""
    return hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) and not hasattr(value, "keys")


def names_of(given: t.Any, names: Iterable[str]) -> list[str]:
    """Return the names of the front, then those that its further sites have besides."""
    return list(dict.fromkeys([*names, *(name for site in sites(given) for name in site.names or ())]))


def ports_of(given: t.Any, ports: Iterable[t.Any]) -> list[t.Any]:
    """Return the ports of the front, then those that its further sites have besides."""
    numbers = [whole(port) for port in ports]
    return [*ports, *dict.fromkeys(site.port for site in sites(given) if site.port is not None and site.port not in numbers)]


def upstream_ports_of(given: t.Any, facts: Mapping[str, t.Any], names: Iterable[str]) -> list[int]:
    """Return the ports of this host to which its sites pass requests on, in ascending order.

    A port of another host is not among them, for here it may be anybody's.

    facts  those of the host, whose addresses are its own
    names  under which it is known; a name of another kind is taken for another host
    """
    addresses = {address_of(each) for key in ("all_ipv4_addresses", "all_ipv6_addresses") for each in facts.get(key) or ()}
    own = {str(name).lower() for name in ("localhost", *names, *(facts.get(key) or "" for key in ("hostname", "fqdn", "nodename"))) if name}
    found = set()
    for site in sites(given):
        for upstream in site.upstreams:
            host, _colon, port = upstream.rpartition(":")
            number = whole(port)
            address = address_of(host.strip("[]"))
            here = host.lower() in own if address is None else address.is_loopback or address.is_unspecified or address in addresses
            if number is not None and here:
                found.add(number)
    return sorted(found)


def address_of(text: t.Any) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that the text is, or None where it is a name. An IPv4 address in IPv6's writing is the IPv4 address (RFC 4291, section 2.5.5.2)."""
    try:
        found = ipaddress.ip_address(str(text))
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found
