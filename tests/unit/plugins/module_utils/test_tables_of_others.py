# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is said of tables of others is what a kernel does with a real packet: each case is loaded, and tried by a client, beside being read."""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls import nft_rules, tables
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls.model import network
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls.walk import verdict
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.firewall_host import Host, packages

pytestmark = pytest.mark.slow

NFT = "/usr/sbin/nft"
USUAL = 'iif "lo" accept\nct state vmap { established : accept, related : accept, invalid : drop }\nmeta l4proto { icmp, ipv6-icmp } accept\n'
# what a SYN of a client of all of IPv4, and of all of IPv6, finds: open, shut, or unknown, where the rules are not understood and the packet may do either
OPEN, SHUT, UNKNOWN = "open", "shut", "unknown"


def inet(rules: str, policy: str = "drop", more: str = "") -> str:
    return f"table inet filter {{\n{more}\nchain input {{ type filter hook input priority filter; policy {policy};\n{USUAL}{rules}\n}}\n}}\n"


NFT_CASES = {
    "nothing": ("", OPEN, OPEN),
    "a policy that drops": (inet("tcp dport 22 accept"), SHUT, SHUT),
    "the port": (inet("tcp dport 443 accept"), OPEN, OPEN),
    "the port among others": (inet("tcp dport { 22, 80, 443 } accept"), OPEN, OPEN),
    "a range with the port": (inet("tcp dport 400-500 accept"), OPEN, OPEN),
    "a set with a range without the port": (inet("tcp dport { 22, 444-500 } accept"), SHUT, SHUT),
    "all ports but it": (inet("tcp dport != 443 accept"), SHUT, SHUT),
    "all ports but another": (inet("tcp dport != 22 accept"), OPEN, OPEN),
    "the port of another protocol": (inet("udp dport 443 accept"), SHUT, SHUT),
    "any transport": (inet("th dport 443 accept"), OPEN, OPEN),
    "one family": (inet("meta nfproto ipv4 tcp dport 443 accept"), OPEN, SHUT),
    "one family by its addresses": (inet("ip saddr 0.0.0.0/0 tcp dport 443 accept"), OPEN, SHUT),
    "one family by another's addresses": (inet("ip6 saddr != 2001:db8::/32 tcp dport 443 accept"), SHUT, OPEN),
    "a drop before the accept": (inet("tcp dport 443 drop\ntcp dport 443 accept"), SHUT, SHUT),
    "a reject": (inet("tcp dport 443 reject", "accept"), SHUT, SHUT),
    "a reject by a reset": (inet("meta l4proto tcp reject with tcp reset", "accept"), SHUT, SHUT),
    "a chain that accepts": (inet("jump web", more="chain web { tcp dport 443 accept; }"), OPEN, OPEN),
    "a chain that returns": (inet("jump web\ntcp dport 443 accept", more="chain web { tcp dport 443 return; drop; }"), OPEN, OPEN),
    "a chain that is gone to and ends": (inet("goto web\ntcp dport 443 accept", more="chain web { tcp dport 22 accept; }"), SHUT, SHUT),
    "a chain that is gone to from another": (
        inet("jump one\ntcp dport 443 accept", more="chain two { tcp dport 22 accept; }\nchain one { goto two; drop; }"),
        OPEN,
        OPEN,
    ),
    "a map of ports": (inet("tcp dport vmap { 22 : accept, 443 : jump web }", more="chain web { accept; }"), OPEN, OPEN),
    "a map of ports without it": (inet("tcp dport vmap { 22 : accept, 80 : accept }"), SHUT, SHUT),
    "a named set": (inet("tcp dport @web accept", more="set web { type inet_service; elements = { 80, 443 }; }"), OPEN, OPEN),
    "an empty set": (inet("tcp dport @web accept", more="set web { type inet_service; }"), SHUT, SHUT),
    "a named map": (inet("tcp dport vmap @web", more="map web { type inet_service : verdict; elements = { 443 : accept }; }"), OPEN, OPEN),
    "no new connections but those": (inet("tcp flags & (fin | syn | rst | ack) != syn drop\ntcp dport 443 accept"), OPEN, OPEN),
    "new connections": (inet("ct state new tcp dport 443 accept"), OPEN, OPEN),
    "old connections only": (inet("ct state != new tcp dport 443 accept"), SHUT, SHUT),
    "flags of a SYN": (inet("tcp flags & (fin | syn | rst | ack) == syn tcp dport 443 accept"), OPEN, OPEN),
    "a SYN is dropped": (inet("tcp flags syn tcp dport 443 drop", "accept"), SHUT, SHUT),
    "what is for this host": (inet("fib daddr type local tcp dport 443 accept"), OPEN, OPEN),
    "what is not for this host": (inet("fib daddr type { broadcast, multicast } drop", "accept"), OPEN, OPEN),
    "loopback only": (inet('iifname "lo" tcp dport 443 accept'), SHUT, SHUT),
    "all but loopback": (inet('iifname != "lo" tcp dport 443 accept'), OPEN, OPEN),
    "addresses of loopback": (inet("ip daddr 127.0.0.0/8 drop\ntcp dport 443 accept"), OPEN, OPEN),
    "somebody is banned": (inet("ip saddr { 192.0.2.7, 198.51.100.0/24 } drop\nip6 saddr 2001:db8::7 drop\ntcp dport 443 accept"), OPEN, OPEN),
    "logged and counted": (inet('tcp dport 443 counter log prefix "x drop" accept'), OPEN, OPEN),
    "commented": (inet('tcp dport 443 counter accept comment "drop"'), OPEN, OPEN),
    "an interface": (inet('iifname "eth0" tcp dport 443 accept'), UNKNOWN, UNKNOWN),
    "a limit": (inet("tcp dport 443 limit rate 100/second accept"), UNKNOWN, UNKNOWN),
    "a mark": (inet("meta mark 0x7 drop", "accept"), UNKNOWN, UNKNOWN),
    "ports with addresses": (inet("ip saddr . tcp dport { 10.78.1.1 . 443 } accept"), UNKNOWN, UNKNOWN),
    "accepted here and dropped there": (
        inet("tcp dport 443 accept") + "table ip more { chain later { type filter hook input priority 10; policy accept; tcp dport 443 drop; }; }\n",
        SHUT,
        OPEN,
    ),
    "not at this hook": ("table inet x { chain f { type filter hook forward priority 0; policy drop; }; }\n", OPEN, OPEN),
    "an own table": ("table inet tlsfront { chain closed { tcp dport 9200 drop; }; }\n", OPEN, OPEN),
    "switched off": ("table inet x { flags dormant; chain i { type filter hook input priority 0; policy drop; }; }\n", OPEN, OPEN),
    "everybody is banned in halves": (inet("ip saddr 0.0.0.0/1 drop\nip saddr 128.0.0.0/1 drop", "accept"), UNKNOWN, OPEN),
    "everybody is banned by a set of halves": (inet("ip saddr { 0.0.0.0/1, 128.0.0.0/1 } drop", "accept"), SHUT, OPEN),
    "halves are counted": (inet("ip saddr 0.0.0.0/1 accept\nip saddr 128.0.0.0/1 counter", "accept"), OPEN, OPEN),
    "names that look like options": (
        "table inet x-y { chain a.b { type filter hook input priority 0; policy accept; tcp dport 443 drop; }; }\n",
        SHUT,
        SHUT,
    ),
}

