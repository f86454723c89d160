"""What a request carries, decoded by what its route declares; all that is wrong with it is told at once."""

from __future__ import annotations

import functools
import re
import urllib.parse
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from weft.model import spelling
from weft.surfaces.http import paging, problems

DEEPEST = 64
"""How deep JSON may be nested."""
_MOST_PARAMETERS = 200
_LONG_NUMBER = re.compile(rb"\d{19}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, also one that is not closed: what is looked at once is never looked at again, whatever anybody sends."""
_PLACE = re.compile(r"^(.*?)(?: - at `(key in )?\$(.*)`)?$", re.DOTALL)
_BIGGEST = 2**63 - 1


def is_json(content_type: str) -> bool:
    """Whether a Content-Type is that of JSON in UTF-8."""
    kind, _, rest = content_type.partition(";")
    name, _, value = rest.strip().partition("=")
    return kind.strip().lower() == "application/json" and (
        not rest.strip() or (name.strip().lower() == "charset" and value.strip().strip('"').lower() == "utf-8")
    )


def body(kind: type[msgspec.Struct], raw: bytes) -> Any:
    """The JSON object `raw` as a `kind`; nothing stands for an empty object.

    Raises:
        Refused: it is not JSON (400), too deep (400), or not such an object (422, with every wrong field).
    """
    try:
        if raw.count(b"[") + raw.count(b"{") > DEEPEST and depth(raw) > DEEPEST:
            raise _not_json(f"it is nested deeper than {DEEPEST}")
        given = msgspec.json.decode(raw or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(str(error)) from error
    if _LONG_NUMBER.search(raw) and _too_big(given):
        raise _wrong([problems.FieldProblem(field="body", problem="a whole number has at most 64 bits")])
    if not isinstance(given, dict):
        raise _wrong([problems.FieldProblem(field="body", problem="must be an object", value=problems.told(given))])
    return _made(kind, given, "body", strict=True)


def query(kind: type[msgspec.Struct] | None, raw: bytes) -> Any:
    """The query string `raw` as a `kind` (None: there may be none).

    Raises:
        Refused: it is not one (400), or its parameters are wrong (422).
    """
    try:
        pairs = urllib.parse.parse_qsl(
            raw.decode("latin-1"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError as error:
        raise problems.Refused(
            400, "bad-query", f"The query of the URL cannot be read: {error}.", remedy="Send it as UTF-8, %-encoded."
        ) from error
    several = _several(kind) if kind is not None else frozenset()
    given: dict[str, Any] = {}
    repeated: list[problems.FieldProblem] = []
    for name, value in pairs:
        if name in several:
            given.setdefault(name, []).append(value)
        elif name in given:
            repeated.append(problems.FieldProblem(field=f"query.{name}", problem="is given more than once"))
        else:
            given[name] = value
    return _made(kind or _Nothing, given, "query", strict=False, found=repeated)


class _Nothing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of a route that takes no parameters."""


@functools.cache
def _several(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The parameters that may be given several times."""
    return frozenset(each.encode_name for each in msgspec.structs.fields(kind) if _is_list(each.type))


@functools.cache
def _has_secrets(kind: type[msgspec.Struct]) -> bool:
    """Whether a field is declared as one that is written and never shown: then no value is told back."""
    return any(_is_write_only(each.type) for each in msgspec.structs.fields(kind))


def _is_write_only(kind: Any) -> bool:
    noted = getattr(kind, "__metadata__", ())
    if any(isinstance(each, msgspec.Meta) and (each.extra_json_schema or {}).get("writeOnly") for each in noted):
        return True
    return any(_is_write_only(each) for each in get_args(kind) if each is not kind)


def _is_list(kind: Any) -> bool:
    origin = get_origin(kind)
    if origin in (list, tuple, frozenset, set):
        return True
    return any(_is_list(each) for each in get_args(kind)) if origin is not None else False


def _made(
    kind: type[msgspec.Struct],
    given: Mapping[str, Any],
    where: str,
    *,
    strict: bool,
    found: Iterable[problems.FieldProblem] = (),
) -> Any:
    wrong = list(found)
    if not wrong:
        try:
            made = msgspec.convert(given, kind, strict=strict)
        except msgspec.ValidationError:
            made = None
        if made is not None and (strict or not _too_big(msgspec.structs.asdict(made))):
            return made
    fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}

    def told(value: object) -> Any:
        return None if _has_secrets(kind) else problems.told(value)

    for name, value in given.items():
        if name not in fields:
            near = spelling.did_you_mean(name, fields)
            known = f"known are {', '.join(sorted(fields))}" if fields else "there are none here"
            wrong.append(
                problems.FieldProblem(
                    field=f"{where}.{problems.told(name)}",
                    problem=f"is not known: {near or known}",
                    value=told(value),
                )
            )
            continue
        try:
            converted = msgspec.convert(value, fields[name].type, strict=strict)
        except msgspec.ValidationError as error:
            problem, place = _told(str(error))
            problem = _expected(fields[name].type, value) or problem
            wrong.append(problems.FieldProblem(field=f"{where}.{name}{place}", problem=problem, value=told(value)))
            continue
        if _too_big(converted):
            wrong.append(problems.FieldProblem(field=f"{where}.{name}", problem="has at most 64 bits"))
    wrong += [
        problems.FieldProblem(field=f"{where}.{name}", problem="is missing")
        for name, each in fields.items()
        if each.required and name not in given
    ]
    if not wrong:  # what the whole object refuses
        try:
            return msgspec.convert(given, kind, strict=strict)
        except msgspec.ValidationError as error:
            wrong.append(problems.FieldProblem(field=where, problem=_told(str(error))[0]))
    raise _wrong(wrong)


def _told(message: str) -> tuple[str, str]:
    """What msgspec says of a wrong value, and the path within the field."""
    found = _PLACE.match(message)
    assert found is not None
    return found[1][:1].lower() + found[1][1:], found[3] or ""


def _expected(kind: Any, value: Any) -> str:
    """What is expected in words, where msgspec would only name the wrong value or a pattern; else nothing."""
    if get_origin(kind) is Annotated:
        if any(isinstance(each, msgspec.Meta) and each.pattern == paging.MOMENT_PATTERN for each in get_args(kind)[1:]):
            return "is no time such as 2024-01-31T06:00:00Z"
        return _expected(get_args(kind)[0], value)
    words = [each for each in get_args(kind) if isinstance(each, str)] if get_origin(kind) is Literal else None
    if words is None:
        found = (_expected(each, value) for each in get_args(kind) if each is not type(None))
        return next((each for each in found if each), "")
    wrong = [each for each in (value if isinstance(value, list) else [value]) if each not in words]
    shown = ", ".join(repr(problems.told(each)) for each in wrong[:3])
    near = spelling.did_you_mean(wrong[0], words) if wrong and isinstance(wrong[0], str) else ""
    return f"has no value {shown}: {near or 'there are ' + ', '.join(words)}"


def _too_big(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return not -_BIGGEST <= value <= _BIGGEST
    if isinstance(value, dict):
        return any(_too_big(each) for each in value.values())
    if isinstance(value, (list, tuple)):
        return any(_too_big(each) for each in value)
    return False


def depth(raw: bytes) -> int:
    """How deep JSON text is nested; brackets within strings don't count."""
    deepest = at = 0
    outside = _STRING.sub(b"", raw)
    for each in re.finditer(rb"[\[\]{}]", outside):
        at += 1 if each[0] in b"[{" else -1
        deepest = max(deepest, at)
    return deepest


def _not_json(why: str) -> problems.Refused:
    return problems.Refused(400, "bad-json", f"The body is not JSON: {why}.", remedy="Send one JSON object in UTF-8.")


def _wrong(found: Iterable[problems.FieldProblem]) -> problems.Refused:
    fields = tuple(found)
    told = "; ".join(f"{each.field} {each.problem}" for each in fields[:5])
    more = f"; and {len(fields) - 5} more" if len(fields) > 5 else ""
    return problems.Refused(
        422,
        "invalid",
        f"The request is wrong: {told}{more}.",
        remedy="Correct the fields named in `errors`; nothing was done.",
        fields=fields,
    )
