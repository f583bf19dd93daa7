# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where links of the guides lead that are no page's name: to the repository, to a page of the reference, to Ansible's own documentation.

A page of the site has the path of its file in the repository, so a link from one to another needs nothing of this.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.util.nodes import make_refnode

TOP = Path(__file__).resolve().parents[2]
REPOSITORY = yaml.safe_load((TOP / "galaxy.yml").read_text("utf-8"))["repository"]
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
ANSIBLE_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
OURS = "ansible_collections.tlsfront.elasticsearch."


def to_files(app: Any, document: nodes.document) -> None:
    """A link to a file that is no page, or to a directory, leads to the repository; one to a module's source, to its documentation."""
    folder = posixpath.dirname(app.env.docname)
    for link in list(document.findall(addnodes.pending_xref)):
        target = link["reftarget"]
        if link["reftype"] != "myst" or link["refdomain"] == "doc" or target.startswith("#"):
            continue
        path, _, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(folder, path))
        if path.startswith("..") or not (TOP / path).exists():
            continue  # the reader of Markdown complains of it
        module = re.fullmatch(r"plugins/modules/(\w+)\.py", path)
        if module:
            found = addnodes.pending_xref("", refdomain="std", reftype="ref", reftarget=f"{OURS}{module[1]}_module", refexplicit=True, refwarn=True)
            found["refdoc"] = app.env.docname
        else:
            kind = "tree" if (TOP / path).is_dir() else "blob"
            found = nodes.reference("", "", internal=False, refuri=f"{REPOSITORY}/{kind}/main/{path}" + (f"#{anchor}" if anchor else ""))
        found += link.children
        link.replace_self(found)


def find_names(app: Any, env: Any) -> None:
    """The names that are documented in one place: of modules, roles, filters, playbooks and options."""
    standard = env.domains.standard_domain
    found: dict[str, list[tuple[str, str]]] = {}
    for label, place in standard.anonlabels.items():
        name = re.fullmatch(rf"{re.escape(OURS)}(\w+)_(?:module|role|filter|callback)|playbook-(\w+)", label)
        option = re.fullmatch(rf"{re.escape(OURS)}\w+_role__parameter-main__(\w+)", label)
        if option:
            found.setdefault(option[1], []).append(place)
        elif name:
            found.setdefault(f"tlsfront.elasticsearch.{name[1] or name[2]}", []).append(place)
    for (kind, name), place in standard.objects.items():
        if kind == "confval":
            found.setdefault(name, []).append(place)
    env.tlsfront_names = {name: places[0] for name, places in found.items() if len(places) == 1}


def from_names(app: Any, document: nodes.document, docname: str) -> None:
    """Such a name, written as code, leads to where it is documented."""
    for literal in list(document.findall(nodes.literal)):
        page, anchor = app.env.tlsfront_names.get(literal.astext(), (docname, ""))
        within = {type(parent) for parent in parents(literal)}
        if page != docname and not within & {nodes.title, nodes.reference}:
            literal.replace_self(make_refnode(app.builder, docname, page, anchor, literal.deepcopy()))


def parents(node: nodes.Node) -> Iterator[nodes.Node]:
    while node.parent is not None:
        node = node.parent
        yield node


def of_ansible(app: Any, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """What Ansible or another collection documents is there."""
    target = node["reftarget"]
    page = ANSIBLE_LABELS.get(target)
    plugin = re.fullmatch(r"ansible_collections\.(\w+)\.(\w+)\.(\w+)", target)
    if plugin and not target.startswith(OURS):
        page = "collections/{}/{}/{}.html".format(*plugin.groups())
    if not page:
        return None
    return nodes.reference("", "", content, internal=False, refuri=f"{ANSIBLE}/{page}")


def setup(app: Any) -> dict[str, bool]:
    app.connect("doctree-read", to_files)
    app.connect("env-updated", find_names)
    app.connect("doctree-resolved", from_names)
    app.connect("missing-reference", of_ansible)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
