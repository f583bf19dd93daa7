# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._https_check.workers import run_all


def test_all_jobs_and_all_that_follow_from_them_are_run() -> None:
    done: list[str] = []

    def parent(name: str) -> Any:
        return lambda: (done.append(name), [lambda: done.append(name + "a"), lambda: done.append(name + "b")])[1]

    run_all([parent(name) for name in "xyz"], 2)
    assert sorted(done) == ["x", "xa", "xb", "y", "ya", "yb", "z", "za", "zb"]


def test_no_more_run_at_the_same_time_than_allowed() -> None:
    lock = threading.Lock()
    running, most = [0], [0]

    def job() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    run_all([job] * 30, 4)
    assert most == [4]


def test_an_exception_ends_the_run_and_is_raised() -> None:
    def bad() -> None:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run_all([bad, *[lambda: time.sleep(0.01)] * 50], 3)


def test_nothing_to_do() -> None:
    run_all([], 3)
