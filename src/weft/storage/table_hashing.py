"""The data version of a table (t1): its logical content, whichever library holds it and however it lies in memory.

What counts: the columns' names, order and logical types, the values, the nulls, and the order of the rows. What does
not: chunks, dictionary encoding, the width of offsets (string, large_string and string_view are one type), whatever
lies under a null, metadata, and a pandas index that only counts the rows from zero. NaN is a value and not null; all
NaNs are alike. A pandas float column has no nulls of its own: its NaN means *missing* and counts as null. 0.0 and -0.0
differ.

Each column is hashed apart, in blocks of a fixed number of rows, from buffers brought into one form by Arrow's kernels,
so the cost is that of BLAKE2b over the data and memory stays bounded. The table's version is the hash of its columns'
hashes.
"""

from __future__ import annotations

import decimal
import hashlib
import struct
from typing import TYPE_CHECKING, Any

from weft.model import errors
from weft.storage import hashing, tables

if TYPE_CHECKING:
    import pyarrow

BLOCK_ROWS = 1 << 18
"""Rows hashed at a time. It is part of the canonical form t1."""


def version(table: pyarrow.Table) -> str:
    """Return the data version of an Arrow table.

    Raises:
        StorageError: a column is of a type that has no canonical form (a union).
    """
    digest = hashlib.blake2b(digest_size=hashing.DIGEST_BYTES, person=b"table")
    digest.update(struct.pack("<qq", table.num_rows, table.num_columns))
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(_framed(name.encode()))
        digest.update(_framed(type_name(column.type).encode()))
        digest.update(_column_digest(column))
    return f"t1:{digest.hexdigest()}"


def type_name(kind: pyarrow.DataType) -> str:
    """Return the name of a logical type, the same for types that differ only in how they lie in memory."""
    arrow = tables.require_pyarrow("Hashing a table")
    types = arrow.types
    if isinstance(kind, arrow.BaseExtensionType):
        return f"extension<{kind.extension_name}, {type_name(kind.storage_type)}>"
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return type_name(kind.value_type)
    if _is_text(kind, types):
        return "string"
    if types.is_binary(kind) or types.is_large_binary(kind) or _is(types, "is_binary_view", kind):
        return "binary"
    if types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    if types.is_fixed_size_list(kind):
        return f"list[{kind.list_size}]<{type_name(kind.value_type)}>"
    if types.is_map(kind):
        return f"map<{type_name(kind.key_type)}, {type_name(kind.item_type)}>"
    if _is_list(kind, types):
        return f"list<{type_name(kind.value_type)}>"
    if types.is_struct(kind):
        fields = (kind.field(index) for index in range(kind.num_fields))
        return f"struct<{', '.join(f'{field.name!r}: {type_name(field.type)}' for field in fields)}>"
    if types.is_timestamp(kind) and kind.tz in {"Etc/UTC", "+00:00"}:
        return f"timestamp[{kind.unit}, tz=UTC]"
    return str(kind)


def _is(types: Any, predicate: str, kind: pyarrow.DataType) -> bool:
    """Ask a predicate that old releases of Arrow lack (and, with it, the type)."""
    return bool(getattr(types, predicate, lambda _: False)(kind))


def _is_text(kind: pyarrow.DataType, types: Any) -> bool:
    return types.is_string(kind) or types.is_large_string(kind) or _is(types, "is_string_view", kind)


def _is_list(kind: pyarrow.DataType, types: Any) -> bool:
    views = _is(types, "is_list_view", kind) or _is(types, "is_large_list_view", kind)
    return types.is_list(kind) or types.is_large_list(kind) or views


def _framed(content: bytes) -> bytes:
    return len(content).to_bytes(8, "little") + content


def _column_digest(column: pyarrow.ChunkedArray) -> bytes:
    arrow = tables.require_pyarrow("Hashing a table")
    digest = hashlib.blake2b(digest_size=hashing.DIGEST_BYTES, person=b"column")
    for start in range(0, len(column), BLOCK_ROWS):
        block = column.slice(start, BLOCK_ROWS)
        if block.num_chunks == 1:
            array = block.chunk(0)
        else:
            # Offsets of 32 bits could overflow, and dictionaries differ from chunk to chunk.
            array = arrow.concat_arrays([_widened(chunk, arrow) for chunk in block.chunks])
        _update(digest, array, arrow)
    return digest.digest()


def _widened(array: pyarrow.Array, arrow: Any) -> pyarrow.Array:
    """Return an array without dictionary or run encoding, with offsets that cannot overflow."""
    kind, types = array.type, arrow.types
    if types.is_dictionary(kind):
        return _widened(array.dictionary_decode(), arrow)
    if types.is_run_end_encoded(kind):
        return _widened(arrow.compute.run_end_decode(array), arrow)
    if types.is_string(kind) or _is(types, "is_string_view", kind):
        return array.cast(arrow.large_string())
    if types.is_binary(kind) or _is(types, "is_binary_view", kind):
        return array.cast(arrow.large_binary())
    return array


