# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What threads import late, from a zip file such as Ansible makes of a module.

Without the lock, about one process in three fails with Python 3.9, and none was seen to with 3.13: tests/unit/every_python.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check

# so many endpoints at once that nobody serves, in a process that has imported nothing yet of what tells why
ASK = """
import sys
sys.path[:0] = sys.argv[1:]
from ansible_collections.tlsfront.elasticsearch.plugins.modules import https_check as module
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check import check, trust
sys.setswitchinterval(1e-6)
params = {name: option.get("default") for name, option in module._ALL.items()}
targets = module.read_targets({**params, "endpoints": [f"https://127.0.0.1:{port}" for port in range(1, 33)]})
results = check.check_all(targets, {one.trust: trust.make_context(one.trust) for one in targets})
print({result.verdict.reason for result in results})
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plugins = Path(https_check.__file__).parents[1]
    packages = https_check.__name__.split(".")[:-2]
    place = tmp_path_factory.mktemp("archive") / "module.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as made:
        for depth in range(1, len(packages) + 1):
            made.writestr("/".join([*packages[:depth], "__init__.py"]), "")
        for kind in ("modules", "module_utils"):
            made.writestr("/".join([*packages, kind, "__init__.py"]), "")
        for file in [plugins / "modules/https_check.py", *(plugins / "module_utils").rglob("*.py")]:
            made.write(file, "/".join([*packages, *file.relative_to(plugins).parts]))
    return place


@pytest.mark.parametrize("_time", range(6))
def test_threads_that_import_the_same_at_once_find_all_of_it(archive: Path, _time: int) -> None:
    done = subprocess.run([sys.executable, "-c", ASK, str(archive)], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.strip() == "{'connection_refused'}", done.stdout + done.stderr
