# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tests fetch is named bit for bit, and no fetched code runs before that is checked."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TESTS = TOP / "tests"
LOCKS = sorted([*(path for path in TESTS.rglob("*.lock") if "output" not in path.parts), *TOP.glob("roles/*/files/*.lock")])


def scripts() -> dict[str, str]:
    """Every tracked script of the tests and scenarios, each logical line as one."""
    listed = subprocess.run(["git", "ls-files", "tests", "molecule", ".ci"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.splitlines() if not name.endswith((".md", ".lock", ".json", "test_pins.py"))]
    return {name: (TOP / name).read_text("utf-8", "replace").replace("\\\n", " ") for name in names if (TOP / name).is_file()}


def names_in(text: str) -> set[str]:
    return {re.sub("[-_.]+", "-", name).lower() for name in re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", text, re.MULTILINE)}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: str(lock.relative_to(TOP)))
def test_each_package_of_a_lock_has_a_version_and_hashes_and_what_is_wanted_is_in_it(lock: Path) -> None:
    text = lock.read_text("ascii")
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\[\],-]+==\S+", entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    assert "://" not in text
    wanted = lock.with_suffix(".txt").read_text("ascii")
    assert names_in(wanted) <= names_in(text), "run tests/support/lock"
    for pin in re.findall(r"^([\w.-]+)(?:\[\w+\])?(==[^\s;]+)", wanted, re.MULTILINE):
        name = re.sub("[-_.]", "[-_.]", pin[0])
        found = re.search(rf"^{name}(\[\w+\])?{re.escape(pin[1])}(\s|$)", text, re.MULTILINE | re.IGNORECASE)
        assert found, f"{pin}: run tests/support/lock"


def test_pip_installs_nothing_without_hashes() -> None:
    found = []
    every = scripts()
    # what ansible-test installs has no hashes, so its pip finds nothing but what was fetched by a lock
    sanity, _shim = every["tests/support/sanity"], every.pop("tests/support/get_pip.py")
    assert sanity.index("pip_locked python download") < sanity.index("no-index = true") < sanity.index("ansible-test sanity")
    for name, text in every.items():
        for line in text.splitlines():
            code = line.split(" #")[0].strip()
            if re.search(r"\bpip3?[\"',)]*\s+[\"']?(install|download|wheel)\b", code) and not code.startswith("#"):
                found.append((name, code, "--require-hashes" in code and "--only-binary=:all:" in code))
    assert [each for each in found if not each[2]] == []


def test_pips_own_command_is_in_one_place_and_takes_hashes_and_wheels_only() -> None:
    text = scripts()["tests/environment.sh"]
    assert re.search(r'-m pip "\$2" .*--require-hashes --only-binary=:all:', text)
    calls = [(name, call) for name, script in scripts().items() for call in re.findall(r"pip_locked +\S+ +(?:install|download) +(\S+)", script)]
    assert len(calls) > 8


def test_maven_runs_no_plugin_but_debians_and_each_jar_has_a_sum() -> None:
    callers = [name for name, text in scripts().items() if re.search(r"^[^#\n]*\bmvn\b(?!=)", text, re.MULTILINE)]
    assert callers == ["tests/support/jars"]
    text = scripts()["tests/support/jars"]
    assert text.index("goal help --offline") < text.index("goal copy-dependencies")
    for pom in [*TESTS.glob("clients/java/*/pom.xml"), *TESTS.glob("lab/servers/*/pom.xml")]:
        sums = (pom.parent / "sha256sums").read_text("ascii").splitlines()
        assert sums and all(re.fullmatch(r"[0-9a-f]{64}  \S+\.(jar|zip)", line) for line in sums), pom


def test_npm_installs_by_its_lock_and_runs_no_script_of_a_package() -> None:
    for path in TESTS.glob("clients/node/*/package-lock.json"):
        packages = json.loads(path.read_text("utf-8"))["packages"]
        assert len(packages) > 1
        assert all(each["integrity"].startswith("sha512-") for name, each in packages.items() if name), path
    (call,) = re.findall(r"npm-cli\.js (.*)", scripts()["tests/clients/build"])
    assert call.startswith("ci ") and "--ignore-scripts" in call


def test_go_builds_a_module_whose_sums_are_here() -> None:
    assert [name for name, text in scripts().items() if re.search(r"go\"? install ", text)] == []
    module = TESTS / "cloud/imds"
    required = re.findall(r"^\s*(?:require )?([\w./-]+\.[\w./-]+) (v\S+)", (module / "go.mod").read_text("ascii"), re.MULTILINE)
    sums = (module / "go.sum").read_text("ascii")
    assert required and all(f"{name} {version}/go.mod h1:" in sums for name, version in required)
    assert "-mod=readonly" in scripts()["tests/cloud/environment.sh"]
