"""Holding a step's output against its annotation. A check never changes the value; what differs is told with its place.

Plain classes (also tables) are a question of `isinstance`; of dataclasses, structs, named tuples and pydantic models
the fields are held against their annotations too (see `records`). Containers of scalars are walked by pydantic in
strict mode, so that "1" is no int; other containers item by item. A pandera schema validates the table, with whatever
coercion it says on a copy; of a lazy frame it sees the columns' types only. Accepted without a look: `Any`, `object`,
no annotation, type variables, annotations given as text, what an iterator would yield, the arguments of generic classes
other than the standard containers, and annotations that neither this module nor pydantic has a check for.
"""

from __future__ import annotations

import datetime
import inspect
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
    MutableMapping,
    MutableSequence,
    Sequence,
    Set,
)
from typing import Any, cast

from weft.model import errors
from weft.storage import codecs, conversions, records, tables

_SHOWN = 5
_LONGEST_VALUE = 80
_NOT_CONSUMED = frozenset({AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator})
"""Checked by their outer type only: looking inside would use them up, or is not possible."""
_CONTAINERS = frozenset({list, tuple, set, frozenset, dict, Mapping, MutableMapping, Sequence, MutableSequence, Set})
_SCALARS = frozenset(
    {
        int,
        float,
        bool,
        str,
        bytes,
        None,
        type(None),
        datetime.datetime,
        datetime.date,
        datetime.time,
        datetime.timedelta,
    }
)
_NUMBERS: dict[type, tuple[type, ...]] = {int: (int,), float: (float, int), complex: (complex, float, int)}


def check_value(value: object, annotation: object) -> None:
    """Raise unless the value is of the annotated type.

    Args:
        value: what a step returned.
        annotation: a class, a typing construct, a pandera schema or `inspect.Parameter.empty`; None means `None`
        itself.

    Raises:
        TypeMismatchError: the value differs; the message says where and how.
    """
    if annotation is None or annotation is type(None):
        if value is not None:
            raise _mismatch(value, "None")
    elif annotation in (Any, object, inspect.Parameter.empty):
        return
    elif isinstance(annotation, type) and typing.get_origin(annotation) is None:
        _check_class(value, annotation)
    else:
        _check_construct(value, annotation)


def _check_class(value: object, cls: type) -> None:
    if _is_pandera(cls) and hasattr(cls, "to_schema"):
        _check_schema(value, cast(Any, cls).to_schema())
        return
    if typing.is_typeddict(cls):
        _check_typed_dict(value, cls)
        return
    numbers = _NUMBERS.get(cls)
    if numbers is not None:
        # A bool is an int to Python, hardly ever to the author; an int is a float to all type checkers.
        fits = isinstance(value, numbers) and not isinstance(value, bool)
    else:
        try:
            fits = isinstance(value, cls)
        except TypeError:
            return  # a protocol that cannot be asked at run time
    if not fits:
        raise _mismatch(value, _name(cls))
    if type(value).__module__ != "builtins":
        _check_fields(value)


def _check_fields(value: object) -> None:
    """Hold the fields of a record against their annotations; other values have none."""
    if hasattr(type(value), "__pydantic_fields__"):
        problems = records.model_problems(value)
        if problems:
            told = "; ".join(problems[:_SHOWN])
            more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise errors.TypeMismatchError(
                f"The value is a {codecs.type_name(type(value))} with wrong fields: {told}{more}.", remedy=_REMEDY
            )
        return
    with records.entered(value) as first:
        for name, item, annotation in records.fields(value) if first else ():
            if type(item) is annotation and annotation in _SCALARS:
                continue
            _check_inside(f".{name}", item, annotation)


def _check_construct(value: object, annotation: object) -> None:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        _check_annotated(value, annotation)
    elif len(conversions.members(annotation)) > 1:
        _check_union(value, annotation)
    elif isinstance(annotation, (str, typing.TypeVar, typing.ForwardRef)):
        return
    elif isinstance(origin, type) and conversions.table_kind(annotation) is not None:
        _check_table(value, annotation, origin)
    elif _is_pandera(type(annotation)) and hasattr(annotation, "validate"):
        _check_schema(value, annotation)
    elif origin in _NOT_CONSUMED:
        if not isinstance(value, cast(type, origin)):
            raise _mismatch(value, _name(annotation))
    elif isinstance(origin, type) and not _is_standard(origin):
        _check_class(value, origin)
    elif origin in _CONTAINERS and not _is_simple(annotation):
        _check_container(value, annotation, cast(type, origin))
    else:
        _check_by_pydantic(value, annotation)


