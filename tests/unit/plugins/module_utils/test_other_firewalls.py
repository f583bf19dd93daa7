# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""A real ufw and a real firewalld keep a real client out of https, and let it in once they have been told to; what was theirs stays theirs."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _commands
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls import openings as module
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls import tables
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls.model import text
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._other_firewalls.openings import RECORD, Openings, read_clients
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.firewall_host import Host, packages
from ansible_collections.tlsfront.elasticsearch.tests.unit.support.module_runs import module_runs

pytestmark = pytest.mark.slow

ALL = ("0.0.0.0/0", "::/0")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    if not shutil.which("ip"):
        pytest.skip("not installed: ip")
    found = packages()
    if not found:
        pytest.skip("ufw, firewalld and iptables cannot be had")
    host = Host(tmp_path_factory.mktemp("host"), found)
    host.run("sh", "-ec", "mkdir /run/kept; cp -a /etc/ufw /etc/firewalld /run/kept; cp -a /etc/default/ufw /run/kept/default")
    yield host
    host.close()


@pytest.fixture
def host(built: Host) -> Iterator[Host]:
    """A host whose firewalls are as they come, and off."""
    yield built
    if hasattr(built, "firewalld") and built.firewalld.poll() is None:
        built.stop_firewalld()
    built.run("rm", "-rf", str(RECORD.parent), "/etc/ufw", "/etc/firewalld")
    built.run("cp", "-a", "/run/kept/ufw", "/run/kept/firewalld", "/etc")
    built.run("cp", "-a", "/run/kept/default", "/etc/default/ufw")
    built.nft("flush ruleset")


@pytest.fixture
def ufw(host: Host) -> Host:
    """It is on, and lets in ssh."""
    host.run("ufw", "allow", "22/tcp")
    host.run("ufw", "--force", "enable")
    return host


@pytest.fixture
def firewalld(host: Host) -> Host:
    host.start_firewalld()
    return host


def openings(clients: tuple[str, ...] = ALL, ports: tuple[int, ...] = (443,)) -> Openings:
    return Openings(ports, read_clients(clients))


def planned(host: Host, clients: tuple[str, ...] = ALL, ports: tuple[int, ...] = (443,)) -> dict[str, Any]:
    found: dict[str, Any] = host.do(lambda: openings(clients, ports).plan().told())
    return found


def opened(host: Host, clients: tuple[str, ...] = ALL, ports: tuple[int, ...] = (443,)) -> list[str]:
    """The commands that were run."""
    found: list[str] = host.do(lambda: list(map(text, openings(clients, ports).apply().commands)))
    return found


def closed(host: Host) -> list[str]:
    return opened(host, ports=())


def reached(host: Host) -> list[str]:
    return [host.reach(version) for version in (4, 6)]


def rules(host: Host) -> str:
    """All that ufw has, now and for the next boot, without counters."""
    kernel = "".join(line for line in host.run("nft", "--stateless", "list", "ruleset").splitlines(True) if "counter" not in line or "dport" in line)
    return host.run("cat", "/etc/ufw/user.rules", "/etc/ufw/user6.rules") + kernel


def zones(host: Host) -> str:
    return host.run("firewall-cmd", "--list-all-zones") + host.run("firewall-cmd", "--permanent", "--list-all-zones")


def restart_firewalld(host: Host) -> None:
    host.stop_firewalld()
    host.start_firewalld()


def test_a_host_without_any_has_nothing_done_and_nothing_written(host: Host) -> None:
    assert planned(host) == {"found": [], "commands": [], "problems": [], "notices": [], "by_hand": [], "is_settled": True}
    assert opened(host) == closed(host) == []
    assert reached(host) == ["open", "open"]
    assert host.run("ls", "/var/lib") == ""


def test_ufw_lets_in_what_it_kept_out_and_is_as_before_once_that_is_taken_away(ufw: Host) -> None:
    before = rules(ufw)
    assert reached(ufw) == ["shut", "shut"]
    assert planned(ufw)["by_hand"] == [f"ufw allow proto tcp from {each} to any port 443" for each in ALL]
    assert opened(ufw) == [f"ufw allow proto tcp from {each} to any port 443 comment tlsfront" for each in ALL]
    assert reached(ufw) == ["open", "open"]
    assert opened(ufw) == []
    ufw.run("ufw", "reload")
    assert reached(ufw) == ["open", "open"]
    assert len(closed(ufw)) == 2
    assert reached(ufw) == ["shut", "shut"]
    assert rules(ufw) == before
    assert ufw.run("ls", "/var/lib") == ""


