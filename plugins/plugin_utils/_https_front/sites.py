# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The servers of the front: its own, which is first, and its further sites; and all that is wrong with these, before anything changes.

What decides who gets in is said once for all of them. What a site is told besides is where it is found, and where its requests go.
"""

from __future__ import annotations

import collections
import hashlib
import re
import typing as t
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.filter.ports import ports
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import DASHBOARDS, KINDS, Site, names_of, sites, upstream_ports_of

from . import behind
from .found import Found
from .values import host_problem, is_truth, number, server_name_problem, trust_problems, truth, upstream_problem

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["OWN_ID", "asked", "at_balancer", "beside", "further", "https_ports", "listeners", "problems", "problems_together"]

_NAME = "https_front_sites"
OWN_ID = "tlsfront_elasticsearch"
"""Of the front's own upstreams, by which the module nginx_info and snippets know them."""
_KEYS = (
    "server_names", "port", "kind", "upstreams", "upstream_tls", "upstream_ca", "upstream_name", "same_cluster", "accept_console", "snippet",
)  # fmt: skip
_SWITCHES = ("upstream_tls", "same_cluster", "accept_console")


def asked(names: t.Iterable[str]) -> list[str]:
    """Return a name for each pattern, since nobody can ask for a pattern."""
    return [re.sub(r"^[*]", "tlsfront-probe", name) for name in names]


def further(options: Mapping[str, t.Any], listening: Found = ()) -> list[dict[str, t.Any]]:
    """Return the further sites as the templates have them. Raises ValueError for what must not be written.

    listening  what node_info has found that listens for clients
    """
    made = []
    for place, site in enumerate(sites(options.get(_NAME) or [], _NAME), 1):
        names = site.names or [str(name) for name in options["https_front_server_names"]]
        server = behind.passed_on(site, listening)
        ca = str(server.pop("ca"))
        if server["tls"] and site.given.get("upstream_ca"):
            ca = Path(str(site.given["upstream_ca"])).read_text("utf-8")
        made.append(
            {
                "id": f"tlsfront_site_{place}",
                "names": names,
                "port": number(options, "https_front_port") if site.port is None else site.port,
                "kind": site.kind,
                "upstream": server,
                "ca": ca,
                "ca_file": f"upstream-ca-{hashlib.sha256(ca.encode()).hexdigest()[:16]}.pem" if ca else "",
                "snippet": str(site.given.get("snippet") or ""),
            }
        )
    return made


