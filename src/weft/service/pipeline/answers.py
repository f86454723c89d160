"""Answers of people, checked against the JSON schema of the question.

Only what pydantic writes for models and types is looked at: types, required fields, choices, bounds, references. The
flow itself checks the answer again by the form.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from typing import Any

from weft.model import spelling

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


_BOUNDS: tuple[tuple[str, str, Callable[[Any, Any], bool]], ...] = (
    ("minimum", "at least", operator.lt),
    ("exclusiveMinimum", "more than", operator.le),
    ("maximum", "at most", operator.gt),
    ("exclusiveMaximum", "less than", operator.ge),
)


def problems(schema: Any, value: object) -> list[str]:
    """All that is wrong with an answer; nothing for a valid one."""
    return _problems(schema, value, "", schema)


def described(schema: Any) -> str:
    """What an answer may hold, in words."""
    if "properties" not in schema:
        return _kind(schema, schema)
    required = schema.get("required", ())
    return ", ".join(
        f"{name} ({_kind(each, schema)}{'' if name in required else ', may be left out'})"
        for name, each in schema["properties"].items()
    )


def options(schema: Any) -> str:
    """The options of `weft resume` that give an answer of this schema, with examples for values; "" for a go-ahead."""
    if schema is None:
        return ""
    fields = _resolved(schema, schema).get("properties")
    if not fields:
        return f"--input '{_example(schema, schema)}'"
    required = _resolved(schema, schema).get("required") or list(fields)[:1]
    return " ".join(f"--set {name}={_example(fields[name], schema).strip(chr(34))}" for name in required)


def _example(schema: Any, root: Any) -> str:
    schema = _resolved(schema, root)
    if schema.get("enum"):
        return json.dumps(schema["enum"][0])
    if schema.get("anyOf"):
        return _example(schema["anyOf"][0], root)
    return _EXAMPLES.get("object" if "properties" in schema else str(schema.get("type")), '"…"')


_EXAMPLES = {"boolean": "true", "integer": "1", "number": "1.5", "array": "[]", "object": "{}", "null": "null"}


def _kind(schema: Any, root: Any) -> str:
    schema = _resolved(schema, root)
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_kind(each, root) for each in schema["anyOf"])
    return str(schema.get("type", "anything"))


def _resolved(schema: Any, root: Any) -> Any:
    while "$ref" in schema:
        found = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _problems(schema: Any, value: object, path: str, root: Any) -> list[str]:
    schema = _resolved(schema, root)
    where = path or "the answer"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            tried = [_problems(each, value, path, root) for each in schema[word]]
            return [] if any(not each for each in tried) else min(tried, key=len)
    if "const" in schema and value != schema["const"]:
        return [f"{where} is {value!r}, but must be {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is {value!r}, but must be one of {', '.join(map(repr, schema['enum']))}"]
    kind = schema.get("type")
    if kind in _TYPES:
        boolean = isinstance(value, bool) and kind in ("integer", "number")
        if not isinstance(value, _TYPES[kind]) or boolean:
            return [f"{where} is {value!r}, but must be of the type {kind}"]
    found = _bounds(schema, value, where)
    if isinstance(value, dict) and "properties" in schema:
        found += _fields(schema, value, path, root)
    if isinstance(value, list) and "items" in schema:
        for place, each in enumerate(value):
            found += _problems(schema["items"], each, f"{path}[{place}]", root)
    return found


def _bounds(schema: Any, value: object, where: str) -> list[str]:
    found = []
    if isinstance(value, (int, float)):
        for word, told, fails in _BOUNDS:
            if word in schema and fails(value, schema[word]):
                found.append(f"{where} is {value!r}, but must be {told} {schema[word]}")
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            found.append(f"{where} is {value!r}, but must have at least {schema['minLength']} characters")
        if len(value) > schema.get("maxLength", len(value)):
            found.append(f"{where} has more than {schema['maxLength']} characters")
    return found


def _fields(schema: Any, value: Mapping[str, object], path: str, root: Any) -> list[str]:
    known = schema["properties"]
    before = f"{path}." if path else ""
    found = [f"{before}{name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, each in value.items():
        inner = f"{before}{name}"
        if name in known:
            found += _problems(known[name], each, inner, root)
        elif not schema.get("additionalProperties", False):
            near = spelling.did_you_mean(name, known)
            found.append(f"{inner} is no field of it" + (f" ({near.lower()[:-1]}?)" if near else ""))
    return found
