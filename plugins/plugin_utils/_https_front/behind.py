# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where requests go that somebody has named the upstreams of, for the front itself or a further site, and how that is verified.

What of them answers on the node is known: whether it speaks https, by which CA and name it is verified, and whether it wants a login.
"""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import ELASTICSEARCH, Site, upstream_ports_of

from .found import Found, found_at, server_of
from .values import host_problem, truth

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Named", "of_front", "of_site", "passed_on", "problems"]


class Named(t.NamedTuple):
    """Upstreams, and what they and their options are called in a sentence."""

    site: Site
    title: str
    prefix: str

    def option(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def own(self, name: str) -> str:
        """An option after the title: of a site, without saying again of which."""
        return self.option(name).removeprefix(f"{self.title}.")


def of_site(title: str, site: Site) -> Named:
    """Return those of a further site."""
    return Named(site, title, f"{title}.")


def of_front(options: Mapping[str, t.Any]) -> Named:
    """Return those of the front itself."""
    given = {name: options.get(f"https_front_{name}") for name in ("upstream_tls", "upstream_ca", "upstream_name")}
    its = [str(server) for server in options.get("https_front_upstreams") or []]
    return Named(Site(None, None, ELASTICSEARCH, its, {**given, "upstream_tls": given["upstream_tls"] or False}), "the front", "https_front_")


def passed_on(site: Site, listening: Found) -> dict[str, t.Any]:
    """Return ``servers``, ``tls``, ``name`` and ``ca``, the text of the CA where it was found on the node (else the file that is named).

    Raises ValueError for a name that must not be written.
    """
    found = next((one for _upstream, one in _all_found(site, listening)), None)
    tls = truth(site.given, "upstream_tls") or bool(found and found["scheme"] == "https")
    name, ca = str(site.given.get("upstream_name") or ""), ""
    if tls and found and not site.given.get("upstream_ca"):
        ca, name = str(found["ca_content"]), name or str(found["name"])
    if tls and (not name or host_problem(name)):
        raise ValueError(f"{name!r} is no host name")
    return {"servers": site.upstreams, "tls": tls, "name": name, "ca": ca}


def problems(
    named: Named, options: Mapping[str, t.Any], listening: Found, host: str, facts: Mapping[str, t.Any], live: t.Iterable[str]
) -> list[str]:
    """Return a sentence for each thing that keeps requests from being passed on, verified where it speaks https.

    listening  what node_info has found that listens for clients
    facts      those of the host, whose addresses are its own
    live       the upstreams to which the front that is there passes on by https
    """
    by_scheme = {one["scheme"]: upstream for upstream, one in _all_found(named.site, listening)}
    if len(by_scheme) > 1:
        return [
            f"{named.title} passes on to {by_scheme['https']} of {host}, where Elasticsearch speaks https, and to {by_scheme['http']}, where it speaks plain "
            f"http: all of {named.option('upstreams')} are passed on to in one way. Make a site of each kind (https_front_sites)."
        ]
    return [*_verified(named, options, listening, host), *_in_clear(named, listening, host, facts, live)]


def _all_found(site: Site, listening: Found) -> list[tuple[str, t.Mapping[str, t.Any]]]:
    """Each of its upstreams that was found, with what was."""
    pairs = [(upstream, found_at(upstream, listening)) for upstream in site.upstreams if site.kind == ELASTICSEARCH]
    return [(upstream, one) for upstream, one in pairs if one is not None]


def _verified(named: Named, options: Mapping[str, t.Any], listening: Found, host: str) -> Iterator[str]:
    """Whether each can be verified, and asked."""
    site, given = named.site, named.site.given
    tls, ca, name = named.own("upstream_tls"), named.option("upstream_ca"), named.option("upstream_name")
    found = _all_found(site, listening)
    speaks_https = any(one["scheme"] == "https" for _upstream, one in found)
    if found and not speaks_https and truth(given, "upstream_tls"):
        yield f"Elasticsearch at {found[0][0]} of {host}, to which {named.title} passes on, speaks plain http, and {tls} is true. Set it to false."
        return
    unverified = [(upstream, one["problem"]) for upstream, one in found if one["problem"] and not given.get("upstream_ca")]
    for upstream, problem in unverified:
        yield (
            f"Elasticsearch at {upstream} of {host}, to which {named.title} passes on, speaks https and cannot be verified: {problem}. Name the file on the "
            f"node with its CA in tlsfront_elasticsearch_ca_paths, or set {ca} to one on the controller, and {name} to a name that its certificate has."
        )
    if not unverified and (speaks_https or truth(given, "upstream_tls")):
        ways = {(str(one["ca_content"]), str(given.get("upstream_name") or one["name"])) for _upstream, one in found}
        # one CA and one name are for all of them
        known = len(found) == len(site.upstreams) and len(ways) == 1 and not given.get("upstream_ca")
        because = "its upstreams are not verified in one way"
        if given.get("upstream_ca"):
            because = f"{named.own('upstream_ca')} is set"
        elif len(found) < len(site.upstreams):
            because = "not all of its upstreams answer on the node"
        because = f"{named.title} passes on by https, and {because}"
        if not known and not given.get("upstream_ca"):
            yield f"{because}: then {ca} must be the file of the CA that signed the certificate of each."
        if not known and not given.get("upstream_name"):
            yield f"{because}: then {name} must be a host name that the certificate of each has."
    if any(one["wants_login"] for _upstream, one in found) and options.get("https_front_users"):
        yield (
            f"Elasticsearch at {found[0][0]} of {host}, to which {named.title} passes on, wants a login itself, and https_front_users has users: a request has "
            "one login, and the front would take it. Leave https_front_users empty, so that the login is Elasticsearch's."
        )


def _in_clear(named: Named, listening: Found, host: str, facts: Mapping[str, t.Any], live: t.Iterable[str]) -> Iterator[str]:
    """What would be passed on by plain http, though somebody has said otherwise, or it is not today."""
    site, found = named.site, _all_found(named.site, listening)
    tls, upstreams = named.option("upstream_tls"), named.option("upstreams")
    if truth(site.given, "upstream_tls") or any(one["scheme"] == "https" for _upstream, one in found):
        return
    first = found[0][0] if found else site.upstreams[0]
    given = " and ".join(named.own(name) for name in ("upstream_ca", "upstream_name") if site.given.get(name))
    here = _ports_here(site.upstreams, facts, host) if site.kind == ELASTICSEARCH else set()
    unseen = here - {one["port"] for _upstream, one in found}
    elsewhere = next((one for one in listening if one["port"] in unseen and one["scheme"] == "https"), None)
    if elsewhere:
        its = next((upstream for upstream in site.upstreams if elsewhere["port"] in _ports_here([upstream], facts, host)), first)
        yield (
            f"Elasticsearch speaks https on port {elsewhere['port']} of {host}, and {named.title} would pass on to it at {its} by plain http. Write "
            f"{server_of(elsewhere)} in {upstreams}, where it is found, or set {tls} to true."
        )
    elif unseen and _is_among(site.upstreams, unseen, live, facts, host):
        yield (
            f"No Elasticsearch is found at {first} of {host}, to which {named.title} passes on, and the front that is there passes on to it by https. "
            f"Start it, or name it by the address at which it listens, or set {tls} to true."
        )
    elif given and found:
        yield (
            f"{named.title} has {given}, and Elasticsearch at {first} of {host}, to which it passes on, speaks plain http: nothing is verified. "
            f"Take {given} out."
        )
    elif given:
        start = "Start it, or set" if here else "Set"
        seen = f", and no Elasticsearch is found at {first} of {host}" if here else ""
        yield (
            f"{named.title} has {given}, and not {named.own('upstream_tls')}{seen}: its requests would be passed on by plain http, and nothing would be "
            f"verified. {start} {tls} to true, or take {given} out."
        )


def _ports_here(upstreams: t.Iterable[str], facts: Mapping[str, t.Any], host: str) -> set[int]:
    """The ports of those that lead to the host itself, however that is written."""
    return set(upstream_ports_of([{"upstreams": list(upstreams)}], facts, [host]))


def _is_among(upstreams: t.Iterable[str], ports: set[int], live: t.Iterable[str], facts: Mapping[str, t.Any], host: str) -> bool:
    """Whether the front that is there passes on to one of them by https, of this host by whatever of its addresses."""
    live = list(live)
    return bool({upstream.lower() for upstream in upstreams} & {upstream.lower() for upstream in live} or ports & _ports_here(live, facts, host))
