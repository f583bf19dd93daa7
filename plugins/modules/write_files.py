#!/usr/bin/python
# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the files of a program, its settings and its units in one call, or removes them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: write_files
short_description: Writes several files in one call, each as a whole or not at all
version_added: 1.0.0
author:
  - The tlsfront.elasticsearch authors (@tlsfront)
description:
  - Makes directories, writes files, and removes others, in this order, so that a program of a dozen files takes one call and not a dozen.
  - A file appears with all its content and its final mode, or stays as it was, also where the call is killed or the node goes down.
  - All of it belongs to the user who asks. A symbolic link in place of a file is replaced, and not followed.
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Of a secret file, it is only said that it changes.
  platform:
    support: full
    platforms: posix
options:
  directories:
    description: Directories that are to be there, those above others first.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: An absolute path.
        type: str
        required: true
      mode:
        description: Its mode, octal.
        type: str
        default: "0755"
  files:
    description: Files that are to be there, their content by their absolute paths. Everybody on the host may read them.
    type: dict
    default: {}
  secret_files:
    description: The same, never shown. Only their owner may read them.
    type: dict
    default: {}
  absent:
    description: Files, links and directories that are to be removed, in this order. A directory is removed with all that is in it.
    type: list
    elements: str
    default: []
  absent_if_empty:
    description: Directories that are to be removed if nothing is in them.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Install a program with its settings
  tlsfront.elasticsearch.write_files:
    directories:
      - path: /usr/local/lib/program
    files:
      /usr/local/lib/program/program.py: "{{ lookup('ansible.builtin.file', 'program.py', rstrip=false) }}"
    secret_files:
      /usr/local/lib/program/password: "{{ program_password }}"
"""

RETURN = r"""
paths:
  description: What has changed, or would.
  returned: success
  type: list
  elements: str
"""

import os
import shutil
import stat
from pathlib import Path
from typing import Any, Mapping

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _files


class Outcome:
    """What has changed, or would."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.diff: list[dict[str, str]] = []

    def add(self, path: Path, before: str, after: str) -> None:
        self.paths.append(str(path))
        self.diff.append({"before_header": str(path), "after_header": str(path), "before": before, "after": after})


def make_directory(path: Path, mode: int, outcome: Outcome, write: bool) -> None:
    if path.is_dir():
        status = path.stat()
        if stat.S_IMODE(status.st_mode) == mode and status.st_uid == os.geteuid():
            return
        outcome.add(path, f"mode: {stat.S_IMODE(status.st_mode):04o}\n", f"mode: {mode:04o}\n")
    else:
        outcome.add(path, "", f"directory, mode: {mode:04o}\n")
    if write:
        _files.make_directory(path)
        os.chown(str(path), os.geteuid(), -1)
        path.chmod(mode)


def write_file(path: Path, content: str, secret: bool, outcome: Outcome, write: bool) -> None:
    mode = 0o600 if secret else 0o644
    if not _files.differs(path, content, mode):
        return
    before = path.read_text("utf-8", "replace") if path.is_file() else ""
    if secret:
        before, shown = ("(not shown)\n" if before else ""), "(not shown, another)\n" if before else "(not shown)\n"
    else:
        shown = content
    outcome.add(path, before, shown)
    if write:
        _files.write(path, content, mode)


def remove(path: Path, outcome: Outcome, write: bool) -> None:
    if not os.path.lexists(str(path)):
        return
    outcome.add(path, "there\n", "")
    if not write:
        return
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    else:
        path.unlink()


def remove_if_empty(path: Path, outcome: Outcome, write: bool) -> None:
    """In check mode, what would be removed is there still."""
    if path.is_dir() and not path.is_symlink() and {str(each) for each in path.iterdir()} <= (set() if write else set(outcome.paths)):
        outcome.add(path, "there\n", "")
        if write:
            path.rmdir()


def run(params: Mapping[str, Any], write: bool) -> Outcome:
    """Makes it so, or says what would be done.

    :raises ValueError: nothing was changed; the message says why
    """
    directories = [(Path(each["path"]), _mode(each["mode"])) for each in params["directories"]]
    files = [(Path(path), str(content), name == "secret_files") for name in ("files", "secret_files") for path, content in params[name].items()]
    absent, empty = ([Path(path) for path in params[name]] for name in ("absent", "absent_if_empty"))
    for path in [*(each[0] for each in directories), *(each[0] for each in files), *absent, *empty]:
        if not path.is_absolute() or ".." in path.parts or len(path.parts) < 3:
            raise ValueError(f"{str(path)!r} is not an absolute path with two parts or more. Nothing was changed.")
    outcome = Outcome()
    for path, mode in directories:
        make_directory(path, mode, outcome, write)
    for path, content, secret in files:
        write_file(path, content, secret, outcome, write)
    for path in absent:
        remove(path, outcome, write)
    for path in empty:
        remove_if_empty(path, outcome, write)
    return outcome


def _mode(text: str) -> int:
    try:
        mode = int(text, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o7777:
        raise ValueError(f"mode is {text!r}, which is no octal mode such as 0755. Nothing was changed.")
    return mode


def main() -> None:
    """Runs as a module of Ansible."""
    directory = {"path": {"type": "str", "required": True}, "mode": {"type": "str", "default": "0755"}}
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "dict", "default": [], "options": directory},
            "files": {"type": "dict", "default": {}},
            "secret_files": {"type": "dict", "default": {}, "no_log": True},
            "absent": {"type": "list", "elements": "str", "default": []},
            "absent_if_empty": {"type": "list", "elements": "str", "default": []},
        },
        no_log=True,  # the journal need not have whole programs
        supports_check_mode=True,
    )
    try:
        outcome = run(module.params, not module.check_mode)
    except (OSError, ValueError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(outcome.paths), paths=outcome.paths, diff=outcome.diff)


if __name__ == "__main__":
    main()
