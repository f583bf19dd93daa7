# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that is wrong with what the role client_trust was asked for, before anything changes."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping, Sequence

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _bundle, _client_address

__all__ = ["problems"]


def problems(
    options: Mapping[str, t.Any], texts: Mapping[str, str], access: Sequence[str] = (), host: str = "", group: str = "elasticsearch"
) -> list[str]:
    """Return a sentence or two for each thing that is wrong, with what was found and what to do; empty where nothing is.

    options  the variables of the role, without their prefix
    texts    what is in those of its CAs that are files on the controller, by their paths
    access   who else may change what is in the directory, as path_access_info tells it
    host     the client's name, for the messages
    group    the group of the cluster's nodes, for the messages
    """
    found = _client_address.directory_problems(options["dir"], "client_trust_dir")
    if options["state"] != "absent":
        found += [*_client_address.url_problems(options["urls"], "client_trust_urls"), *_of_cas(options["cas"], texts, host)]
        if access:
            found.append(f"Others can change what is in client_trust_dir of {host}. {'; '.join(access)}. Choose another directory, or put that right.")
        if not options["urls"]:
            found.append(
                f"client_trust_urls of {host} is empty, and the inventory has no host in the group {group}. Give the URLs of the cluster, such as "
                "https://es.example.org."
            )
    if boolean(options["java_cacerts"]) and not boolean(options["system"]):
        found.append(
            f"client_trust_java_cacerts of {host} is true, but the JVM's store follows the system's, and client_trust_system is false. Set both, or use "
            "truststore.p12."
        )
    return found


def _of_cas(paths: Sequence[str], texts: Mapping[str, str], host: str) -> Iterator[str]:
    if not paths:
        yield (
            f"client_trust_cas of {host} is empty. Give the file of the CA that has issued the cluster's certificates; where that is a public one, clients "
            "trust it already, and need only the URL."
        )
    for path in paths:
        if path not in texts:
            yield (
                f'client_trust_cas of {host} has "{path}", which is not the absolute path of a file on the controller. Correct it, or run '
                "tlsfront.elasticsearch.site first, which makes the own CA; a path beside the playbook begins with playbook_dir."
            )
            continue
        of_path = [*_bundle.problems(texts[path]), *(f"{problem}." for problem in _access.problems(path))]
        if of_path:
            yield f"{path} cannot be trusted. {' '.join(of_path)}"
