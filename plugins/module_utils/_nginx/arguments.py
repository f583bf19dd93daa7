# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules about nginx have in common: see the documentation fragment nginx_files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .transaction import Front

# absolute, and as they are: the type "path" would replace what looks like a variable of the environment
FILES: dict[str, Any] = {
    "path": {"type": "str", "default": "/etc/nginx/conf.d/tlsfront.conf"},
    "drop_in_path": {"type": "str", "default": "/etc/systemd/system/nginx.service.d/tlsfront.conf"},
    "directory": {"type": "str", "default": "/etc/tlsfront/front"},
    "pid_file": {"type": "str", "default": "/run/nginx.pid"},
}


def front(params: dict[str, Any]) -> Front:
    live = (Path(params["path"]), Path(params["drop_in_path"]))
    return Front(live, Path(params["directory"]), params.get("nginx", "nginx"), Path(params["pid_file"]))