@pytest.mark.parametrize("rule", ["443", "443/tcp", "proto tcp from any to any port 80,443", "400:500/tcp", "WWW Secure", "limit 443/tcp", "default"])
def test_ufw_that_lets_in_already_is_left_alone(ufw: Host, rule: str) -> None:
    command = ["default", "allow", "incoming"] if rule == "default" else rule.split() if rule.startswith("limit") else ["allow", rule]
    ufw.run("ufw", *(command if "proto" not in rule else ["allow", *rule.split()]))
    before = rules(ufw)
    assert reached(ufw) == ["open", "open"]
    assert opened(ufw) == closed(ufw) == []
    assert rules(ufw) == before


@pytest.mark.parametrize("rule", ["deny 443", "reject proto tcp from any to any port 440:450", "deny from any", "deny WWW Secure"])
def test_a_rule_of_ufw_that_keeps_out_is_not_overruled(ufw: Host, rule: str) -> None:
    ufw.run("ufw", *(["deny", "WWW Secure"] if "WWW" in rule else rule.split()))
    before = rules(ufw)
    problems = planned(ufw)["problems"]
    assert len(problems) == 2 and "does not overrule" in problems[0] and f"'{rule.split()[0]} " in problems[0]
    with pytest.raises(RuntimeError, match=r"does not overrule it.*Nothing was changed"):
        opened(ufw)
    assert rules(ufw) == before and ufw.run("ls", "/var/lib") == ""


def test_a_ban_of_ufw_stays_a_ban_and_keeps_nobody_else_out(ufw: Host) -> None:
    ufw.run("ufw", "deny", "from", "10.78.2.1")
    assert len(opened(ufw)) == 2
    assert [ufw.reach(client=each) for each in (0, 1)] == ["open", "shut"]


@pytest.mark.parametrize(
    "rule", ["in on eth1 to any port 443 proto tcp", "proto tcp from any port 1024 to any port 443", "in on eth1 to any port 400:500 proto tcp"]
)
def test_what_ufw_lets_in_where_it_fits_only_is_not_made_everybody(ufw: Host, rule: str) -> None:
    ufw.run("ufw", "allow", *rule.split())
    plan = planned(ufw)
    assert plan["commands"] == [] and plan["problems"] == []
    assert len(plan["notices"]) == 2 and "lets in all of IPv4 where it fits only" in plan["notices"][0]
    assert reached(ufw) == ["shut", "shut"]
    ufw.run("ufw", "allow", "443")
    assert planned(ufw)["notices"] == []


def test_what_ufw_lets_in_to_one_address_is_not_made_all_of_them(ufw: Host) -> None:
    ufw.run("ufw", "allow", *["proto", "tcp", "from", "10.78.1.0/24", "to", "10.78.0.9", "port", "443"])
    assert opened(ufw) == ["ufw allow proto tcp from ::/0 to any port 443 comment tlsfront"]
    assert opened(ufw, ("10.78.1.0/25",))[1:] == [] and len(opened(ufw, ("10.78.2.0/24",))) == 1
    assert [ufw.reach(client=each) for each in (0, 1)] == ["shut", "open"]


@pytest.mark.parametrize("rule", ["443/udp", "in on eth1 to any port 444 proto tcp", "in on eth1"])
def test_what_ufw_lets_in_elsewhere_does_not_count(ufw: Host, rule: str) -> None:
    ufw.run("ufw", "allow", *rule.split())
    before = rules(ufw)
    assert len(opened(ufw)) == 2
    assert reached(ufw) == ["open", "open"]
    closed(ufw)
    assert rules(ufw) == before


def test_rules_of_ufw_before_those_of_its_command_are_looked_at(ufw: Host) -> None:
    assert planned(ufw)["notices"] == []
    for file, chain in (("before.rules", "ufw-before-input"), ("before6.rules", "ufw6-before-input")):
        ufw.run("sed", "-i", f"s/^# allow all on loopback/-A {chain} -p tcp --dport 443 -j DROP/", f"/etc/ufw/{file}")
    ufw.run("ufw", "reload")
    problems = planned(ufw)["problems"]
    assert "chain INPUT of iptables shuts port 443 to all of IPv4; chain INPUT of iptables shuts port 443 to all of IPv6" in problems[0]
    assert "which may be kept in /etc/ufw/before.rules" in problems[0]
    with pytest.raises(RuntimeError, match="Nothing was changed"):
        opened(ufw)


def test_rules_of_ufw_behind_a_default_that_lets_in_are_looked_at(ufw: Host) -> None:
    ufw.run("ufw", "default", "allow", "incoming")
    assert planned(ufw)["notices"] == planned(ufw)["commands"] == []
    ufw.run("sed", "-i", "s/^COMMIT/-A ufw-after-input -p tcp --dport 443 -j DROP\\nCOMMIT/", "/etc/ufw/after.rules")
    ufw.run("ufw", "reload")
    assert reached(ufw) == ["shut", "open"]
    assert "chain INPUT of iptables has rules of which it cannot be told whether they shut port 443 to all of IPv4" in planned(ufw)["notices"][0]


