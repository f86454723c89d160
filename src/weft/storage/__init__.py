"""Step outputs: IO managers, immutable versions, and how values travel between steps.

`protocol` says what an IO manager is; `typed` is the default one, which chooses a codec by the value's type;
`duckdb_tables` and `pickles` are others. `combining` joins several partitions for one reader, and `type_checks` holds
values against annotations. The names below are loaded on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.storage.combining import combine
    from weft.storage.duckdb_tables import DuckDBStorage
    from weft.storage.pickles import PickleStorage
    from weft.storage.protocol import IOManager, WriteTarget
    from weft.storage.type_checks import check_value
    from weft.storage.typed import TypedStorage

__all__ = ["DuckDBStorage", "IOManager", "PickleStorage", "TypedStorage", "WriteTarget", "check_value", "combine"]

_HOMES = {
    "DuckDBStorage": "duckdb_tables",
    "IOManager": "protocol",
    "PickleStorage": "pickles",
    "TypedStorage": "typed",
    "WriteTarget": "protocol",
    "check_value": "type_checks",
    "combine": "combining",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found: object = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