def _update(digest: hashlib.blake2b, array: pyarrow.Array, arrow: Any) -> None:
    """Add one array, and what is nested in it, to the digest."""
    import pyarrow.compute as compute

    types = arrow.types
    if isinstance(array.type, arrow.BaseExtensionType):
        array = array.storage
    array = _widened(array, arrow)
    kind = array.type
    if types.is_null(kind):
        return
    if array.null_count:
        digest.update(b"\x01")
        digest.update(_bits_as_bytes(array.is_valid(), arrow))
    else:
        digest.update(b"\x00")
    if types.is_struct(kind):
        for field in array.flatten():
            _update(digest, field, arrow)
    elif types.is_fixed_size_list(kind):
        _update(digest, array.flatten(), arrow)
    elif types.is_map(kind) or _is_list(kind, types):
        _update_list(digest, array, arrow)
    elif types.is_large_string(kind) or types.is_large_binary(kind):
        _update_text(digest, array, arrow)
    elif types.is_boolean(kind):
        digest.update(_bits_as_bytes(compute.fill_null(array, False), arrow))
    else:
        digest.update(_fixed_width(array, arrow))


def _update_list(digest: hashlib.blake2b, array: pyarrow.Array, arrow: Any) -> None:
    import pyarrow.compute as compute

    if arrow.types.is_map(array.type):
        pair = arrow.struct([("key", array.type.key_type), ("value", array.type.item_type)])
        array = array.cast(arrow.list_(pair))
    lengths = compute.fill_null(compute.list_value_length(array).cast(arrow.int64()), 0)
    digest.update(_buffer(lengths, 8))
    inner = array.flatten()
    # The number of inner rows follows from the lengths, so blocks need no marks of their own.
    for start in range(0, len(inner), BLOCK_ROWS):
        _update(digest, inner.slice(start, BLOCK_ROWS), arrow)


def _update_text(digest: hashlib.blake2b, array: pyarrow.Array, arrow: Any) -> None:
    import pyarrow.compute as compute

    if array.null_count:
        array = compute.fill_null(array, "" if arrow.types.is_large_string(array.type) else b"")
    digest.update(_buffer(compute.binary_length(array).cast(arrow.int64()), 8))
    _, offsets, content = array.buffers()
    if not len(array) or content is None:
        return
    (first,) = struct.unpack_from("<q", offsets, array.offset * 8)
    (last,) = struct.unpack_from("<q", offsets, (array.offset + len(array)) * 8)
    digest.update(memoryview(content)[first:last])


def _fixed_width(array: pyarrow.Array, arrow: Any) -> memoryview:
    """Return the values of a type of fixed width, zeros under nulls and one NaN for all."""
    import pyarrow.compute as compute

    kind, types = array.type, arrow.types
    if types.is_decimal(kind) and kind.bit_width != 128 and kind.precision <= 38:
        array = array.cast(arrow.decimal128(kind.precision, kind.scale))
    elif types.is_float16(kind):
        array = array.cast(arrow.float32())
    elif types.is_union(kind) or (types.is_interval(kind) and array.null_count):
        raise errors.StorageError(
            f"A column of the type {kind} cannot be hashed.", remedy="Cast it to another type, or give a data version."
        )
    kind = array.type
    if array.null_count:
        if types.is_fixed_size_binary(kind):
            array = compute.fill_null(array, arrow.scalar(bytes(kind.byte_width), kind))
        elif types.is_temporal(kind):
            array = compute.fill_null(array.view(_integer(kind, arrow)), 0)
        else:
            array = compute.fill_null(array, arrow.scalar(decimal.Decimal(0) if types.is_decimal(kind) else 0, kind))
    if types.is_floating(kind) and compute.any(compute.is_nan(array)).as_py():
        array = compute.if_else(compute.is_nan(array), arrow.scalar(float("nan"), kind), array)
    return _buffer(array, kind.bit_width // 8)


def _integer(kind: pyarrow.DataType, arrow: Any) -> pyarrow.DataType:
    return arrow.int32() if kind.bit_width == 32 else arrow.int64()


def _bits_as_bytes(array: pyarrow.Array, arrow: Any) -> memoryview:
    # Bits may begin inside a byte; bytes are the same wherever the array begins.
    return _buffer(array.cast(arrow.uint8()), 1)


def _buffer(array: pyarrow.Array, width: int) -> memoryview:
    content = array.buffers()[1]
    if content is None:
        return memoryview(b"")
    return memoryview(content)[array.offset * width : (array.offset + len(array)) * width]