def test_a_file_of_rules_that_ufw_has_not_is_an_empty_one(ufw: Host) -> None:
    ufw.run("rm", "/etc/ufw/user6.rules")
    assert len(planned(ufw)["commands"]) == 2
    ufw.run("rm", "/etc/ufw/user.rules")
    assert len(planned(ufw)["commands"]) == 2


def test_who_was_let_in_by_the_administrator_in_part_is_not_made_everybody(ufw: Host) -> None:
    ufw.run("ufw", "allow", "proto", "tcp", "from", "10.78.1.0/24", "to", "any", "port", "443")
    plan = planned(ufw)
    assert plan["commands"] == ["ufw allow proto tcp from ::/0 to any port 443 comment tlsfront"]
    assert "lets in a part of all of IPv4 only" in plan["notices"][0] and "10.78.1.0/24" in plan["notices"][0]
    assert opened(ufw, ("10.78.1.0/24", "10.78.2.0/24")) == ["ufw allow proto tcp from 10.78.2.0/24 to any port 443 comment tlsfront"]
    assert [ufw.reach(client=each) for each in (0, 1)] == ["open", "open"]


def test_who_was_let_in_by_a_limit_in_part_is_not_made_everybody(ufw: Host) -> None:
    ufw.run("ufw", "limit", "proto", "tcp", "from", "10.78.1.0/24", "to", "any", "port", "443")
    assert opened(ufw) == ["ufw allow proto tcp from ::/0 to any port 443 comment tlsfront"]
    assert [ufw.reach(client=each) for each in (0, 1)] == ["open", "shut"]


@pytest.mark.parametrize("rule", ["in on eth0", "in on eth0 to any port 443 proto tcp", "proto tcp from any to 10.78.0.1 port 400:500"])
def test_a_rule_of_ufw_that_may_keep_out_is_said_before_and_afterwards(ufw: Host, rule: str) -> None:
    ufw.run("ufw", "deny", *rule.split())
    assert "port 443 to all of IPv4 where its rule 'deny " in planned(ufw)["notices"][0]
    opened(ufw)
    assert ufw.reach() == "shut"
    assert "does not overrule that" in planned(ufw)["notices"][0]


def test_a_rule_of_ufw_behind_one_that_lets_in_is_not_spoken_of(ufw: Host) -> None:
    ufw.run("ufw", "allow", "443/tcp")
    ufw.run("ufw", "deny", "in", "on", "eth0")
    assert reached(ufw) == ["open", "open"]
    assert planned(ufw)["notices"] == []


def test_rules_of_a_ufw_that_is_not_installed_any_more_are_said(ufw: Host) -> None:
    opened(ufw)
    ufw.run("mv", "/usr/sbin/ufw", "/usr/sbin/ufw.gone")
    try:
        (gone,) = modules(ufw, {"state": "absent"})
    finally:
        ufw.run("mv", "/usr/sbin/ufw.gone", "/usr/sbin/ufw")
    assert "ufw is not installed any more" in str(gone["warnings"]) and "/etc/ufw/user.rules" in str(gone["warnings"])


def test_removal_asks_for_no_valid_clients(ufw: Host) -> None:
    opened(ufw)
    (gone,) = modules(ufw, {"state": "absent", "clients": ["10.0.0.1/8"]})
    assert gone.get("changed") is True
    assert reached(ufw) == ["shut", "shut"]


def test_what_has_left_the_list_is_taken_away_and_what_is_in_it_stays_open_all_the_time(ufw: Host) -> None:
    opened(ufw, ports=(443, 8443))
    assert ufw.reach(port=8443) == "open"
    commands = opened(ufw, ("10.78.1.0/24",))
    assert commands[0] == "ufw allow proto tcp from 10.78.1.0/24 to any port 443 comment tlsfront"
    assert len(commands) == 5 and all(each.startswith("ufw --force delete") for each in commands[1:])
    assert [ufw.reach(client=each) for each in (0, 1)] == ["open", "shut"]
    assert ufw.reach(port=8443) == "shut"


def test_nothing_is_shut_before_what_comes_in_its_place_is_served(ufw: Host) -> None:
    """The playbook opens first, and takes away only after the proof."""
    opened(ufw, ports=(8443,))
    commands = ufw.do(lambda: list(map(text, Openings((443,), read_clients(("10.78.1.0/24",)), purge=False).apply().commands)))
    assert commands == ["ufw allow proto tcp from 10.78.1.0/24 to any port 443 comment tlsfront"]
    assert [ufw.reach(port=port) for port in (443, 8443)] == ["open", "open"]
    assert len(planned(ufw, ("10.78.1.0/24",))["commands"]) == 2, "it is known still"
    assert len(opened(ufw, ("10.78.1.0/24",))) == 2
    assert [ufw.reach(port=port) for port in (443, 8443)] == ["open", "shut"]


