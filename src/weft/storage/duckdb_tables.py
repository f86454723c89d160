"""Tables in a DuckDB file: one table for each version, and a view under the asset's name over the current ones.

The file is opened for each operation and closed after it, so that other processes can use it between. DuckDB lets one
process write at a time: steps that use this manager hold its one-slot pool, and whoever meets a lock all the same waits
a while.
"""

from __future__ import annotations

import base64
import contextlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from weft.model import errors
from weft.model.stored import StoredValue
from weft.storage import codecs, conversions, local_files, paths, places, protocol, table_hashing, tables

if TYPE_CHECKING:
    import pyarrow

LOCK_SECONDS = 30.0
_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5


class DuckDBStorage(protocol.IOManager):
    """Stores polars, pandas and Arrow tables, and DuckDB relations, in one DuckDB file."""

    name = "duckdb"

    def __init__(
        self,
        path: str | Path,
        schema: str = "main",
        *,
        partition_column: str = "partition",
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        """Keep the settings; the file is made by the first write.

        Args:
            path: the DuckDB file.
            schema: the schema for tables and views; made when missing.
            partition_column: the column of a partitioned asset's view that holds the partition's key; it gets
            underscores in
                front where the data has such a column.
            lock_seconds: how long to wait for another process that has the file open.
        """
        self.path = places.absolute(path)
        self.schema = schema
        self.partition_column = partition_column
        self.pool = f"duckdb:{self.path}"
        self._lock_seconds = lock_seconds

    def write(self, value: object, target: protocol.WriteTarget) -> StoredValue:
        """Store a table as a DuckDB table of its own.

        Raises:
            StorageError: the value is no table, a column has no DuckDB type, or the file stays locked.
            MissingExtraError: duckdb or pyarrow is not installed.
        """
        table = _as_arrow(value)
        version = target.given_version() or table_hashing.version(table)
        name = f"{paths.version_folder(target.asset, target.partition)}/{paths.escape(target.attempt)}"
        quoted = self._quoted(name)
        with self._connection() as connection:
            _run(connection, f"CREATE SCHEMA IF NOT EXISTS {_quote(self.schema)}")
            if self._has(connection, name):
                raise errors.StorageError(
                    f"The version {name} exists already in {self.path}, and versions are immutable.",
                    remedy="Write it under a new attempt.",
                )
            connection.register("weft_new_version", table)
            # One statement is one transaction: a failure leaves no table.
            _run(connection, f"CREATE TABLE {quoted} AS SELECT * FROM weft_new_version")  # noqa: S608 - quoted
            connection.unregister("weft_new_version")
        schema = base64.b64encode(table.schema.serialize().to_pybytes()).decode()
        return StoredValue(
            format="duckdb",
            data_version=version,
            uri=name,
            size=table.nbytes,
            type=codecs.type_name(type(value)) if tables.kind_of(type(value)) else "pyarrow.Table",
            io=target.io or self.name,
            metadata={
                "rows": msgspec.Raw(msgspec.json.encode(table.num_rows)),
                "columns": msgspec.Raw(msgspec.json.encode({field.name: str(field.type) for field in table.schema})),
                "arrow_schema": msgspec.Raw(msgspec.json.encode(schema)),
            },
        )

    def read(self, stored: StoredValue, as_type: object | None = None) -> object:
        """Return the table as the annotated kind, else as the kind that was written.

        Raises:
            StorageError: the version is gone, or the file stays locked.
        """
        name = self._table_of(stored)
        if not self.path.exists():
            raise self._gone(name)
        with self._connection() as connection:
            if not self._has(connection, name):
                raise self._gone(name)
            table = connection.sql(f"SELECT * FROM {self._quoted(name)}").to_arrow_table()  # noqa: S608 - quoted
        table = _restored(table, stored)
        return tables.from_arrow(table, conversions.table_kind(as_type) or stored.type or "pyarrow.Table")

    def remove(self, stored: StoredValue) -> None:
        """Drop the version's table; one that is gone is no error. `publish` the asset first, or its view breaks."""
        if self.path.exists():
            with self._connection() as connection:
                _run(connection, f"DROP TABLE IF EXISTS {self._quoted(self._table_of(stored))}")

    def exists(self, stored: StoredValue) -> bool:
        """Tell whether the version's table is there."""
        if not self.path.exists():
            return False
        with self._connection() as connection:
            return self._has(connection, self._table_of(stored))

    def publish(self, asset: str, current: Mapping[str | None, StoredValue]) -> None:
        """Make the asset's view show exactly the current versions; without any, drop it.

        The view is named as the asset's key with `__` for `/`. A partitioned asset's has a column with the partition's
        key.

        Raises:
            StorageError: another asset, or a table of somebody else's, has the view's name.
        """
        view = view_name(asset)
        with self._connection() as connection:
            _run(connection, f"CREATE SCHEMA IF NOT EXISTS {_quote(self.schema)}")
            self._check_owner(connection, view, asset)
            if not current:
                _run(connection, f"DROP VIEW IF EXISTS {self._quoted(view)}")
                return
            parts = [self._selection(partition, stored) for partition, stored in current.items()]
            connection.begin()
            _run(connection, f"CREATE OR REPLACE VIEW {self._quoted(view)} AS {' UNION ALL BY NAME '.join(parts)}")
            _run(connection, f"COMMENT ON VIEW {self._quoted(view)} IS {_text(_comment(asset))}")
            connection.commit()

    def _selection(self, partition: str | None, stored: StoredValue) -> str:
        source = self._quoted(self._table_of(stored))
        if partition is None:
            return f"SELECT * FROM {source}"  # noqa: S608 - quoted
        columns = msgspec.json.decode((stored.metadata or {}).get("columns", msgspec.Raw(b"{}")), type=dict[str, str])
        taken = {name.lower() for name in columns}
        column = self.partition_column
        while column.lower() in taken:
            column = f"_{column}"
        return f"SELECT *, {_text(partition)} AS {_quote(column)} FROM {source}"  # noqa: S608 - quoted

    def _check_owner(self, connection: Any, view: str, asset: str) -> None:
        query = (
            "SELECT comment FROM duckdb_views() WHERE database_name = current_database() "
            "AND schema_name = ? AND lower(view_name) = lower(?) "
            "UNION ALL SELECT 'a table' FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = ? AND lower(table_name) = lower(?)"
        )
        found = _run(connection, query, [self.schema, view, self.schema, view])
        if found and found[0][0] != _comment(asset):
            raise errors.StorageError(
                f"The view {view!r} for the asset {asset!r} cannot be made in {self.path}: the name belongs to "
                f"something else ({found[0][0] or 'a view that weft did not make'}).",
                remedy="Rename the asset, or give it a DuckDBStorage with another schema.",
            )

    def _has(self, connection: Any, name: str) -> bool:
        query = (
            "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
            "AND schema_name = ? AND table_name = ?"
        )
        return bool(_run(connection, query, [self.schema, name]))

    def _quoted(self, name: str) -> str:
        return f"{_quote(self.schema)}.{_quote(name)}"

    def _table_of(self, stored: StoredValue) -> str:
        if stored.format != "duckdb" or stored.uri is None:
            raise errors.StorageError(
                f"A stored value of the format {stored.format!r} is not a table in DuckDB.",
                remedy=f"Read it with the IO manager that wrote it ({stored.io!r}).",
            )
        return stored.uri

    def _gone(self, name: str) -> errors.StorageError:
        return errors.StorageError(
            f"The stored version {name} is gone from {self.path}.",
            remedy="Make the partition again, or roll back to another version.",
        )

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        duckdb = _require_duckdb()
        connection = self._opened(duckdb)
        try:
            yield connection
        except OSError as error:
            local_files.raise_storage_error(error, "write", str(self.path))
        except duckdb.Error as error:
            raise errors.StorageError(f"DuckDB refused an operation on {self.path}: {error}") from error
        finally:
            connection.close()

    def _opened(self, duckdb: Any) -> Any:
        """Open the file, waiting a bounded while for another process (or a reader of this one) to close it."""
        end = time.monotonic() + self._lock_seconds
        pause = _PAUSE_SECONDS
        while True:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                return duckdb.connect(str(self.path))
            except OSError as error:
                local_files.raise_storage_error(error, "open", str(self.path))
            except duckdb.Error as error:
                locked = "lock" in str(error) or "different configuration" in str(error)
                if not locked:
                    raise errors.StorageError(f"DuckDB cannot open {self.path}: {error}") from error
                if time.monotonic() + pause > end:
                    raise errors.StorageError(
                        f"The DuckDB file {self.path} is in use elsewhere, also after {self._lock_seconds:g} s: "
                        f"{error}",
                        remedy="Close the other program (or its connection), then run it again.",
                    ) from error
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def view_name(asset: str) -> str:
    """Return the name of an asset's view: its key with `__` for `/`."""
    return asset.replace("/", "__")


def _run(connection: Any, query: str, parameters: list[str] | None = None) -> list[tuple[Any, ...]]:
    """Run one statement to its end: a connection with an unfinished result refuses the next."""
    rows: list[tuple[Any, ...]] = connection.execute(query, parameters).fetchall()
    return rows


def _comment(asset: str) -> str:
    return f"asset {asset}"


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _require_duckdb() -> Any:
    try:
        import duckdb
    except ImportError:
        raise errors.MissingExtraError(package="duckdb", extra="duckdb", purpose="DuckDBStorage") from None
    return duckdb


def _as_arrow(value: Any) -> pyarrow.Table:
    kind = tables.kind_of(type(value))
    if kind is not None:
        return tables.to_arrow(value, kind)
    tables.require_pyarrow("Storing a table in DuckDB")
    if type(value).__name__ == "DuckDBPyRelation":
        return value.to_arrow_table()
    raise errors.StorageError(
        f"A value of the type {codecs.type_name(type(value))} is no table, and DuckDBStorage stores tables.",
        remedy="Return a polars, pandas or Arrow table or a DuckDB relation, or use the default storage.",
    )


def _restored(table: pyarrow.Table, stored: StoredValue) -> pyarrow.Table:
    """Give a table back the Arrow types and the metadata that it was written with, as DuckDB has fewer types."""
    kept = (stored.metadata or {}).get("arrow_schema")
    if kept is None:
        return table
    import pyarrow

    schema = pyarrow.ipc.read_schema(pyarrow.py_buffer(base64.b64decode(msgspec.json.decode(kept, type=str))))
    try:
        return table.cast(schema)
    except (pyarrow.ArrowException, ValueError):
        return table.replace_schema_metadata(
            schema.metadata
        )  # a type that Arrow cannot cast back; the values are right
