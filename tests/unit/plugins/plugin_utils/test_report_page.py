# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import collections
import datetime
import hashlib
import html.parser

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._checks import checks_of
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._page import page
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import one_line
from hypothesis import assume, given, settings
from hypothesis import strategies as st


class Outline(html.parser.HTMLParser):
    """What a page is made of: its tags with the names of their attributes, its texts, and what its attributes say."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.values, self.texts = collections.Counter(), [], collections.defaultdict(str)
        self._open = None
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._open = tag
        self.tags[tag, tuple(name for name, _value in attrs)] += 1
        self.values += attrs

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        self.texts[self._open] += data


@pytest.fixture
def source(observations, moment):
    return page(checks_of(observations), moment)


def test_the_page_asks_for_nothing(source):
    outline = Outline(source)
    assert not {"link", "img", "iframe", "object", "embed", "base", "a"} & {tag for tag, _attributes in outline.tags}
    assert not {"src", "href", "srcset", "action", "data"} & {name for name, _value in outline.values}
    assert "@import" not in source and "url(" not in source


def test_the_policy_allows_the_pages_own_script_and_style_and_nothing_else(source):
    outline = Outline(source)
    hashes = {
        tag: base64.b64encode(hashlib.sha256(outline.texts[tag].encode()).digest()).decode()
        for tag in ("script", "style")
    }
    assert (
        "content",
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'",
    ) in outline.values
    assert not [name for name, _value in outline.values if name == "style" or name.startswith("on")]


def test_every_state_has_a_symbol_and_a_word(source):
    for shown in (
        "✔</span> verified",
        "▲</span> verified, warning",
        "✘</span> hostname_mismatch",
        "✘</span> 9200 OPEN",
    ):
        assert shown in source


def test_what_failed_is_told_with_cause_and_cure_and_certificates_with_all_their_facts(source):
    for fact in (
        "The certificate is for a.example.org, not for es1.example.org.",
        "Correct the name or its DNS records, or give the address with connect_to.",
        "CN=es2.example.org has 12 days left, until 2026-12-06.",
        "DNS:es3.example.org, IP:192.0.2.13",
        "q8Jx2bTzRkq1nW0yVd7c5A",
        "ca" * 32,
        '<time datetime="2026-11-24T12:00:00+00:00">2026-11-24 12:00:00 UTC</time>',
    ):
        assert fact in source


HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}</style>"


def hostile(text):
    certificate = {
        "subject": text,
        "not_after": "2027-01-01T00:00:00Z",
        "days_left": 1,
        "subject_alt_names": [text],
        text: text,
    }
    address = {
        "address": text,
        "verified": False,
        "reason": text,
        "message": text,
        "hint": text,
        "tls": {"version": text, text: text},
        "certificates": [certificate],
        "cluster": {"name": text, "uuid": text},
        "open_ports": [text],
        "unknown_ports": [text],
        "timings": {text: 1.0},
    }
    endpoint = {
        "url": text,
        "verified": False,
        "reason": text,
        "message": text,
        "hint": text,
        "warnings": [text],
        "addresses": [address],
    }
    moment = datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
    return page(
        checks_of([{"from": text, "result": {"endpoints": [endpoint]}}]), moment, title=text
    )


def test_a_hostile_certificate_adds_no_element_and_is_shown_as_it_is():
    source = hostile(HOSTILE)
    assert Outline(source).tags == Outline(hostile("harmless")).tags
    assert HOSTILE in Outline(source).texts["dd"]
    assert "49" not in Outline(source).texts["dd"]


@settings(deadline=None, max_examples=30)
@given(st.text(min_size=1).filter(str.strip))
def test_no_text_adds_an_element(text):
    assume(text not in {"subject", "not_after", "days_left", "subject_alt_names", "version"})  # it would stand in place of a value, not beside it
    outline = Outline(hostile(text))
    assert outline.tags == Outline(hostile("harmless")).tags
    assert one_line(text) in outline.texts["dd"]


def test_a_port_whose_state_is_unknown_is_marked_and_counted(satisfied, moment):
    endpoint = satisfied[0]["result"]["endpoints"][2]
    endpoint["verified"] = False
    endpoint["addresses"][0].update(closed_ports=[], unknown_ports=["9200-9299", "9300"])
    source = page(checks_of(satisfied), moment)
    assert '<span class="badge failed"><span aria-hidden="true">?</span> 9200-9299, 9300 unknown</span>' in source
    assert "<b>2</b> ports of which it is not known whether closed" in source
