"""The fields of records, for holding each against its annotation: nobody checks them when a record is made.

A field that was left at its default is the author's own business (`name: str = None`), and a class whose annotations
cannot be resolved at run time has no fields to check.
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import functools
import typing
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

_open: contextvars.ContextVar[frozenset[int]] = contextvars.ContextVar(
    "weft records being checked", default=frozenset()
)


@contextlib.contextmanager
def entered(record: object) -> Iterator[bool]:
    """Tell whether the record is entered for the first time: one that holds itself is looked at once."""
    before = _open.get()
    if id(record) in before:
        yield False
        return
    token = _open.set(before | {id(record)})
    try:
        yield True
    finally:
        _open.reset(token)


def fields(record: object) -> Iterator[tuple[str, object, object]]:
    """Yield name, value and annotation of each field of a dataclass, a msgspec struct or a named tuple to check."""
    cls: type = type(record)
    annotations, defaults = _fields_of(cls)
    for name, annotation in annotations.items():
        value = getattr(record, name, _MISSING)
        if value is not _MISSING and value is not defaults.get(name, _MISSING):
            yield name, value, annotation


def model_problems(model: Any) -> list[str]:
    """Return what is wrong with the fields of a pydantic model or dataclass that was made or changed unvalidated.

    Pydantic tells it while it writes the model into a dict; validators don't run again.
    """
    import pydantic_core

    cls = type(model)
    known = cls.__pydantic_fields__
    missing = [name for name, field in known.items() if field.is_required() and not hasattr(model, name)]
    if missing:
        return [f"{name} is missing" for name in missing]
    try:
        cls.__pydantic_serializer__.to_python(model, exclude_defaults=True, warnings="error")
    except pydantic_core.PydanticSerializationError as error:
        title, *lines = str(error).splitlines()
        if title.startswith("Pydantic serializer warnings"):
            return [_problem(line.strip()) for line in lines]
    except Exception:  # a serializer of the user's own: whether it works is asked when the value is stored
        return []
    return []


_MISSING = object()
_NO_FIELDS: tuple[Mapping[str, object], Mapping[str, object]] = ({}, {})


@functools.lru_cache(maxsize=1024)
def _fields_of(cls: type) -> tuple[Mapping[str, object], Mapping[str, object]]:
    """Return the annotations of a class's fields, and their defaults as far as there are."""
    if dataclasses.is_dataclass(cls):
        found = dataclasses.fields(cls)
        names = [field.name for field in found]
        defaults = {field.name: field.default for field in found if field.default is not dataclasses.MISSING}
    elif issubclass(cls, msgspec.Struct):
        structure = msgspec.structs.fields(cls)
        names = [field.name for field in structure]
        defaults = {field.name: field.default for field in structure if field.default is not msgspec.NODEFAULT}
    elif issubclass(cls, tuple) and hasattr(cls, "_field_defaults"):
        names, defaults = list(cls._fields), cls._field_defaults  # type: ignore[attr-defined]
    else:
        return _NO_FIELDS
    try:
        hints = typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError, AttributeError):
        return _NO_FIELDS
    return {name: hints[name] for name in names if name in hints}, defaults


def _problem(line: str) -> str:
    """Return `PydanticSerializationUnexpectedValue(Expected `int` - … [field_name='x', …])` without its frame."""
    text = line.removeprefix("PydanticSerializationUnexpectedValue").removeprefix("(").removesuffix(")")
    said, _, where = text.partition(" - serialized value may not be as expected ")
    return f"{said[:1].lower()}{said[1:]} {where}".strip()
