# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is trusted may be read and changed by nobody else, whichever directory or link lets them."""

from __future__ import annotations

import os
import shlex
import struct
import subprocess

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils import _access

SOMEBODY = 54321  # no user of this machine
by_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def place(tmp_path):
    """A directory for files that is, as it is made, for its owner only; what is above it is not this test's."""
    place = tmp_path / "some place"
    place.mkdir(mode=0o700)
    for name in ("directory", "directory/inner"):
        (place / name).mkdir(mode=0o755)
    file = place / "directory/inner/file"
    file.write_text("text")
    file.chmod(0o600)
    return place


def said(place, path="directory/inner/file", **how):
    return [one for one in _access.problems(str(place / path), **how) if str(place) in one]


@pytest.mark.parametrize("how", [{}, {"secret": True}, {"ours": True}, {"secret": True, "ours": True}])
def test_nothing_is_wrong_with_what_is_its_owners_alone(place, how):
    assert _access.problems(str(place / "directory/inner/file"), **how) == []


@pytest.mark.parametrize("how", [{}, {"secret": True}, {"ours": True}])
def test_that_there_is_no_such_file_may_be_said_by_dev_null(how):
    """As in AWS_CONFIG_FILE=/dev/null."""
    assert _access.problems(os.devnull, **how) == []


@pytest.mark.parametrize("path", ["directory", "directory/inner", "directory/inner/file"])
@pytest.mark.parametrize("mode", [0o777, 0o757])
@pytest.mark.parametrize("ours", [False, True])
def test_what_everybody_may_change_is_told_with_its_remedy(place, path, mode, ours):
    (place / path).chmod(mode)
    (told,) = said(place, ours=ours)
    assert told.startswith(f"{place / path} may be changed by everybody (mode 0{mode:o}): chmod ")
    subprocess.run(told.rpartition(": ")[2], shell=True, check=True)  # the remedy, as it is to be pasted into a shell
    assert said(place, ours=ours) == []


@pytest.mark.parametrize(("mode", "secret", "ours", "told"), [
    (0o644, True, False, "may be read by everybody (mode 0644)"),
    (0o644, True, True, "may be read by everybody (mode 0644)"),
    (0o604, True, True, "may be read by everybody (mode 0604)"),
    (0o644, False, True, None),
    (0o640, True, False, None),
    (0o400, True, True, None),
])
def test_a_secret_may_be_read_by_nobody_else(place, mode, secret, ours, told):
    (place / "directory/inner/file").chmod(mode)
    found = said(place, secret=secret, ours=ours)
    assert [told in one for one in found] == ([True] if told else [])
    for one in found:
        subprocess.run(one.rpartition(": ")[2], shell=True, check=True)
    assert said(place, secret=secret, ours=ours) == []


@by_root
@pytest.mark.parametrize(("gid", "mode", "told"), [
    (SOMEBODY, 0o660, ["may be read by the group 54321", "may be changed by the group 54321"]),
    (SOMEBODY, 0o640, ["may be read by the group 54321"]),
    (0, 0o660, []),
])
def test_a_group_counts_where_it_is_ours_unless_it_is_roots(place, gid, mode, told):
    file = place / "directory/inner/file"
    os.chown(file, 0, gid)
    file.chmod(mode)
    found = said(place, secret=True, ours=True)
    assert all(any(part in one for one in found) for part in told) and len(found) == len(told)
    assert said(place, secret=True) == []


def user(name, uid, gid):
    return _access.pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh"))


@by_root
@pytest.mark.parametrize("gid", [0, SOMEBODY])
def test_a_group_with_nobody_else_in_it_is_the_owners(place, monkeypatch, gid):
    owner = 0 if gid == 0 else SOMEBODY
    file = place / "directory/inner/file"
    os.chown(file, owner, gid)
    file.chmod(0o660)
    users, members = [user("root", 0, 0), user("anna", SOMEBODY, SOMEBODY)], []
    monkeypatch.setattr(_access.pwd, "getpwall", lambda: users)
    monkeypatch.setattr(_access.pwd, "getpwnam", lambda name: next(each for each in users if each.pw_name == name))
    monkeypatch.setattr(_access.grp, "getgrgid", lambda gid: _access.grp.struct_group(("team", "x", gid, members)))
    assert said(place, secret=True, ours=True, me=owner) == []
    users.append(user("berta", SOMEBODY + 1, SOMEBODY + 1))
    assert said(place, secret=True, ours=True, me=owner) == []
    members.append("berta")
    assert len(said(place, secret=True, ours=True, me=owner)) == 2
    members.clear()
    users.append(user("ci", SOMEBODY + 2, gid))  # it is the group that she logs in with, where no list of members has her
    assert len(said(place, secret=True, ours=True, me=owner)) == 2


