# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the front passes requests on to, and how that is verified: as the options say, or as it was found on the node."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._sites import sites

from . import behind
from .found import Found, found_at, server_of
from .values import number, truth, upstream_problem

__all__ = ["problems", "upstream"]

# where an Elasticsearch that is still to come will listen, unless it is told otherwise
_USUAL = 9200


def upstream(options: t.Mapping[str, t.Any], found: Found, live: t.Sequence[str] = ()) -> dict[str, t.Any]:
    """Return ``servers``, ``tls``, ``name`` and ``ca``, the text of the CA where it was found on the node (else the file that the options name).

    options  the variables of the role that begin with https_front_, as they are
    found    what node_info has found that listens for clients; empty where it was not asked
    live     where the front that is there passes on to, which stays so while nothing answers
    """
    if options.get("https_front_upstreams"):
        return behind.passed_on(behind.of_front(options).site, found)
    tls = {"name": str(options.get("https_front_upstream_name") or ""), "ca": ""}
    one = _first(options, found, live)
    if one is None:
        # the file is the node's, and what is in it may be anything
        known = [server for server in live if not upstream_problem(server)]
        return {"servers": known or [f"127.0.0.1:{_USUAL}"], "tls": truth(options, "https_front_upstream_tls"), **tls}
    if one["scheme"] == "https" and not options.get("https_front_upstream_ca"):
        tls = {"name": _name(str(one["name"])), "ca": str(one["ca_content"])}
    return {"servers": [server_of(one)], "tls": one["scheme"] == "https", **tls}


def problems(options: t.Mapping[str, t.Any], found: Found, host: str, served: str = "", live: t.Sequence[str] = ()) -> list[str]:
    """Return a sentence for each thing that is wrong with what was found.

    served  the scheme by which the front that is there passes on; empty where there is none
    live    where to
    """
    if options.get("https_front_upstreams"):
        return []
    one = _first(options, found, live)
    if one is None:
        if served == "https" and not truth(options, "https_front_upstream_tls"):
            return [
                f"No Elasticsearch answers on {host}, and the front that is there passes requests on by https. Start it, or set https_front_upstreams with "
                "https_front_upstream_tls."
            ]
        behind = [str(other["port"]) for other in found if other["port"] not in _served(options)]
        if behind and not live:
            return [
                f"All that answers on {host} is behind https_front_sites (port {', '.join(behind)}), and nothing is there for the front itself. Start its "
                "Elasticsearch, or set https_front_upstreams if the front is to lead there as well."
            ]
        return []
    said = []
    if one["scheme"] == "http" and truth(options, "https_front_upstream_tls"):
        said.append(f"https_front_upstream_tls is true, and Elasticsearch speaks plain http on port {one['port']} of {host}. Set it to false.")
    what = f"Elasticsearch itself speaks https on port {one['port']} of {host}"
    has_ca = bool(options.get("https_front_upstream_ca"))
    if one["scheme"] == "https" and one["problem"] and not has_ca:
        said.append(
            f"{what}, and cannot be verified: {one['problem']}. Set https_front_upstream_ca_paths to the file on the node with the CA that signed its "
            "certificate, or https_front_upstream_ca to one on the controller, and https_front_upstream_name to a name that its certificate has."
        )
    if one["scheme"] == "https" and has_ca and not options.get("https_front_upstream_name"):
        said.append(f"{what}, and https_front_upstream_ca is set: then https_front_upstream_name must be a name that its certificate has.")
    if one["wants_login"] and options.get("https_front_users"):
        said.append(
            f"Elasticsearch itself wants a login on port {one['port']} of {host}, and https_front_users has users: a request has one login, and the front "
            "would take it. Leave https_front_users empty, so that the login is Elasticsearch's."
        )
    return said


def _first(options: t.Mapping[str, t.Any], found: Found, live: t.Sequence[str] = ()) -> t.Mapping[str, t.Any] | None:
    """The one at the usual port, or that at the lowest: not the front itself, and none that is there for a further site.

    One that is behind a site may be behind the front, too: where the front leads there already, or at the usual port.
    """
    behind = [found_at(server, found) for site in sites(options.get("https_front_sites") or []) for server in site.upstreams]
    others = [one for one in found if one["port"] not in _served(options)]
    same = [found_at(server, found) for server in live]
    its = [one for one in others if one not in behind] or [one for one in others if one in same or (one["port"] == _USUAL and not live)]
    return min(its, key=lambda one: (one["port"] != _USUAL, one["port"]), default=None)


def _served(options: t.Mapping[str, t.Any]) -> set[int | None]:
    """The ports of the front itself."""
    return {number(options, "https_front_port"), *(site.port for site in sites(options.get("https_front_sites") or []))}


def _name(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9_.-]+", text, re.ASCII):
        raise ValueError(f"{text!r} is no host name")
    return text
