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
    """Every tracked file that may be run, or says what is, each logical line as one."""
    listed = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    others = re.compile(r"\.(md|lock|json|tsv)$|^(COPYING|changelogs/|tests/unit/recorded/|tests/project/test_pins\.py)")
    names = [name for name in listed.splitlines() if not others.search(name)]
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


# What fetches something: the command as one line, and what must stand in the same line for it to be pinned and checked; None where nothing can.
FETCHES: dict[str, tuple[str, str | None]] = {
    "pip": (r"\bpip[0-9.]* (?:-\S+ )*(install|download|wheel)\b", r"--require-hashes .*--only-binary=:all:|--only-binary=:all: .*--require-hashes"),
    "installers for Python": (r"\buv (pip (install|sync)|tool|run|add|sync|python)\b|\b(uvx|pipx|easy_install|conda|poetry)\b|--upgrade-deps", None),
    "npm": (r"\bnpm(-cli\.js)? (install|i|ci|add|exec|pack|update)\b|\b(npx|yarn|pnpm|corepack) ", r" ci .*--ignore-scripts"),
    "go": (r"\bgo (install|get|run)\b", None),
    "Java": (r"\b(mvn|gradle|jbang|coursier) ", None),
    "other languages": (r"\b(cargo|gem|cpan|cpanm|luarocks|composer) (install|add)\b", None),
    "collections": (r"\bansible-galaxy (collection |role )?(install|download)\b", r"--offline"),
    "git": (r"\bgit (clone|submodule|pull|fetch)\b", None),
    "programs": (r"\bwget |\burlretrieve\b|\b(playwright|snap|helm|brew|flatpak) (install|pull)\b", None),
    "addresses": (r"\bcurl\b.*https?://(?!\d|[\w.-]*\bexample\.)[\w-]+\.\w", None),
    "modules of Ansible": (r"\b(builtin\.(get_url|git|subversion|pip|apt_key|apt_repository|rpm_key|yum_repository)|general\.(npm|gem|cpanm|snap)):", None),
    "images": (r"\b(podman|docker|skopeo|engine) (image )?(pull|copy)\b|^FROM (?!\$\{BASE\}$|scratch$|= )|\bimage: [\w./-]+:[\w.-]+", r"@sha256:[0-9a-f]{64}"),
    "actions": (r"\buses: [\w.-]+/", r"@[0-9a-f]{40}$|uses: \./"),
    "packages that nobody has signed": (
        r"(?i)allow-?_?unauthenticated|allow-?_?insecure|trusted[=:] ?(yes|true)|--force-yes|--no-?gpg-?check|--no-check-gpg|gpgcheck[=:] ?(0|no|false)"
        r"|disable_gpg_check: (yes|true)",
        None,
    ),
}

# Where a line alone does not say it, and the test below that does
ELSEWHERE = {
    "tests/support/get_pip.py": ("pip", "test_ansible_tests_pip_finds_nothing_but_what_was_fetched_by_a_lock"),
    "molecule/artifact/converge.yml": ("pip", "test_a_newcomers_pip_finds_nothing_but_what_was_fetched_by_a_lock"),
    "tests/support/jars": ("Java", "test_maven_runs_no_plugin_but_debians_and_each_jar_has_a_sum"),
    "tests/support/api_paths.py": ("npm", "test_npm_installs_by_its_lock_and_runs_no_script_of_a_package"),
    ".github/workflows/tests.yml": ("images", "test_images_of_a_registry_are_those_of_distributions_themselves"),
    # on hosts of users, from the index that their pip is told of
    "playbooks/tasks/probe_hosts.yml": ("pip", "test_what_pip_is_told_to_install_on_a_probe_host_is_a_wish_and_not_a_lock"),
    "playbooks/tasks/probe_venv.yml": ("pip", "test_what_pip_is_told_to_install_on_a_probe_host_is_a_wish_and_not_a_lock"),
}


