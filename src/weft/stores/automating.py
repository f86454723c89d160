"""What automations decided, on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from weft.ports import automating as ports
from weft.stores import connection as connections

_CHUNK = 500  # parameters of one IN (…)
_names = msgspec.json.Decoder(tuple[str, ...]).decode
_ROW = (
    "SELECT id, location, activated, paused, paused_by, paused_at, reason, last_tick, last_due, last_decision, last_at "
    "FROM automation"
)
_TICK = "SELECT automation, tick, position, due, at, decision, reason, runs, executions, count FROM tick"


def _row(row: tuple[Any, ...]) -> ports.AutomationRow:
    return ports.AutomationRow(
        id=row[0], location=row[1], activated=row[2], paused=bool(row[3]), paused_by=row[4], paused_at=row[5],
        reason=row[6], last_tick=row[7], last_due=row[8], last_decision=row[9], last_at=row[10],
    )  # fmt: skip


def _tick(row: tuple[Any, ...]) -> ports.TickRow:
    return ports.TickRow(
        automation=row[0], tick=row[1], position=row[2], due=row[3], at=row[4], decision=row[5], reason=row[6],
        runs=_names(row[7]) if row[7] else (), executions=_names(row[8]) if row[8] else (), count=row[9],
    )  # fmt: skip


def _upper(prefix: str) -> str:
    """The first text after all that begin with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1) if prefix else chr(0x10FFFF)


