# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compute Engine's metadata server acted out: metadata.py VALUES [ADDRESS [PORT]]

An emulation of http://metadata.google.internal, which is 169.254.169.254, for several instances: it answers each caller
what VALUES, a JSON file, has under the caller's address. It runs with the Python of a node, without libraries.

As the real one does (https://cloud.google.com/compute/docs/metadata/querying-metadata), it demands the header
`Metadata-Flavor: Google` and answers with it, refuses what was forwarded, lists directories, and gives a directory as JSON,
with its keys in another spelling, for `recursive=true`.
"""

from __future__ import annotations

import http.server
import json
import re
import sys
import urllib.parse
from pathlib import Path
from typing import Any, ClassVar

ROOT = "/computeMetadata/v1/"


def find(values: Any, path: str) -> Any:
    """Return the value at a path; raises LookupError where there is none."""
    for part in path.split("/"):
        if part:
            values = values[int(part)] if isinstance(values, list) and part.isdigit() else values[part]
    return values


def camel(value: Any) -> Any:
    """Spell keys as they are in JSON: access-configs is accessConfigs there."""
    if isinstance(value, list):
        return [camel(entry) for entry in value]
    if isinstance(value, dict):
        return {re.sub(r"-(\w)", lambda match: match[1].upper(), key): camel(entry) for key, entry in value.items()}
    return value


def listing(directory: Any) -> str:
    """Return the names in a directory, those of directories with a slash."""
    entries = enumerate(directory) if isinstance(directory, list) else directory.items()
    return "".join(f"{name}{'/' if isinstance(entry, (dict, list)) else ''}\n" for name, entry in entries)


class Metadata(http.server.BaseHTTPRequestHandler):
    """One request of an instance."""

    protocol_version = "HTTP/1.1"
    values: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        if self.headers.get("Metadata-Flavor") != "Google" or self.headers.get("X-Forwarded-For"):
            self._give(403, 'Missing required header "Metadata-Flavor": "Google"\n')
            return
        try:
            if not url.path.startswith(ROOT):
                raise LookupError
            found = find(self.values[self.client_address[0]], url.path[len(ROOT) :])
        except (LookupError, TypeError):
            self._give(404, "The requested URL was not found on this server.\n")
            return
        if not isinstance(found, (dict, list)):
            self._give(200, str(found))
        elif not url.path.endswith("/"):
            self._give(301, "", Location=url.path + "/")
        elif urllib.parse.parse_qs(url.query).get("recursive") == ["true"]:
            self._give(200, json.dumps(camel(found)), "application/json")
        else:
            self._give(200, listing(found))

    def _give(self, status: int, text: str, kind: str = "application/text", **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Metadata.values = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    address = sys.argv[2] if len(sys.argv) > 2 else "169.254.169.254"
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 80
    http.server.ThreadingHTTPServer((address, port), Metadata).serve_forever()
