# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)

"""The option ``endpoints``, as users give it, to items: texts, or mappings with the options of one endpoint.

An item is never shown, whatever is wrong with it: an error names its place and the option.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import re
from typing import Any, Callable, Mapping

from .endpoint import Endpoint, parse, shown
from .reasons import CheckFailed, InvalidOption

Spec = Mapping[str, Mapping[str, Any]]
#: A value and the spec of its option, to the value in the option's type; raises ValueError where it cannot be meant.
Convert = Callable[[Any, Mapping[str, Any]], Any]

_KINDS = {"bool": "true or false", "float": "a number", "int": "a whole number", "list": "a list of texts"}
#: What begins like JSON and like no endpoint: an IPv6 address may stand in brackets.
_LIKE_JSON = re.compile(r"\s*(\{|\[\s*([\[{\"'\]]|null|true|false|\Z))")
_OPTION_NAME = re.compile("[a-z]+(_[a-z]+){0,4}")


def place(number: int) -> str:
    """What an item is called, as Jinja would index it."""
    return f"endpoints[{number}]"


def items_of(given: Any) -> list[Any]:
    """The items of a list, of a text in JSON (what ``-e 'x=[...]'`` makes of a list), or of texts joined by commas.

    :raises InvalidOption: there is no list in it, or nothing in the list
    """
    if isinstance(given, str) and _LIKE_JSON.match(given):
        given = _from_json(given, "endpoints")
    elif isinstance(given, str):
        given = [text.strip() for text in given.split(",")]
    if not isinstance(given, (list, tuple)):
        raise InvalidOption("endpoints: must be a list of texts and mappings")
    if not given:
        raise InvalidOption("endpoints: must not be empty; with nothing to check, nothing would be proved")
    return [
        _from_json(item, place(number)) if isinstance(item, str) and _LIKE_JSON.match(item) else item
        for number, item in enumerate(given)
    ]


def _from_json(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass  # outside of here: the error has the text in it
    raise InvalidOption(f"{where}: begins like JSON, and is none; give a list, such as with -e '{{\"name\": [...]}}'")


def own_options(item: Any, number: int, spec: Spec, whole_task: Spec, convert: Convert) -> dict[str, Any]:
    """The options that an item gives, ``url`` among them, each converted as its spec says.

    :raises InvalidOption: it gives something else
    """
    where = place(number)
    if isinstance(item, str):
        return {"url": item}
    if not isinstance(item, Mapping):
        nested = " (a list in a list: leave one pair of brackets out)" if isinstance(item, (list, tuple)) else ""
        raise InvalidOption(f"{where}: must be a text or a mapping{nested}")
    for key in item:
        if key != "url" and key not in spec:
            raise InvalidOption(_unknown(key, where, spec, whole_task))
    if not isinstance(item.get("url"), str):
        raise InvalidOption(f"{where}.url: must be there, and be a text")
    return {key: _converted(value, f"{where}.{key}", spec.get(key, {"type": "str"}), convert) for key, value in item.items()}


def _unknown(key: Any, where: str, spec: Spec, whole_task: Spec) -> str:
    if not isinstance(key, str) or not _OPTION_NAME.fullmatch(key) or len(key) > 40:
        return f"{where}: has a key that is the name of no option; an endpoint is a text, or a mapping with url"
    if key in whole_task:
        return f"{where}.{key}: counts for the whole task, and cannot be given for one endpoint"
    like = difflib.get_close_matches(key, spec, 1)
    return f"{where}.{key}: there is no such option" + (f"; {like[0]} may be meant" if like else "")


def _converted(value: Any, where: str, spec: Mapping[str, Any], convert: Convert) -> Any:
    if value is None:
        return None
    kind = spec["type"]
    deep = value if kind == "list" and isinstance(value, (list, tuple)) else [value]
    fits = not any(isinstance(part, (Mapping, list, tuple)) or part is None for part in deep)
    if fits:
        with contextlib.suppress(ValueError):
            return convert(value, spec)
    wanted = "one of " + ", ".join(spec["choices"]) if "choices" in spec else _KINDS.get(kind, "a text")
    raise InvalidOption(f"{where}: must be {wanted}")


def shown_items(given: Any) -> list[str]:
    """What may be logged of them: the URL of each, where it is one."""
    try:
        items = items_of(given)
    except ValueError:
        return ["(not shown)"]
    return [_shown_item(item) or place(number) for number, item in enumerate(items)]


def _shown_item(item: Any) -> str | None:
    text = item.get("url") if isinstance(item, Mapping) else item
    if not isinstance(text, str):
        return None
    try:
        endpoint: Endpoint = parse(text)
    except CheckFailed:
        return shown(text)
    return endpoint.url
