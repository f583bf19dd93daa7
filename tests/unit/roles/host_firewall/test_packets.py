# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real packets through the rules that the role writes, as the kernel of this machine judges them."""

from __future__ import annotations

import concurrent.futures
import ipaddress
import itertools
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from firewall_network import CONTAINER, CONTAINER_NETWORKS, ENGINE, NODE, SIDECAR, WORLD, Network, Try
from firewall_rules import rules
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

OUTSIDER, PEER, CLIENT = "10.77.1.1", "10.77.1.2", "10.77.1.3"
OUTSIDER6, PEER6, CLIENT6 = "fd77::1:1", "fd77::1:2", "fd77::1:3"
MARK = """
table inet marked {
    chain incoming {
        type filter hook prerouting priority -310
        iif eth0 meta mark set 7
    }
}
"""
PLAIN = {"peers": [PEER, PEER6, *NODE], "direct_clients": [CLIENT, CLIENT6]}


@dataclass
class Policy:
    closed_ports: list[tuple[int, int]]
    peers: list[str] = field(default_factory=list)
    direct_clients: list[str] = field(default_factory=list)
    by_port: list[tuple[int, str]] = field(default_factory=list)
    container_networks: list[str] = field(default_factory=list)

    def rules(self) -> str:
        return rules(
            closed_ports=[f"{first}-{last}" for first, last in self.closed_ports],
            peers=self.peers,
            direct_clients=[*self.direct_clients, *({"networks": [network], "ports": [port]} for port, network in self._of_closed())],
            container_networks=self.container_networks,
        )

    def _of_closed(self) -> list[tuple[int, str]]:
        """The role refuses who may use a port that is not closed."""
        return [(port, network) for port, network in self.by_port if any(first <= port <= last for first, last in self.closed_ports)]

    def lets_through(self, t: Try) -> bool:
        """What the role promises, told without nftables."""
        if t.place == "node" or not any(first <= t.port <= last for first, last in self.closed_ports):
            return True
        if _within(t.source, self.peers + self.direct_clients + [network for port, network in self.by_port if port == t.port]):
            return True
        if t.target not in NODE:
            return not _within(t.target, self.container_networks) or _within(t.source, self.container_networks)
        return False


