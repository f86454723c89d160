"""Operations on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weft.ports import operating as ports
from weft.stores import connection as connections

_SELECT = (
    "SELECT id, kind, location, ask, by_whom, created, holder, begun, until, finished, outcome, answer FROM operation"
)


class OperationReads:
    """Reads of one ledger file that concern operations; a mixin of the reader."""

    _connection: sqlite3.Connection
    path: Path | None

    def operation(self, id: str) -> ports.OperationRow | None:  # noqa: A002 - the word of the row
        """One operation by its id."""
        found = self._operations(f"{_SELECT} WHERE id = ?", (id,))
        return found[0] if found else None

    def operations(self, *, limit: int, before: tuple[int, str] | None = None) -> list[ports.OperationRow]:
        """Operations, newest first, those before a place (created, id)."""
        where = " WHERE (created, id) < (?, ?)" if before is not None else ""
        return self._operations(
            f"{_SELECT}{where} ORDER BY created DESC, id DESC LIMIT ?",
            (*(before or ()), limit),
        )

    def open_operations(self, kind: str) -> list[ports.OperationRow]:
        """What of a kind has begun and not finished, the oldest first."""
        return self._operations(
            f"{_SELECT} WHERE kind = ? AND begun IS NOT NULL AND finished IS NULL ORDER BY created, id", (kind,)
        )

    def waiting_operations(self, location: str, *, since: int) -> list[ports.OperationRow]:
        """What waits for a location, or for any, and was asked for at `since` or later; the oldest first."""
        return self._operations(
            f"{_SELECT} WHERE begun IS NULL AND finished IS NULL AND created >= ? AND location IN (?, '') "
            "ORDER BY created, id",
            (since, location),
        )

    def _operations(self, statement: str, parameters: Sequence[object]) -> list[ports.OperationRow]:
        with connections.translated(self.path):
            rows = self._connection.execute(statement, parameters).fetchall()
        return [_row(each) for each in rows]


class OperationWrites:
    """Writes of operations; a mixin of the transaction."""

    _connection: sqlite3.Connection

    def add_operation(self, row: ports.OperationRow, *, keep_from: int) -> None:
        """Ask for something; operations from before `keep_from` are let go of."""
        self._connection.execute("DELETE FROM operation WHERE created < ?", (keep_from,))
        self._connection.execute(
            "INSERT INTO operation (id, kind, location, ask, by_whom, created) VALUES (?, ?, ?, ?, ?, ?)",
            (row.id, row.kind, row.location, row.ask, row.by, row.created),
        )

    def take_operation(self, id: str, *, holder: str, at: int, until: int) -> bool:  # noqa: A002
        """Begin what waits; False where it does not wait any more."""
        done = self._connection.execute(
            "UPDATE operation SET holder = ?, begun = ?, until = ? WHERE id = ? AND begun IS NULL AND finished IS NULL",
            (holder, at, until, id),
        )
        return done.rowcount == 1

    def take_over_operation(self, id: str, *, was: str, holder: str, until: int) -> bool:  # noqa: A002
        """Go on with what the holder `was` has left; False where it has ended, or another process was quicker."""
        done = self._connection.execute(
            "UPDATE operation SET holder = ?, until = ? WHERE id = ? AND finished IS NULL AND holder = ?",
            (holder, until, id, was),
        )
        return done.rowcount == 1

    def tell_operation(self, id: str, *, holder: str, answer: bytes, until: int) -> bool:  # noqa: A002
        """Write down how far it is; False where it has ended, or another process than `holder` has it."""
        done = self._connection.execute(
            "UPDATE operation SET answer = ?, until = ? WHERE id = ? AND finished IS NULL AND holder = ?",
            (answer, until, id, holder),
        )
        return done.rowcount == 1

    def end_operation(self, id: str, *, outcome: str, answer: bytes, at: int, holder: str | None = None) -> bool:  # noqa: A002
        """Write down what came of it; False where it has ended, or another process than `holder` has it."""
        done = self._connection.execute(
            "UPDATE operation SET outcome = ?, answer = ?, finished = ? "
            "WHERE id = ? AND finished IS NULL AND holder = coalesce(?, holder)",
            (outcome, answer, at, id, holder),
        )
        return done.rowcount == 1


def _row(row: tuple[Any, ...]) -> ports.OperationRow:
    return ports.OperationRow(
        id=row[0], kind=row[1], location=row[2], ask=row[3], by=row[4], created=row[5], holder=row[6], begun=row[7],
        until=row[8], finished=row[9], outcome=row[10], answer=row[11],
    )  # fmt: skip