def _is_simple(annotation: object) -> bool:
    """Tell whether an annotation is of containers, unions and scalars only, which pydantic checks at the speed of C."""
    if typing.get_origin(annotation) in {typing.Literal, typing.Annotated}:
        return True
    arguments = typing.get_args(annotation)
    if arguments:
        return all(item is Ellipsis or _is_simple(item) for item in arguments)
    return annotation in _SCALARS


def _check_container(value: object, annotation: object, origin: type) -> None:
    """Look into a container for what pydantic would turn into something else (a dict into a model) or does not know."""
    if not isinstance(value, origin) or isinstance(value, str):
        raise _mismatch(value, _name(annotation))
    arguments = typing.get_args(annotation)
    if isinstance(value, Mapping):
        for key, item in value.items():
            _check_inside(f"key {key!r}", key, arguments[0])
            _check_inside(f"[{key!r}]", item, arguments[1])
    elif isinstance(value, tuple) and origin is tuple and arguments[-1] is not Ellipsis:
        if len(value) != len(arguments):
            raise _mismatch(value, f"{_name(annotation)}, which has {len(arguments)} items")
        for index, item in enumerate(value):
            _check_inside(f"[{index}]", item, arguments[index])
    else:
        for index, item in enumerate(cast("typing.Iterable[object]", value)):
            _check_inside(f"[{index}]", item, arguments[0])


def _check_typed_dict(value: object, cls: Any) -> None:
    if not isinstance(value, dict):
        raise _mismatch(value, _name(cls))
    missing, unknown = cls.__required_keys__ - value.keys(), value.keys() - cls.__annotations__.keys()
    if missing or unknown:
        problems = f"lacks {sorted(missing)}" if missing else f"has {sorted(map(str, unknown))} too much"
        raise _mismatch(value, f"{_name(cls)}: it {problems}")
    hints = typing.get_type_hints(cls)
    for key, item in value.items():
        _check_inside(f"[{key!r}]", item, hints[key])


_AT = "At value"


def _check_inside(step: str, value: object, annotation: object) -> None:
    try:
        check_value(value, annotation)
    except errors.TypeMismatchError as error:
        inner = error.message
        place = f"{step}{inner.removeprefix(_AT)}" if inner.startswith(_AT) else f"{step}: {_said(inner)}"
        raise errors.TypeMismatchError(f"{_AT}{place}", remedy=_REMEDY) from None


def _is_standard(origin: type) -> bool:
    """Tell whether pydantic looks into the arguments: the standard containers, `type[…]`, generic models."""
    return origin.__module__ in {"builtins", "collections", "collections.abc"} or hasattr(origin, "model_validate")


def _check_annotated(value: object, annotation: object) -> None:
    inner, *notes = typing.get_args(annotation)
    schemas = [note for note in notes if _is_pandera(note if isinstance(note, type) else type(note))]
    check_value(value, inner)
    if schemas:
        for schema in schemas:
            _check_schema(value, cast(Any, schema).to_schema() if isinstance(schema, type) else schema)
    elif conversions.table_kind(inner) is None:
        _check_by_pydantic(value, annotation)  # constraints such as Field(gt=0)


def _check_union(value: object, annotation: object) -> None:
    # Not `conversions.members`: it takes away `Annotated`, whose constraints count here.
    choices = typing.get_args(annotation)
    problems: list[str] = []
    for choice in choices:
        try:
            check_value(value, choice)
        except _OuterMismatchError:
            continue
        except errors.TypeMismatchError as error:
            problems.append(error.message)
        else:
            return
    # What is of the right type outside says what is wrong inside.
    message = f"The value is {_described(value)}, which is none of {' | '.join(_name(choice) for choice in choices)}."
    raise errors.TypeMismatchError(" ".join([message, *problems]), remedy=_REMEDY)