def _within(address: str, networks: list[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(network) for network in networks)


def _tries(ports: list[int]) -> list[Try]:
    """Everybody tries everything of the same family."""
    places = {"world": WORLD, "node": NODE, "container": CONTAINER, "sidecar": SIDECAR}
    sources = [(place, address) for place, addresses in places.items() for address in addresses]
    return [
        Try(place, source, target, port)
        for (place, source), target, port in itertools.product(sources, NODE + CONTAINER + SIDECAR, ports)
        if (":" in source) == (":" in target) and (place == "node" or source != target)
    ]


def _judge(network: Network, policy: Policy, ports: list[int]) -> None:
    network.nft(policy.rules())
    tries = _tries(ports)
    expected = {t for t in tries if policy.lets_through(t)}
    answered = network.answered(tries, expected)
    assert answered - expected == set(), "open, but should be closed"
    assert expected - answered == set(), "closed, but should be open"


def _network_around(address: str) -> st.SearchStrategy[str]:
    longest = ipaddress.ip_address(address).max_prefixlen
    prefixes = st.one_of(st.just(longest), st.integers(longest - 4, longest), st.integers(0, longest))
    return prefixes.map(lambda prefix: str(ipaddress.ip_network((address, prefix), strict=False)))


ADDRESSES = st.lists(st.sampled_from(WORLD + NODE + CONTAINER + SIDECAR).flatmap(_network_around), max_size=5)
PORTS = st.sampled_from([1, 22, 443, 9199, 9200, 9201, 9299, 9300, 19200, 32767])
# Ports that outgoing connections use, from 32768 to 60999, are refused by the role.
RANGES = st.one_of(st.tuples(PORTS, PORTS).map(lambda pair: (min(pair), max(pair))), st.just((61000, 65535)))
POLICIES = st.builds(
    Policy,
    closed_ports=st.lists(RANGES, min_size=1, max_size=3),
    peers=ADDRESSES,
    direct_clients=ADDRESSES,
    by_port=st.lists(st.tuples(PORTS, st.sampled_from(WORLD + CONTAINER).flatmap(_network_around)), max_size=3),
    container_networks=st.sampled_from([[], CONTAINER_NETWORKS, CONTAINER_NETWORKS[1:3]]),
)


# No shrinking: a failing example waits for answers that never come, and it names the packets as it is.
@given(policy=POLICIES, ports=st.lists(st.one_of(PORTS, st.just(65535)), min_size=3, max_size=3, unique=True))
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_that_the_kernel_agrees_with_the_policy(network: Network, policy: Policy, ports: list[int]) -> None:
    _judge(network, policy, ports)


def test_that_without_rules_everything_is_open(network: Network) -> None:
    tries = _tries([9200, 9300, 443])
    assert network.answered(tries, set(tries)) == set(tries)


def test_that_the_usual_policy_closes_to_outsiders_and_to_nobody_else(network: Network) -> None:
    _judge(network, Policy([(9200, 9200), (9300, 9300)], **PLAIN), [22, 443, 9200, 9300])


def test_that_who_may_use_one_port_uses_no_other(network: Network) -> None:
    policy = Policy([(9200, 9200), (9300, 9399)], peers=[PEER, PEER6, *NODE], by_port=[(9300, OUTSIDER), (9300, OUTSIDER6), (9200, CLIENT)])
    _judge(network, policy, [22, 9200, 9300, 9301])


def test_that_a_published_port_is_closed_by_the_number_that_the_outsider_sees(network: Network) -> None:
    network.nft(rules(closed_ports=[19200], **PLAIN))
    published = {Try("world", source, target, 19200) for source, target in ((OUTSIDER, NODE[0]), (OUTSIDER6, NODE[1]))}
    other = {Try("world", t.source, t.target, 9200) for t in published}
    assert network.answered(published | other, other) == other


def test_that_a_container_is_not_reached_past_its_published_port(network: Network) -> None:
    past = {Try("world", source, target, 9200) for source, target in zip((OUTSIDER, OUTSIDER6), CONTAINER)}
    network.nft(rules(**PLAIN))
    assert network.answered(past, past) == past, "the way past is there"
    network.nft(rules(container_networks=CONTAINER_NETWORKS, **PLAIN))
    assert network.answered(past, set()) == set()


def test_that_containers_go_on_reaching_each_other(network: Network) -> None:
    network.nft(rules(container_networks=CONTAINER_NETWORKS, **PLAIN))
    mutual = {Try("sidecar", source, target, 9200) for source, target in zip(SIDECAR, CONTAINER)}
    assert network.answered(mutual, mutual) == mutual


@pytest.mark.parametrize(("action", "heard"), [("drop", "nothing"), ("reject", "ConnectionResetError")])
@pytest.mark.parametrize(("source", "target"), [(OUTSIDER, NODE[0]), (OUTSIDER6, NODE[1])])
def test_that_a_connection_held_open_is_closed(
    network: Network, action: str, heard: str, source: str, target: str
) -> None:
    network.ask("node", "listen", address=target, port=9300)
    network.ask("world", "dial", source=source, target=target, port=9300)
    network.ask("node", "accept")
    network.ask("world", "say", text="before")
    assert network.ask("node", "hear", seconds=5) == "before"
    network.nft(rules(action=action, **PLAIN))
    network.ask("world", "say", text="after")
    assert network.ask("node", "hear", seconds=0.5) == "nothing"
    assert network.ask("world", "hear", seconds=0.5) == heard


def test_that_a_connection_of_a_peer_outlasts_a_reload(network: Network) -> None:
    network.nft(rules(**PLAIN))
    network.ask("node", "listen", address=NODE[0], port=9300)
    network.ask("world", "dial", source=PEER, target=NODE[0], port=9300)
    network.ask("node", "accept")
    network.nft(rules(closed_ports=["9200-9399"], **PLAIN))
    network.ask("world", "say", text="still here")
    assert network.ask("node", "hear", seconds=5) == "still here"


def _packet(source: str, target: str, header: int, payload: bytes) -> bytes:
    """An IPv6 packet (RFC 8200, section 3) whose payload begins with the given header."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(target).packed
    return struct.pack("!IHBB", 6 << 28, len(payload), header, 64) + ends + payload


def _while_replaced(network: Network, text: str, *questions: tuple[str, str, dict[str, Any]]) -> Any:
    """Loads a rules file again and again while the questions (place, name, arguments) are asked; the first one's answer."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(network.ask, place, name, **arguments) for place, name, arguments in questions]
        while not asked[0].done():
            network.run("node", "nft", "--file", "-", text=text)
        return asked[0].result()


# as the role does, and as nftables.service does
@pytest.mark.parametrize("before", ["", "flush ruleset\n" + ENGINE])
@pytest.mark.parametrize("ports", [["9300"], ["9200", "9300-9399"]])
def test_that_no_packet_gets_in_while_the_rules_are_replaced(network: Network, before: str, ports: list[str]) -> None:
    text = before + rules(closed_ports=ports, container_networks=CONTAINER_NETWORKS, **PLAIN)
    syn, control = (_packet(OUTSIDER6, NODE[1], 6, _syn(port)).hex() for port in (9300, 443))
    network.nft(text)
    network.ask("node", "watch")
    network.ask("world", "send_raw", packets=[control])
    assert _while_replaced(network, text, ("world", "send_raw", {"packets": [syn], "seconds": 3})) > 10_000
    assert network.ask("node", "watched") == {"443": 1}


@pytest.fixture
def routes_for_marked_packets_only(network: Network) -> Iterator[None]:
    """Who asks the node's kernel where an unmarked packet belongs hears "unreachable"; what comes in by the cable is marked and arrives."""
    network.run("node", "nft", "--file", "-", text=MARK)
    kept = [(0, "local"), (32766, "main")]
    for place, table in kept:
        network.ip("node", f"-6 rule del pref {place}", f"-6 rule add pref {place} fwmark 7 lookup {table}")
    yield
    for place, table in kept:
        network.ip("node", f"-6 rule del pref {place}", f"-6 rule add pref {place} lookup {table}")
    network.run("node", "nft", "delete table inet marked")


def test_that_a_packet_is_closed_out_when_the_kernel_cannot_tell_whose_it_is(
    network: Network, routes_for_marked_packets_only: None
) -> None:
    network.ask("node", "watch")
    syn, control = (_packet(OUTSIDER6, NODE[1], 6, _syn(port)).hex() for port in (9300, 443))
    network.ask("world", "send_raw", packets=[syn])
    assert network.ask("node", "watched") == {"9300": 1}, "it gets in without rules"
    network.nft(rules(container_networks=CONTAINER_NETWORKS, **PLAIN))
    network.ask("world", "send_raw", packets=[syn, control])
    assert network.ask("node", "watched") == {"443": 1}


@pytest.mark.parametrize("before", ["", "flush ruleset\n" + ENGINE])
@pytest.mark.parametrize("peers", [[PEER], ["10.77.1.2/31"]])
def test_that_no_peer_is_refused_while_the_rules_are_replaced(network: Network, before: str, peers: list[str]) -> None:
    text = before + rules(action="reject", peers=peers)
    network.nft(text)
    network.ask("node", "listen", address=NODE[0], port=9300)
    network.ask("world", "dial", source=PEER, target=NODE[0], port=9300)
    network.ask("node", "accept")
    said = _while_replaced(network, text, ("world", "talk", {"seconds": 3}), ("node", "hear_out", {}))
    assert said == "everything was said"


def _fragments(source: str, target: str, first_header: int, payload: bytes, first_length: int) -> list[str]:
    """Two IPv6 fragments (RFC 8200, section 4.5) of a payload that begins with the given header."""

    def fragment(offset: int, more: int, part: bytes) -> bytes:
        return _packet(source, target, 44, struct.pack("!BBHI", first_header, 0, offset | more, 7) + part)

    return [
        fragment(0, 1, payload[:first_length]).hex(),
        fragment(first_length, 0, payload[first_length:]).hex(),
    ]


def _syn(port: int) -> bytes:
    return struct.pack("!HHIIBBHHH", 40000, port, 1, 0, 5 << 4, 2, 1000, 0, 0)


def _dropped(network: Network, chain: str) -> int:
    table = json.loads(network.run("node", "nft", "-j", "list", "table", "inet", "tlsfront"))["nftables"]
    expressions = [part["rule"]["expr"] for part in table if part.get("rule", {}).get("chain") == chain]
    return sum(
        e["counter"]["packets"] for rule in expressions if {"drop": None} in rule for e in rule if "counter" in e
    )


def test_that_a_port_cannot_hide_in_a_second_fragment(network: Network) -> None:
    network.nft(rules(**PLAIN))
    destination_options = bytes([6, 0, 1, 4, 0, 0, 0, 0])  # next header TCP, padding (RFC 8200, section 4.6)
    packets = _fragments(OUTSIDER6, NODE[1], 60, destination_options + _syn(9200), 8)
    network.ask("world", "send_raw", packets=packets)
    # without the first one nothing can be put together, and connection tracking may keep the second one to itself
    assert _dropped(network, "prerouting") >= 1


@pytest.mark.parametrize(("port", "dropped"), [(9200, 1), (443, 0)])
def test_that_the_first_fragment_of_plain_tcp_shows_its_port(network: Network, port: int, dropped: int) -> None:
    network.nft(rules(**PLAIN))
    network.ask("world", "send_raw", packets=_fragments(OUTSIDER6, NODE[1], 6, _syn(port), 8))
    assert _dropped(network, "prerouting") == 0
    assert _dropped(network, "closed") == dropped


def test_that_other_tables_are_left_as_they_are(network: Network) -> None:
    before = network.run("node", "nft", "list", "ruleset")
    assert "engine" in before
    network.nft(rules(**PLAIN))
    with_ours = network.run("node", "nft", "list", "ruleset")
    assert with_ours.startswith(before)
    assert with_ours.count("table ") == before.count("table ") + 1


def test_that_only_set_elements_grow_with_the_policy(network: Network) -> None:
    many = [str(ipaddress.ip_address("10.0.0.0") + 2 * n) for n in range(10_000)]

    def shape(policy: list[str]) -> list[str]:
        network.nft(rules(direct_clients=policy))
        listing = json.loads(network.run("node", "nft", "-j", "-s", "list", "table", "inet", "tlsfront"))["nftables"]
        for part in listing:
            part.get("set", {}).pop("elem", None)
            for each in part.values():
                each.pop("handle", None)
        return [json.dumps(part) for part in listing]

    assert shape(many) == shape(many[:1])


@pytest.mark.parametrize("log", [True, False])
def test_that_the_log_is_a_choice(network: Network, log: bool) -> None:
    text = rules(log=log)
    network.nft(text)
    assert ('log prefix "tlsfront closed: "' in text) is log
    assert (" log " in network.run("node", "nft", "list", "table", "inet", "tlsfront")) is log