def test_a_record_that_a_killed_run_has_left_is_to_be_finished(ufw: Host) -> None:
    opened(ufw, ports=(443, 8443))
    before = ufw.run("cat", str(RECORD))
    opened(ufw)
    assert planned(ufw)["is_settled"]
    ufw.do(lambda: RECORD.write_text(before))  # as between the last command and the last write
    told = planned(ufw)
    assert (told["commands"], told["is_settled"]) == ([], False)
    opened(ufw)
    assert planned(ufw)["is_settled"] and "8443" not in ufw.run("cat", str(RECORD))


def test_what_has_left_the_list_is_taken_away_from_a_ufw_that_is_off(ufw: Host) -> None:
    opened(ufw)
    ufw.run("ufw", "disable")
    assert opened(ufw) == []
    narrow = ("10.78.1.0/24", "fd78::1:0/112")
    assert len(opened(ufw, narrow)) == 2 and opened(ufw, narrow) == []
    assert ufw.run("ls", "/var/lib") == ""
    ufw.run("ufw", "--force", "enable")
    assert reached(ufw) == ["shut", "shut"]
    assert len(opened(ufw, narrow)) == 2
    assert [ufw.reach(client=each) for each in (0, 1)] == ["open", "shut"]


def test_a_rule_that_somebody_has_made_his_own_stays(ufw: Host) -> None:
    opened(ufw)
    ufw.run("ufw", "allow", "proto", "tcp", "from", "0.0.0.0/0", "to", "any", "port", "443")
    assert closed(ufw) == ["ufw --force delete allow proto tcp from ::/0 to any port 443"]
    assert reached(ufw) == ["open", "shut"]


def test_hostile_comments_and_names_are_no_rules(ufw: Host) -> None:
    comment = "x\n### tuple ### allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in"
    ufw.run("ufw", "allow", "proto", "tcp", "from", "10.78.2.1", "to", "any", "port", "22", "comment", comment)
    ufw.run("ufw", "allow", "8443/tcp", "comment", "443/tcp ALLOW IN Anywhere # tlsfront")
    assert len(opened(ufw)) == 2
    assert closed(ufw) == [f"ufw --force delete allow proto tcp from {each} to any port 443" for each in ALL]
    assert ufw.reach(port=8443) == "open"


def test_ipv6_that_ufw_has_off_is_no_error_unless_all_clients_are_of_it(host: Host) -> None:
    host.run("sed", "-i", "s/^IPV6=.*/IPV6=no/", "/etc/default/ufw")
    host.run("ufw", "--force", "enable")
    assert "IPV6=no" in planned(host)["notices"][0]
    assert "IPV6=no" in planned(host, ("fd78::/64",))["problems"][0]
    assert opened(host) == ["ufw allow proto tcp from 0.0.0.0/0 to any port 443 comment tlsfront"]
    assert host.reach() == "open"
    assert len(closed(host)) == 1


def test_ipv6_only(ufw: Host) -> None:
    assert opened(ufw, ("fd78::/64",)) == ["ufw allow proto tcp from fd78::/64 to any port 443 comment tlsfront"]
    assert reached(ufw) == ["shut", "open"]


def test_ufw_that_begins_at_the_next_boot_is_said(host: Host) -> None:
    host.run("sed", "-i", "s/^ENABLED=.*/ENABLED=yes/", "/etc/ufw/ufw.conf")
    plan = planned(host)
    assert plan["commands"] == plan["problems"] == [] and "is to be after the next boot" in plan["notices"][0]


def test_ufw_is_found_without_nft(ufw: Host) -> None:
    found: list[str] = ufw.do(lambda: Openings([443], read_clients(ALL), nft="/nonexistent").plan().found)
    assert found == ["ufw"]
    assert len(ufw.do(lambda: list(map(text, Openings([443], read_clients(ALL), nft="/nonexistent").apply().commands)))) == 2
    assert reached(ufw) == ["open", "open"]


@pytest.mark.parametrize("script", ["echo 'Error: JSON support not compiled-in' >&2; exit 1", "echo no json"])
@pytest.mark.parametrize("has_iptables", [True, False])
def test_an_nft_that_lists_nothing_is_no_proof_that_nothing_is_there(ufw: Host, script: str, has_iptables: bool) -> None:
    ufw.run("sh", "-ec", "cat >/run/nft; chmod 755 /run/nft", text=f"#!/bin/sh\n{script}\n")

    def commands() -> list[list[str]]:
        if not has_iptables:
            tables.program = lambda name: None  # type: ignore[attr-defined]
        plan = Openings([443], read_clients(ALL), nft="/run/nft").plan()
        return [plan.found, list(map(text, plan.commands)), plan.notices]

    found, added, notices = ufw.do(commands)
    assert found == ["ufw"] and len(added) == 2
    assert "nft cannot list the chains of the kernel as JSON" in notices[0] and "not in force" not in str(notices)


