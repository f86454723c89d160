"""Reading runs on SQLite: runs, the step runs of pipelines, results that may serve again, artifacts, questions."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weft.ledger import codec
from weft.model import events
from weft.ports import ledger as ports
from weft.stores import connection as connections

RUN_SELECT = (
    "SELECT id, execution, pipeline, definitions, plan, request, by_whom, phase, outcome, reason, created, started, "
    "finished, epoch, steps + mapped, succeeded, reused, failed, held, partition, params, trigger_by, parent, "
    "parent_step, parent_item, rerun_of, pool, values_removed > 0, location, priority, automation FROM run"
)
_RUN_NAMES = (
    "id", "execution", "pipeline", "definitions", "plan", "request", "by", "phase", "outcome", "reason", "created",
    "started", "finished", "epoch", "steps", "succeeded", "reused", "failed", "held", "partition", "params", "trigger",
    "parent", "parent_step", "parent_item", "rerun_of", "pool",
    "values_removed", "location", "priority", "automation",
)  # fmt: skip


class RunReader:
    """Reads of one ledger file that concern runs. Reads see everything that was committed before they began."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None) -> None:
        """Read through `connection`; `path` is for messages."""
        self._connection = connection
        self.path = path

    def _rows(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    # --- runs ---

    def runs(
        self,
        *,
        limit: int | None = None,
        live: bool = False,
        pipeline: str | None = None,
        partition: str | None = None,
        parent: str | None = None,
        pool: str | None = None,
    ) -> list[ports.RunRow]:
        """Runs, newest first; with `live`, unfinished ones; of a pipeline, its interval, a parent, a pool."""
        conditions = {"pipeline": pipeline, "partition": partition, "parent": parent, "pool": pool}
        wanted = {name: value for name, value in conditions.items() if value is not None}
        where = [f"{name} = ?" for name in wanted] + (["phase <> 'finished'"] if live else [])
        # what the partial indexes are for
        where += [f"{name} <> ''" for name in ("parent", "pool") if wanted.get(name)]
        bound = f" LIMIT {int(limit)}" if limit else ""
        return [
            run_row(row)
            for row in self._rows(
                f"{RUN_SELECT} {_where(where)} ORDER BY created DESC, id{bound}", list(wanted.values())
            )
        ]

    def runs_with_prefix(self, prefix: str) -> list[ports.RunRow]:
        """Runs whose id begins with `prefix`."""
        # between two ids, along the key; LIKE would look at every run there is
        rows = self._rows(f"{RUN_SELECT} WHERE id >= ? AND id < ?", (prefix, f"{prefix}\U0010ffff"))
        return [run_row(row) for row in rows]

    # --- step runs of pipelines ---

    def step_runs(self, run: str) -> list[ports.StepRunRow]:
        """The step runs of a pipeline's run that have begun or ended, in order of their first event."""
        rows = self._rows(
            "SELECT run, step, item, phase, outcome, reason, attempt, at, started, duration, source_run, position, "
            "until, first FROM step_run WHERE run = ? AND phase <> 'mapped'",
            (run,),
        )
        rows.sort(key=lambda row: (row[13], row[1], _place(row[2])))
        return [
            ports.StepRunRow(
                run=row[0], step=row[1], item=row[2], phase=row[3], outcome=row[4], reason=row[5], attempt=row[6],
                at=row[7], started=row[8], duration=row[9], source_run=row[10], position=row[11], until=row[12],
            )
            for row in rows
        ]  # fmt: skip

    def step_counts(self, run: str) -> dict[tuple[str, str], int]:
        """How many step runs each mapped step of a pipeline's run has, by step and item."""
        rows = self._rows("SELECT step, item, items FROM step_run WHERE run = ? AND items IS NOT NULL", (run,))
        return {(step, item): count for step, item, count in rows}

    def cached(self, key: str, *, now: int) -> ports.CachedResult | None:
        """The newest result under a cache key that serves at `now` (microseconds), None where there is none."""
        rows = self._rows(
            "SELECT c.run, c.step, c.item, c.position, CAST(e.body AS BLOB) FROM cached c "
            "JOIN event e ON e.position = c.position LEFT JOIN run r ON r.id = c.run "
            "WHERE c.key = ? AND coalesce(c.expires > ?, 1) AND coalesce(r.values_removed, 0) = 0",
            (key, now),
        )
        if not rows:
            return None
        run, step, item, place, body = rows[0]
        event = codec.decode(body, place)
        if not isinstance(event, events.StepSucceeded) or event.task is None:
            return None
        return ports.CachedResult(run=run, step=step, item=item, result=event.task)

    def cached_runs(self, *, now: int) -> set[str]:
        """The runs whose results the cache may still hand out at `now`."""
        rows = self._rows(
            "SELECT DISTINCT c.run FROM cached c LEFT JOIN run r ON r.id = c.run "
            "WHERE coalesce(c.expires > ?, 1) AND coalesce(r.values_removed, 0) = 0",
            (now,),
        )
        return {row[0] for row in rows}

    # --- work pools ---

    def work_pools(self) -> list[ports.WorkPoolRow]:
        """The work pools, by name."""
        rows = self._rows("SELECT name, type, config, slots, paused, created FROM work_pool ORDER BY name")
        return [
            ports.WorkPoolRow(
                name=row[0], type=row[1], config=row[2], slots=row[3], paused=bool(row[4]), created=row[5]
            )
            for row in rows
        ]  # fmt: skip

    # --- artifacts and questions ---

    def artifact(self, id: int) -> events.ArtifactMade | None:  # noqa: A002 - the word of the row
        """One version of an artifact with its value, None where there is none of this id."""
        rows = self._rows("SELECT CAST(body AS BLOB) FROM event WHERE position = ? AND type = 'ArtifactMade'", (id,))
        if not rows:
            return None
        event = codec.decode(rows[0][0], id)
        return event if isinstance(event, events.ArtifactMade) else None

    def artifacts(
        self,
        *,
        run: str | None = None,
        key: str | None = None,
        asset: str | None = None,
        latest: bool = False,
        limit: int | None = None,
    ) -> list[ports.ArtifactRow]:
        """Artifacts, newest first; with `latest`, the newest version of each key alone."""
        conditions = {"run": run, "key": key, "asset": asset}
        wanted = {name: value for name, value in conditions.items() if value is not None}
        where = [f"a.{name} = ?" for name in wanted]
        where += [f"a.{name} <> ''" for name in wanted if name == "asset"]  # what the partial index is for
        newest = "a.position = (SELECT max(position) FROM artifact b WHERE b.key = a.key)"
        where += [newest] if latest else []
        rows = self._rows(
            f"SELECT a.position, a.key, a.kind, a.run, a.step, a.item, a.asset, a.partition, a.description, a.at, "  # noqa: S608
            f"{newest} FROM artifact a {_where(where)} "
            f"ORDER BY a.position DESC{f' LIMIT {int(limit)}' if limit else ''}",
            list(wanted.values()),
        )
        return [
            ports.ArtifactRow(
                id=row[0], key=row[1], kind=row[2], run=row[3], step=row[4], item=row[5], asset=row[6],
                partition=row[7] or None, description=row[8], at=row[9], latest=bool(row[10]),
            )
            for row in rows
        ]  # fmt: skip

    def input_requests(self, run: str | None = None, *, open_only: bool = False) -> list[ports.InputRow]:
        """Questions to people, of one run or of all, newest first."""
        where = ["i.run = ?"] if run is not None else []
        if open_only:
            where.append("i.answered IS NULL AND coalesce(r.phase, '') <> 'finished'")
        rows = self._rows(
            "SELECT i.run, i.key, i.form, i.message, i.asked, i.until, i.suspended, i.answered, i.value, i.by_whom "  # noqa: S608
            f"FROM input_request i LEFT JOIN run r ON r.id = i.run {_where(where)} "
            "ORDER BY i.asked DESC, i.key",
            () if run is None else (run,),
        )
        return [
            ports.InputRow(
                run=row[0], key=row[1], schema=row[2], message=row[3], asked=row[4], until=row[5],
                suspended=bool(row[6]), answered=row[7], value=row[8], by=row[9],
            )
            for row in rows
        ]  # fmt: skip


def run_row(row: tuple[Any, ...]) -> ports.RunRow:
    """A row of `RUN_SELECT`."""
    found = dict(zip(_RUN_NAMES, row, strict=True))
    found["values_removed"] = bool(found["values_removed"])
    return ports.RunRow(**found)


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _place(item: str) -> tuple[int, ...]:
    """The order of items: by number, level by level."""
    return tuple(int(part) if part.isdigit() else -1 for part in item.split("."))
