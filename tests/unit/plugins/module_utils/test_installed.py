# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which product a process runs is seen in where its arguments lead, or in what it has open."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._elasticsearch.installed import product_of
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._sockets import Process


def this(*arguments: str) -> Process:
    return Process(os.getpid(), ("java", *arguments), "here", frozenset())


@pytest.mark.parametrize("arguments", [["-Dopensearch.path.home={}"], ["-cp", "{}/lib/*"], ["--module-path", "{}/lib"], ["-p", "/nosuch:{}/lib/x.jar"]])
def test_by_its_arguments(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/opensearch-core-2.19.1.jar").touch()
    assert product_of(this(*(each.format(tmp_path) for each in arguments))) == ("", "")
    (tmp_path / "lib/opensearch-2.19.1.jar").touch()
    assert product_of(this(*(each.format(tmp_path) for each in arguments))) == ("opensearch", "2.19.1")


def test_by_what_it_has_open_where_its_arguments_are_in_a_file(tmp_path: Path) -> None:
    assert product_of(this("@java.args")) == ("", "")
    jar = tmp_path / "elasticsearch-6.8.23.jar"
    jar.touch()
    with jar.open():
        assert product_of(this("@java.args")) == ("elasticsearch", "6.8.23")
