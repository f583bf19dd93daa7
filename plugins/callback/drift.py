# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a run has changed, or would, for a program to read."""

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: aggregate
author: The tlsfront.elasticsearch authors (@tlsfront)
version_added: 1.0.0
short_description: Writes what a run has changed, or would, for a program to read
description:
  - Writes one JSON object when the run has ended. What Ansible shows is for people, and its exit status does not tell a run that would change something from
    one that would not.
  - C(extensions/drift/tlsfront-drift) of this collection reads it.
  - The object has C(hosts), of each its numbers of tasks by outcome (C(ok), C(changed), C(failures), C(unreachable)), and C(changed), of each host that has any
    the names of the tasks that changed it. No argument and no result of a task is in it.
requirements:
  - It is enabled by C(callbacks_enabled).
options:
  path:
    description: File that is written, with mode 0600. Empty for none.
    type: str
    default: ""
    env:
      - name: TLSFRONT_DRIFT_PATH
"""

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

_NUMBERS = ("ok", "changed", "failures", "unreachable")


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "tlsfront.elasticsearch.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._changed: dict[str, list[str]] = {}

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Keep the name of a task that has changed something."""
        if result.is_changed():
            self._changed.setdefault(result.host.get_name(), []).append(result.task.get_name())

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Write all of it: only a run that has come to its end gets here."""
        path = self.get_option("path")
        if not path:
            return
        summaries = {host: stats.summarize(host) for host in sorted(stats.processed)}
        told = {"hosts": {host: {name: its[name] for name in _NUMBERS} for host, its in summaries.items()}, "changed": self._changed}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w", encoding="utf-8") as file:
            json.dump(told, file)
