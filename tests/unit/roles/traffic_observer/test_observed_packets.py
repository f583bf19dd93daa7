# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who sends packets to the ports is remembered, by real packets through the table that the role loads."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import kills
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._commands import Failed
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic import record as records
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.observer import Observer
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.rules import Wanted, wanted
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._traffic.textfile import dropped, metrics
from firewall_network import CONTAINER, NODE, WORLD, Network
from observer_clock import Clock

DAY = 24 * 3600
CLOSED = """table inet tlsfront
delete table inet tlsfront
table inet tlsfront {
    chain prerouting {
        type filter hook prerouting priority raw; policy accept;
        tcp dport 9300 goto closed
    }
    chain closed {
        counter drop
    }
}
""".replace("\t", "    ")


def seen(observer: Observer) -> dict[tuple[str, str, int], dict[str, Any]]:
    return {(source["address"], source["to"], source["port"]): source for source in observer.told()["sources"]}


def same(one: dict[tuple[str, str, int], dict[str, Any]], other: dict[tuple[str, str, int], dict[str, Any]]) -> bool:
    """Up to the seconds to which the kernel tells its times, and those in which the test runs while its clock stands still."""
    return one.keys() == other.keys() and all(
        one[key][about] == value or (about in ("first", "last", "answered") and None not in (one[key][about], value) and abs(one[key][about] - value) <= 2)
        for key, its in other.items()
        for about, value in its.items()
    )


def connect(network: Network, source: str, target: str, port: int, place: str = "node") -> None:
    """A connection whose handshake is complete, on which both have said something."""
    network.ask(place, "listen", address=target if place == "node" else CONTAINER[":" in target], port=9200 if place != "node" else port)
    assert network.ask("world", "dial", source=source, target=target, port=port)
    assert network.ask(place, "accept")
    network.ask(place, "say", text="hello")
    assert network.ask("world", "hear", seconds=5) == "hello"
    network.ask("world", "hang_up")
    network.ask(place, "hang_up")


def knock(network: Network, source: str, target: str, port: int) -> None:
    """A first packet, which nobody answers but with a refusal."""
    network.ask("world", "connect", tries=[(source, target, port)], wait_for=[])


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_who_talks_to_a_port_is_remembered_with_the_address_asked_for(network: Network, observer: Observer, what: Wanted, family: int) -> None:
    observer.load(what)
    source, node = WORLD[6 * family], NODE[family]
    connect(network, source, node, 9300)
    found = seen(observer)[source, node, 9300]
    assert found["answered"] is not None and found["packets"] >= 3
    assert found["first"] <= found["last"] == found["answered"]


@pytest.mark.parametrize("family", [0, 1], ids=["IPv4", "IPv6"])
def test_a_port_that_a_container_engine_publishes_is_seen_as_it_was_asked_for(network: Network, observer: Observer, what: Wanted, family: int) -> None:
    observer.load(what)
    source = WORLD[6 * family]
    connect(network, source, NODE[family], 19200, place="container")
    found = seen(observer)
    assert found[source, NODE[family], 19200]["answered"] is not None
    assert {port for _source, _to, port in found} == {19200}, "the number within the container is nobody's"


def test_of_a_connection_that_was_open_before_the_first_time_is_that_of_the_first_save(
    network: Network, observer: Observer, what: Wanted, clock: Clock
) -> None:
    network.ask("node", "listen", address=NODE[0], port=9300)
    assert network.ask("world", "dial", source=WORLD[0], target=NODE[0], port=9300)
    assert network.ask("node", "accept")
    observer.load(what)
    for turn in range(2):
        network.ask("node", "say", text="hello")
        assert network.ask("world", "hear", seconds=5) == "hello"
        if not turn:
            observer.load()
            clock.now += 1000
    network.ask("world", "hang_up")
    network.ask("node", "hang_up")
    source = seen(observer)[WORLD[0], NODE[0], 9300]
    assert abs(source["first"] - (clock.now - 1000)) <= 2 and abs(source["last"] - clock.now) <= 2


