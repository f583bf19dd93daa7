# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: ca_paths
short_description: The CAs that clients of a cluster trust
version_added: 1.0.0
description:
  - Returns the files on the controller with the CAs from which the nodes have their certificates.
  - It is the same for those who prove that a cluster is reachable and for those who are to reach it.
positional: _input
options:
  _input:
    description: Names of hosts in the inventory.
    type: list
    elements: str
    required: true
  hostvars:
    description:
      - The variables of all hosts. Of each node are read C(tlsfront_ca_path); without it, by C(certificate_source), C(certificate_provided_ca),
        C(certificate_acme_ca), or C(certificate_own_ca_dir) and C(tlsfront_controller_dir).
    type: dict
    required: true
  controller_dir:
    description: What counts as C(tlsfront_controller_dir) of a node of which none is said.
    type: str
    default: ~/.tlsfront
  guarded:
    description:
      - Whether to fail where somebody else may change one of the files, or a directory or link that leads to it, with the command that mends it.
      - What the own CA has must be root's, or whose Ansible it is. What is provided is also its owner's and its group's.
    type: bool
    default: false
  lists:
    description:
      - Whether to return, in place of the CAs, the files beside them with the lists of what was revoked, where each node has its certificate from an own
        CA that has such a file. Where one has none, nothing is returned, for who wants a list wants one of every CA; the filter
        P(tlsfront.elasticsearch.endpoints#filter) gives each of the others its own then.
    type: bool
    default: false
author: The tlsfront.elasticsearch authors
"""

EXAMPLES = r"""
- name: Show which CAs clients trust
  ansible.builtin.debug:
    msg: "{{ groups['elasticsearch'] | tlsfront.elasticsearch.ca_paths(hostvars) }}"
"""

RETURN = r"""
_value:
  description: Each path once, without C(~). Empty where the certificates come from an authority that every system trusts, and with O(lists)
    where nothing was revoked.
  type: list
  elements: str
"""

import typing as t
from pathlib import Path

from ansible.errors import AnsibleFilterError


def _of_node(said: t.Mapping[str, t.Any], controller_dir: str) -> str:
    if said.get("tlsfront_ca_path") is not None:
        return str(said["tlsfront_ca_path"])
    source = said.get("certificate_source", "own_ca")
    if source in ("provided", "acme"):
        return str(said.get(f"certificate_{source}_ca") or "")
    return f"{_own_ca_dir(said, controller_dir)}/ca.pem"


def _refuse_what_others_may_change(cas: t.Iterable[tuple[str, bool]]) -> None:
    from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access

    found = [problem for path, ours in cas for problem in _access.problems(path, ours=ours)]
    if found:
        told = ". ".join(dict.fromkeys(found))
        raise AnsibleFilterError(f"{told}. Nothing was proved, for whoever can change the CA decides what is proved.")


def _own_ca_dir(said: t.Mapping[str, t.Any], controller_dir: str) -> str:
    return str(said.get("certificate_own_ca_dir") or f"{said.get('tlsfront_controller_dir') or controller_dir}/ca")


def own_ca_dirs(said: t.Mapping[str, t.Mapping[str, t.Any]], controller_dir: str = "~/.tlsfront") -> dict[str, Path]:
    """Return the directory of the own CA of each node that has its certificate from one.

    said  the options of the nodes, by their names
    """
    return {node: Path(_own_ca_dir(its, controller_dir)).expanduser() for node, its in said.items() if its.get("certificate_source", "own_ca") == "own_ca"}


def lists_of(said: t.Mapping[str, t.Mapping[str, t.Any]], controller_dir: str = "~/.tlsfront") -> dict[str, Path]:
    """Return, of each node that has its certificate from an own CA which has revoked something, the file with the lists.

    said  the options of the nodes, by their names

    Raises AnsibleFilterError where such a file is lost.
    """
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _revocation

    own = own_ca_dirs(said, controller_dir)
    lost = list(filter(None, (_revocation.loss(str(place)) for place in own.values())))
    if lost:
        raise AnsibleFilterError(lost[0])
    return {node: place / _revocation.LIST for node, place in own.items() if (place / _revocation.LIST).is_file()}


def ca_paths(
    nodes: t.Iterable[str],
    hostvars: t.Mapping[str, t.Any],
    controller_dir: str = "~/.tlsfront",
    guarded: bool = False,
    lists: bool = False,
) -> list[str]:
    """See DOCUMENTATION.

    Raises AnsibleFilterError where some nodes have a CA of their own and others a public one, for no client trusts all; and with guarded, where
    others may change one.
    """
    from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._node_options import options

    said = {node: options(node, hostvars) for node in nodes}
    found = {node: _of_node(of_node, controller_dir) for node, of_node in said.items()}
    public = [node for node, path in found.items() if not path]
    try:
        private = {node: str(Path(path).expanduser()) for node, path in found.items() if path}
    except RuntimeError as error:  # of a user that the controller does not have
        raise AnsibleFilterError(f"ca_paths: {error}") from None
    if public and private:
        node = next(iter(private))
        raise AnsibleFilterError(
            f"ca_paths: the certificate of {node} comes from {found[node]}, and that of {', '.join(public)} from a public CA, so nobody trusts both: "
            "say the same certificate_source of all nodes, or set tlsfront_ca_path to one file with all CAs."
        )
    if guarded:
        _refuse_what_others_may_change((path, said[node].get("certificate_source", "own_ca") == "own_ca") for node, path in private.items())
    if not lists:
        return list(dict.fromkeys(private.values()))
    of_nodes = lists_of(said, controller_dir)
    return list(dict.fromkeys(map(str, of_nodes.values()))) if len(of_nodes) == len(said) else []


class FilterModule:
    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        return {"ca_paths": ca_paths}
