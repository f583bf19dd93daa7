# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What options of the role https_front are in nginx's own syntax."""

from __future__ import annotations

import typing as t

from ansible_collections.tlsfront.elasticsearch.plugins.filter.networks import networks
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import syntax
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._outside import outside

from . import paths, read_only, sites
from .found import Found
from .upstream import upstream

__all__ = ["written"]


def written(
    options: t.Mapping[str, t.Any], listening: Found = (), nginx: t.Mapping[str, t.Any] | None = None, live: t.Sequence[str] = ()
) -> dict[str, t.Any]:
    """Return the values as nginx reads them, see the documentation of the filter. Raises ValueError where nginx has no way to write one.

    listening  what node_info has found that listens for clients
    nginx      what nginx_info has returned of it
    live       where the front that is there passes on to
    """
    further = sites.further(options, listening)
    its = upstream(options, listening, live)
    servers = [server for each in (its, *(site["upstream"] for site in further)) for server in each["servers"]]
    listeners = sites.listeners(options, further, nginx or {})
    directory = str(options["https_front_certificate_dir"])
    chain, key, ca = (syntax.quote(f"{directory}/{name}.pem") for name in ("chain", "key", "ca"))
    return {
        "server_names_hash_bucket_size": syntax.hash_bucket_size(name for listener in listeners for name in listener["names"]),
        "chain": chain,
        "key": key,
        "ca": ca,
        "lets_itself_in": not outside(["127.0.0.1", "::1"], networks(options["https_front_clients"], name="https_front_clients")),
        "id": sites.OWN_ID,
        "upstream": its,
        "connect_ports": list(dict.fromkeys(int(server.rpartition(":")[2]) for server in servers)),
        "sites": further,
        "files": [{"name": site["ca_file"], "content": site["ca"]} for site in further],
        "asked": [{"port": site["port"], "names": sites.asked(site["names"])} for site in further],
        "listeners": listeners,
        "balancer_has_options": bool(sites.at_balancer(options, nginx or {}).get("listener_has_options")),
        "https_ports": sites.https_ports(listeners),
        "blocked": [paths.pattern(path) for path in options["https_front_blocked_paths"]],
        "readers": {
            "changing": read_only.changes(),
            "allowed": [rule._asdict() for rule in read_only.rules(options["https_front_read_only_endpoints"])],
        },
    }
