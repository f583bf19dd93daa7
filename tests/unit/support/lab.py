# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the tests share: a PKI, servers that use it, and the module's own way from options to a result."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Iterator

from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.check import check_all
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.result import result_of
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.trust import make_context
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check
from ansible_collections.tlsfront.elasticsearch.tests.unit.support import pki, servers


class Lab:
    """An own CA of root and intermediate, a good certificate for loopback, and a directory for their files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = pki.root("Test Root", organization="Test")
        self.intermediate = pki.intermediate("Test Intermediate", self.root, organization="Test")
        self.good = pki.issue("es1", self.intermediate)
        self.other_root = pki.root("Other Root", organization="Other")
        self.ca_path = self.root.write_certificate(directory)
        self.client = pki.issue("client", self.root, names=None, purposes=[pki.CLIENT])
        self.client_pem = self.client.write(directory)
        self._files = 0

    def file(self, content: bytes) -> str:
        self._files += 1
        path = self.directory / f"file{self._files}.pem"
        path.write_bytes(content)
        return str(path)

    @contextlib.contextmanager
    def serving(
        self, issued: Any = None, handler: Any = None, host: str = "127.0.0.1", above: bool = True, **tls: Any
    ) -> Iterator[servers.Server]:
        """A TLS server with that certificate; by default a sound Elasticsearch."""
        context = servers.server_context((issued or self.good).write(self.directory, above), **tls)
        with servers.listening(servers.over_tls(context, handler or servers.elasticsearch()), host) as server:
            yield server


def defaults(**options: Any) -> dict[str, Any]:
    """The module's parameters, those that are given and the rest by default."""
    specs = {**https_check.PER_ENDPOINT, **https_check.WHOLE_TASK}
    return {**{name: spec.get("default") for name, spec in specs.items()}, **options}


def many(url: str, count: int) -> list[str]:
    """As many endpoints, all different, that lead to the same server."""
    return [f"{url}/{number}" for number in range(count)]


def run(*endpoints: Any, **options: Any) -> dict[str, Any]:
    """The module's result for these endpoints, by the module's own defaults."""
    params = defaults(**options, endpoints=list(endpoints))
    targets = https_check.read_targets(params)
    contexts = {trust: make_context(trust) for trust in {target.trust for target in targets}}
    run_wide = {key: params[key] for key in ("concurrency", "retry_for")}
    return result_of(check_all(targets, contexts, **run_wide))


def verdict(endpoint: Any, **options: Any) -> dict[str, Any]:
    """The entry of the result for one endpoint."""
    entry: dict[str, Any] = run(endpoint, **options)["endpoints"][0]
    return entry
