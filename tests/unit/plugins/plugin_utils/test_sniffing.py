# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where clients are led that ask the cluster for its nodes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._host_firewall.sniffing import led_past


def led(*published: Any) -> list[str]:
    return led_past([{"nodes": {str(n): {"http": {"publish_address": each}} for n, each in enumerate(published)}}], {9200, 9201})


@pytest.mark.parametrize(
    ("published", "where"),
    [
        ("192.0.2.7:9200", "192.0.2.7:9200"),
        ("[2001:db8::7]:9201", "[2001:db8::7]:9201"),
        ("es1.example.org/192.0.2.7:9200", "es1.example.org:9200"),
        ("es1.example.org/[2001:db8::7]:9200", "es1.example.org:9200"),
    ],
)
def test_a_client_is_led_to_what_the_node_publishes_and_to_its_name_where_it_has_one(published: str, where: str) -> None:
    assert led(published) == [where]


def test_the_port_of_the_front_leads_nobody_past_it() -> None:
    assert led("es1.example.org/192.0.2.7:443", "192.0.2.7:9202") == []


def test_each_place_is_told_once_and_in_order() -> None:
    assert led("192.0.2.8:9200", "192.0.2.7:9200", "192.0.2.8:9200") == ["192.0.2.7:9200", "192.0.2.8:9200"]


@pytest.mark.parametrize("published", [None, 7, [], "", "192.0.2.7", "{{ lookup('pipe', 'id') }}:9200", "x\n/192.0.2.7:9200", "192.0.2.7:9200\n"])
def test_what_cannot_be_read_is_not_told(published: Any) -> None:
    assert led(published) == []
    assert led_past([{}, {"nodes": []}, {"nodes": {"a": []}}, {"nodes": {"a": {"http": "x"}}}], {9200}) == []
