# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is on a node is found, by texts that real distributions have: tests/unit/recorded says where each comes from, and which are put together."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _packages
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nftables import commands, service
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import build, hardening, sites
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import service as unit

TOP = Path(__file__).resolve().parents[4]
RECORDED = TOP / "tests/unit/recorded"


def recorded(name: str) -> dict[str, str]:
    """What each distribution has of it."""
    found = {path.parent.name: path.read_text("utf-8") for path in RECORDED.glob(f"*/{name}*")}
    assert found
    return found


# ---- nginx

BUILT = {
    "debian-11": ("1.18.0", "OpenSSL 1.1.1", "nobody", "nobody"),
    "debian-12": ("1.22.1", "OpenSSL 3.0.", "nobody", "nobody"),  # the file says www-data
    "debian-13": ("1.26.3", "OpenSSL 3.5.", "nobody", "nobody"),
    "ubuntu-22.04": ("1.18.0", "OpenSSL 3.0.2", "nobody", "nobody"),
    "ubuntu-24.04": ("1.24.0", "OpenSSL 3.0.13", "nobody", "nobody"),
    "rocky-9": ("1.20.1", "OpenSSL 3.0.7", "nginx", "nginx"),
    "nginx-org-deb": ("1.28.0", "OpenSSL ", "nginx", "nginx"),
    "nginx-org-rpm": ("", "OpenSSL ", "nginx", "nginx"),
}


@pytest.mark.parametrize("distribution", sorted(recorded("nginx-V")))
def test_of_each_nginx_it_is_seen_what_it_was_built_with(distribution: str) -> None:
    version, library, user, group = BUILT[distribution]
    found = build.described(recorded("nginx-V")[distribution])
    assert found["version"].startswith(version) and found["version"]
    assert not found["tls_library"] or found["tls_library"].startswith(library)
    assert (found["user"], found["group"], found["main"]) == (user, group, "/etc/nginx/nginx.conf")
    assert found["lacks"] == []


@pytest.mark.parametrize(
    ("arguments", "lacks"),
    [
        ("--with-http_ssl_module --with-http_v2_module --with-http_realip_module --with-http_auth_request_module", []),
        ("--with-http_ssl_module --with-http_v2_module", ["realip", "auth_request"]),
        ("--with-http_ssl_module --with-http_v2_module --with-http_realip_module --with-http_auth_request_module --without-http_map_module", ["map"]),
        # an argument within another one is none
        ("--with-cc-opt='-O2 --with-http_ssl_module' --with-http_v2_module", ["ssl", "realip", "auth_request"]),
        ("--with-cc-opt='-O2 --with-http_ssl_module --with-http_v2_module", ["realip", "auth_request"]),  # a quote that does not end
        ("", ["ssl", "v2", "realip", "auth_request"]),
    ],
)
def test_a_module_that_is_not_built_in_is_named(arguments: str, lacks: list[str]) -> None:
    assert build.described(f"nginx version: nginx/1.28.0\nconfigure arguments: {arguments}\n")["lacks"] == lacks


def test_an_nginx_of_ones_own_has_its_own_places_and_library() -> None:
    said = "nginx version: openresty/1.27.1.2\nbuilt with OpenSSL 1.1.1 (compatible; BoringSSL) (running with BoringSSL)\nconfigure arguments: --prefix=/opt/n"
    found = build.described(said)
    assert (found["version"], found["tls_library"], found["main"]) == ("1.27.1.2", "BoringSSL", "/opt/n/conf/nginx.conf")
    assert (build.described("")["version"], build.described("")["tls_library"]) == ("", "")


@pytest.mark.parametrize("distribution", sorted(recorded("nginx.conf")))
def test_each_packaged_configuration_includes_the_site_and_tells_the_user(distribution: str, tmp_path: Path) -> None:
    main = tmp_path / "nginx.conf"
    main.write_text(recorded("nginx.conf")[distribution].replace("/etc/nginx/", f"{tmp_path}/"))
    found = sites.found(str(main), str(tmp_path / "conf.d/tlsfront.conf"), 443)
    assert found["includes_site"] and found["default_site"] is None
    assert found["user"] == ("www-data" if distribution.startswith("debian") else "nginx")
    main.write_text("events {}\nhttp { include mime.types; }\n")
    (tmp_path / "mime.types").touch()
    assert not sites.found(str(main), str(tmp_path / "conf.d/tlsfront.conf"), 443)["includes_site"]


def candidate(answers: dict[str, tuple[int, str]]) -> str:
    """What comes of the answers of package managers; one that is not there cannot be run."""

    def run(command: Sequence[str]) -> tuple[int, str, str]:
        if command[0] not in answers:
            raise FileNotFoundError(command[0])
        return (*answers[command[0]], "")

    return _packages.candidate(run, "nginx")


PACKAGED = {"debian-11": "1.18.0", "debian-13": "1.26.3", "ubuntu-24.04": "1.24.0", "ubuntu-26.04": "1.28.3"}


