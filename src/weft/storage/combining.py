"""What a step gets that reads several partitions of one input."""

from __future__ import annotations

import typing
from collections.abc import Mapping

from weft.model import errors
from weft.storage import conversions, tables


def combine(values: Mapping[str, object], as_type: object | None = None) -> object:
    """Join the values of several partitions, in the order given, as the reader's annotation asks.

    A table type (polars, pandas, Arrow, pandera's `DataFrame[Schema]`) gets the rows of all; `list[T]` the values;
    `dict[str, T]`, and anything else, the values by partition.

    Args:
        values: the values by partition key.
        as_type: the annotation of the parameter; None when it has none.

    Raises:
        StorageError: a table is asked for and there is no partition, or the tables do not fit together.
    """
    kind = conversions.table_kind(as_type)
    if kind is not None:
        if not values:
            raise errors.StorageError(
                "A table was asked for, but there is no partition to read, and so no columns are known.",
                remedy="Annotate the parameter as dict[str, …] to get an empty dict, or make the partitions first.",
            )
        return tables.concatenate(list(values.values()), kind)
    wanted = conversions.bare(as_type)
    if wanted is list or typing.get_origin(wanted) is list:
        return list(values.values())
    return dict(values)


def takes_several(as_type: object) -> bool:
    """Tell whether an annotation asks for the values of several partitions: a mapping, a list, a table or anything."""
    wanted = conversions.bare(as_type)
    if wanted in (typing.Any, object) or conversions.table_kind(wanted) is not None:
        return True
    kind = typing.get_origin(wanted) or wanted
    return isinstance(kind, type) and issubclass(kind, list | Mapping)


def element_type(as_type: object | None) -> object | None:
    """Return the annotation of one partition's value within the annotation of all, or None if it says nothing."""
    wanted = conversions.bare(as_type)
    arguments: tuple[object, ...] = typing.get_args(wanted)
    origin = typing.get_origin(wanted)
    if origin is list and arguments:
        return arguments[0]
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
        return arguments[1]
    return wanted if conversions.table_kind(wanted) is not None else None
