"""The queue of runs and the slots of pools on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from weft.ports import ledger as ledgers
from weft.ports import queueing as ports
from weft.stores import connection as connections
from weft.stores import run_reading

_WAITING = "phase = 'created' AND pool <> ''"
_GOING = "execution NOT IN (SELECT id FROM execution WHERE phase IN ('suspended', 'cancelling'))"
_GRANT_NAMES = "pool, run, slots, at"
_WAIT_NAMES = "pool, run, slots, priority, since, steps"


class QueueReads:
    """Reads of one ledger file that concern what waits to begin."""

    _connection: sqlite3.Connection
    path: Path | None

    def _queued(
        self, statement: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def _queued_runs(self, rest: str, parameters: Sequence[object] = ()) -> list[ledgers.RunRow]:
        return [run_reading.run_row(row) for row in self._queued(f"{run_reading.RUN_SELECT} {rest}", parameters)]

    # --- runs ---

    def active_runs(self) -> list[ledgers.RunRow]:
        """The runs that somebody has begun to drive and that have not ended, but for those that a run called."""
        return self._queued_runs(
            "WHERE phase IN ('running', 'cancelling') AND phase <> 'finished' AND parent = '' ORDER BY created, id"
        )

    def answered_runs(self) -> list[ledgers.RunRow]:
        """The runs in a work pool that are suspended and have no open question left, oldest first."""
        return self._queued_runs(
            "WHERE phase = 'suspended' AND phase <> 'finished' AND pool <> '' AND parent = '' AND NOT EXISTS "
            "(SELECT 1 FROM input_request i WHERE i.run = run.id AND i.answered IS NULL) ORDER BY created, id"
        )

    def lanes(self) -> list[ports.Lane]:
        """The work pools and locations in which runs wait."""
        found: list[ports.Lane] = []
        pool, location = "", ""
        while True:  # from each lane to the next by the index, in place of reading every run that waits
            after = "(pool = ? AND location > ?)" if pool else "(pool > ? AND location >= ?)"
            rows = self._queued(
                f"SELECT pool, location FROM run WHERE {_WAITING} AND {after} ORDER BY pool, location LIMIT 1",  # noqa: S608
                (pool, location),
            ) or self._queued(
                f"SELECT pool, location FROM run WHERE {_WAITING} AND pool > ? ORDER BY pool, location LIMIT 1",  # noqa: S608
                (pool,),
            )
            if not rows:
                return found
            pool, location = rows[0]
            found.append(ports.Lane(pool=pool, location=location))

    def waiting_runs(
        self, lane: ports.Lane, *, limit: int, pipeline: str | None = None, without: Collection[str] = ()
    ) -> list[ledgers.RunRow]:
        """The first runs of a lane by priority and age: of a pipeline ("" for runs of none), or but for some."""
        where, given = f"{_WAITING} AND pool = ? AND location = ?", [lane.pool, lane.location]
        if pipeline is not None:
            where, given = f"{where} AND coalesce(pipeline, '') = ?", [*given, pipeline]
        if without:
            marks = ",".join("?" * len(without))
            where, given = f"{where} AND coalesce(pipeline, '') NOT IN ({marks})", [*given, *without]
        return self._queued_runs(
            f"WHERE {where} AND {_GOING} ORDER BY priority DESC, created, partition, id LIMIT {int(limit)}", given
        )

    def waiting_pipelines(self, lane: ports.Lane) -> list[str]:
        """The pipelines of which runs wait in a lane, "" for runs of none."""
        least = (
            "SELECT min(coalesce(pipeline, '')) FROM run "  # noqa: S608
            f"WHERE {_WAITING} AND pool = :pool AND location = :location"
        )
        rows = self._queued(
            f"WITH RECURSIVE each(name) AS ({least} UNION ALL "  # noqa: S608
            f"SELECT ({least} AND coalesce(pipeline, '') > each.name) FROM each WHERE each.name IS NOT NULL) "
            "SELECT name FROM each WHERE name IS NOT NULL",
            {"pool": lane.pool, "location": lane.location},
        )
        return [row[0] for row in rows]

    def runs_ahead(self, row: ledgers.RunRow, *, most: int) -> int:
        """How many runs of its lane wait before a waiting run, counted up to `most`."""
        where = f"{_WAITING} AND pool = ? AND location = ?"
        found = 0
        for more, given in (
            ("priority > ?", (row.priority,)),
            ("priority = ? AND created < ?", (row.priority, row.created)),
            (
                "priority = ? AND created = ? AND (coalesce(partition, ''), id) < (?, ?)",
                (row.priority, row.created, row.partition or "", row.id),
            ),
        ):
            ((count,),) = self._queued(
                f"SELECT count(*) FROM (SELECT 1 FROM run WHERE {where} AND {more} LIMIT {int(most)})",  # noqa: S608
                (row.pool, row.location, *given),
            )
            found += count
        return min(found, most)

    def execution_phase(self, execution: str) -> str:
        """The phase of an execution, "" where there is none."""
        rows = self._queued("SELECT phase FROM execution WHERE id = ?", (execution,))
        return str(rows[0][0]) if rows else ""

    # --- pools of steps ---

    def pool_slots(self) -> Mapping[str, int]:
        """The slots of pools as they were set at run time; they go before what the project's configuration says."""
        return dict(self._queued("SELECT name, slots FROM pool ORDER BY name"))

    def pool_grants(self, pools: Sequence[str] | None = None) -> list[ports.PoolGrantRow]:
        """Who holds slots of these pools (None: of all), oldest first."""
        where, given = _of(pools)
        rows = self._queued(f"SELECT {_GRANT_NAMES} FROM pool_grant {where} ORDER BY at, run", given)  # noqa: S608
        return [ports.PoolGrantRow(pool=row[0], run=row[1], slots=row[2], at=row[3]) for row in rows]

    def pool_waits(self, pools: Sequence[str] | None = None) -> list[ports.PoolWaitRow]:
        """Who waits for slots of these pools (None: of all), the one that is next first."""
        where, given = _of(pools)
        rows = self._queued(
            f"SELECT {_WAIT_NAMES} FROM pool_wait {where} ORDER BY priority DESC, since, run",  # noqa: S608
            given,
        )
        return [
            ports.PoolWaitRow(pool=row[0], run=row[1], slots=row[2], priority=row[3], since=row[4], steps=row[5])
            for row in rows
        ]


