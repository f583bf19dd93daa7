# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is given as a text, for every option that there is: it means the same as the type itself, or is refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.filter.core import to_bool
from ansible_collections.tlsfront.elasticsearch.plugins.plugin_utils import _option_types

TOP = Path(__file__).parents[4]


def _options() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for file in sorted([*TOP.glob("roles/*/meta/argument_specs.yml"), TOP / "playbooks/meta/argument_specs.yml"]):
        found.update(yaml.safe_load(file.read_text("utf-8"))["argument_specs"]["main"]["options"])
    return found


OPTIONS = _options()
KINDS = {name: _option_types.TEMPLATED.get(name, option["type"]) for name, option in OPTIONS.items()}
# a word or a list, which is held against what it may be where it is read: test_cut_off.py
WORD_OR_LIST = {"tlsfront_cut_off"}
TRUE, FALSE = ("true", "True", "yes", "on", "1"), ("false", "FALSE", "no", "off", "0")
NUMBERS = ("5", "05", " 5 ", "5; evil", "5.0", "4_43", "\uff14\uff14\uff13", "-1")  # with digits of full width
TEXTS = [*TRUE, *FALSE, *NUMBERS, "", "y", "t", "perhaps", " true ", "127.0.0.1", "a,b", '["a","b"]', "[9200, 9300]"]


def problems(name: str, value: Any) -> list[str]:
    return _option_types.problems(OPTIONS, {name: value})


def of(*kinds: str) -> list[str]:
    return sorted(name for name, kind in KINDS.items() if kind in kinds)


def test_every_option_has_a_type_that_is_known() -> None:
    kinds = {kind for name, kind in KINDS.items() if name not in WORD_OR_LIST}
    assert kinds <= {"bool", "int", "str", "path", "list", "dict"}, "an option whose default is a template needs its type in TEMPLATED"
    assert {KINDS[name] for name in WORD_OR_LIST} == {"raw"}
    assert set(_option_types.TEMPLATED) <= {name for name, option in OPTIONS.items() if option["type"] == "raw"}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", of("bool"))
def test_a_text_for_a_boolean_is_what_the_filter_bool_makes_of_it_or_is_refused(name: str, text: str) -> None:
    meant = True if text in TRUE else False if text in FALSE else None
    if meant is None:
        (said,) = problems(name, text)
        assert said.startswith(f"{name} is the text {json.dumps(text, ensure_ascii=False)}, and must be true or false")
    else:
        assert problems(name, text) == []
        assert to_bool(text) is meant


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", of("int"))
def test_a_text_for_a_number_is_written_as_that_number_or_is_refused(name: str, text: str) -> None:
    if problems(name, text):
        (said,) = problems(name, text)
        assert said == f"{name} is the text {json.dumps(text, ensure_ascii=False)}, and must be a whole number, in digits."
    else:
        # rendered into a file it is what the number would be
        assert str(int(text)) == text


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", of("list"))
def test_a_text_for_a_list_is_refused_with_what_to_write(name: str, text: str) -> None:
    (said,) = problems(name, text)
    assert said.startswith(f"{name} is the text")
    assert f"-e '{{\"{name}\": [" in said
    if text == "127.0.0.1":
        assert f"""-e '{{"{name}": ["127.0.0.1"]}}'""" in said
    if text in ("a,b", '["a","b"]'):
        assert '["a", "b"] in YAML' in said


@pytest.mark.parametrize("name", of("dict"))
def test_a_text_for_a_mapping_is_refused(name: str) -> None:
    (said,) = problems(name, "a: b")
    assert said.startswith(f"{name} is the text") and said.endswith("and must be a mapping.")


@pytest.mark.parametrize("value", [True, 12345, 1.5, ["a"], {"a": "b"}], ids=str)
@pytest.mark.parametrize("name", of("str", "path"))
def test_what_is_no_text_is_refused_where_a_text_is_wanted(name: str, value: Any) -> None:
    (said,) = problems(name, value)
    assert said.startswith(f"{name} is the ") and said.endswith("must be a text: put it in quotes.")


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_null_is_refused_and_each_plain_default_is_not(name: str) -> None:
    assert problems(name, None) == [f"{name} is null: give it a value, or leave it out."]
    default = OPTIONS[name].get("default")
    if default is not None and "{{" not in str(default):
        assert problems(name, default) == []


@pytest.mark.parametrize("name", sorted(name for name, option in OPTIONS.items() if option.get("no_log")))
def test_the_value_of_a_secret_is_never_told(name: str) -> None:
    for value in (31337, ["31337"], {"31337": 31337}, "31337"):
        for said in problems(name, value):
            assert name in said and "31337" not in said


def test_parts_of_a_value_are_looked_at_strictly_and_their_secrets_are_not_told() -> None:
    users = [{"name": "a", "password": 31337}, {"name": 5, "password": "x", "read_only": "false"}, "c"]
    said = problems("https_front_users", users)
    assert [each.split(" is ")[0] for each in said] == [
        "https_front_users[0].password",
        "https_front_users[1].name",
        "https_front_users[1].read_only",
        "https_front_users[2]",
    ]
    assert "31337" not in " ".join(said)
    assert problems("https_front_users", [{"name": "a", "password": "x", "read_only": False}]) == []


def test_a_choice_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    assert problems("https_front_tls_profile", "old") == ['https_front_tls_profile is the text "old", and must be one of intermediate, modern.']
    assert problems("tlsfront_report_formats", ["html", "pdf"]) == ['tlsfront_report_formats[1] is the text "pdf", and must be one of html, junit, prometheus.']


def test_all_that_is_wrong_is_told_at_once_and_what_is_not_given_is_not_looked_at() -> None:
    assert len(_option_types.problems(OPTIONS, {"tlsfront_addresses": "x", "https_front_rate_burst": "5; evil"})) == 2
    assert _option_types.problems(OPTIONS, {"somebody_elses": None}) == []