def attribute(*entries):
    """An access control list as the kernel keeps it: include/uapi/linux/posix_acl_xattr.h."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODYS = 0xFFFFFFFF


@pytest.mark.parametrize(("path", "rights", "mask", "told"), [
    ("directory/inner/file", 6, 6, ["may be changed by the user 54321 (access control list)", "may be read by the user 54321 (access control list)"]),
    ("directory/inner/file", 6, 4, ["may be read by the user 54321 (access control list)"]),
    ("directory/inner/file", 7, 0, []),
    ("directory/inner", 7, 7, ["may be changed by the user 54321 (access control list)"]),
])
def test_whom_an_access_control_list_lets_in_is_told(place, path, rights, mask, told):
    entries = ((0x01, 7, NOBODYS), (0x02, rights, SOMEBODY), (0x04, 0, NOBODYS), (0x10, mask, NOBODYS), (0x20, 0, NOBODYS))
    try:
        os.setxattr(place / path, "system.posix_acl_access", attribute(*entries))
    except OSError:
        pytest.skip("this file system has no access control lists")
    found = said(place, secret=True, ours=True)
    assert all(any(part in one for one in found) for part in told) and len(found) == len(told), found
    assert all(one.endswith(f"setfacl -x u:54321 {shlex.quote(str(place / path))}") for one in found)


@by_root
@pytest.mark.parametrize("path", ["directory", "directory/inner", "directory/inner/file"])
def test_what_somebody_else_owns_is_told_with_its_remedy(place, path):
    os.chown(place / path, SOMEBODY, 0)
    (told,) = said(place, ours=True)
    assert told == f"{place / path} is owned by 54321, who may change what is there: chown root {shlex.quote(str(place / path))}"
    subprocess.run(told.rpartition(": ")[2], shell=True, check=True)
    assert said(place, ours=True) == []


@by_root
def test_whoever_provides_a_file_may_own_its_directories_but_no_third_one(place):
    for path in (place / "directory", place / "directory/inner", place / "directory/inner/file"):
        os.chown(path, SOMEBODY, SOMEBODY)
    assert said(place) == []
    os.chown(place / "directory", SOMEBODY + 1, 0)
    assert ["is owned by 54322" in one for one in said(place)] == [True]


def test_a_command_for_what_is_not_ones_own_begins_with_sudo(place):
    (place / "directory").chmod(0o777)
    found = said(place, ours=True, me=SOMEBODY)
    assert found and all(": sudo ch" in one for one in found)


def test_a_sticky_directory_lets_nobody_change_what_is_anothers(place):
    (place / "directory").chmod(0o1777)
    assert said(place, ours=True) == []


@by_root
def test_a_link_of_somebody_else_in_a_sticky_directory_is_told(place):
    (place / "directory").chmod(0o1777)
    (place / "directory/link").symlink_to("inner/file")
    os.chown(place / "directory/link", SOMEBODY, 0, follow_symlinks=False)
    (told,) = said(place, "directory/link", ours=True)
    assert "directory/link is owned by 54321" in told
    subprocess.run(told.rpartition(": ")[2], shell=True, check=True)
    assert said(place, "directory/link", ours=True) == []


@pytest.mark.parametrize("target", ["{place}/directory/inner/file", "directory/inner/file", "./directory/../directory/inner/file"])
def test_the_way_that_a_link_takes_counts(place, target):
    (place / "link").symlink_to(target.format(place=place))
    (place / "directory/inner").chmod(0o777)
    (told,) = said(place, "link", ours=True)
    assert told.startswith(f"{place}/directory/inner may be changed by everybody")


def test_links_that_go_round_and_what_is_no_path_are_nobodys_problem(place):
    (place / "a").symlink_to("b")
    (place / "b").symlink_to("a")
    assert said(place, "a", secret=True, ours=True) == []
    for text in ("", "relative", "/no\0path", "/nosuch/file", "~/x"):
        assert _access.problems(text, secret=True, ours=True) == []


def test_what_leads_to_a_file_that_is_not_there_yet_counts(place):
    (place / "directory").chmod(0o777)
    assert len(said(place, "directory/new/ca.key", ours=True)) == 1


def test_what_ansible_vault_has_encrypted_may_be_read(place):
    file = place / "directory/inner/file"
    file.write_text("$ANSIBLE_VAULT;1.1;AES256\n6162\n")
    file.chmod(0o644)
    assert said(place, secret=True) == []


def test_all_that_is_below_a_directory_counts_if_it_is_asked_for(place):
    assert _access.problems_below(str(place), ours=True) == []
    (place / "directory/inner/file").chmod(0o666)
    (place / "directory/inner").chmod(0o777)
    (place / "away").symlink_to(place / "directory/inner/file")
    said = _access.problems_below(str(place), ours=True)
    both = [f"{place}/directory/inner may be changed by everybody", f"{place}/directory/inner/file may be changed by everybody"]
    assert all(any(one.startswith(each) for one in said) for each in both), said
    asked = {"path": str(place), "secret": False, "ours": True}
    assert [_access.answer([{**asked, "below": below}])["problems"] != [] for below in (False, True)] == [False, True]
    assert _access.problems_below(str(place / "directory/inner/file"), ours=True) == _access.problems_below(str(place / "nothing"), ours=True) == []


def test_what_a_linked_directory_leads_to_counts_and_a_link_that_goes_round_ends(place, tmp_path):
    common = tmp_path / "common"
    common.mkdir()
    (common / "main.yml").write_text("")
    (common / "main.yml").chmod(0o666)
    (place / "all").symlink_to(common)
    (place / "directory/round").symlink_to(place)
    assert f"{place}/all/main.yml" in list(_access.below(str(place)))
    assert [one for one in _access.problems_below(str(place), ours=True) if "all/main.yml may be changed by everybody" in one]
