# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The changelog names what the collection has, and nothing else, and each of it is of a version that there is."""

from __future__ import annotations

import itertools
import re

import yaml
from known import PUBLIC_PLAYBOOKS
from tracked import TOP, found

RELEASES = yaml.safe_load((TOP / "changelogs" / "changelog.yaml").read_text())["releases"]
# that of the changelog's newest release, or the next one, whose changelog is fragments yet
VERSION = yaml.safe_load((TOP / "galaxy.yml").read_text("utf-8"))["version"]


def test_every_module_plugin_role_and_playbook_is_in_the_changelog_and_no_other() -> None:
    releases = RELEASES.values()
    told = {("modules", module["name"]) for release in releases for module in release.get("modules", [])}
    for kind, plugins in itertools.chain.from_iterable([*r.get("plugins", {}).items(), *r.get("objects", {}).items()] for r in releases):
        told.update((kind, plugin["name"]) for plugin in plugins)
    there = {(kind, path.stem) for kind in ("modules", "filter", "callback") for path in (TOP / "plugins" / kind).glob("[!_]*.py")}
    # a file of several filters has a file of documentation for each of them
    there |= {("filter", path.stem) for path in (TOP / "plugins/filter").glob("*.yml")}
    there -= {("filter", "report"), ("filter", "traffic"), ("filter", "discovered")}
    there |= {("role", path.name) for path in (TOP / "roles").iterdir()}
    # those that a user calls; the others are parts of them
    there |= {("playbook", name) for name in PUBLIC_PLAYBOOKS}
    unreleased = told < there and VERSION not in RELEASES
    assert told == there or unreleased, "a plugin needs version_added, and an unreleased changelog is made anew by antsibull-changelog release"


def test_the_collections_version_is_the_newest() -> None:
    newest = max([VERSION, *RELEASES], key=lambda version: [int(part) for part in version.split(".")])
    assert newest == VERSION


def test_what_was_added_was_added_in_a_version_that_there_is() -> None:
    versions = "|".join(map(re.escape, [VERSION, *RELEASES]))
    assert found(rf"(?m)^\s*version_added: (?!({versions})$)\d.*", but=()) == []
