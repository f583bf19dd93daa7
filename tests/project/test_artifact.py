# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is published: all that users need, nothing else, and nothing in it leads out of it."""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
DIRECTORIES = {"LICENSES", "changelogs", "docs", "extensions", "meta", "playbooks", "plugins", "roles"}
FILES = {"CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "COPYING", "README.md", "REUSE.toml", "SECURITY.md"}
MADE = {"FILES.json", "MANIFEST.json"}
# bytes; twice as much as the largest has
LARGEST = 90_000


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tarfile.TarInfo]:
    built = subprocess.run([TOP / "tests/artifact/build", tmp_path_factory.mktemp("artifact")], check=True, stdout=subprocess.PIPE, text=True)
    with tarfile.open(built.stdout.strip()) as archive:
        return {member.name: member for member in archive}


@pytest.fixture(scope="module")
def files(members: dict[str, tarfile.TarInfo]) -> set[str]:
    return {name for name, member in members.items() if not member.isdir()}


def test_it_has_what_is_named_here_and_a_new_directory_is_no_part_of_it_by_itself(files: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files", *DIRECTORIES, *FILES], cwd=TOP, check=True, capture_output=True, text=True).stdout.splitlines()
    assert files == {name for name in listed if not re.search(r"(^|/)\.", name)} | MADE
    assert {name.split("/")[0] for name in files} == DIRECTORIES | FILES | MADE


def test_it_is_plain_files_of_a_modest_size_and_none_that_is_hidden(members: dict[str, tarfile.TarInfo]) -> None:
    assert [name for name, member in members.items() if not (member.isfile() or member.isdir())] == []
    assert [name for name, member in members.items() if member.size > LARGEST and name not in MADE] == []
    assert [name for name in members if re.search(r"(^|/)(\.|__pycache__|molecule|tests)", name)] == []


def test_what_the_work_on_it_leaves_behind_is_not_published_from_a_working_directory(tmp_path: Path) -> None:
    """As "ansible-galaxy collection build" does it, and an installation from git: without tests/artifact/build."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    shutil.copy(TOP / "galaxy.yml", checkout)
    for name in ("README.md", ".cache/a", ".github/a", "a.tar.gz", "molecule/a/a.yml", "plugins/__pycache__/a", "pyproject.toml", "roles/.a", "tests/output/a"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("")
    command = ["ansible-galaxy", "collection", "build", "--output-path", tmp_path]
    subprocess.run(command, cwd=checkout, check=True, capture_output=True, env=os.environ | {"HOME": str(tmp_path)})
    (artifact,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        assert {member.name for member in archive if member.isfile()} == {"README.md"} | MADE


def test_no_page_leads_to_a_file_that_is_not_in_it(members: dict[str, tarfile.TarInfo]) -> None:
    pages = [name for name in members if name.endswith(".md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\((?![a-z]+:|#)([^)#\s]+)", (TOP / page).read_text("utf-8"))]
    assert len(links) > 20
    assert [each for each in links if posixpath.normpath(posixpath.join(posixpath.dirname(each[0]), each[1])) not in members] == []


def test_no_program_of_it_reads_a_file_that_is_not_in_it(files: set[str]) -> None:
    """A path that begins where the collection, a role or the plugins are."""
    found = []
    for name in files - MADE:
        if name.endswith((".md", ".lock")) or name.startswith("changelogs/"):
            continue
        text = (TOP / name).read_text("utf-8")
        found += [(name, path) for path in re.findall(r"(?:\.\./)+(?:tests|molecule|\.\w+)/[\w./-]+", text)]
        role = "/".join(name.split("/")[:2])
        for path in re.findall(r"role_path *~ *'/([\w./-]+)'", text):
            whole = posixpath.normpath(f"{role}/{path}")
            if not any(each == whole or each.startswith(f"{whole}/") for each in files):
                found.append((name, path))
    assert found == []
