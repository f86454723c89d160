"""Tables of polars, pandas and Arrow: what is one, and how each becomes another. Only libraries in use are imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from weft.model import errors

if TYPE_CHECKING:
    import pyarrow

Kind = Literal["polars.DataFrame", "polars.LazyFrame", "pandas.DataFrame", "pyarrow.Table", "pyarrow.RecordBatch"]


def kind_of(cls: type) -> Kind | None:
    """Tell which kind of table a class is, or None. A library that is not loaded has no instances."""
    for root, names in _KINDS.items():
        module = sys.modules.get(root)
        if module is None:
            continue
        for name, kind in names.items():
            known = getattr(module, name, None)
            if isinstance(known, type) and issubclass(cls, known):
                return kind
    return None


_KINDS: dict[str, dict[str, Kind]] = {
    "polars": {"DataFrame": "polars.DataFrame", "LazyFrame": "polars.LazyFrame"},
    "pandas": {"DataFrame": "pandas.DataFrame"},
    "pyarrow": {
        "Table": "pyarrow.Table",
        "RecordBatch": "pyarrow.RecordBatch",
        "RecordBatchReader": "pyarrow.Table",
    },
}


def require_pyarrow(purpose: str) -> Any:
    """Import pyarrow, or say which extra brings it.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
    except ImportError:
        raise errors.MissingExtraError(package="pyarrow", extra="arrow", purpose=purpose) from None
    return pyarrow


def to_arrow(value: Any, kind: Kind) -> pyarrow.Table:
    """Return a table of any kind as an Arrow table; a lazy frame is collected.

    Raises:
        StorageError: a column has no Arrow type.
    """
    arrow = require_pyarrow("Storing a table")
    try:
        if kind in {"polars.LazyFrame", "polars.DataFrame"}:
            return _from_polars(value.collect() if kind == "polars.LazyFrame" else value)
        if kind == "pandas.DataFrame":
            return _from_pandas(value, arrow)
        if kind == "pyarrow.RecordBatch":
            return arrow.Table.from_batches([value])
        return value if isinstance(value, arrow.Table) else value.read_all()
    except (arrow.ArrowException, ValueError, TypeError) as error:
        raise errors.StorageError(
            f"This {kind} cannot be stored as a table: {error}",
            remedy="Give each column one type that Arrow has (cast mixed columns to text, say), and a name of its own.",
        ) from error


def _from_polars(frame: Any) -> pyarrow.Table:
    # Polars hands over columns of Python objects as their addresses.
    objects = [name for name, kind in frame.schema.items() if "Object" in str(kind)]
    if objects:
        raise ValueError(f"it has columns of Python objects, {objects}")
    return frame.to_arrow()


def _from_pandas(frame: Any, arrow: Any) -> pyarrow.Table:
    import pandas

    # An index that only counts the rows from zero says nothing. Any other is content, also where pandas keeps it as a
    # range (it turns labels such as 2001, 2002, 2003 into one by itself), which Arrow would leave out of the columns.
    index = frame.index
    counts = index.nlevels == 1 and index.name is None and index.dtype.kind in "iu"
    if counts and (len(index) == 0 or (index[0] == 0 and index.equals(pandas.RangeIndex(len(index))))):
        return arrow.Table.from_pandas(frame.reset_index(drop=True))
    return arrow.Table.from_pandas(frame, preserve_index=True)


def from_arrow(table: pyarrow.Table, kind: str) -> Any:
    """Return an Arrow table as a table of the kind named."""
    if kind in {"polars.DataFrame", "polars.LazyFrame"}:
        try:
            import polars
        except ImportError:
            raise errors.MissingExtraError(package="polars", extra="polars", purpose="Reading a polars table") from None
        frame = polars.from_arrow(table)
        return frame.lazy() if kind == "polars.LazyFrame" else frame
    if kind == "pandas.DataFrame":
        try:
            import pandas  # noqa: F401 - to_pandas would raise a plain ImportError
        except ImportError:
            raise errors.MissingExtraError(package="pandas", extra="pandas", purpose="Reading a pandas table") from None
        return table.to_pandas()
    if kind == "pyarrow.RecordBatch":
        batches = table.combine_chunks().to_batches()
        return batches[0] if batches else require_pyarrow("Reading a table").RecordBatch.from_pylist([], table.schema)
    return table


def convert(value: Any, kind: str) -> Any:
    """Return a table as one of another kind; itself where it is of that kind already."""
    have = kind_of(type(value))
    if have is None or have == kind:
        return value
    if have == "polars.DataFrame" and kind == "polars.LazyFrame":
        return value.lazy()
    if have == "polars.LazyFrame" and kind == "polars.DataFrame":
        return value.collect()
    return from_arrow(to_arrow(value, have), kind)


def concatenate(values: Sequence[Any], kind: str) -> Any:
    """Return the rows of several tables, in order, as one table of the kind named.

    Raises:
        StorageError: the columns do not fit together.
    """
    parts = [convert(value, kind) for value in values]
    if len(parts) == 1:
        return parts[0]
    try:
        if kind in {"polars.DataFrame", "polars.LazyFrame"}:
            import polars

            return polars.concat(parts, how="vertical_relaxed")
        if kind == "pandas.DataFrame":
            import pandas

            counted = all(isinstance(part.index, pandas.RangeIndex) for part in parts)
            return pandas.concat(parts, ignore_index=counted)
        arrow = require_pyarrow("Reading a table")
        whole = arrow.concat_tables([convert(part, "pyarrow.Table") for part in parts], promote_options="permissive")
        return convert(whole, kind)
    except errors.WeftError:
        raise
    except Exception as error:
        raise errors.StorageError(
            f"The partitions' tables do not fit together: {error}",
            remedy="Make the partitions with the same columns and types, or annotate the parameter as dict[str, …].",
        ) from error
