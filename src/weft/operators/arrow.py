"""Arrow tables of rows that a database gave as Python's values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from weft.model import errors
from weft.operators import databases

_DIGITS, _PLACES = 38, 9

# the numbers of PostgreSQL's types, as pg_type.dat has them
_POSTGRES: Mapping[object, Callable[[Any], Any]] = {
    16: lambda pa: pa.bool_(),
    17: lambda pa: pa.binary(),
    20: lambda pa: pa.int64(),
    21: lambda pa: pa.int16(),
    23: lambda pa: pa.int32(),
    25: lambda pa: pa.string(),
    700: lambda pa: pa.float32(),
    701: lambda pa: pa.float64(),
    1042: lambda pa: pa.string(),
    1043: lambda pa: pa.string(),
    1082: lambda pa: pa.date32(),
    1083: lambda pa: pa.time64("us"),
    1114: lambda pa: pa.timestamp("us"),
    1184: lambda pa: pa.timestamp("us", tz="UTC"),
    1186: lambda pa: pa.duration("us"),
}
_POSTGRES_LISTS = {1005: 21, 1007: 23, 1016: 20, 1009: 25, 1015: 25, 1021: 700, 1022: 701, 1000: 16, 1182: 1082}
_NUMERIC = 1700
_TEXT = frozenset({114, 2950, 3802})  # json, uuid, jsonb


def table(found: databases.Rows) -> Any:
    """An Arrow table of rows.

    Types are those of PostgreSQL, or come from the values; numeric is a decimal as its column says, else as wide as its
    values need (decimal128(38, 9) without any), and a float where one is NaN. What Arrow has no type for (JSON, UUIDs,
    ranges, columns of mixed types) is text.

    Raises:
        MissingExtraError: pyarrow is not installed.
        UsageError: two columns have the same name.
    """
    try:
        import pyarrow
    except ImportError:
        raise errors.MissingExtraError(package="pyarrow", extra="sql", purpose="An Arrow table of SQL's rows") from None
    if len(set(found.names)) < len(found.names):
        twice = next(name for name in found.names if found.names.count(name) > 1)
        raise errors.UsageError(f"sql: two columns are called {twice!r}.", remedy=f"Write {twice} AS another_name.")
    columns = list(zip(*found.rows, strict=True)) if found.rows else [() for _ in found.names]
    if found.types:
        arrays = [_of_postgres(pyarrow, values, *of) for values, of in zip(columns, found.types, strict=True)]
    else:
        arrays = [_array(pyarrow, values, None) for values in columns]
    return pyarrow.table(dict(zip(found.names, arrays, strict=True)))


def _of_postgres(pa: Any, values: Sequence[Any], of: int, precision: int | None, scale: int | None) -> Any:
    if of in _TEXT:
        return _text(pa, values)
    if of in _POSTGRES:
        return _array(pa, values, _POSTGRES[of](pa))
    if of in _POSTGRES_LISTS:
        return _array(pa, values, pa.list_(_POSTGRES[_POSTGRES_LISTS[of]](pa)))
    empty = all(each is None for each in values)
    if of != _NUMERIC:
        return _text(pa, values) if empty else _array(pa, values, None)
    if any(each is not None and not each.is_finite() for each in values):  # a decimal can't be NaN in Arrow
        return pa.array([None if each is None else float(each) for each in values], type=pa.float64())
    if precision is not None and precision <= _DIGITS:
        return _array(pa, values, pa.decimal128(precision, scale or 0))
    return _array(pa, values, pa.decimal128(_DIGITS, _PLACES) if empty else None)


def _array(pa: Any, values: Sequence[Any], wanted: Any) -> Any:
    try:
        return pa.array(values, type=wanted)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _text(pa, values)


def _text(pa: Any, values: Sequence[Any]) -> Any:
    return pa.array([None if each is None else _written(each) for each in values], type=pa.string())


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, default=str)
    return value.hex() if isinstance(value, (bytes, memoryview)) else str(value)