@pytest.mark.parametrize(("distribution", "version"), PACKAGED.items())
def test_before_nginx_is_there_the_package_manager_tells_its_version(distribution: str, version: str) -> None:
    assert candidate({"apt-cache": (0, recorded("package-candidate")[distribution])}) == version


def test_what_no_package_manager_knows_is_not_guessed() -> None:
    assert candidate({}) == ""
    assert candidate({"apt-cache": (0, "nginx:\n  Installed: (none)\n  Candidate: (none)\n")}) == ""
    assert candidate({"dnf": (0, "\n1.26.3\n")}) == "1.26.3"
    assert candidate({"dnf": (1, "1.26.3\n")}) == "" and candidate({"dnf": (0, "Error: Cache-only enabled but no cache for 'baseos' 9.1\n")}) == ""


# ---- systemd


@pytest.mark.parametrize(("state", "enabled"), [("enabled", True), ("static", True), ("generated", True), ("disabled", False), ("linked", False), ("", False)])
def test_a_unit_that_cannot_be_enabled_is_not_enabled_again_and_again(state: str, enabled: bool) -> None:
    told = f"ActiveState=active\nUnitFileState={state}\nNeedDaemonReload=no\n"
    assert unit.Service(lambda _command: (0, told, ""), "systemctl").state() == unit.State(True, enabled, True)


SANDBOX = (TOP / "roles/https_front/templates/nginx.service.conf.j2").read_text("utf-8")


@pytest.mark.parametrize(("systemd", "unknown"), [(257, []), (247, []), (246, ["ProtectProc"]), (239, sorted(hardening._SINCE)), (0, [])])
def test_a_systemd_is_told_what_it_knows(systemd: int, unknown: list[str]) -> None:
    left = hardening.known(SANDBOX, systemd)
    gone = [line for line in SANDBOX.splitlines() if line not in left.splitlines()]
    assert sorted(line.partition("=")[0] for line in gone) == unknown
    assert hardening.known(left, systemd) == left and "ProtectSystem=full" in left


@pytest.mark.parametrize("distribution", sorted(recorded("versions")))
def test_the_version_of_systemd_is_read(distribution: str) -> None:
    line = next((line for line in recorded("versions")[distribution].splitlines() if line.startswith("systemd ")), None)
    if line is None:
        pytest.skip("not found, see its README")
    assert 247 <= hardening.version(line) <= 300 and hardening.version("systemctl: not found") == 0


# ---- nftables.service


@pytest.mark.parametrize("distribution", sorted(recorded("nftables.service")))
def test_what_nftables_service_loads_is_read_from_the_unit(distribution: str, tmp_path: Path) -> None:
    (tmp_path / "nftables.service").write_text(recorded("nftables.service")[distribution])
    red_hat = distribution.startswith("rocky")
    expected = {"configuration": "/etc/sysconfig/nftables.conf" if red_hat else "/etc/nftables.conf", "flushes": red_hat, "reloads": True}
    assert service.about([str(tmp_path / "none"), str(tmp_path)]) == expected


@pytest.mark.parametrize(
    "line",
    [
        "ExecStart=/usr/local/bin/load-my-rules",
        "ExecStart=/usr/sbin/nft -f '/etc/it is\" mine; flush.nft'",  # what could mean something else within quotes is none
        "ExecStart=/usr/sbin/nft -f %E/nftables.conf",
        # what a drop-in with the one file would leave out
        "ExecStart=/usr/sbin/nft -f /etc/base.nft\nExecStart=/usr/sbin/nft -f /etc/site.nft",
        "ExecStart=/usr/sbin/nft -f /etc/nftables.conf\nExecStart=/usr/local/sbin/fill-sets",
        "ExecStart=/usr/sbin/nft -c -f /etc/nftables.conf\nExecStart=/usr/sbin/nft -f /etc/nftables.conf",
        'ExecStart=/usr/sbin/nft \'include "/etc/a.nft"; include "/etc/b.nft"\'',
        "ExecStart=/usr/sbin/nft -I /etc/nft.d -D WAN=eth0 -f /etc/nftables.conf",
        "",
    ],
)
def test_a_unit_that_loads_its_rules_in_its_own_way_is_left_as_it_is(line: str, tmp_path: Path) -> None:
    (tmp_path / "nftables.service").write_text(f"[Service]\n{line}\n")
    assert service.about([str(tmp_path)]) == {"configuration": "", "flushes": False, "reloads": False}
    drop_in = rendered({"configuration": "", "flushes": False, "reloads": False})
    assert "ExecReload" not in drop_in and "ExecStart=" not in drop_in and "ExecStartPost=-" in drop_in and "ExecStop=/usr/sbin/nft 'flush ruleset" in drop_in


