"""Automations and their decisions on SQLite, and what changed since somebody looked."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from weft.ledger import codec, fold, writes
from weft.model import columns as columns_model
from weft.model import partition_set
from weft.ports import deciding as ports
from weft.stores import connection as connections
from weft.stores import reading

_CHUNK = 500  # parameters of one IN (…)
_LAST = "\U0010ffff"
_SEEN = (
    "SELECT id, location, activated, paused, paused_by, paused_at, reason, cursor, last_tick, last_due, last_decision, "
    "last_at FROM automation"
)
_STATE = "SELECT automation, next_due, looked_at, same, decision, reason, holder, until, body FROM automation_state"
_PLACES = {kind: write.columns.index("asset") for kind, write in writes.WRITES.items() if write.table == "partition"}
"""Where the asset is in each kind of change of a partition."""


class DecidingReads:
    """Reads of one ledger file that concern automations."""

    _connection: sqlite3.Connection
    path: Path | None

    def _found(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def automations_seen(self, prefix: str = "") -> dict[str, ports.AutomationSeen]:
        """The automations that the ledger knows, by id; those whose id begins with `prefix`."""
        rows = self._found(f"{_SEEN} WHERE id >= ? AND id < ?", (prefix, prefix + _LAST))
        return {row[0]: _seen(row) for row in rows}

    def automation_states(self, prefix: str = "") -> dict[str, ports.AutomationState]:
        """How far each automation has come, by id; those whose id begins with `prefix`."""
        rows = self._found(f"{_STATE} WHERE automation >= ? AND automation < ?", (prefix, prefix + _LAST))
        return {row[0]: _state(row) for row in rows}

    def decision(self, automation: str, tick: str) -> ports.Decision | None:
        """What was decided at a tick, None where nothing was."""
        rows = self._found(
            "SELECT decision, reason, runs, executions FROM tick WHERE automation = ? AND tick = ?", (automation, tick)
        )
        if not rows:
            return None
        runs, executions = (tuple(json.loads(each)) if each else () for each in rows[0][2:])
        return ports.Decision(decision=rows[0][0], reason=rows[0][1], runs=runs, executions=executions)

    def changed_assets(self, after: int, *, most: int) -> ports.Changed:
        """The assets of which something changed after a position, unless more than `most` events came since."""
        rows = self._found(
            "SELECT position, at, CAST(body AS BLOB) FROM event WHERE position > ? ORDER BY position LIMIT ?",
            (after, most + 1),
        )
        if len(rows) > most:
            return ports.Changed(position=self._found("SELECT max(position) FROM event")[0][0], assets=None)
        folded = fold.fold((place, at, codec.decode(body, place)) for place, at, body in rows)
        return ports.Changed(
            position=rows[-1][0] if rows else after,
            assets=frozenset(str(row[_PLACES[kind]]) for kind, several in folded if kind in _PLACES for row in several),
            automations=any(writes.WRITES[kind].table == "automation" for kind, _ in folded),
        )

    def changed_rows(self, assets: Collection[str], after: int) -> list[tuple[str, columns_model.PartitionRow]]:
        """The partitions of these assets that changed after a position, each with its asset."""
        listed, found = sorted(assets), []
        for start in range(0, len(listed), _CHUNK):
            part = listed[start : start + _CHUNK]
            rows = self._found(
                f"SELECT asset, {reading.ROW_COLUMNS} FROM partition "  # noqa: S608
                f"WHERE asset IN ({','.join('?' * len(part))}) AND changed > ?",
                (*part, after),
            )
            found += [(row[0], reading.partition_row(row[1:])) for row in rows]
        return found

    def all_reservations(self) -> list[tuple[str, str, str, partition_set.PartitionSet]]:
        """What live runs write: run, asset, fingerprint of the partitions, ordinals."""
        return [
            (run, asset, mark, _decoded(ordinals))
            for run, asset, mark, ordinals in self._found("SELECT run, asset, fingerprint, ordinals FROM reservation")
        ]

    def reserved_mark(self) -> object:
        """Something that is another one once live runs write something else."""
        return self._found("SELECT count(*), max(run), min(run), total(length(ordinals)) FROM reservation")[0]

    def live_automation_executions(self) -> frozenset[str]:
        """The unfinished executions that automations asked for."""
        rows = self._found("SELECT id FROM execution WHERE phase <> 'finished' AND automation <> ''")
        return frozenset(row[0] for row in rows)


class DecidingWrites:
    """What a transaction does with automations."""

    _connection: sqlite3.Connection

    def seen(self, automation: str) -> ports.AutomationSeen | None:
        """An automation as its events say."""
        row = self._connection.execute(f"{_SEEN} WHERE id = ?", (automation,)).fetchone()
        return _seen(row) if row else None

    def state(self, automation: str) -> ports.AutomationState:
        """How far an automation has come; as new where nothing is known."""
        row = self._connection.execute(f"{_STATE} WHERE automation = ?", (automation,)).fetchone()
        return _state(row) if row else ports.AutomationState(automation=automation)

    def put_state(self, state: ports.AutomationState) -> None:
        """Keep how far an automation has come."""
        self._connection.execute(
            "INSERT INTO automation_state (automation, next_due, looked_at, same, decision, reason, holder, until, "
            "body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (automation) DO UPDATE SET "
            "next_due = excluded.next_due, looked_at = excluded.looked_at, same = excluded.same, "
            "decision = excluded.decision, reason = excluded.reason, holder = excluded.holder, "
            "until = excluded.until, body = excluded.body",
            (
                state.automation, state.next_due, state.looked_at, state.same, state.decision, state.reason,
                state.holder, state.until, state.body,
            ),
        )  # fmt: skip

    def is_decided(self, automation: str, tick: str) -> bool:
        """Whether a tick is decided already."""
        row = self._connection.execute("SELECT 1 FROM tick WHERE automation = ? AND tick = ?", (automation, tick))
        return row.fetchone() is not None


@functools.lru_cache(maxsize=1024)
def _decoded(ordinals: str) -> partition_set.PartitionSet:
    return partition_set.PartitionSet.decode(json.loads(ordinals))


def _seen(row: tuple[Any, ...]) -> ports.AutomationSeen:
    return ports.AutomationSeen(
        id=row[0], location=row[1], activated=row[2], paused=bool(row[3]), paused_by=row[4], paused_at=row[5],
        paused_reason=row[6], cursor=row[7], last_tick=row[8], last_due=row[9], last_decision=row[10], last_at=row[11],
    )  # fmt: skip


def _state(row: tuple[Any, ...]) -> ports.AutomationState:
    return ports.AutomationState(
        automation=row[0], next_due=row[1], looked_at=row[2], same=row[3], decision=row[4], reason=row[5],
        holder=row[6], until=row[7], body=row[8],
    )  # fmt: skip
