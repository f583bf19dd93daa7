# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Ansible has packed for a module is taken from an earlier run only where that would have packed the same."""

from __future__ import annotations

import importlib.util
import os
import time
from pathlib import Path
from typing import Any

import pytest

PLUGIN = Path(__file__).resolve().parents[1] / "support/callback_plugins/kept_payloads.py"
OURS = "ansible_collections.tlsfront.elasticsearch.plugins.modules.one-ZIP_DEFLATED-none"


class Runs:
    """Runs of Ansible one after another, each with a temporary directory of its own."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.monkeypatch, self.count = place, monkeypatch, 0
        specification = importlib.util.spec_from_file_location("kept_payloads", PLUGIN)
        assert specification and specification.loader
        self.plugin: Any = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(self.plugin)
        self.source = place / "plugins/module_utils/one.py"
        self.source.parent.mkdir(parents=True)
        self.source.write_text("one = 1\n")
        monkeypatch.setattr(self.plugin, "PLUGINS", place / "plugins")
        monkeypatch.setenv("TLSFRONT_CACHE", str(place / "cache"))
        monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", "/somewhere")

    def run(self, *packs: str) -> set[str]:
        """What a run finds packed at its beginning; it packs these."""
        self.count += 1
        local = self.place / str(self.count)
        local.mkdir()
        self.monkeypatch.setattr(self.plugin.constants, "DEFAULT_LOCAL_TMP", str(local))
        callback = self.plugin.CallbackModule()
        found = {file.name for file in (local / "ansiballz_cache").iterdir()}
        for name in packs:
            (local / "ansiballz_cache" / name).write_text(f"packed by run {self.count}")
        callback.v2_playbook_on_stats(None)
        return found


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    return Runs(tmp_path, monkeypatch)


def test_the_next_run_finds_what_one_has_packed(runs: Runs) -> None:
    assert runs.run(OURS, "ansible.modules.stat-ZIP_DEFLATED-none") == set()
    assert runs.run() == {OURS, "ansible.modules.stat-ZIP_DEFLATED-none"}


@pytest.mark.parametrize("name", ["ansible.legacy.mine-ZIP_DEFLATED-none", f"{OURS}.lock", f"{OURS}-part"])
def test_what_is_not_whole_or_may_be_of_two_sources_is_not_kept(runs: Runs, name: str) -> None:
    runs.run(name)
    assert runs.run() == set()


def test_nothing_is_found_once_a_file_of_the_collection_has_changed(runs: Runs) -> None:
    runs.run(OURS)
    runs.source.write_text("one = 2\n")
    os.utime(runs.source, ns=(time.time_ns(), time.time_ns() + 1))
    assert runs.run() == set()


def test_nothing_is_found_for_other_collections(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.run(OURS)
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", "/elsewhere")
    assert runs.run() == set()


def test_what_was_kept_for_a_day_is_forgotten_with_the_next_change(runs: Runs) -> None:
    runs.run(OURS)
    [kept] = (runs.place / "cache/payloads").iterdir()
    os.utime(kept, (0, 0))
    runs.source.write_text("one = 'another length'\n")
    runs.run()
    assert not kept.exists()