@pytest.mark.parametrize(("name", "left"), [("00-site.conf", True), ("override.conf", False), ("00-site.conf.bak", False)])
def test_a_drop_in_that_ours_would_override_is_left_as_it_is(name: str, left: bool, tmp_path: Path) -> None:
    """One that systemd reads later wins over ours by itself."""
    places = [tmp_path / "etc", tmp_path / "lib"]
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/nftables.service").write_text("[Service]\nExecStart=/usr/sbin/nft -f /etc/nftables.conf\nExecReload=/usr/sbin/nft -f /etc/nftables.conf\n")
    (tmp_path / "etc/nftables.service.d").mkdir(parents=True)
    (tmp_path / "etc/nftables.service.d" / name).write_text("[Service]\nExecStart=\nExecStart=/usr/sbin/nft -f /etc/firewall/main.nft\n")
    found = service.about([str(each) for each in places])
    assert found == {"configuration": "" if left else "/etc/nftables.conf", "flushes": False, "reloads": True}


@pytest.mark.parametrize("configuration", ["", "/etc/nftables.conf"])
def test_whatever_reloads_it_our_table_comes_back_and_what_knows_no_reload_gets_none(configuration: str) -> None:
    """An administrator's own ExecReload (systemctl edit) is read after the first of our files, and before the last."""
    last = rendered({"configuration": configuration, "flushes": False, "reloads": True}, when="zz").splitlines()
    assert [line for line in last if line.startswith("Exec")] == ["ExecReload=-/usr/sbin/nft -f /etc/tlsfront/firewall.nft"]
    names = ["zz-tlsfront-firewall.conf", "override.conf", "00-tlsfront-firewall.conf"]
    assert sorted(names) == names[::-1], "systemd reads them by name: systemd.unit(5)"
    none = rendered({"configuration": configuration, "flushes": False, "reloads": False}, when="zz").splitlines()
    assert [line for line in none if line.startswith("Exec")] == []


def test_where_there_is_no_unit_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert service.about([str(tmp_path)]) is None


def rendered(about: dict[str, Any], nft: str = "/usr/sbin/nft", place: str = "/etc/tlsfront", when: str = "00") -> str:
    template = jinja2.Template((TOP / f"roles/host_firewall/templates/{when}-tlsfront-firewall.conf.j2").read_text("utf-8"), trim_blocks=True)
    files = {"__host_firewall_rules_file": f"{place}/firewall.nft", "__host_firewall_rules_pattern": f"{place}/firewall.n[f]t"}
    return template.render(__host_firewall_nft=nft, __host_firewall_nftables_service=about, **files)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="needs root and nft")
@pytest.mark.parametrize("flushes", [True, False])
def test_our_table_is_there_after_each_action_of_the_service_and_other_rules_are_there_once(flushes: bool, tmp_path: Path) -> None:
    """Debian's configuration flushes the ruleset itself. Red Hat's does not, and its unit does before a reload: without that, each reload would add rules."""
    nft = shutil.which("nft") or ""
    others = "table inet others {\n chain input {\n  type filter hook input priority 0; policy accept;\n  tcp dport 22 accept\n }\n}\n"
    (tmp_path / "nftables.conf").write_text(("" if flushes else "flush ruleset\n") + others)
    (tmp_path / "firewall.nft").write_text("table inet tlsfront\ndelete table inet tlsfront\ntable inet tlsfront {\n chain closed {\n }\n}\n")
    text = rendered({"configuration": f"{tmp_path}/nftables.conf", "flushes": flushes, "reloads": True}, nft, str(tmp_path))
    lines = {name: value for name, _equals, value in (line.partition("=") for line in text.splitlines()) if value}
    actions = [shlex.split(lines[name].lstrip("-")) for name in ("ExecStart", "ExecReload", "ExecReload", "ExecStop", "ExecStart")]
    program = (
        "import json, subprocess, sys\n"
        "for command in json.loads(sys.argv[1]):\n"
        "    subprocess.run(command, check=True)\n"
        "    print(json.dumps(subprocess.run([command[0], 'list', 'ruleset'], check=True, capture_output=True, text=True).stdout))\n"
    )
    done = subprocess.run(["unshare", "--net", "python3", "-c", program, json.dumps(actions)], check=True, capture_output=True, text=True)
    listed = [json.loads(line) for line in done.stdout.splitlines()]
    assert ["table inet tlsfront" in each for each in listed] == [True] * 5
    assert [each.count("tcp dport 22 accept") for each in listed] == [1, 1, 1, 0, 1]


@pytest.mark.parametrize(("said", "version"), [("nftables v0.9.8 (E.D.S.)", "0.9.8"), ("nftables v1.1.6 (Commodore Bullmoose #7)", "1.1.6"), ("nft: oh", "")])
def test_the_version_of_nft_is_read(said: str, version: str, tmp_path: Path) -> None:
    nft = tmp_path / "nft"
    nft.write_text(f"#!/bin/sh\necho '{said}'\n")
    nft.chmod(0o755)
    assert commands.version(str(nft)) == version
