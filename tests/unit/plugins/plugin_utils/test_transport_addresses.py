# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.transport_addresses import transport_addresses


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("192.0.2.7:9300", ["192.0.2.7"]),
        ("es1/192.0.2.7:9300", ["192.0.2.7"]),
        ("[2001:db8::7]:9300", ["2001:db8::7"]),
        ("es1.example.org/[2001:db8::7]:9300", ["2001:db8::7"]),
        ("inet[/192.0.2.7:9300]", ["192.0.2.7"]),
        ("inet[es1/192.0.2.7:9300]", ["192.0.2.7"]),
        ("inet[/2001:db8:0:0:0:0:0:7:9300]", ["2001:db8::7"]),
        ("127.0.0.1:9300", []),
        ("[::1]:9300", []),
        ("local[1]", []),
    ],
)
def test_that_every_spelling_is_read(text: str, addresses: list[str]) -> None:
    assert transport_addresses({"nodes": {"a": {"name": "es1", "transport_address": text}}}) == addresses


def test_that_the_bound_and_the_published_address_of_each_node_are_listed_once() -> None:
    answer = {
        "nodes": {
            "b": {
                "name": "es2",
                "transport_address": "10.0.0.2:9300",
                "transport": {"publish_address": "10.0.0.2:9300"},
            },
            "a": {
                "name": "es1",
                "transport_address": "10.0.0.1:9300",
                "transport": {"publish_address": "10.9.0.1:9300"},
            },
        }
    }
    assert transport_addresses(answer) == ["10.0.0.1", "10.9.0.1", "10.0.0.2"]


@pytest.mark.parametrize("text", ["es1:9300", "192.0.2.7; drop:9300", "", 9300, ["192.0.2.7:9300"], "999.0.2.7:9300", None])
def test_that_a_node_whose_address_cannot_be_read_fails_with_its_name(text: object) -> None:
    with pytest.raises(AnsibleFilterError, match="node 'es2'"):
        transport_addresses({"nodes": {"a": {"name": "es1", "transport_address": "192.0.2.7:9300"}, "b": {"name": "es2", "transport_address": text}}})


@pytest.mark.parametrize("answer", [{}, {"error": "no"}, {"nodes": []}, {"nodes": {"a": "es1"}}, [], "<html>"])
def test_that_another_answer_fails(answer: object) -> None:
    with pytest.raises(AnsibleFilterError, match="no answer to GET /_nodes/transport"):
        transport_addresses(answer)
