# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is imported where, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

MODULES = "ansible_collections.tlsfront.elasticsearch.plugins.modules"


def python(program: str) -> None:
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in sys.path if path))
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)


def test_a_host_of_java_programs_needs_no_cryptography() -> None:
    python(f"import sys; sys.modules['cryptography'] = None; import {MODULES}.java_truststore")


def test_what_a_good_endpoint_does_not_need_is_not_imported() -> None:
    python(
        f"""
import sys
import {MODULES}.https_check
package = "ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check."
assert package + "check" in sys.modules
for name in ("diagnosis", "diagnostic_handshake", "ocsp"):
    assert package + name not in sys.modules, name
for name in ("aiohttp", "httpx", "opentelemetry", "requests"):
    assert name not in sys.modules, name
"""
    )
