"""Values held against a JSON schema, where the definitions that could check them are not at hand: on a server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jsonschema

_FORMATS = {"date": date.fromisoformat, "date-time": datetime.fromisoformat, "time": time.fromisoformat}
_BESIDES = ("required", "additionalProperties")


def problems_with(schema: str, values: Mapping[str, object]) -> list[tuple[str, object, str]]:
    """What is wrong with values by a schema (of an object, as JSON text): each with its field, value and what is wrong.

    What is missing or unknown at the top is left to the caller, who knows what is near it.
    """
    found: list[tuple[str, object, str]] = []
    for error in _validator(schema).iter_errors(dict(values)):
        if not error.absolute_path and error.validator in _BESIDES:
            continue
        place = ".".join(str(each) for each in error.absolute_path)
        found.append((place, error.instance, _told(error)))
    return found


def _told(error: jsonschema.ValidationError) -> str:
    """What a value should be."""
    rule, wanted = error.validator, error.validator_value
    match rule:
        case "type":
            return f"should be {' or '.join([wanted] if isinstance(wanted, str) else wanted)}"
        case "anyOf" | "oneOf":
            kinds = list(dict.fromkeys(_kinds(wanted)))
            return f"should be {' or '.join(kinds)}" if kinds else "fits none of what it may be"
        case "enum":
            return f"should be one of {', '.join(map(repr, wanted))}"
        case "const":
            return f"should be {wanted!r}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            words = {"minimum": "at least", "maximum": "at most"}
            return f"should be {words.get(rule, 'more than' if 'Min' in rule else 'less than')} {wanted}"
        case "format":
            return f"should be written as a {wanted}"
        case "required":
            return f"lacks {', '.join(map(repr, (each for each in wanted if each not in error.instance)))}"
        case _:
            told: str = error.message
            return told


def _kinds(schemas: object) -> Iterator[str]:
    for each in schemas if isinstance(schemas, list) else ():
        kind = each.get("type") if isinstance(each, dict) else None
        if isinstance(kind, str):
            yield kind


@lru_cache(maxsize=1024)
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    import jsonschema

    checker = jsonschema.FormatChecker(formats=())
    for name, read in _FORMATS.items():
        checker.checks(name, raises=ValueError)(_is_written_as(read))
    return jsonschema.Draft202012Validator(json.loads(schema), format_checker=checker)


def _is_written_as(read: Any) -> Any:
    def check(value: object) -> bool:
        if isinstance(value, str):
            read(value)
        return True

    return check