def modules(host: Host, *runs: dict[str, Any]) -> list[dict[str, Any]]:
    """What the module returns, run after run."""
    found: list[dict[str, Any]] = host.do(lambda: module_runs(*runs, name="other_firewalls")[0])
    return found


def test_the_module_shows_in_check_mode_what_it_does_then_and_changes_nothing_twice(ufw: Host) -> None:
    check = {"_ansible_check_mode": True}
    lines = "".join(f"ufw allow proto tcp from {each} to any port 443 comment tlsfront\n" for each in ALL)
    absent = {"state": "absent"}
    first, done, again, removal, gone, nothing = modules(ufw, check, {}, {}, {**absent, **check}, absent, absent)
    assert [each["changed"] for each in (first, done, again, removal, gone, nothing)] == [True, True, False, True, True, False]
    assert first["diff"] == done["diff"] == {"before": "", "after": lines}
    assert removal["diff"] == gone["diff"] == {"before": lines, "after": ""}
    assert again["diff"] == nothing["diff"] == {}
    assert done["firewalls"] == ["ufw"] and "".join(f"{each}\n" for each in done["commands"]) == lines


def test_removals_at_once_all_succeed(ufw: Host) -> None:
    opened(ufw)
    ufw.run("sh", "-ec", "mv /usr/sbin/ufw /usr/sbin/ufw.real; cat >/usr/sbin/ufw; chmod 755 /usr/sbin/ufw", text='#!/bin/sh\nsleep 1\nexec ufw.real "$@"\n')
    try:
        with ThreadPoolExecutor() as pool:
            results = [each[0] for each in pool.map(lambda _number: modules(ufw, {"state": "absent"}), range(3))]
    finally:
        ufw.run("mv", "/usr/sbin/ufw.real", "/usr/sbin/ufw")
    assert sorted((each.get("changed", each) for each in results), key=str) == [False, False, True]
    assert ufw.run("ls", "/var/lib") == "" and reached(ufw) == ["shut", "shut"]


def test_node_info_tells_what_the_module_would_do(ufw: Host) -> None:
    ufw.run("ufw", "allow", "from", "10.78.2.0/24", "to", "any", "port", "443")
    asked = {"https_ports": ["443"], "nft": "/usr/sbin/nft"}
    (told,), _log = ufw.do(lambda: module_runs(asked, name="node_info"))
    assert told["firewalls"] == planned(ufw)
    assert told["firewalls"]["commands"] and told["firewalls"]["notices"]


def test_options_given_as_texts_and_bad_ones(ufw: Host) -> None:
    bad = [{"ports": ["0"]}, {"ports": [70000]}, {"clients": ["app.example.org"]}, {"clients": ["10.0.0.1/8"]}, {"ports": list(range(1, 99))}]
    for result in modules(ufw, *bad):
        assert result["failed"] and "Nothing was changed" in result["msg"]
    (done,) = modules(ufw, {"ports": ["443"], "clients": "10.78.1.1"})
    assert done["commands"] == ["ufw allow proto tcp from 10.78.1.1/32 to any port 443 comment tlsfront"]
    assert [ufw.reach(client=each) for each in (0, 1)] == ["open", "shut"]
    assert modules(ufw, {"ports": ["443"], "clients": "10.78.1.1"})[0]["changed"] is False