def _check_table(value: object, annotation: object, origin: type) -> None:
    """Check `DataFrame[Schema]` of pandera."""
    kind = conversions.table_kind(annotation)
    if tables.kind_of(type(value)) != kind:
        raise _mismatch(value, f"{kind} of the schema {', '.join(_name(item) for item in typing.get_args(annotation))}")
    if _is_pandera(origin):
        for schema in typing.get_args(annotation):
            if hasattr(schema, "to_schema"):
                _check_schema(value, schema.to_schema())


def _is_pandera(cls: type) -> bool:
    return any(base.__module__.partition(".")[0] == "pandera" for base in cls.__mro__)


def _check_schema(value: object, schema: Any) -> None:
    """Validate a table (or a column) with a pandera schema, all problems at once."""
    name = getattr(schema, "name", None) or type(schema).__name__
    try:
        schema.validate(value, lazy=True)
    except Exception as error:
        if not hasattr(error, "failure_cases"):
            raise errors.TypeMismatchError(
                f"The value is {_described(value)}, which the schema {name} cannot validate: {error}", remedy=_REMEDY
            ) from error
        raise errors.TypeMismatchError(
            f"The table does not fit the schema {name}: {_failures(error.failure_cases)}.", remedy=_REMEDY
        ) from error


def _failures(cases: Any) -> str:
    if not hasattr(cases, "columns"):
        return str(cases)
    rows = cases.to_dicts() if hasattr(cases, "to_dicts") else cases.to_dict("records")
    grouped: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        index = row.get("index")
        place = "" if index is None or index != index else f" (row {index})"
        grouped.setdefault((str(row.get("column")), str(row.get("check"))), []).append(
            f"{_short(row['failure_case'])}{place}"
        )
    parts = []
    for (column, check), found in grouped.items():
        shown = ", ".join(found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        what = (
            f"the column {shown} is missing"
            if check == "column_in_dataframe"
            else f"column {column!r}: {check} fails for {shown}{more}"
        )
        parts.append(what)
    return "; ".join(parts)


_ADAPTERS: dict[object, Any] = {}


def _adapter(annotation: Any) -> Any:
    """Return pydantic's validator for an annotation, or None where it has none."""
    import pydantic

    try:
        known = _ADAPTERS.get(annotation)
    except TypeError:  # Annotated with an unhashable note
        known = None
    if known is not None:
        return known or None
    settings = pydantic.ConfigDict(arbitrary_types_allowed=True)
    try:
        made: Any = pydantic.TypeAdapter(annotation, config=settings)
    except pydantic.PydanticUserError:
        try:
            made = pydantic.TypeAdapter(annotation)  # a typed dict and its like have settings of their own
        except (pydantic.PydanticUserError, NameError, TypeError):
            made = None
    except (NameError, TypeError):
        made = None
    try:
        _ADAPTERS[annotation] = False if made is None else made
    except TypeError:
        return made
    return made


def _check_by_pydantic(value: object, annotation: object) -> None:
    adapter = _adapter(annotation)
    if adapter is None:
        return
    import pydantic

    try:
        adapter.validate_python(value, strict=True)
    except pydantic.ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
        told = [
            f"{_place(problem['loc'])} is {_described(problem['input'])}: {_said(problem['msg'])}"
            for problem in problems[:_SHOWN]
        ]
        more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise errors.TypeMismatchError(
            f"The value is not of the type {_name(annotation)}: {'; '.join(told)}{more}.", remedy=_REMEDY
        ) from None


_REMEDY = "Return a value of the annotated type, or change the annotation."


class _OuterMismatchError(errors.TypeMismatchError):
    """The value as such is of another type; nothing more is to be told of what lies in it."""


def _mismatch(value: object, wanted: str) -> errors.TypeMismatchError:
    return _OuterMismatchError(f"The value is {_described(value)}, not {wanted}.", remedy=_REMEDY)


def _place(location: tuple[int | str, ...]) -> str:
    return "value" + "".join(f"[{part!r}]" for part in location)


def _said(message: str) -> str:
    return message[:1].lower() + message[1:]


def _described(value: object) -> str:
    if value is None:
        return "None"
    name = codecs.type_name(type(value))
    if tables.kind_of(type(value)) is not None:
        return f"a {name}"
    return f"{_short(value)} ({name})"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _name(annotation: object) -> str:
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        return codecs.type_name(annotation)
    if annotation is None:
        return "None"
    return str(annotation).replace("typing.", "")
