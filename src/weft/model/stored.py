"""Where a version's value lies, and what identifies its content."""

from __future__ import annotations

import msgspec


class StoredValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One immutable stored value: a reference that the ledger keeps and that readers resolve.

    `data_version` is `<algorithm>:<hex>`; equal content under one algorithm gives an equal version. The algorithm `u1`
    marks a unique version, for content that cannot be hashed. `format` names the codec ("json", "text", "bytes",
    "parquet", "file", "duckdb", "none", …). Exactly one of `inline` (the encoded bytes, for small values) and `uri` is
    set, and neither for the format "none". `uri` is relative to the storage root unless it has a scheme or starts with
    "/".
    """

    format: str
    data_version: str
    uri: str | None = None
    inline: bytes | None = None
    size: int | None = None
    """Size of the encoded value, in bytes."""
    type: str | None = None
    """Qualified name of the value's Python type, for reading it back as what it was."""
    io: str | None = None
    """Name of the IO manager that wrote it; None for the default one."""
    metadata: dict[str, msgspec.Raw] | None = None
    """What the IO manager knows of it (row count, columns …), as JSON values."""


UNIQUE_ALGORITHM = "u1"


def is_unique(data_version: str) -> bool:
    """Tell whether a data version says nothing about the content, so that it never cuts off."""
    return data_version.startswith(UNIQUE_ALGORITHM + ":")
