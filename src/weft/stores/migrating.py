"""Bringing a ledger file to the newest schema, in one transaction: an older file becomes new whole or not at all."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from weft.ledger import codec, fold, tables, writes
from weft.model import errors
from weft.stores import upserts

_BATCH = 5000
_SWITCH_SECONDS = 60.0


def migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    """Run the scripts that lead from the file's version to the newest.

    Raises:
        LedgerError: a newer weft wrote the file.
    """
    newest = len(tables.MIGRATIONS)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > newest:
        raise errors.LedgerError(
            f"The ledger {path} has schema version {version}; this weft knows up to {newest}.",
            remedy="Use the newer weft that wrote it.",
        )
    if version == newest:
        return
    if path is not None:
        _keep_a_log_beside(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been quicker
        emptied: dict[str, str] = {}
        for number in range(version, newest):
            for statement in tables.MIGRATIONS[number].split(";"):
                if statement.strip():
                    connection.execute(statement)
            emptied.update(tables.REFOLDED.get(number + 1, {}) if version else {})
        for table, condition in emptied.items():
            _fold_anew(connection, table, condition)
        connection.execute(f"PRAGMA user_version = {newest}")
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise


def _keep_a_log_beside(connection: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log.

    Where several open a new file at once, SQLite tells all but one that it is locked, and does not wait as it was told.
    """
    until = time.monotonic() + _SWITCH_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _fold_anew(connection: sqlite3.Connection, table: str, condition: str) -> None:
    """Fill a projection from the log; an event that cannot be read is left to `weft ledger verify`."""
    cursor = connection.execute(
        f"SELECT position, at, CAST(body AS BLOB) FROM event WHERE {condition} ORDER BY position"  # noqa: S608 - ours
    )
    while rows := cursor.fetchmany(_BATCH):
        batch = []
        for position, at, body in rows:
            try:
                batch.append((position, at, codec.decode(body, position)))
            except errors.LedgerError:
                continue
        for kind, changes in fold.fold(batch):
            if writes.WRITES[kind].table == table:
                connection.executemany(upserts.UPSERTS[kind], changes)


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction without a trace; SQLite may have done so by itself, as on a full disk."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
