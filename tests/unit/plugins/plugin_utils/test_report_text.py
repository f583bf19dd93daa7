# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import pytest
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils._text import fit, one_line, pad, width_of
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, ""),
        (443, "443"),
        ("  two\n\tlines \u2028 here ", "two lines here"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("abc\u202efed", "abc\\u202efed"),
        ("\ud800\ufffe\x00", "\\ud800\\ufffe\\x00"),
        ("Müller 東京 ✔", "Müller 東京 ✔"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_an_escape(text, shown):
    assert one_line(text) == shown


@settings(deadline=None)
@given(st.text())
def test_one_line_has_nothing_unprintable_left(text):
    assert one_line(text).isprintable()
    assert one_line(one_line(text)) == one_line(text)


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("東京", 4), ("e\u0301", 1), ("", 0)])
def test_width_is_counted_in_columns(text, columns):
    assert width_of(text) == columns


def test_padding_counts_columns_not_characters():
    assert pad("東京", 6) == "東京  "


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("es1.example.org", 15, "es1.example.org"),
        ("es1.example.org", 9, "es1.….org"),
        ("2001:db8::11", 8, "2001…:11"),
        ("東京東京", 5, "東…京"),
        ("abc", 1, "…"),
    ],
)
def test_the_middle_gives_way_to_an_ellipsis(text, width, fitted):
    assert fit(text, width) == fitted


@settings(deadline=None)
@given(st.text(), st.integers(min_value=1, max_value=30))
def test_a_fitted_text_fits(text, width):
    assert width_of(fit(one_line(text), width)) <= width