class AutomationReads:
    """Reads of one ledger file that concern automations."""

    _connection: sqlite3.Connection
    path: Path | None

    def _of_automations(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def automations(self, prefix: str, *, moved_after: int | None = None) -> dict[str, ports.AutomationRow]:
        """Automations whose id begins with `prefix`; those that were paused or resumed after a time."""
        given: list[object] = [prefix, _upper(prefix)]
        moved = "" if moved_after is None else " AND paused_at > ?"
        given += [] if moved_after is None else [moved_after]
        found = self._of_automations(f"{_ROW} WHERE id >= ? AND id < ?{moved}", given)
        return {row[0]: _row(row) for row in found}

    def looks(self, prefix: str) -> dict[str, ports.LookRow]:
        """What was looked at last by automations whose id begins with `prefix`."""
        rows = self._of_automations(
            "SELECT automation, looked_at, same, decision, reason, body FROM automation_state "
            "WHERE automation >= ? AND automation < ?",
            (prefix, _upper(prefix)),
        )
        return {
            row[0]: ports.LookRow(
                automation=row[0], looked_at=row[1], same=row[2], decision=row[3], reason=row[4], body=row[5]
            )
            for row in rows
        }

    def ticks(
        self, automation: str | None = None, *, limit: int, before: int | None = None, decision: str | None = None
    ) -> list[ports.TickRow]:
        """Decisions, newest first: of one automation or of all schedules; from before a position."""
        where, given = ["automation = ?"], list[object]([automation])
        if automation is None:
            where, given = ["automation >= 'schedule:' AND automation < 'schedule;'"], []
        if before is not None:
            where.append("position < ?")
            given.append(before)
        if decision is not None:
            where.append("decision = ?")
            given.append(decision)
        statement = f"{_TICK} WHERE {' AND '.join(where)} ORDER BY position DESC LIMIT {int(limit)}"
        return [_tick(row) for row in self._of_automations(statement, given)]

    def tick_before(self, automation: str, due: int, *, prefix: str = "") -> int | None:
        """When the last tick by `due` was due that was decided; of those whose name does not begin with `prefix`."""
        ((found,),) = self._of_automations(
            "SELECT max(due) FROM tick WHERE automation = ? AND due <= ? AND (? = '' OR substr(tick, 1, ?) <> ?)",
            (automation, due, prefix, len(prefix), prefix),
        )
        return None if found is None else int(found)

    def moved_assets(self, assets: Collection[str], after: int) -> set[str]:
        """Which of these assets anything happened to after a position."""
        statement = "SELECT 1 FROM partition WHERE asset = ? AND changed > ? LIMIT 1"
        with connections.translated(self.path):
            look = self._connection.execute
            return {asset for asset in assets if look(statement, (asset, after)).fetchone() is not None}


class AutomationWrites:
    """Reads and writes within a transaction."""

    _connection: sqlite3.Connection

    def automation_rows(self, ids: Sequence[str]) -> dict[str, ports.AutomationRow]:
        """These automations as they are now."""
        found: dict[str, ports.AutomationRow] = {}
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            rows = self._connection.execute(f"{_ROW} WHERE id IN ({', '.join('?' * len(part))})", tuple(part))
            found.update((row[0], _row(row)) for row in rows)
        return found

    def decided_ticks(self, automation: str, ticks: Sequence[str]) -> set[str]:
        """Which of these ticks were decided."""
        found: set[str] = set()
        for start in range(0, len(ticks), _CHUNK):
            part = ticks[start : start + _CHUNK]
            marks = ", ".join("?" * len(part))
            rows = self._connection.execute(
                f"SELECT tick FROM tick WHERE automation = ? AND tick IN ({marks})",  # noqa: S608 - question marks
                (automation, *part),
            )
            found.update(row[0] for row in rows)
        return found

    def put_looks(self, rows: Sequence[ports.LookRow]) -> None:
        """Note what was looked at; counts how often the same was decided."""
        self._connection.executemany(
            "INSERT INTO automation_state (automation, looked_at, same, decision, reason, body) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (automation) DO UPDATE SET looked_at = excluded.looked_at, "
            "same = CASE WHEN automation_state.decision = excluded.decision AND automation_state.reason = "
            "excluded.reason THEN automation_state.same + excluded.same ELSE excluded.same END, "
            "decision = excluded.decision, reason = excluded.reason, body = coalesce(excluded.body, "
            "automation_state.body)",
            [(row.automation, row.looked_at, row.same, row.decision, row.reason, row.body) for row in rows],
        )

    def newest_version(self, asset: str, after: int, keys: Collection[str] | None = None) -> int | None:
        """The newest version of an asset (of these partitions) after a position; None where there is none."""
        found = self.moved_partitions(asset, after)
        versions = found.values() if keys is None else [found[key] for key in keys if key in found]
        return max(versions, default=None)

    def moved_partitions(self, asset: str, after: int) -> Mapping[str, int]:
        """Partitions of an asset that have a version after a position, with it."""
        rows = self._connection.execute(
            "SELECT key, version FROM partition WHERE asset = ? AND changed > ? AND version > ?", (asset, after, after)
        )
        return {row[0]: row[1] for row in rows}

    def consumed_at(self, pipeline: str, partition: str | None) -> int:
        """The position at which the newest run of a pipeline was created; 0 where there is none."""
        row = self._connection.execute(
            "SELECT id FROM run WHERE pipeline = ? AND (? IS NULL OR partition = ?) ORDER BY created DESC LIMIT 1",
            (pipeline, partition, partition),
        ).fetchone()
        if row is None:
            return 0
        found = self._connection.execute("SELECT min(position) FROM event WHERE run = ?", row).fetchone()
        return int(found[0] or 0)

    def newest_run_of(self, pipeline: str) -> str | None:
        """The newest run of a pipeline that no other run called."""
        found = self._connection.execute(
            "SELECT id FROM run WHERE pipeline = ? AND parent = '' ORDER BY created DESC, id DESC LIMIT 1", (pipeline,)
        ).fetchone()
        return None if found is None else str(found[0])

    def last_numbered_tick(self, automation: str, prefix: str) -> int:
        """The highest number of the ticks of an automation that are named `prefix` and a number; 0 for none."""
        ((found,),) = self._connection.execute(
            "SELECT max(CAST(substr(tick, ?) AS INTEGER)) FROM tick WHERE automation = ? AND tick >= ? AND tick < ?",
            (len(prefix) + 1, automation, prefix, _upper(prefix)),
        )
        return int(found or 0)

    def position_at(self, moment: int) -> int:
        """The position of the last event before a time (microseconds), 0 where there is none.

        By halves: positions follow the time, but for a clock that was set back.
        """
        low, high = 0, int(self._connection.execute("SELECT coalesce(max(position), 0) FROM event").fetchone()[0])
        while low < high:
            middle = (low + high + 1) // 2
            row = self._connection.execute("SELECT at FROM event WHERE position = ?", (middle,)).fetchone()
            low, high = (middle, high) if row is not None and row[0] < moment else (low, middle - 1)
        return low
