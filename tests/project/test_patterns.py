# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A pattern that says what a value may be ends where the value ends: ``$`` lets a line feed follow, ``\\Z`` lets nothing.

Looked at are all patterns that Python's ``re`` reads in order to decide: those in Python, and those of the tests ``match``, ``search`` and ``regex`` and of
the filter ``regex_search`` in YAML and templates, by name of a variable, too. Not looked at are ``regex_replace`` and ``regex_findall``, which decide
nothing, patterns with the flag for many lines, in which ``$`` is the end of a line and meant, and those that nginx or others read.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from jinja2 import nodes

try:
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser
except ImportError:  # Python before 3.11
    import sre_constants as constants
    import sre_parse as parser

TOP = Path(__file__).parents[2]
TESTS = {"match", "search", "regex"}
SELECTS = {"select", "reject", "selectattr", "rejectattr"}
# keys whose texts are expressions without braces
BARE = {"when", "that", "until", "failed_when", "changed_when", "break_when"}
FUNCTIONS = {"compile", "match", "search", "fullmatch", "findall", "finditer", "split"}


def ends_before_a_line_feed(pattern: str) -> bool:
    """Whether a ``$`` in it stands for the end of the text."""
    try:
        parsed = parser.parse(pattern)
    except re.error:
        return pattern.endswith("$") and not pattern.endswith("\\$")
    return not parsed.state.flags & re.MULTILINE and _has_end(parsed)


def _has_end(parsed: Any) -> bool:
    if isinstance(parsed, tuple) and len(parsed) == 2 and parsed[0] is constants.AT:
        return parsed[1] is constants.AT_END
    return isinstance(parsed, (list, tuple, parser.SubPattern)) and any(_has_end(part) for part in parsed)


def strings_of(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text of a YAML document, with the key that it stands under."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from strings_of(inner, str(name))
    elif isinstance(value, list):
        for inner in value:
            yield from strings_of(inner, key)
    elif isinstance(value, str):
        yield key, value


def patterns_of(node: nodes.Node, variables: dict[str, str]) -> Iterator[str]:
    """The patterns of an expression that decide."""
    for test in node.find_all(nodes.Test):
        if test.name in TESTS and test.args:
            yield from texts_of(test.args[0], variables)
    for filtered in node.find_all(nodes.Filter):
        if filtered.name in SELECTS:
            names = [arg.value if isinstance(arg, nodes.Const) else None for arg in filtered.args]
            for place in (0, 1):
                if len(names) > place + 1 and names[place] in TESTS:
                    yield from texts_of(filtered.args[place + 1], variables)
        if filtered.name == "regex_search" and filtered.args:
            yield from texts_of(filtered.args[0], variables)


def texts_of(node: nodes.Node, variables: dict[str, str]) -> Iterator[str]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.Name):  # in place of what is put in, something that is a part of any pattern
        yield re.sub(r"\{\{.*?\}\}", "x", variables.get(node.name, ""))
    elif isinstance(node, nodes.TemplateData):
        yield node.data
    for child in node.iter_child_nodes():
        yield from texts_of(child, variables)


def in_ansible(files: list[Path]) -> Iterator[tuple[Path, str]]:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    found: list[tuple[Path, str]] = []
    variables: dict[str, str] = {}
    for file in files:
        text = file.read_text("utf-8")
        if file.suffix == ".j2":
            found.append((file, text))
            continue
        for key, value in strings_of(list(yaml.safe_load_all(text))):
            variables[key] = value
            found.append((file, "{{ " + value + " }}" if key in BARE and "{{" not in value else value))
    for file, text in found:
        if "{{" in text or "{%" in text:
            yield from ((file, pattern) for pattern in patterns_of(environment.parse(text), variables))


def in_python(file: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(file.read_text("utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr not in FUNCTIONS:
            continue
        is_re = isinstance(call.func.value, ast.Name) and call.func.value.id == "re"
        if is_re and call.args and not any("MULTILINE" in ast.unparse(argument) for argument in call.args[1:]):
            yield from _texts_in(call.args[0])


def _texts_in(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):  # in place of what is put in, something that is a part of any pattern
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in value.values)
    else:
        for child in ast.iter_child_nodes(value):
            if isinstance(child, ast.expr):
                yield from _texts_in(child)


def ansible_files() -> list[Path]:
    files = [file for place in ("roles", "playbooks") for file in (TOP / place).rglob("*") if file.suffix in {".yml", ".j2"}]
    return sorted(file for file in files if file.name != "argument_specs.yml")


@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")  # Jinja keeps what it does not know
def test_no_pattern_in_yaml_lets_a_line_feed_follow() -> None:
    every = list(in_ansible(ansible_files()))
    assert len(every) > 10
    assert [(str(file.relative_to(TOP)), pattern) for file, pattern in every if ends_before_a_line_feed(pattern)] == []


def test_no_pattern_in_python_lets_a_line_feed_follow() -> None:
    files = sorted(file for place in ("plugins", "roles") for file in (TOP / place).rglob("*.py"))
    every = [(file, pattern) for file in files for pattern in in_python(file)]
    assert len(every) > 50
    assert [(str(file.relative_to(TOP)), pattern) for file, pattern in every if ends_before_a_line_feed(pattern)] == []


@pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ x is match('a$') }}", True),
        ("{{ x is not search('a$') }}", True),
        ("{{ x is match('a$' if y else 'b') }}", True),
        ("{{ x | select('match', '(a$|b)') | list }}", True),
        ("{{ x | rejectattr('key', 'search', 'a$') }}", True),
        ("{{ x | regex_search('a$') }}", True),
        ("{{ x is match(pattern) }}", True),
        (r"{{ x is match('a\\Z') }}", False),
        (r"{{ x is match('a[$]') }}", False),
        (r"{{ x is match('a\\$') }}", False),
        ("{{ x is search('(?m)a$') }}", False),
        ("{{ x | regex_replace('a$', '') }}", False),
        ("{{ 'a$' }}", False),
    ],
)
def test_the_search_finds_what_it_looks_for(text: str, found: bool) -> None:
    patterns = patterns_of(jinja2.Environment().parse(text), {"pattern": "b$"})
    assert any(map(ends_before_a_line_feed, patterns)) is found
