# Copyright: (c) 2026, The tlsfront.elasticsearch authors
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Where the files are that the collection writes for nginx."""

    DOCUMENTATION = r"""
options:
  path:
    description: The configuration, in C(conf.d) below the directory of C(nginx.conf). It need not be there yet.
    type: str
    default: /etc/nginx/conf.d/tlsfront.conf
  drop_in_path:
    description: What systemd lets nginx do. When it starts nginx again is told in a file beside it, whose name has C(-restart) at its end.
    type: str
    default: /etc/systemd/system/nginx.service.d/tlsfront.conf
  directory:
    description: The collection's own files for nginx. In C(proved) below it is what was last proved.
    type: str
    default: /etc/tlsfront/front
  pid_file:
    description: Where nginx has the number of its process. Defaults to what its configuration says, and else to what it was built with.
    type: str
  nginx:
    description: The program.
    type: str
    default: /usr/sbin/nginx
  systemctl:
    description: The program that starts, stops and reloads C(nginx.service).
    type: str
    default: systemctl
"""