IPTABLES_CASES = {
    "a policy that drops": (":INPUT DROP", "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", SHUT),
    "the port": (":INPUT DROP", "-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT", OPEN),
    "several ports": (":INPUT DROP", '-A INPUT -p tcp -m multiport --dports 22,80:443 -m comment --comment "it is \\"ours\\" -j DROP" -j ACCEPT', OPEN),
    "several other ports": (":INPUT DROP", "-A INPUT -p tcp -m multiport --dports 22,80 -j ACCEPT", SHUT),
    "new connections": (":INPUT DROP", "-A INPUT -p tcp -m tcp --dport 443 -m conntrack --ctstate NEW -j ACCEPT", OPEN),
    "a reject at the end": (
        ":INPUT ACCEPT",
        "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n-A INPUT -j REJECT --reject-with icmp-port-unreachable",
        SHUT,
    ),
    "what is not of the state": (":INPUT ACCEPT", "-A INPUT -m conntrack --ctstate INVALID -j DROP", OPEN),
    "a chain": (":INPUT DROP\n:web -", "-A INPUT -p tcp -j web\n-A web -p tcp -m tcp --dport 443 -j ACCEPT", OPEN),
    "a chain of others": (":INPUT ACCEPT\n:f2b -", "-A INPUT -p tcp -m multiport --dports 22 -j f2b\n-A f2b -s 192.0.2.7/32 -j REJECT\n-A f2b -j RETURN", OPEN),
    "bans at the port": (":INPUT ACCEPT\n:f2b -", "-A INPUT -p tcp -m multiport --dports 443 -j f2b\n-A f2b -s 192.0.2.7/32 -j REJECT\n-A f2b -j RETURN", OPEN),
    "no SYN first": (":INPUT DROP", "-A INPUT -p tcp ! --syn -m state --state NEW -j DROP\n-A INPUT -p tcp --dport 443 -j ACCEPT", OPEN),
    "other sources": (":INPUT ACCEPT", "-A INPUT ! -s 192.0.2.0/24 -p tcp --dport 443 -j DROP", UNKNOWN),
    "by the destination": (":INPUT ACCEPT", "-A INPUT -m addrtype --dst-type BROADCAST -j DROP", OPEN),
    "an interface": (":INPUT DROP", "-A INPUT -i eth0 -p tcp --dport 443 -j ACCEPT", UNKNOWN),
    "a limit": (
        ":INPUT ACCEPT",
        "-A INPUT -p tcp --dport 443 -m limit --limit 1000/sec --limit-burst 1000 -j ACCEPT\n-A INPUT -p tcp --dport 443 -j DROP",
        UNKNOWN,
    ),
    "another port's limit": (":INPUT ACCEPT", "-A INPUT -p tcp --dport 22 -m limit --limit 10/sec -j DROP", OPEN),
    "a target that is not known": (":INPUT ACCEPT", "-A INPUT -p tcp --dport 443 -j NFQUEUE --queue-num 3 --queue-bypass", UNKNOWN),
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not Path(NFT).exists():
        pytest.skip("not installed: nft")
    found = packages()
    if not found:
        pytest.skip("ufw, firewalld and iptables cannot be had")
    host = Host(tmp_path_factory.mktemp("host"), found)
    yield host
    host.close()


def said(host: Host, clients: str, port: int = 443) -> tuple[str, list[str]]:
    judged = host.do(lambda: tables.judge(tables.look(NFT), NFT, [port], [network(clients)], []))
    shut, unknown, commands = judged
    return SHUT if shut else UNKNOWN if unknown else OPEN, commands


def seen(host: Host, version: int) -> str:
    return host.reach(version)


@pytest.mark.parametrize("case", NFT_CASES)
def test_a_table_of_nftables_does_what_is_said_of_it(host: Host, case: str) -> None:
    rules, *expected = NFT_CASES[case]
    host.nft(f"flush ruleset\n{rules}")
    for version, clients in ((4, "0.0.0.0/0"), (6, "::/0")):
        told, commands = said(host, clients)
        does = seen(host, version)
        assert told == expected[version == 6]
        assert told in (does, UNKNOWN)
        assert bool(commands) == (told == SHUT)
        if commands:  # what is told to be typed helps
            for command in commands:
                host.run("sh", "-ec", command)
            if case != "accepted here and dropped there":
                assert said(host, clients)[0] == OPEN
            assert seen(host, version) == OPEN
    host.nft("flush ruleset")


@pytest.mark.parametrize("case", IPTABLES_CASES)
def test_rules_by_iptables_do_what_is_said_of_them(host: Host, case: str) -> None:
    chains, rules, expected = IPTABLES_CASES[case]
    text = "*filter\n" + "\n".join(f"{chain} [0:0]" for chain in chains.split("\n")) + f"\n{rules}\nCOMMIT\n"
    host.nft("flush ruleset")
    host.run("iptables-restore", text=text)
    told, commands = said(host, "0.0.0.0/0")
    assert told == expected
    assert told in (seen(host, 4), UNKNOWN)
    for command in commands:
        host.run("sh", "-ec", command)
    if told != UNKNOWN:
        assert seen(host, 4) == said(host, "0.0.0.0/0")[0] == OPEN
    assert said(host, "::/0")[0] == OPEN
    host.nft("flush ruleset")


def test_who_is_let_in_in_part_is_neither_shut_nor_open(host: Host) -> None:
    host.nft(f"flush ruleset\n{inet('ip saddr 10.78.1.0/24 tcp dport 443 accept')}")
    assert [host.reach(client=each) for each in (0, 1)] == ["open", "shut"]
    assert [said(host, clients)[0] for clients in ("0.0.0.0/0", "10.78.1.0/25", "10.78.2.0/24")] == [UNKNOWN, OPEN, SHUT]
    assert said(host, "10.78.2.0/24")[1] == ["nft insert rule inet filter input ip saddr 10.78.2.0/24 tcp dport 443 accept"]
    host.nft("flush ruleset")


def test_parts_that_are_all_of_it_together_leave_nobody_out(host: Host) -> None:
    host.nft(f"flush ruleset\n{inet('ip saddr 0.0.0.0/1 tcp dport 443 accept;ip saddr 128.0.0.0/1 tcp dport 443 accept')}")
    assert seen(host, 4) == OPEN
    assert said(host, "0.0.0.0/0")[0] == UNKNOWN
    host.nft("flush ruleset")


def test_a_table_with_many_addresses_is_read_at_once() -> None:
    begun = time.process_time()
    elements = [str(ipaddress.ip_address((11 << 24) + number * 7)) for number in range(50_000)]
    match = {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "@bans"}
    parts: list[dict[str, Any]] = [
        {"set": {"name": "bans", "elem": elements}},
        {"chain": {"name": "input", "policy": "accept"}},
        {"rule": {"chain": "input", "expr": [{"match": match}, {"drop": None}]}},
    ]
    for _table in range(2):
        chains = nft_rules.read(parts)
        for clients in ("0.0.0.0/0", *(f"10.{number}.0.0/16" for number in range(8))):
            assert [verdict(chains, "input", port, network(clients)) for port in (443, 80)] == [OPEN, OPEN]
        assert verdict(chains, "input", 443, network("11.0.0.7/32")) == SHUT
    assert time.process_time() - begun < 3  # it was 7 s, and is 0.4 s


def test_the_command_for_a_table_of_the_other_iptables_is_its_own(host: Host) -> None:
    host.nft("flush ruleset")
    host.run("iptables-legacy", "-P", "INPUT", "DROP")
    told, commands = said(host, "0.0.0.0/0")
    assert told == SHUT and commands == ["iptables-legacy -I INPUT -p tcp --dport 443 -j ACCEPT"]
    host.run("sh", "-ec", commands[0])
    assert seen(host, 4) == said(host, "0.0.0.0/0")[0] == OPEN
    host.run("iptables-legacy", "--flush")
    host.run("iptables-legacy", "-P", "INPUT", "ACCEPT")