def listeners(options: Mapping[str, t.Any], its: t.Sequence[Mapping[str, t.Any]], nginx: Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """Return each port with its names, that of the front first, and whether another site of the same nginx sets options of its socket.

    nginx  what nginx_info has returned of it
    """
    names: dict[int, list[str]] = {number(options, "https_front_port"): [str(name) for name in options["https_front_server_names"]]}
    for site in its:
        names.setdefault(site["port"], []).extend(site["names"])
    return [
        {"port": port, "names": list(dict.fromkeys(at)), "has_options": bool(beside(nginx, port, first=place == 0).get("listener_has_options"))}
        for place, (port, at) in enumerate(names.items())
    ]


def https_ports(its: t.Sequence[Mapping[str, t.Any]]) -> dict[str, int]:
    """Return the port at which each name is served, that of the front where it is served at several."""
    return {name: listener["port"] for listener in reversed(its) for name in listener["names"]}


def beside(nginx: Mapping[str, t.Any], port: int, first: bool) -> Mapping[str, t.Any]:
    """Return what nginx_info has found of other sites at a port, which of that of the front (`first`) stands by itself."""
    if first:
        return nginx
    found: Mapping[str, t.Any] = next((each for each in nginx.get("further") or () if each["port"] == port), {})
    return found


def at_balancer(options: Mapping[str, t.Any], nginx: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
    """Return what nginx_info has found of other sites at the port of the load balancers; nothing where there is none."""
    port = number(options, "https_front_balancer_port")
    return beside(nginx, port, first=False) if port else {}


def problems(options: Mapping[str, t.Any]) -> list[str]:
    """Return a sentence for each thing that is wrong with a further site by itself."""
    try:
        its = sites(options.get(_NAME) or [], _NAME)
    except ValueError as cause:
        return [f"{cause}."]
    return [problem for place, site in enumerate(its) for problem in _alone(f"{_NAME}[{place}]", site)]


def problems_together(
    options: Mapping[str, t.Any],
    closed_ports: t.Any,
    listening: Found = (),
    host: str = "",
    facts: Mapping[str, t.Any] | None = None,
    certificate_names: t.Iterable[str] | None = None,
    verified: t.Iterable[str] = (),
) -> list[str]:
    """Return a sentence for each thing that does not go together, of sites that are possible each by itself.

    listening          what node_info has found that listens for clients
    certificate_names  those that the certificate is for, where that is known
    verified           the upstreams to which the front that is there passes on by https
    """
    its = sites(options.get(_NAME) or [], _NAME)
    named = [behind.of_front(options)] if options.get("https_front_upstreams") else []  # what is found instead: upstream.problems
    found = [problem for own in named for problem in behind.problems(own, options, listening, host, facts or {}, verified)]
    found += _places(options, its) + (_ports(options, its, closed_ports, host, facts or {}) if its else [])
    for place, site in enumerate(its):
        found += behind.problems(behind.of_site(f"{_NAME}[{place}]", site), options, listening, host, facts or {}, verified)
        found += _policy(f"{_NAME}[{place}]", site, options)
    if certificate_names is not None:
        found += _uncovered(its, [str(name) for name in certificate_names])
    return found


def _alone(where: str, site: Site) -> Iterator[str]:
    """What is wrong with one by itself."""
    given = site.given
    unknown = sorted(str(key) for key in given if key not in _KEYS)
    if unknown:
        yield f"{where} has {', '.join(unknown)}, which no site has: write one of {', '.join(_KEYS)}."
    if site.names is None and site.port is None:
        yield f"{where} has neither server_names nor port, and so would be the front itself: give it a name or a port of its own."
    if site.names == []:
        yield f"{where}.server_names is empty: list at least one name, or leave it out where the site has a port of its own."
    for name in site.names or ():
        problem = server_name_problem(name)
        if problem:
            yield f"{where}.server_names has {name!r}, which is {problem}."
    if site.port is not None and not 1 <= site.port <= 65535:
        yield f"{where}.port is {site.port}: it must be a TCP port, a whole number from 1 to 65535."
    if site.kind not in KINDS:
        yield f"{where}.kind is {site.kind!r}: it must be one of {', '.join(KINDS)}."
    if not site.upstreams:
        yield f"{where}.upstreams is missing: say where its requests go, for example [127.0.0.1:9201]."
    for upstream in site.upstreams:
        problem = upstream_problem(upstream)
        if problem:
            yield f"{where}.upstreams has {upstream!r}, which is {problem}."
    for name, texts in (("server_names", site.names or []), ("upstreams", site.upstreams)):
        twice = [text for text, times in collections.Counter(text.lower() for text in texts).items() if times > 1]
        if twice:
            yield f"{where}.{name} has {', '.join(sorted(twice))} more than once: write each once."
    for name in _SWITCHES:
        if name in given and not is_truth(given[name]):
            yield f"{where}.{name} is {given[name]!r}: it must be true or false."
    for name in ("upstream_ca", "upstream_name", "snippet"):
        if not isinstance(given.get(name, ""), str):
            yield f"{where}.{name} is {given[name]!r}: it must be a text."
    if given.get("upstream_ca"):
        yield from trust_problems(f"{where}.upstream_ca", given["upstream_ca"], "CERTIFICATE", "the certificate of the authority that signed its upstreams'")
    if given.get("upstream_name") and host_problem(str(given["upstream_name"])):
        yield f"{where}.upstream_name is {given['upstream_name']!r}: it must be a host name that the certificate of each of its upstreams has."


def _places(options: Mapping[str, t.Any], its: t.Sequence[Site]) -> list[str]:
    """No name stands twice at one port."""
    own, port = [str(name) for name in options.get("https_front_server_names") or []], number(options, "https_front_port")
    taken = {(name.lower(), port): "the front itself" for name in own}
    found = []
    for place, site in enumerate(its):
        for name in site.names or own:
            at = (name.lower(), port if site.port is None else site.port)
            if at in taken:
                found.append(f"{_NAME}[{place}] has {name} at port {at[1]}, as {taken[at]} has: give it another name, or a port of its own.")
            taken.setdefault(at, f"{_NAME}[{place}]")
    return found


def _ports(options: Mapping[str, t.Any], its: t.Sequence[Site], closed_ports: t.Any, host: str, facts: Mapping[str, t.Any]) -> list[str]:
    """Each port is either the front's, or behind it, or somebody else's."""
    found = []
    others = {number(options, name): name for name in ("https_front_redirect_port", "https_front_balancer_port") if number(options, name)}
    closed = set(ports(closed_ports, expand=True, name="tlsfront_closed_ports"))
    served = {number(options, "https_front_port"): "https_front_port", **others}
    for place, site in enumerate(its):
        if site.port is None:
            continue
        if site.port in others:
            found.append(f"{_NAME}[{place}].port and {others[site.port]} are both {site.port}: each is served in another way. Choose two ports.")
        if site.port in closed:
            found.append(f"{_NAME}[{place}].port is {site.port}, which is one of tlsfront_closed_ports: nobody could reach it. Choose another one.")
        served.setdefault(site.port, f"{_NAME}[{place}].port")
    names = [host, *names_of(options.get(_NAME) or [], [str(name) for name in options.get("https_front_server_names") or []])]
    for place, site in enumerate(its):
        for port in upstream_ports_of([site.given], facts, names):
            if port in served:
                found.append(
                    f"{_NAME}[{place}].upstreams leads to port {port} of {host or 'this host'}, which is {served[port]}, the front itself: name the port "
                    "of the server behind it."
                )
    return found


def _policy(where: str, site: Site, options: Mapping[str, t.Any]) -> Iterator[str]:
    """What holds for the front holds for its sites, or somebody has said that it does not."""
    if site.kind == DASHBOARDS and options.get("https_front_blocked_paths") and not truth(site.given, "accept_console"):
        yield (
            f"https_front_blocked_paths blocks paths of Elasticsearch, and {where} is of the kind {DASHBOARDS}: what Kibana or OpenSearch Dashboards sends to "
            "Elasticsearch for those who use its console and its pages does not pass the front, and is not blocked. If Elasticsearch's own roles are to decide "
            f"there, set {where}.accept_console to true; else take the site or the paths out."
        )
    if str(options.get("https_front_snippet") or "").strip() and "snippet" not in site.given:
        yield (
            f"https_front_snippet is for the front's own server, and {where} has no snippet: what decides there who gets in would not hold for the site. "
            f"Set {where}.snippet to what the site needs of it, or to an empty text."
        )
    readers = [str(user["name"]) for user in options.get("https_front_users", []) if user.get("read_only")]
    if readers and "proxy_pass" in str(site.given.get("snippet") or ""):
        yield (
            f"{where}.snippet has a proxy_pass of its own, and {', '.join(readers)} of https_front_users may only read: what is passed on there is not held "
            "against that. Take it out of the snippet, or read_only from the users."
        )
    if site.kind != DASHBOARDS and truth(site.given, "accept_console"):
        yield f"{where}.accept_console is true, and the site is not of the kind {DASHBOARDS}: paths are blocked there as at the front. Take it out."
    if site.kind == DASHBOARDS and truth(site.given, "same_cluster"):
        yield f"{where}.same_cluster is true, and the site is of the kind {DASHBOARDS}, which is no part of a cluster. Take it out."


def _uncovered(its: t.Sequence[Site], certified: t.Sequence[str]) -> list[str]:
    """RFC 9525, section 6.3: an asterisk stands for one label."""
    known = {name.lower() for name in certified}
    names = list(dict.fromkeys(name for site in its for name in site.names or ()))
    missing = [name for name in names if name.lower() not in known and "*." + name.lower().partition(".")[2] not in known]
    if not missing:
        return []
    return [
        f"certificate_names lacks {', '.join(missing)}, which {_NAME} has: no client would accept the certificate there. Add it, or leave certificate_names "
        "out, which has them by itself."
    ]
