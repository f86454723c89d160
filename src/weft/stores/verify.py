"""Proving that the projections are what the log says: fold everything into tables of their own and compare."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from weft.ledger import codec, fold, tables
from weft.model import errors
from weft.stores import connection as connections
from weft.stores import upserts

_BATCH = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found: how many events were folded, differing rows by table, and events that could not be read."""

    events: int
    rows: dict[str, int]
    differences: dict[str, list[str]]
    unreadable: list[str]

    @property
    def passed(self) -> bool:
        """Whether every projection is exactly the fold of the log."""
        return not self.unreadable and not any(self.differences.values())


def verify(connection: sqlite3.Connection, path: Path | None) -> Verification:
    """Rebuild every projection from the events, in memory, and compare row by row with what is kept.

    Both are read in one snapshot, so that processes may go on writing meanwhile.
    """
    rebuilt = connections.open_connection(None)
    unreadable: list[str] = []
    count, expected = 0, 1
    try:
        with connections.translated(path):
            connection.execute("BEGIN")
            try:
                rebuilt.execute("BEGIN")
                cursor = connection.execute("SELECT position, at, CAST(body AS BLOB) FROM event ORDER BY position")
                while rows := cursor.fetchmany(_BATCH):
                    batch = []
                    for position, at, body in rows:
                        if position != expected:
                            unreadable.append(f"events {expected} to {position - 1} are missing")
                        expected = position + 1
                        try:
                            batch.append((position, at, codec.decode(body, position)))
                        except errors.LedgerError as error:
                            unreadable.append(f"event {position}: {error.message}")
                    count += len(rows)
                    for kind, changes in fold.fold(batch):
                        rebuilt.executemany(upserts.UPSERTS[kind], changes)
                kept_rows: dict[str, int] = {}
                differences: dict[str, list[str]] = {}
                for table in tables.PROJECTIONS:
                    kept_rows[table], differences[table] = _compare(connection, rebuilt, table)
            finally:
                connection.execute("ROLLBACK")
    finally:
        rebuilt.close()
    return Verification(events=count, rows=kept_rows, differences=differences, unreadable=unreadable)


def _compare(kept: sqlite3.Connection, rebuilt: sqlite3.Connection, table: str) -> tuple[int, list[str]]:
    found: list[str] = []
    width = len([row for row in kept.execute(f"PRAGMA table_info({table})") if row[5]])
    statement = f"SELECT * FROM {table} ORDER BY {', '.join(str(n + 1) for n in range(width))}"  # noqa: S608
    left, right = kept.execute(statement), rebuilt.execute(statement)
    count = 0
    ours, theirs = left.fetchone(), right.fetchone()
    while ours is not None or theirs is not None:
        if ours == theirs:
            count += 1
            ours, theirs = left.fetchone(), right.fetchone()
        elif theirs is None or (ours is not None and ours[:width] < theirs[:width]):
            count += 1
            found.append(f"{table} {_name(ours, width)} is kept, but no event says so")
            ours = left.fetchone()
        elif ours is None or theirs[:width] < ours[:width]:
            found.append(f"{table} {_name(theirs, width)} is missing")
            theirs = right.fetchone()
        else:
            count += 1
            found.append(f"{table} {_name(ours, width)} differs from what the events say")
            ours, theirs = left.fetchone(), right.fetchone()
    return count, found


def _name(row: tuple[object, ...], width: int) -> str:
    return "/".join(str(part) for part in row[:width] if part != "")
