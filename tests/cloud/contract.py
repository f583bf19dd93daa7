# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What one of Google's interfaces takes and answers, by its own description of it.

The description is a discovery document (https://developers.google.com/discovery/v1/reference/apis). It tells methods with
their paths and parameters, and schemas with fields, types, enumerations and patterns. What it says in prose only is no
part of this contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Problems = list[str]

# JSON types by the names that schemas use for them; a boolean is no number here
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}
# numbers as texts, because JSON's numbers are not exact enough for them
LIMITS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}

# Not in the document: https://cloud.google.com/apis/design/errors, in the older form that Compute Engine still answers
ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "status": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {name: {"type": "string"} for name in ("message", "domain", "reason")},
                    },
                },
            },
        }
    },
}


@dataclass(frozen=True)
class Method:
    """One method: `id` is its name without that of the interface, `path` its path as a pattern."""

    id: str
    verb: str
    path: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Any]]
    request: str
    response: str


class Contract:
    """The methods and schemas of a discovery document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.revision: str = document["revision"]
        self.base = "/" + document["servicePath"]
        self._schemas = document["schemas"]
        self._common = document["parameters"]
        self.methods = {method.id: method for method in _methods(document, document["name"])}

    def find(self, verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """Return the method that a request is for, with the parameters in its path."""
        if not path.startswith(self.base):
            return None
        for method in self.methods.values():
            match = method.path.fullmatch(path[len(self.base) :])
            if match and method.verb == verb:
                return method, match.groupdict()
        return None

    def request_problems(
        self, method: Method, path: Mapping[str, str], query: Sequence[tuple[str, str]], body: Any
    ) -> Problems:
        """Return what is wrong with a request; `body` is None where it has none."""
        found = [problem for name, text in path.items() for problem in _text(text, method.parameters[name], name)]
        for name, text in query:
            schema = method.parameters.get(name) or self._common.get(name)
            if schema is None or schema.get("location") != "query":
                found.append(f"{name}: {method.id} has no such parameter")
            elif text:
                found += _text(text, schema, name)
        given = {name for name, _text_of_it in query} | set(path)
        found += [
            f"{name}: missing"
            for name, schema in method.parameters.items()
            if schema.get("required") and name not in given
        ]
        if not method.request:
            return found + ([f"{method.id} takes no body"] if body is not None else [])
        if not isinstance(body, dict):
            return [*found, f"{method.request}: missing"]
        required = self._schemas[method.request]["properties"].items()
        found += [
            f"{method.request}.{name}: missing"
            for name, schema in required
            if f"compute.{method.id}" in schema.get("annotations", {}).get("required", []) and name not in body
        ]
        return found + list(self._problems(body, {"$ref": method.request}, method.request))

    def answer_problems(self, method: Method, status: int, body: Any) -> Problems:
        """Return what is wrong with an answer of an emulation."""
        if status >= 400:
            return list(self._problems(body, ERROR, "error"))
        if not method.response:
            return [f"{method.id} answers nothing"] if body is not None else []
        return self.schema_problems(body, method.response)

    def schema_problems(self, value: Any, schema: str) -> Problems:
        """Return what is wrong with a value that is to be of a schema."""
        return list(self._problems(value, {"$ref": schema}, schema))

    def _problems(self, value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"]]
        kind = schema.get("type", "any")
        if kind == "any":
            return
        if not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
            yield f"{where}: {kind} wanted, not {value!r}"
        elif kind == "array":
            # a pattern of a list is one of its entries
            items = {**schema["items"], **({"pattern": schema["pattern"]} if "pattern" in schema else {})}
            for index, entry in enumerate(value):
                yield from self._problems(entry, items, f"{where}[{index}]")
        elif kind == "object":
            properties, others = schema.get("properties", {}), schema.get("additionalProperties")
            for name, entry in value.items():
                if name not in properties and others is None:
                    yield f"{where}.{name}: unknown field"
                else:
                    yield from self._problems(entry, properties.get(name, others), f"{where}.{name}")
        else:
            yield from _scalar(value, schema, where)


def _methods(resource: Mapping[str, Any], interface: str) -> Iterator[Method]:
    for method in resource.get("methods", {}).values():
        path = re.sub(r"\{\+?(\w+)\}", r"(?P<\1>[^/]+)", method["path"])
        yield Method(
            method["id"].removeprefix(f"{interface}."),
            method["httpMethod"],
            re.compile(path),
            method.get("parameters", {}),
            method.get("request", {}).get("$ref", ""),
            method.get("response", {}).get("$ref", ""),
        )
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner, interface)


def _text(text: str, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    """A parameter, which is a text in an address whatever its type is."""
    kind = schema["type"]
    if kind == "boolean" and text not in ("true", "false"):
        yield f"{where}: true or false wanted, not {text!r}"
    elif kind == "integer" and not re.fullmatch(r"-?\d+", text):
        yield f"{where}: integer wanted, not {text!r}"
    elif kind == "integer":
        yield from _scalar(int(text), schema, where)
    elif kind == "string":
        yield from _scalar(text, schema, where)


def _scalar(value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {', '.join(schema['enum'])}"
    if "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if schema.get("format") in LIMITS:
        first, last = LIMITS[schema["format"]]
        if not re.fullmatch(r"-?\d+", str(value)) or not first <= int(value) <= last:
            yield f"{where}: {schema['format']} wanted, not {value!r}"