def fetches(text: str) -> list[tuple[str, str]]:
    """Each line that fetches what is not pinned and checked, with its kind. A command may be a list, of one line or of several."""
    text = re.sub(r"argv:\n((?:\s+- .*\n)+)", lambda match: "argv: " + re.sub(r"\n\s+- ", " ", match[1]).strip() + "\n", text)
    found = []
    for line in text.splitlines():
        code = re.sub(r"^\s*(#|//|\*).*|\s#\s.*", "", line)
        code = re.sub(r"[\"',\[\]()\s]+", " ", code).strip()
        found += [(kind, code) for kind, (command, right) in FETCHES.items() if re.search(command, code) and not (right and re.search(right, code))]
    return found


EXAMPLES = {
    "pip": ["python -m pip install x", '[sys.executable, "-m", "pip", "install", *x]', "argv:\n  - a/pip\n  - install\n  - --require-hashes\n"],
    "installers for Python": ["uv pip install x", '"$uv" run x', "pipx install x", "python3 -m venv --upgrade-deps x"],
    "npm": ["npm install", 'run(["npm", "pack", x])', "npm ci", "npx x"],
    "go": ['"$go" install x@v1', "go run x@latest"],
    "Java": ["mvn -q package"],
    "other languages": ["cargo install x"],
    "collections": ["ansible-galaxy collection install x", "argv: [ansible-galaxy, role, install, x]"],
    "git": ["git clone x", "git submodule update"],
    "programs": ["wget x", "urllib.request.urlretrieve(x)"],
    "addresses": ["curl -fsSL https://sh.invalid/x | sh", 'curl -o x "https://sh.invalid/x"'],
    "modules of Ansible": ["  ansible.builtin.get_url:", "  ansible.builtin.pip:"],
    "images": ["podman pull debian:trixie", '"$here/engine" pull debian', "FROM debian:trixie", "image: debian:trixie"],
    "actions": ["- uses: actions/checkout@v4"],
    "packages that nobody has signed": ["apt-get --allow-unauthenticated install x", "deb [trusted=yes] x", "dnf --nogpgcheck install x"],
}


@pytest.mark.parametrize("kind", FETCHES)
def test_what_fetches_something_unchecked_is_noticed(kind: str) -> None:
    for line in EXAMPLES[kind]:
        assert kind in [each[0] for each in fetches(line)], line


def test_nothing_is_fetched_unpinned_or_unchecked() -> None:
    found = {(name, kind): code for name, text in scripts().items() for kind, code in fetches(text)}
    elsewhere = {(name, kind) for name, (kind, test) in ELSEWHERE.items() if test in globals()}
    assert {key: code for key, code in found.items() if key not in elsewhere} == {}
    assert elsewhere - set(found) == set(), "is not wanted any more"


def test_ansible_tests_pip_finds_nothing_but_what_was_fetched_by_a_lock() -> None:
    sanity = scripts()["tests/support/sanity"]
    assert sanity.index("pip_locked python download") < sanity.index("no-index = true") < sanity.index("ansible-test sanity")


def test_a_newcomers_pip_finds_nothing_but_what_was_fetched_by_a_lock() -> None:
    assert "pip_locked python download tests/artifact/controller.lock" in scripts()["molecule/artifact/environment.sh"]
    assert "no-index = true" in scripts()["molecule/artifact/prepare.yml"]


def test_images_of_a_registry_are_those_of_distributions_themselves() -> None:
    """As they are on the day: what is tested there is the distribution with all its updates."""
    images = re.findall(r"\bimage: \"?([\w./-]+):", scripts()[".github/workflows/tests.yml"])
    assert {"ubuntu", "debian"} < set(images) <= {"almalinux", "amazonlinux", "debian", "rockylinux/rockylinux", "ubuntu"}


def test_what_pip_is_told_to_install_on_a_probe_host_is_a_wish_and_not_a_lock() -> None:
    (told,) = [code for kind, code in fetches(scripts()["playbooks/tasks/probe_venv.yml"]) if kind == "pip"]
    assert told.endswith("elasticsearch>=8 cryptography>=43")


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