def test_firewalld_lets_in_what_it_kept_out_now_and_later_and_is_as_before_once_that_is_taken_away(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", "--add-port=7777/tcp")  # at run time only: a reload would take it
    before = zones(firewalld)
    assert reached(firewalld) == ["shut", "shut"]
    assert opened(firewalld) == ["firewall-cmd --zone=public --add-port=443/tcp", "firewall-cmd --permanent --zone=public --add-port=443/tcp"]
    assert reached(firewalld) == ["open", "open"]
    assert opened(firewalld) == []
    assert "7777/tcp" in firewalld.run("firewall-cmd", "--list-ports")
    assert len(closed(firewalld)) == 2
    assert reached(firewalld) == ["shut", "shut"]
    assert zones(firewalld) == before
    assert firewalld.run("ls", "/var/lib") == ""


@pytest.mark.slow
def test_what_firewalld_was_told_is_there_after_its_restart_and_goes_while_it_is_stopped(firewalld: Host) -> None:
    before = firewalld.run("firewall-cmd", "--permanent", "--list-all-zones")
    opened(firewalld)
    restart_firewalld(firewalld)
    assert reached(firewalld) == ["open", "open"]
    firewalld.stop_firewalld()
    assert opened(firewalld) == []
    assert opened(firewalld, ("::/0",)) == ["firewall-offline-cmd --zone=public --remove-port=443/tcp"]
    assert closed(firewalld) == []
    firewalld.start_firewalld()
    opened(firewalld)
    firewalld.stop_firewalld()
    assert closed(firewalld) == ["firewall-offline-cmd --zone=public --remove-port=443/tcp"]
    assert closed(firewalld) == []
    firewalld.start_firewalld()
    assert firewalld.run("firewall-cmd", "--permanent", "--list-all-zones") == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "given", ["--add-service=https", "--add-port=400-500/tcp", "--set-target=ACCEPT", "--add-protocol=tcp", "--add-rich-rule=rule service name=https accept"]
)
def test_firewalld_that_lets_in_already_is_left_alone(firewalld: Host, given: str) -> None:
    firewalld.run("firewall-cmd", "--permanent", given)
    firewalld.run("firewall-cmd", "--reload")
    assert reached(firewalld) == ["open", "open"]
    assert opened(firewalld) == closed(firewalld) == []