class QueueWrites:
    """Writes of one transaction that concern the slots of pools."""

    _connection: sqlite3.Connection

    def set_pool_grant(self, pool: str, run: str, slots: int, at: int) -> None:
        """Let a run hold so many slots of a pool; 0 takes them away."""
        if slots <= 0:
            self._connection.execute("DELETE FROM pool_grant WHERE pool = ? AND run = ?", (pool, run))
            return
        self._connection.execute(
            "INSERT INTO pool_grant (pool, run, slots, at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (pool, run) DO UPDATE SET slots = excluded.slots",
            (pool, run, slots, at),
        )

    def set_pool_wait(self, row: ports.PoolWaitRow) -> None:
        """Note what a run waits for in a pool."""
        self._connection.execute(
            f"INSERT INTO pool_wait ({_WAIT_NAMES}) VALUES (?, ?, ?, ?, ?, ?) "  # noqa: S608
            "ON CONFLICT (pool, run) DO UPDATE SET slots = excluded.slots, priority = excluded.priority, "
            "since = excluded.since, steps = excluded.steps",
            (row.pool, row.run, row.slots, row.priority, row.since, row.steps),
        )

    def drop_pool_wait(self, pool: str, run: str) -> None:
        """Note that a run waits for nothing in a pool."""
        self._connection.execute("DELETE FROM pool_wait WHERE pool = ? AND run = ?", (pool, run))

    def free_pools(self, run: str) -> None:
        """Take from a run all slots that it holds and all that it waits for."""
        self._connection.execute("DELETE FROM pool_grant WHERE run = ?", (run,))
        self._connection.execute("DELETE FROM pool_wait WHERE run = ?", (run,))

    def set_pool_slots(self, pool: str, slots: int | None, at: int) -> None:
        """Set the slots of a pool (None: as the project's configuration says)."""
        if slots is None:
            self._connection.execute("DELETE FROM pool WHERE name = ?", (pool,))
            return
        self._connection.execute(
            "INSERT INTO pool (name, slots, changed) VALUES (?, ?, ?) "
            "ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, changed = excluded.changed",
            (pool, slots, at),
        )


def _of(pools: Sequence[str] | None) -> tuple[str, Sequence[str]]:
    return ("", ()) if pools is None else (f"WHERE pool IN ({','.join('?' * len(pools))})", list(pools))
