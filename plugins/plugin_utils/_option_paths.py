# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether paths that several roles and the playbooks read can be used, and whether others may change what is there."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access

if t.TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["problems"]

_VENV = re.compile(r"(/[A-Za-z0-9._@+=,-]+)+/?", re.ASCII)


def problems(values: Mapping[str, t.Any]) -> list[str]:
    """Return a sentence for each thing that is wrong with the paths among `values`, the variables `tlsfront_*` of a host."""
    return [*_ca(str(values.get("tlsfront_ca_path") or "")), *_venv(str(values.get("tlsfront_probe_venv") or ""))]


def _ca(path: str) -> list[str]:
    if not path:
        return []
    expanded = Path(path).expanduser()
    if not expanded.is_absolute():
        return [f'tlsfront_ca_path is "{path}", which is not the absolute path of a file on the controller: one beside the playbook begins with playbook_dir.']
    return [f"tlsfront_ca_path: {problem}." for problem in _access.problems(str(expanded), ours=True)]


def _venv(path: str) -> list[str]:
    if not path or _VENV.fullmatch(path):
        return []
    return [
        f'tlsfront_probe_venv is "{path}", and must be an absolute path of letters from A to Z, digits and ._@+=,- only, since a shell on each probe host '
        "starts the Python in it: give such a one, as /opt/tlsfront/venv."
    ]
