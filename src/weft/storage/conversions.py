"""Turning a value that was read into what its reader's annotation asks for, where that can be done."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from typing import Any

import msgspec

from weft.model import errors
from weft.storage import tables

ANYTHING: tuple[object, ...] = (None, Any, object, inspect.Parameter.empty)
"""Annotations that ask for nothing."""


def bare(annotation: object) -> object:
    """Return an annotation without `Annotated[…]` around it."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    return annotation


def members(annotation: object) -> tuple[object, ...]:
    """Return the members of a union, or the annotation alone."""
    annotation = bare(annotation)
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        return tuple(bare(member) for member in typing.get_args(annotation))
    return (annotation,)


def table_kind(annotation: object) -> tables.Kind | None:
    """Return the kind of table that an annotation asks for (as such, as pandera's `DataFrame[Schema]`, in a union)."""
    for member in members(annotation):
        origin = typing.get_origin(member) or member
        kind = tables.kind_of(origin) if isinstance(origin, type) else None
        if kind is not None:
            return kind
    return None


def convert(value: object, annotation: object | None) -> object:
    """Return the value as the annotation asks; unchanged where it fits already, or where no way is known.

    Raises:
        StorageError: a record (a dataclass, a pydantic model, a msgspec struct) is asked for and the value is not one,
            nor has what it takes.
    """
    kind: object = type(value)
    if kind is annotation:
        return value
    converted = _converted(value, annotation)
    wanted = bare(annotation)
    if converted is value and isinstance(wanted, type) and _is_record(wanted) and not isinstance(value, wanted):
        raise errors.StorageError(
            f"The stored value cannot be read as {wanted.__qualname__}, which the reader's annotation asks for: "
            f"{_why_not(value, wanted)}",
            remedy="Correct the annotation, or what the asset returns.",
        )
    return converted


def _converted(value: object, annotation: object | None) -> object:
    if annotation in ANYTHING:
        return value
    choices = members(annotation)
    if len(choices) > 1:
        if any(_fits(value, choice) for choice in choices):
            return value
        for choice in choices:
            changed = _converted(value, choice)
            if changed is not value:
                return changed
        return value
    wanted = choices[0]
    if isinstance(wanted, type) and typing.get_origin(wanted) is None:
        if isinstance(value, wanted):
            return value
        if tables.kind_of(wanted) is not None and tables.kind_of(type(value)) is not None:
            return tables.convert(value, str(tables.kind_of(wanted)))
        if not _can_build(wanted):
            return value
    elif table_kind(wanted) is not None:
        return tables.convert(value, str(table_kind(wanted)))
    return _built(value, wanted)


def _fits(value: object, annotation: object) -> bool:
    origin = typing.get_origin(annotation) or annotation
    if annotation is None:
        return value is None
    return isinstance(origin, type) and isinstance(value, origin)


def _can_build(cls: type) -> bool:
    """Tell whether values may be turned into the class: a record from a dict, a container or number from another."""
    plain = cls in {tuple, set, frozenset, float, bytearray, bytes}
    record = dataclasses.is_dataclass(cls) or issubclass(cls, (msgspec.Struct, tuple)) or hasattr(cls, "model_validate")
    return plain or record or typing.is_typeddict(cls)


def _is_record(cls: type) -> bool:
    if typing.get_origin(cls) is not None:
        return False
    return dataclasses.is_dataclass(cls) or issubclass(cls, msgspec.Struct) or hasattr(cls, "model_validate")


def _why_not(value: object, cls: Any) -> str:
    try:
        if hasattr(cls, "model_validate"):
            cls.model_validate(value, by_alias=False, by_name=True)
        else:
            msgspec.convert(value, cls)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        return str(error)
    return f"it is of the type {type(value).__name__}."


def _built(value: object, wanted: Any) -> object:
    try:
        if not hasattr(wanted, "model_validate"):
            converted: object = msgspec.convert(value, wanted)
            return converted
    except (msgspec.ValidationError, TypeError, ValueError):
        pass  # pydantic knows more types
    import pydantic

    try:
        if isinstance(wanted, type) and issubclass(wanted, pydantic.BaseModel):
            return wanted.model_validate(value, by_alias=False, by_name=True)
        return pydantic.TypeAdapter(wanted).validate_python(value)
    except (pydantic.ValidationError, pydantic.PydanticUserError, NameError):
        return value
