#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts a private key, its certificate chain and the CA that clients trust in place, as one version, or goes back to the one before it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tls_keypair
short_description: Puts key, chain and CA in place as one version, after the handshake that a client would make
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Writes C(key.pem), C(chain.pem), for a private CA C(ca.pem), and C(about.txt) as one version below O(directory), and lets the symbolic link C(live) lead to
    it. All of them change together, by the rename of that link.
  - Before, a client and a server shake hands within the module, for every name. What clients would refuse does not become live, and nothing is changed then.
  - What is written is written anew from what the texts encode, as every program reads PEM, and not with what was around it.
  - The version that was live before stays, for O(state=former). Older ones, and what a run has left that was cut off, are removed.
  - One call at a time changes a directory. One that was killed, or whose node went down, leaves the former or the new version live, whole and on the disk;
    the next call finishes it.
  - Nothing is reloaded. Whoever serves the certificate reads C(live) again.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details:
      - The handshake is not made then, since it needs the files.
  diff_mode:
    support: full
    details:
      - Of the key, it is only said that it changes.
  platform:
    support: full
    platforms: posix
options:
  state:
    description:
      - With V(present), O(chain), O(ca) and the key are live.
      - With V(former), the version that was live before is live again, and the one that was live becomes the former one. Fails where there is none.
      - With V(absent), all versions are removed, and O(directory), unless somebody has put something else there.
    type: str
    choices: [present, former, absent]
    default: present
  directory:
    description: Directory, absolute, which nothing else uses.
    type: str
    required: true
  chain:
    description: The server's certificate, then its intermediates, in PEM. Required with O(state=present).
    type: str
  key:
    description: The private key in PEM, without a passphrase. This or O(key_path) is required with O(state=present).
    type: str
  key_path:
    description: A file on the node with the private key, which may be that of the live version.
    type: str
  ca:
    description: The CAs that clients trust, in PEM. Empty for a public CA, which they trust by their system's store; then there is no C(ca.pem).
    type: str
    default: ""
  about:
    description: The same in words, for C(about.txt).
    type: str
    default: ""
  names:
    description: Names and addresses that clients ask for. For a wildcard name, an example of it is asked for. Required unless O(state=absent).
    type: list
    elements: str
    default: []
seealso:
  - module: tlsfront.elasticsearch.tls_keypair_info
"""

EXAMPLES = r"""
- name: Install key and chain
  tlsfront.elasticsearch.tls_keypair:
    directory: /etc/tlsfront/certificate
    chain: "{{ lookup('ansible.builtin.file', 'es1.pem') }}"
    key: "{{ lookup('ansible.builtin.file', 'es1.key') }}"
    ca: "{{ lookup('ansible.builtin.file', 'ca.pem') }}"
    names: [es1.example.org]

- name: Go back to the certificate before it
  tlsfront.elasticsearch.tls_keypair:
    state: former
    directory: /etc/tlsfront/certificate
    names: [es1.example.org]
"""

RETURN = r"""
version:
  description: The directory of the version that is live. Empty where there is none, and in check mode where it is not written yet.
  returned: success
  type: str
  sample: /etc/tlsfront/certificate/versions/0123456789abcdef
former:
  description: The directory of the version before it. Empty where there is none.
  returned: success
  type: str
"""

from pathlib import Path
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files, _pem
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls.keypair import Refused, asked
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._tls.versions import ABOUT, CA, CHAIN, Versions, normalized


class Failed(Exception):
    """Nothing was changed; the message says why."""


def wanted(params: Mapping[str, Any]) -> dict[str, str]:
    """The files of the version that is to be live.

    :raises Failed: they cannot be
    """
    key = params["key"]
    if key is None:
        try:
            key = _pem.text_of(Path(params["key_path"]).read_bytes())
        except OSError as error:
            raise Failed(f"key_path is {params['key_path']!r}, which cannot be read ({error.strerror}). Nothing was changed.") from None
    try:
        files = normalized(params["chain"], key, params["ca"])
    except ValueError as error:
        raise Failed(f"{error}. Nothing was changed.") from None
    return {**files, **({ABOUT: params["about"]} if params["about"] else {})}


def diff_of(store: Versions, files: Mapping[str, str]) -> list[dict[str, str]]:
    """What differs from what is live; of a key, only that it does."""
    live = store.files(store.current())
    texts = {name: (live.get(name, ""), files.get(name, "")) for name in sorted({*live, *files}) if name != ABOUT}
    if ABOUT in files:
        about = store.about.read_text("utf-8", "replace") if store.about.is_file() else ""
        texts[ABOUT] = (about, files[ABOUT])
    return [_difference(store, name, *both) for name, both in texts.items() if both[0] != both[1]]


def _difference(store: Versions, name: str, before: str, after: str) -> dict[str, str]:
    if name not in (CHAIN, CA, ABOUT):  # the key, or what somebody has put beside it
        before, after = ("(not shown)\n" if before else ""), ("(not shown, another)\n" if before and after else "(not shown)\n" if after else "")
    path = str(store.about if name == ABOUT else store.live / name)
    return {"before_header": path, "after_header": path, "before": before, "after": after}


def install(store: Versions, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    files = wanted(params)
    result = {"changed": store.differs(files), "diff": diff_of(store, files)}
    if not check_mode:
        try:
            result["changed"] = store.install(files, asked(params["names"]))
        except Refused as error:
            public = " A public CA's root must be in this host's own store (the package ca-certificates)." if not params["ca"] else ""
            raise Failed(f"Clients would refuse the certificate: {error}.{public} Nothing was changed, and what was live still is.") from None
    return result


def go_back(store: Versions, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    former = store.former()
    if former is None:
        raise Failed(f"{store.directory} has no former version to go back to. Nothing was changed.")
    diff = diff_of(store, store.files(former))
    if not check_mode:
        try:
            store.go_back(asked(params["names"]))
        except Refused as error:
            raise Failed(f"Clients would refuse the former certificate: {error}. Nothing was changed, and what was live still is.") from None
    return {"changed": True, "diff": diff}


def remove(store: Versions, check_mode: bool) -> dict[str, Any]:
    diff = [_difference(store, name, text, "") for name, text in store.files(store.current()).items()]
    return {"changed": store.remains() if check_mode else store.remove(), "diff": diff}


def run(params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """The result of one call.

    :raises Failed: nothing was changed
    """
    if not Path(params["directory"]).is_absolute():
        raise Failed(f"directory is {params['directory']!r}, which is not an absolute path. Nothing was changed.")
    store = Versions(Path(params["directory"]))
    if params["state"] == "absent":
        result = remove(store, check_mode)
    elif not params["names"]:
        raise Failed("names must not be empty: a certificate is accepted for a name. Nothing was changed.")
    elif params["state"] == "former":
        result = go_back(store, params, check_mode)
    else:
        result = install(store, params, check_mode)
    return {**result, "version": str(store.current() or ""), "former": str(store.former() or "")}


def main() -> None:
    """Runs as a module of Ansible."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "former", "absent"], "default": "present"},
            "directory": {"type": "str", "required": True},
            "chain": {"type": "str"},
            "key": {"type": "str", "no_log": True},
            "key_path": {"type": "str", "no_log": False},
            "ca": {"type": "str", "default": ""},
            "about": {"type": "str", "default": ""},
            "names": {"type": "list", "elements": "str", "default": []},
        },
        required_if=[("state", "present", ("chain",)), ("state", "present", ("key", "key_path"), True)],
        mutually_exclusive=[("key", "key_path")],
        supports_check_mode=True,
    )
    try:
        result = run(module.params, module.check_mode)
    except (Failed, _files.Locked, OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