@pytest.mark.slow
def test_what_firewalld_has_now_only_is_added_for_later_only(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", "--add-service=https")
    assert opened(firewalld) == ["firewall-cmd --permanent --zone=public --add-port=443/tcp"]
    assert len(closed(firewalld)) == 1
    assert reached(firewalld) == ["open", "open"]


@pytest.mark.slow
@pytest.mark.parametrize("given", ['rule service name="https" drop', 'rule port port="443" protocol="tcp" reject', 'rule priority="-5" family="ipv4" drop'])
def test_a_rule_of_firewalld_that_keeps_out_is_not_overruled(firewalld: Host, given: str) -> None:
    firewalld.run("firewall-cmd", "--add-service=https")
    firewalld.run("firewall-cmd", f"--add-rich-rule={given}")
    before = zones(firewalld)
    assert firewalld.reach() == "shut"
    with pytest.raises(RuntimeError, match="does not overrule it") as caught:
        opened(firewalld)
    assert given in str(caught.value)
    assert zones(firewalld) == before


@pytest.mark.slow
def test_a_rule_of_firewalld_that_lets_in_by_what_is_not_known_is_not_made_everybody(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", "--permanent", "--new-ipset=cl", "--type=hash:ip")
    firewalld.run("firewall-cmd", "--reload")
    given = (
        'rule family="ipv4" source ipset="cl" service name="https" accept',
        'rule source mac="02:00:00:00:00:01" service name="https" accept',
        'rule family="ipv4" destination address="10.78.0.9" port port="443" protocol="tcp" log prefix="x \\" drop" accept',
    )
    for rule in given:
        firewalld.run("firewall-cmd", f"--add-rich-rule={rule}")
        listed = firewalld.run("firewall-cmd", "--list-rich-rules").strip()
        plan = planned(firewalld)
        assert not [each for each in plan["commands"] if "--permanent" not in each and "port=443/tcp" in each]
        assert f"'{listed}' of its zone public lets in where it fits only" in plan["notices"][0]
        firewalld.run("firewall-cmd", f"--remove-rich-rule={rule}")
    assert planned(firewalld)["notices"] == []


@pytest.mark.slow
def test_a_rule_of_firewalld_that_may_keep_out_is_said(firewalld: Host) -> None:
    given = 'rule family="ipv4" source NOT address="10.78.1.0/24" port port="443" protocol="tcp" reject'
    firewalld.run("firewall-cmd", f"--add-rich-rule={given}")
    assert f"firewalld keeps out port 443 to all of IPv4 where the rule '{given}' of its zone public fits" in planned(firewalld)["notices"][0]
    opened(firewalld)
    assert [firewalld.reach(client=each) for each in (0, 1)] == ["open", "shut"]
    assert given in planned(firewalld)["notices"][0]
    firewalld.run("firewall-cmd", '--add-rich-rule=rule protocol value="tcp" drop')
    assert reached(firewalld) == ["shut", "shut"]
    assert 'rule protocol value="tcp" drop' in planned(firewalld)["problems"][0]


@pytest.mark.slow
def test_a_service_of_firewalld_with_a_destination_of_its_own_is_not_open(firewalld: Host) -> None:
    for command in ("--new-service=there", "--service=there --add-port=443/tcp", "--service=there --set-destination=ipv4:10.78.0.9"):
        firewalld.run("firewall-cmd", "--permanent", *command.split())
    firewalld.run("firewall-cmd", "--reload")
    firewalld.run("firewall-cmd", "--add-service=there")
    assert firewalld.reach() == "shut"
    plan = planned(firewalld)
    assert all("--permanent" in each for each in plan["commands"])
    assert "the service there of its zone public lets in at a destination of its own only" in plan["notices"][0]


@pytest.mark.slow
@pytest.mark.parametrize("target", ["default", "ACCEPT"])
def test_a_rule_of_firewalld_behind_all_that_lets_in_is_a_default(firewalld: Host, target: str) -> None:
    """So it is in libvirt's own zone."""
    firewalld.run("firewall-cmd", "--permanent", f"--set-target={target}")
    firewalld.run("firewall-cmd", "--permanent", '--add-rich-rule=rule priority="32767" reject')
    firewalld.run("firewall-cmd", "--reload")
    assert reached(firewalld) == ["shut", "shut"]
    assert opened(firewalld) == ["firewall-cmd --zone=public --add-port=443/tcp", "firewall-cmd --permanent --zone=public --add-port=443/tcp"]
    assert reached(firewalld) == ["open", "open"]


@pytest.mark.slow
def test_sources_of_zones_that_overlap(firewalld: Host) -> None:
    for where in ([], ["--permanent"]):
        firewalld.run("firewall-cmd", *where, "--zone=internal", "--add-source=10.78.1.0/24")
        firewalld.run("firewall-cmd", *where, "--zone=work", "--add-source=10.78.0.0/16")
    opened(firewalld, ("10.78.0.0/16",))
    assert [firewalld.reach(client=each) for each in (0, 1)] == ["open", "open"]


@pytest.mark.slow
def test_a_zone_that_is_gone_does_not_keep_removal_from_its_end(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", "--permanent", "--new-zone=es")
    firewalld.run("firewall-cmd", "--permanent", "--zone=es", "--add-interface=eth0")
    firewalld.run("firewall-cmd", "--reload")
    assert len(opened(firewalld)) == 2
    firewalld.run("firewall-cmd", "--permanent", "--delete-zone=es")
    firewalld.stop_firewalld()
    assert closed(firewalld) == []
    assert firewalld.run("ls", "/var/lib") == ""


@pytest.mark.slow
def test_a_ban_of_firewalld_keeps_nobody_else_out(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", '--add-rich-rule=rule family="ipv4" source address="10.78.2.1" reject')
    firewalld.run("firewall-cmd", "--zone=drop", "--add-source=10.78.2.0/24")
    assert "its zone drop, to which their addresses are bound" in planned(firewalld, ("10.78.2.0/25",))["problems"][0]
    assert len(opened(firewalld)) == 2
    assert [firewalld.reach(client=each) for each in (0, 1)] == ["open", "shut"]


@pytest.mark.slow
def test_networks_are_let_in_by_rich_rules(firewalld: Host) -> None:
    commands = opened(firewalld, ("10.78.1.0/24", "fd78::1:0/112"))
    assert len(commands) == 4 and all("rich-rule" in each for each in commands)
    assert [firewalld.reach(version, client=each) for version in (4, 6) for each in (0, 1)] == ["open", "shut"] * 2
    assert len(opened(firewalld)) == 6
    assert [firewalld.reach(version, client=each) for version in (4, 6) for each in (0, 1)] == ["open"] * 4
    assert len(closed(firewalld)) == 2


@pytest.mark.slow
def test_one_family_alone(firewalld: Host) -> None:
    opened(firewalld, ("::/0",))
    assert reached(firewalld) == ["shut", "open"]


@pytest.mark.slow
def test_the_zones_by_which_clients_come_in_are_opened_and_no_others(firewalld: Host) -> None:
    for where in ([], ["--permanent"]):
        firewalld.run("firewall-cmd", *where, "--zone=internal", "--add-interface=eth0")
        firewalld.run("firewall-cmd", *where, "--zone=work", "--add-source=10.78.2.0/24")
    assert {each.split("--zone=")[1].split()[0] for each in opened(firewalld)} == {"internal", "work"}
    assert [firewalld.reach(client=each) for each in (0, 1)] == ["open", "open"]
    assert {each.split("--zone=")[1].split()[0] for each in opened(firewalld, ("10.78.2.0/25",)) if "--add" in each} == {"work"}
    assert [firewalld.reach(client=each) for each in (0, 1)] == ["shut", "open"]


@pytest.mark.slow
def test_a_zone_that_drops_by_default_and_has_an_odd_name_and_a_hostile_rule(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", "--permanent", "--new-zone=9_a-b")
    firewalld.run("firewall-cmd", "--permanent", "--zone=9_a-b", "--set-target=DROP")
    firewalld.run("firewall-cmd", "--permanent", "--zone=9_a-b", "--add-interface=eth0")
    firewalld.run("firewall-cmd", "--reload")
    # at run time only: what it makes of it for later, it cannot read itself
    hostile = 'rule service name="ssh" log prefix="443/tcp\\"accept" accept'
    firewalld.run("firewall-cmd", "--zone=9_a-b", f"--add-rich-rule={hostile}")
    assert reached(firewalld) == ["shut", "shut"]
    assert len(opened(firewalld)) == 2
    assert reached(firewalld) == ["open", "open"]


@pytest.mark.slow
def test_panic_mode_of_firewalld_is_said_before_anything_is_tried(firewalld: Host) -> None:
    opened(firewalld)
    firewalld.run("firewall-cmd", "--panic-on")
    for step in (lambda: opened(firewalld), lambda: closed(firewalld)):
        with pytest.raises(RuntimeError, match=r"panic mode.*until firewall-cmd --panic-off.*Nothing was changed"):
            step()
    firewalld.run("firewall-cmd", "--panic-off")
    assert len(closed(firewalld)) == 2


@pytest.mark.slow
def test_a_direct_rule_of_firewalld_is_said_to_be_one(firewalld: Host) -> None:
    firewalld.run("firewall-cmd", *["--direct", "--add-rule", "ipv4", "filter", "INPUT", "0", "-p", "tcp", "--dport", "443", "-j", "DROP"])
    problems = planned(firewalld)["problems"]
    assert "port 443 to all of IPv4. The role does not touch this table, which may be kept by firewall-cmd --direct" in problems[0]


@pytest.mark.slow
def test_ufw_that_is_off_and_firewalld_that_runs_at_once(firewalld: Host) -> None:
    plan = planned(firewalld)
    assert plan["found"] == ["firewalld"]
    assert opened(firewalld) == plan["commands"]
    assert reached(firewalld) == ["open", "open"]


def test_a_table_of_others_beside_them_is_refused_and_not_touched(ufw: Host) -> None:
    ufw.nft("table inet mine { chain input { type filter hook input priority 10; policy drop; tcp dport 22 accept; }; }")
    with pytest.raises(RuntimeError, match=r"chain input of the table inet mine shuts port 443.*nft insert rule inet mine input tcp dport 443 accept"):
        opened(ufw)
    ufw.nft("delete table inet mine")
    assert len(opened(ufw)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("tool", ["ufw", "firewalld"])
def test_a_run_that_is_killed_before_any_change_is_finished_by_the_next(request: pytest.FixtureRequest, tool: str) -> None:
    host: Host = request.getfixturevalue(tool)
    state: Callable[[Host], str] = {"ufw": rules, "firewalld": zones}[tool]

    def applying(clients: tuple[str, ...]) -> Callable[[], list[str]]:
        def step() -> list[str]:
            module.run = lambda *command: (sys.audit("run"), _commands.run(*command))[1]  # type: ignore[attr-defined, func-returns-value]
            return list(map(text, openings(clients).apply().commands))

        return step

    before = state(host)
    host.do(applying(("10.78.1.0/24",)))
    for clients in (("10.78.2.0/24",), ()):
        for number in itertools.count(1):
            if host.do(applying(clients), kill_before=number) != "killed":
                break
            host.do(applying(clients))
            assert host.do(applying(clients)) == []
            assert [host.reach(client=each) for each in (0, 1)] == ["shut", "open" if clients else "shut"]
            if not clients:
                assert state(host) == before
                assert host.run("ls", "/var/lib") == ""
            host.do(applying(("10.78.1.0/24",)))
        assert number > 5
    assert state(host) == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"opened": [{"firewall": "iptables", "port": 1, "network": "0.0.0.0/0"}]}',
        '{"opened": [{"firewall": "ufw", "port": "1; x", "network": "::/0"}]}',
        '{"opened": [{"firewall": "firewalld", "port": 1, "network": "::/0", "zone": "--reload", "permanent": true}]}',
        '{"opened": [{"firewall": "ufw", "port": 1, "network": "any comment x"}]}',
    ],
)
def test_a_record_that_others_have_written_is_refused(ufw: Host, content: str) -> None:
    ufw.run("sh", "-ec", f"mkdir -p {RECORD.parent}; umask 077; cat >{RECORD}", text=content)
    with pytest.raises(RuntimeError, match=r"does not tell what was opened.*nothing was changed"):
        opened(ufw)


def test_a_record_that_others_could_have_changed_is_refused(ufw: Host) -> None:
    opened(ufw)
    assert json.loads(ufw.run("cat", str(RECORD)))["opened"][0]["network"] == "0.0.0.0/0"
    ufw.run("chmod", "666", str(RECORD))
    with pytest.raises(RuntimeError, match="others can change it"):
        closed(ufw)