def test_a_first_packet_that_was_never_answered_on_a_connection_may_be_forged_and_is_told_apart(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    knock(network, WORLD[1], NODE[0], 9200)
    assert seen(observer)[WORLD[1], NODE[0], 9200]["answered"] is None


# A SYN, and then another one far outside the window, which a kernel answers with an acknowledgement although no handshake is complete (RFC 9293, 3.10.7.4)
FORGE = """
import socket, struct, sys, time
source, target, port = socket.inet_aton(sys.argv[1]), socket.inet_aton(sys.argv[2]), int(sys.argv[3])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def send(sequence, acknowledged, flags):
    segment = struct.pack("!HHIIBBHHH", 40000, port, sequence, acknowledged, 5 << 4, flags, 64000, 0, 0)
    summed = sum(struct.unpack("!16H", source + target + struct.pack("!BBH", 0, 6, 20) + segment))
    summed = (summed & 0xFFFF) + (summed >> 16)
    summed = ~(summed + (summed >> 16)) & 0xFFFF
    segment = segment[:16] + struct.pack("!H", summed) + segment[18:]
    raw.sendto(struct.pack("!BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + source + target + segment, (sys.argv[2], 0))
send(1000, 0, 0x02)
time.sleep(0.2)
send(1000 + (1 << 30), 0, 0x02)
time.sleep(0.2)
"""


def test_forged_segments_that_the_kernel_acknowledges_are_no_handshake(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    network.ask("node", "listen", address=NODE[0], port=9300)
    network.run("world", sys.executable, "-c", FORGE, "10.77.9.9", NODE[0], "9300")
    network.ask("node", "hang_up")
    found = seen(observer)["10.77.9.9", NODE[0], 9300]
    assert found["packets"] == 2 and found["answered"] is None


def test_the_node_itself_is_counted_apart(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    network.ask("node", "connect", tries=[("127.0.0.1", "127.0.0.1", 9200), (NODE[0], NODE[0], 9200)], wait_for=[0, 1])
    told = observer.told()
    assert told["sources"] == [] and told["local_packets"] >= 2


def test_other_ports_are_not_observed(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    for port in (443, 9199, 9306):
        knock(network, WORLD[0], NODE[0], port)
    assert observer.told()["sources"] == []


def test_who_still_tries_when_the_port_is_closed_is_remembered_too(network: Network, observer: Observer, what: Wanted, clock: Clock) -> None:
    observer.load(what)
    connect(network, WORLD[0], NODE[0], 9300)
    answered = seen(observer)[WORLD[0], NODE[0], 9300]["answered"]
    network.nft(CLOSED)
    for source in (WORLD[0], WORLD[2]):
        knock(network, source, NODE[0], 9300)
    found = seen(observer)
    assert found[WORLD[2], NODE[0], 9300]["answered"] is None
    assert abs(found[WORLD[0], NODE[0], 9300]["answered"] - answered) <= 2
    assert (dropped(observer.nft) or 0) >= 2
    assert "tlsfront_traffic_dropped_packets_total" in metrics(observer.told(), dropped(observer.nft))


def test_a_full_set_is_told_because_then_somebody_is_not_known_who_has_tried(network: Network, observer: Observer, clock: Clock) -> None:
    small = wanted(["9200-9300"], 1, 16)
    observer.load(small)
    for port in range(9200, 9216):
        knock(network, WORLD[0], NODE[0], port)
    assert observer.told()["tries_lost_at"] is None and len(seen(observer)) == 16
    knock(network, WORLD[1], NODE[0], 9200)
    assert observer.told()["tries_lost_at"] == clock.now
    observer.load(small)
    clock.now += 3600
    assert observer.told()["tries_lost_at"] == clock.now - 3600, "the last time that it is known of"
    network.flush()
    observer.load(small)
    assert observer.told()["tries_lost_at"] == clock.now - 3600
    clock.now += DAY
    observer.load(small)
    assert observer.told()["tries_lost_at"] is None, "of what is kept, none is missing"


def test_forged_syns_take_no_place_of_who_completes_a_handshake_and_where_that_is_full_it_is_told_apart(
    network: Network, observer: Observer, clock: Clock
) -> None:
    observer.load(wanted(["9200-9399"], 1, 16))
    for port in range(9201, 9230):
        knock(network, WORLD[0], NODE[0], port)
    connect(network, WORLD[1], NODE[0], 9300)
    told = observer.told()
    assert told["tries_lost_at"] == clock.now and told["lost_at"] is None
    assert seen(observer)[WORLD[1], NODE[0], 9300]["answered"] is not None
    for port in range(9301, 9317):
        connect(network, WORLD[1], NODE[0], port)
    assert observer.told()["lost_at"] == clock.now


def test_what_was_remembered_comes_back_with_its_times_after_a_reboot(network: Network, observer: Observer, what: Wanted, clock: Clock) -> None:
    observer.load(what)
    connect(network, WORLD[0], NODE[0], 9300)
    knock(network, WORLD[7], NODE[1], 9300)
    observer.load()
    before = seen(observer)
    network.flush()
    clock.now += 5000
    assert not observer.told()["running"]
    assert observer.load()
    assert same(seen(observer), before)
    assert observer.told()["gaps"] == [{"from": clock.now - 5000, "to": clock.now}]
    connect(network, WORLD[0], NODE[0], 9300)
    again = seen(observer)[WORLD[0], NODE[0], 9300]
    assert abs(again["first"] - before[WORLD[0], NODE[0], 9300]["first"]) <= 2 and clock.now - 2 <= again["last"] <= clock.now
    assert again["packets"] > before[WORLD[0], NODE[0], 9300]["packets"]


def test_what_is_older_than_it_is_to_be_kept_is_forgotten(network: Network, observer: Observer, what: Wanted, clock: Clock) -> None:
    observer.load(what)
    knock(network, WORLD[0], NODE[0], 9200)
    observer.load()
    network.flush()
    clock.now += 30 * DAY
    observer.load()
    assert observer.told()["sources"] == []


def test_a_clock_that_was_set_back_makes_nobody_older(network: Network, observer: Observer, what: Wanted, clock: Clock) -> None:
    observer.load(what)
    knock(network, WORLD[0], NODE[0], 9200)
    observer.load()
    network.flush()
    clock.now -= 10 * DAY
    observer.load()
    (source,) = observer.told()["sources"]
    assert clock.now - 2 <= source["first"] <= source["last"] <= clock.now


def test_other_ports_are_observed_from_now_on_and_nobody_is_forgotten(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    connect(network, WORLD[0], NODE[0], 9300)
    before = seen(observer)
    assert observer.load(replace(what, ports=("9200", "5601"), size=2048))
    assert same(seen(observer), before)
    knock(network, WORLD[1], NODE[0], 5601)
    assert (WORLD[1], NODE[0], 5601) in seen(observer)


def test_a_table_that_somebody_has_changed_is_loaded_again(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    connect(network, WORLD[0], NODE[0], 9300)
    observer.load()
    network.run("node", "nft", "flush", "chain", "inet", "tlsfront_observe", "asked")
    assert not observer.observes(what) and not observer.told()["running"]
    assert observer.load() and observer.observes(what)
    assert (WORLD[0], NODE[0], 9300) in seen(observer)


def test_the_same_again_changes_nothing_in_the_kernel(network: Network, observer: Observer, what: Wanted) -> None:
    assert observer.load(what)
    listed = network.run("node", "nft", "-a", "list", "ruleset")
    assert not observer.load(what)
    assert network.run("node", "nft", "-a", "list", "ruleset") == listed


def test_a_record_that_cannot_be_read_is_kept_aside_and_not_believed(network: Network, observer: Observer, what: Wanted) -> None:
    observer.load(what)
    hostile = observer.path.read_text().replace('"sources":[]', '"sources":[["192.0.2.1 . 192.0.2.2 . 1 }; flush ruleset","192.0.2.2",1,0,0,0,null]]')
    assert hostile != observer.path.read_text()
    observer.path.write_text(hostile)
    told = observer.told()
    assert not told["installed"] and "cannot be read" in told["problem"]
    assert observer.load(what)
    assert observer.damaged.read_text() == hostile and observer.told()["problem"] == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"sources":[]', '"sources":[["fd00::1%x }\\nflush ruleset\\n","fd00::2",1,0,0,0,null]]'),
        ('"sources":[]', '"sources":[["192.0.2.1","fd00::2",1,0,0,0,null]]'),
        ('"ports":["9200"', '"ports":["9200 } accept; #"'),
        ('"ports":["9200"', '"ports":["70000"'),
        ('"ports":["9200"', '"ports":["9300-9200"'),
        ('"keep":2592000', '"keep":1'),
        ('"size":1024', '"size":4294967296'),
    ],
)
def test_nothing_of_a_record_comes_into_a_table_that_would_not_be_observed_by_its_options(
    network: Network, observer: Observer, what: Wanted, before: str, after: str
) -> None:
    observer.load(what)
    whole = observer.path.read_text()
    assert before in whole
    observer.path.write_text(whole.replace(before, after))
    with pytest.raises(records.Damaged):
        records.read(observer.path)
    assert observer.load(what) and observer.observes(what)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", "{", '{"ports": 1}', "[" * 100_000, "\xff"])
def test_a_record_with_something_else_in_it_is_damaged(observer: Observer, text: str) -> None:
    observer.directory.mkdir()
    observer.path.write_bytes(text.encode("latin-1"))
    with pytest.raises(records.Damaged):
        records.read(observer.path)


def test_only_root_may_read_who_talks_to_whom(network: Network, observer: Observer, what: Wanted) -> None:
    old = os.umask(0)
    try:
        observer.load(what)
    finally:
        os.umask(old)
    assert observer.path.stat().st_mode & 0o777 == 0o600 and observer.directory.stat().st_mode & 0o777 == 0o700


def test_without_a_record_nothing_is_known_that_was_to_be_observed(observer: Observer) -> None:
    with pytest.raises(Failed, match="Run the playbook observe again"):
        observer.load()


@pytest.mark.parametrize("ports", [[], ["0"], ["65536"], ["9300-9200"], ["9200, 22 } accept; #"], ["92\uff10\uff10"]])
def test_what_is_no_port_is_refused(ports: list[str]) -> None:
    with pytest.raises(Failed, match="Nothing was changed"):
        wanted(ports, 30, 1024)


def test_removal_takes_its_own_table_and_no_other(network: Network, observer: Observer, what: Wanted) -> None:
    before = network.run("node", "nft", "list", "ruleset")
    observer.load(what)
    observer.remove()
    assert network.run("node", "nft", "list", "ruleset") == before
    assert observer.remains() == [] and not observer.directory.exists()
    observer.remove()


STEPS = (*kills.STEPS, "subprocess.Popen")


@pytest.mark.parametrize("do", ["first", "ports", "flushed", "remove"])
def test_killed_before_any_of_its_steps_the_next_call_goes_on_and_nobody_is_forgotten(network: Network, observer: Observer, what: Wanted, do: str) -> None:
    for step in itertools.count(1):
        observer.remove()
        if do != "first":
            observer.load(what)
            connect(network, WORLD[0], NODE[0], 9300)
            observer.load()
        if do == "flushed":
            network.flush()
        wish = replace(what, ports=("9300",)) if do == "ports" else what
        killed = kills.killed(observer.remove if do == "remove" else lambda wish=wish: observer.load(wish), step, STEPS)
        if do == "remove":
            observer.remove()
            assert observer.remains() == []
        else:
            observer.load(wish)
            assert observer.observes(wish), step
            assert do == "first" or (WORLD[0], NODE[0], 9300) in seen(observer), step
        if not killed:
            break
    assert step > 5


def test_nft_is_asked_with_no_text_that_a_shell_would_read(observer: Observer) -> None:
    with pytest.raises((Failed, subprocess.SubprocessError, OSError)):
        Observer("/nonexistent; touch /tmp/x", observer.directory).load(wanted(["9200"], 1, 16))
