# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the value of an option has the type that its specification says.

Ansible's own check of arguments converts a value to see whether it could be, and hands on what was given: the text `false` of `-e x=false` passes as
a boolean, and is true wherever it is used; the text `127.0.0.1` passes as a list, and is taken letter by letter. So what is let through here is what is
the same wherever it is used: the type itself; of booleans also the texts that the filter `bool` knows in every version of Ansible, of whole numbers also
the texts that they are written as.
"""

from __future__ import annotations

import json
import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

__all__ = ["TEMPLATED", "problems"]

# https://docs.ansible.com/ansible/latest/collections/ansible/builtin/bool_filter.html, as it was in 2.18
_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0"})
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]*", re.ASCII)
_LONGEST = 60
# By their names, since ansible-core 2.18 takes no value of !vault for an option with `no_log`, so that the roles' specifications have none
_SECRET = re.compile(r"(password|passphrase|hash|api_key|eab_key|token|secret)(\[\d+\])*\Z")
_WORDS = ((bool, "the boolean"), ((int, float), "the number"), ((list, tuple), "the list"), (dict, "the mapping"))
# Options whose default is a template, which a specification allows to none but `raw`, with the types that they have.
TEMPLATED = {"certificate_acme_port": "int", "https_front_ipv6": "bool", "https_front_port": "int"}


def problems(options: Mapping[str, Mapping[str, t.Any]], values: Mapping[str, t.Any]) -> list[str]:
    """Return a sentence for each of `values` that is not what `options` say, as `argument_specs.yml` has them."""
    return [problem for name, option in options.items() if name in values for problem in _problems(name, name, option, values[name])]


def _problems(name: str, where: str, option: Mapping[str, t.Any], value: t.Any) -> Iterator[str]:
    """Yield what is wrong with the value of the option `name`, or with the part of it that is called `where`."""
    kind = TEMPLATED.get(where, option.get("type", "str"))
    secret = option.get("no_log") is True or _SECRET.search(where) is not None
    top = where == name
    if value is None:
        yield f"{where} is null: give it a value, or leave it out."
    elif not _fits(kind, value, top):
        yield f"{where} is {_shown(value, secret)}, and must be {_wanted(kind, name if top else '', value, secret)}."
    elif kind == "list":
        element = {"type": option.get("elements", "raw"), "options": option.get("options"), "choices": option.get("choices"), "no_log": secret}
        for number, item in enumerate(value):
            yield from _problems(name, f"{where}[{number}]", element, item)
    elif kind == "dict":
        yield from _of_mapping(name, where, option.get("options") or {}, value)
    elif option.get("choices") and value not in option["choices"]:
        yield f"{where} is {_shown(value, secret)}, and must be one of {', '.join(map(str, option['choices']))}."


def _of_mapping(name: str, where: str, options: Mapping[str, t.Any], value: Mapping[str, t.Any]) -> Iterator[str]:
    for key, option in options.items():
        if key in value:
            yield from _problems(name, f"{where}.{key}", option, value[key])


def _fits(kind: str, value: t.Any, top: bool) -> bool:
    """Return whether `value` is of this kind; a text for a boolean or a number is what the command line gives, and no part of a value."""
    if kind == "bool":
        return isinstance(value, bool) or (top and _is_text(value) and str(value).lower() in _BOOLEANS)
    if kind == "int":
        if _is_text(value):
            return top and _WHOLE_NUMBER.fullmatch(str(value)) is not None
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "list":
        return isinstance(value, (list, tuple)) and not _is_text(value)
    if kind == "dict":
        return hasattr(value, "keys")
    return kind == "raw" or _is_text(value)


def _is_text(value: object) -> bool:
    # a vaulted text was no str before ansible-core 2.19
    return isinstance(value, str) or hasattr(value, "__ENCRYPTED__")


def _shown(value: object, secret: bool) -> str:
    words = "the text" if _is_text(value) else next((words for kind, words in _WORDS if isinstance(value, kind)), f"a {type(value).__name__}")
    if secret:
        return f"{words} that is not shown here"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f"{words} {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}"


def _wanted(kind: str, name: str, value: object, secret: bool) -> str:
    if kind == "bool":
        return "true or false"
    if kind == "int":
        return "a whole number, in digits"
    if kind == "dict":
        return "a mapping"
    if kind != "list":
        return "a text: put it in quotes"
    if not name or secret or not _is_text(value):
        return "a list"
    items = _items(str(value))
    return f"a list: {json.dumps(items, ensure_ascii=False)} in YAML, or on the command line -e '{json.dumps({name: items}, ensure_ascii=False)}'"


def _items(text: str) -> Iterable[t.Any]:
    """Return the list that a text was probably meant to be."""
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if isinstance(parsed, list):
        return parsed
    return [item.strip() for item in text.strip().strip("[]").split(",") if item.strip()]
