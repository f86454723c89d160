"""Executions and saved plans on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from weft.ports import executing as ports
from weft.ports import ledger
from weft.stores import connection as connections
from weft.stores import run_reading

_CHUNK = 500  # parameters of one IN (…)
_EXECUTION = (
    "SELECT id, kind, document, request, total, by_whom, priority, concurrency, pool, plan, automation, options, "
    "phase, outcome, reason, created, finished FROM execution"
)
_EXECUTION_NAMES = (
    "id", "kind", "document", "request", "total", "by", "priority", "concurrency", "pool", "plan", "automation",
    "options", "phase", "outcome", "reason", "created", "finished",
)  # fmt: skip
_SAVED = "SELECT id, document, request, steps, by_whom, created, execution FROM saved_plan"
_SAVED_NAMES = ("id", "document", "request", "steps", "by", "created", "execution")


class ExecutionReads:
    """Reads of one ledger file that concern executions."""

    _connection: sqlite3.Connection
    path: Path | None

    def _asked(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def executions(
        self,
        *,
        live: bool = False,
        limit: int | None = None,
        before: tuple[int, str] | None = None,
        pipeline: str | None = None,
        partitions: bool = False,
    ) -> list[ports.ExecutionRow]:
        """Executions, newest first; with `live`, unfinished ones; those before one by its creation and id.

        With `partitions` those that fill a selection of partitions: backfills, and plans of which some were asked for.
        With `pipeline` those that were asked for by its name, such as its backfills, and those that ran it.
        """
        where = ["phase <> 'finished'"] if live else []
        if partitions:  # a request is kept as it would be typed
            where.append("(kind = 'backfill' OR instr(request, '--partitions ') > 0)")
        named: tuple[object, ...] = ()
        if pipeline is not None:
            where.append(
                "(request = ? OR substr(request, 1, length(?) + 1) = ? || ' ' OR EXISTS ("
                "SELECT 1 FROM run WHERE run.execution = execution.id AND run.execution <> '' AND run.pipeline = ?))"
            )
            named = (pipeline,) * 4
        statement, values = _paged(_EXECUTION, where, limit, before)
        return [_execution(row) for row in self._asked(statement, (*named, *values))]

    def executions_with_prefix(self, prefix: str) -> list[ports.ExecutionRow]:
        """Executions whose id begins with `prefix`."""
        rows = self._asked(f"{_EXECUTION} WHERE id >= ? AND id < ?", (prefix, prefix + "\U0010ffff"))
        return [_execution(row) for row in rows]

    def execution_states(self, executions: Collection[str]) -> Mapping[str, ports.StateRow]:
        """How far these executions have come."""
        found = {}
        for chunk in _chunks(executions):
            statement = f"SELECT execution, turn, body FROM execution_state WHERE execution IN ({_marks(chunk)})"  # noqa: S608
            for execution, turn, body in self._asked(statement, chunk):
                found[execution] = ports.StateRow(turn=turn, body=body)
        return found

    def open_runs(self, executions: Collection[str]) -> Mapping[str, list[ports.OpenRun]]:
        """The unfinished runs of these executions, oldest first; those that have none are absent."""
        found: dict[str, list[ports.OpenRun]] = {}
        for chunk in _chunks(executions):
            statement = (
                "SELECT execution, id, pipeline, phase, steps + mapped, succeeded, reused, failed, held FROM run "  # noqa: S608
                f"INDEXED BY run_open_of_execution WHERE execution IN ({_marks(chunk)}) "
                "AND execution <> '' AND phase <> 'finished' AND parent = '' ORDER BY created, id"
            )
            for execution, run, pipeline, phase, steps, succeeded, reused, failed, held in self._asked(
                statement, chunk
            ):
                found.setdefault(execution, []).append(
                    ports.OpenRun(
                        id=run, pipeline=pipeline, phase=phase, steps=steps, succeeded=succeeded, reused=reused,
                        failed=failed, held=held,
                    )
                )  # fmt: skip
        return found

    def run_counts(self, execution: str) -> list[ports.RunCount]:
        """The runs of pipelines of an execution, counted; of those that were repeated in it the last one alone."""
        rows = self._asked(
            "SELECT phase, outcome, count(*), avg(finished - started) / 1e6 FROM run "
            "WHERE execution = ? AND execution <> '' AND pipeline IS NOT NULL AND parent = '' AND id NOT IN "
            "(SELECT rerun_of FROM run WHERE execution = ? AND execution <> '' AND rerun_of <> '') "
            "GROUP BY phase, outcome",
            (execution, execution),
        )
        return [ports.RunCount(phase=row[0], outcome=row[1], count=row[2], seconds=row[3]) for row in rows]

    def runs_of_execution(
        self, execution: str, *, limit: int | None = None, outcomes: Sequence[str] = ()
    ) -> list[ledger.RunRow]:
        """The runs of an execution, newest first; those that ended so."""
        wanted = f"AND outcome IN ({_marks(outcomes)}) " if outcomes else ""
        rows = self._asked(
            f"{run_reading.RUN_SELECT} WHERE execution = ? AND execution <> '' AND parent = '' {wanted}"
            f"ORDER BY created DESC, id{f' LIMIT {int(limit)}' if limit else ''}",
            (execution, *outcomes),
        )
        return [run_reading.run_row(row) for row in rows]

    def interval_marks(self, pipeline: str, keys: Sequence[str]) -> Mapping[str, tuple[int, str]]:
        """The version and the outcome of the last attempt of these intervals, as far as there is any."""
        found = {}
        for chunk in _chunks(keys):
            statement = f"SELECT key, version, outcome FROM partition WHERE asset = ? AND key IN ({_marks(chunk)})"  # noqa: S608
            for key, version, outcome in self._asked(statement, (pipeline, *chunk)):
                found[key] = (version, outcome)
        return found

    def changed_keys(self, asset: str, *, after: int) -> list[str]:
        """The partitions of an asset of which anything changed after a position."""
        return [
            row[0] for row in self._asked("SELECT key FROM partition WHERE asset = ? AND changed > ?", (asset, after))
        ]

    def saved_plans(
        self, *, limit: int | None = None, before: tuple[int, str] | None = None
    ) -> list[ports.SavedPlanRow]:
        """Saved plans, newest first."""
        statement, values = _paged(_SAVED, ["removed IS NULL"], limit, before)
        return [_saved(row) for row in self._asked(statement, values)]

    def saved_plans_with_prefix(self, prefix: str) -> list[ports.SavedPlanRow]:
        """Saved plans whose id begins with `prefix`."""
        return [
            _saved(row)
            for row in self._asked(
                f"{_SAVED} WHERE removed IS NULL AND id >= ? AND id < ?", (prefix, prefix + "\U0010ffff")
            )
        ]


class ExecutionWrites:
    """Writes how far executions have come, within a transaction."""

    _connection: sqlite3.Connection

    def set_execution_state(self, execution: str, body: bytes, *, after: int) -> bool:
        """Keep the state that follows on the turn `after` (0: the first); False where another one did before."""
        if after == 0:
            written = self._connection.execute(
                "INSERT INTO execution_state (execution, turn, body) VALUES (?, 1, ?) ON CONFLICT DO NOTHING",
                (execution, body),
            )
        else:
            written = self._connection.execute(
                "UPDATE execution_state SET turn = turn + 1, body = ? WHERE execution = ? AND turn = ?",
                (body, execution, after),
            )
        return written.rowcount == 1


def _paged(
    select: str, where: list[str], limit: int | None, before: tuple[int, str] | None
) -> tuple[str, tuple[object, ...]]:
    conditions = [*where, *(["(created, id) < (?, ?)"] if before is not None else [])]
    told = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"{select}{told} ORDER BY created DESC, id DESC{f' LIMIT {int(limit)}' if limit else ''}", before or ()


def _execution(row: tuple[Any, ...]) -> ports.ExecutionRow:
    return ports.ExecutionRow(**dict(zip(_EXECUTION_NAMES, row, strict=True)))


def _saved(row: tuple[Any, ...]) -> ports.SavedPlanRow:
    return ports.SavedPlanRow(**dict(zip(_SAVED_NAMES, row, strict=True)))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _chunks(values: Collection[str]) -> list[list[str]]:
    listed = list(values)
    return [listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK)]
