# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Another state than the two that there are is refused before any host is asked, and no state at all is the usual one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]
pytestmark = pytest.mark.slow
NODE: dict[str, Any] = {"elasticsearch": {"hosts": {"es1": {"ansible_connection": "local", "ansible_python_interpreter": "/nonexistent"}}}}


def said(play: Run, *arguments: str) -> str:
    done = play("tlsfront.elasticsearch.continuous_check", NODE, *arguments)
    assert done.returncode != 0  # es1 has no Python
    return " ".join((done.stdout + done.stderr).split())


def test_another_state_is_refused_in_a_sentence(play: Run) -> None:
    assert 'must be present or absent, and is "gone". Nothing was changed' in said(play, "-e", "continuous_check_state=gone")


@pytest.mark.parametrize("arguments", [[], ["-e", "continuous_check_state=absent"]])
def test_the_states_that_there_are_and_none_go_on(play: Run, arguments: list[str]) -> None:
    text = said(play, *arguments)
    assert "continuous_check_state" not in text and "Ansible cannot reach es1" in text
