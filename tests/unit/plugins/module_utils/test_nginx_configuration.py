# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.module_utils._nginx import sites, syntax
from hypothesis import given
from hypothesis import strategies as st


def flat(directives: list[syntax.Directive]) -> list[Any]:
    return [[each.name, *each.values] if each.block is None else [each.name, *each.values, flat(each.block)] for each in directives]


def test_that_a_configuration_is_read_as_nginx_reads_it() -> None:
    text = """user www-data; # a comment; with { braces
http{
    map $uri $x { default ""; "~^/a{2}\\.b" "a;b"; 'it\\'s' 1; }
    server { server_name a"b; return 200 ${arg_x}y; }
    log_format x '{"a":"$b",'
        '"c"}';
}
"""
    assert flat(syntax.parse(text)) == [
        ["user", "www-data"],
        [
            "http",
            [
                ["map", "$uri", "$x", [["default", ""], ["~^/a{2}\\.b", "a;b"], ["it's", "1"]]],
                ["server", [["server_name", 'a"b'], ["return", "200", "${arg_x}y"]]],
                ["log_format", "x", '{"a":"$b",', '"c"}'],
            ],
        ],
    ]
    assert [each.line for each in syntax.parse(text)[1].block or []] == [3, 4, 5]


@pytest.mark.parametrize("text", ["a", "a {", "}", "a { b }", ";", '"a', "a b; }", "{ a; }"])
def test_that_what_nginx_would_not_read_is_told(text: str) -> None:
    with pytest.raises(syntax.BadSyntax):
        syntax.parse(text)


def test_that_lua_is_passed_over() -> None:
    assert flat(syntax.parse('content_by_lua_block { if a then x = {1; 2} end } b "c";')) == [["content_by_lua_block", []], ["b", "c"]]


@given(st.text(st.characters(exclude_characters="$", exclude_categories=["Cc", "Cs"]), max_size=200))
def test_that_a_quoted_text_is_one_value_and_the_same(text: str) -> None:
    assert flat(syntax.parse(f"return 200 {syntax.quote(text)};")) == [["return", "200", text]]


@pytest.mark.parametrize("text", ["$host", "a\nb", "a\x00", "a\x7fb", "\t", "x" * 5000])
def test_that_what_cannot_be_written_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"has a|is longer"):
        syntax.quote(text)


@pytest.mark.parametrize(("length", "size"), [(0, 64), (1, 64), (46, 64), (47, 128), (110, 128), (111, 256), (253, 512)])
def test_that_a_bucket_holds_the_longest_name(length: int, size: int) -> None:
    assert syntax.hash_bucket_size(["x" * length, "y"]) == size


class Tree:
    """A configuration in a directory of its own; the new site would be conf.d/tlsfront.conf."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.write("nginx.conf", "user www-data;\nevents { worker_connections 1; }\nhttp {\n  include conf.d/*.conf;\n  include sites-enabled/*;\n}\n")

    def write(self, name: str, text: str) -> None:
        path = self.place / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def found(self, port: int = 443) -> dict[str, Any]:
        return sites.found(str(self.place / "nginx.conf"), str(self.place / "conf.d/tlsfront.conf"), port)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_that_alone_nothing_is_found(tree: Tree) -> None:
    assert tree.found() == {
        "user": "www-data",
        "group": "www-data",
        "includes_site": True,
        "server_names_hash_bucket_size": None,
        "listener_has_options": False,
        "has_default_server": False,
        "default_site": None,
        "further": [],
    }


def test_that_our_own_file_does_not_count(tree: Tree) -> None:
    tree.write("conf.d/tlsfront.conf", "server_names_hash_bucket_size 512; server { listen 443 ssl default_server so_keepalive=on; } this is {")
    assert tree.found()["server_names_hash_bucket_size"] is None
    assert tree.found()["has_default_server"] is False


def test_that_the_workers_user_is_found(tree: Tree) -> None:
    tree.write("nginx.conf", "user nginx;\nhttp { }\n")
    assert (tree.found()["user"], tree.found()["group"]) == ("nginx", "nginx")
    tree.write("nginx.conf", "user a b;\nhttp { }\n")
    assert (tree.found()["user"], tree.found()["group"]) == ("a", "b")
    tree.write("nginx.conf", "user 'x y; evil';\nhttp { }\n")
    assert tree.found()["user"] is None


def test_that_a_setting_of_the_whole_is_found_wherever_it_stands(tree: Tree) -> None:
    tree.write("sites-enabled/other", "# server_names_hash_bucket_size 32;\nserver_names_hash_bucket_size 64;\nserver { listen 80; }\n")
    tree.write("sites-enabled/.hidden", "server_names_hash_bucket_size 256;\n")
    assert tree.found()["server_names_hash_bucket_size"] == 64


@pytest.mark.parametrize(
    ("listen", "options", "default"),
    [
        ("443 ssl", False, False),
        ("443 ssl default_server", False, True),
        ("*:443 ssl default", False, True),
        ("[::]:443 ssl ipv6only=on", True, False),
        ("443 ssl so_keepalive=on", True, False),
        ("192.0.2.7:443 ssl default_server reuseport", False, False),
        ("8443 ssl default_server bind", False, False),
        ("unix:/run/x.sock", False, False),
    ],
)
def test_that_the_listeners_of_the_port_are_looked_at(tree: Tree, listen: str, options: bool, default: bool) -> None:
    tree.write("sites-enabled/other", f"server {{\n    listen {listen};\n}}\n")
    assert tree.found()["listener_has_options"] is options
    assert tree.found()["has_default_server"] is default


def test_that_the_default_is_the_first_unless_another_says_so(tree: Tree) -> None:
    tree.write("sites-enabled/other", "server { listen 443 ssl; server_name b; ssl_session_cache shared:x:1m; }\n")
    assert tree.found()["default_site"] is None, "conf.d/tlsfront.conf is read before sites-enabled"
    tree.write("conf.d/zz.conf", "server { listen 443 ssl default_server; server_name z; }\n")
    assert tree.found()["default_site"] == {"place": f"{tree.place}/conf.d/zz.conf:1", "names": ["z"], "keeps_sessions": False}
    (tree.place / "conf.d/zz.conf").unlink()
    tree.write("conf.d/aa.conf", "ssl_session_cache shared:a:1m;\nserver { listen 443 ssl; server_name a c; }\n")
    assert tree.found()["default_site"] == {"place": f"{tree.place}/conf.d/aa.conf:2", "names": ["a", "c"], "keeps_sessions": True}


def test_that_what_a_site_includes_is_its_own(tree: Tree) -> None:
    tree.write("tls.conf", "ssl_session_cache shared:le_nginx_SSL:10m;\n")
    tree.write("conf.d/aa.conf", "server { listen 443 ssl; include tls.conf; }\n")
    assert tree.found()["default_site"]["keeps_sessions"] is True
    tree.write("conf.d/aa.conf", "server { listen 443 ssl; include tls.conf; ssl_session_cache off; }\n")
    assert tree.found()["default_site"]["keeps_sessions"] is False


def test_that_a_circle_ends(tree: Tree) -> None:
    tree.write("conf.d/aa.conf", "include conf.d/aa.conf;\n")
    with pytest.raises(syntax.BadSyntax, match="include each other"):
        tree.found()
