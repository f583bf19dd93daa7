# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The changelog names what the collection has, and nothing else."""

from __future__ import annotations

import itertools
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]


def test_every_module_and_plugin_is_in_the_changelog_and_no_other() -> None:
    releases = yaml.safe_load((TOP / "changelogs" / "changelog.yaml").read_text())["releases"].values()
    told = {("modules", module["name"]) for release in releases for module in release.get("modules", [])}
    for kind, plugins in itertools.chain.from_iterable(r.get("plugins", {}).items() for r in releases):
        told.update((kind, plugin["name"]) for plugin in plugins)
    there = {(kind, path.stem) for kind in ("modules", "filter", "callback") for path in (TOP / "plugins" / kind).glob("[!_]*.py")}
    # a file of several filters has a file of documentation for each of them
    there |= {("filter", path.stem) for path in (TOP / "plugins/filter").glob("*.yml")}
    there -= {("filter", "report"), ("filter", "traffic"), ("filter", "discovered")}
    assert told == there, "a plugin needs version_added, and an unreleased changelog is made anew by antsibull-changelog release"
