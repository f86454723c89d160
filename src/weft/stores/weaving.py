"""What happened when, counted on SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from weft.ports import weaving as ports
from weft.stores import connection as connections


class WeavingReads:
    """Reads of one ledger file that are counted over time."""

    _connection: sqlite3.Connection
    path: Path | None

    def _counted(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def versions_made(self, assets: Sequence[str], *, since: int, until: int, most: int) -> dict[str, list[ports.Made]]:
        """The versions of each of these assets that were made in a time, newest first, at most so many of each."""
        found = {}
        for asset in assets:
            rows = self._counted(
                "SELECT at, state FROM (SELECT at, state FROM version WHERE asset = ? AND state <> 'removed' "
                "ORDER BY id DESC LIMIT ?) WHERE at >= ? AND at < ?",
                (asset, most, since, until),
            )
            if rows:
                found[asset] = [ports.Made(at=at, state=state) for at, state in rows]
        return found

    def run_tallies(
        self, pipelines: Sequence[str], *, since: int, until: int, width: float, most: int
    ) -> dict[str, list[ports.RunTally]]:
        """The runs of each of these pipelines in a time, but for those that a run called, by pieces of a width."""
        found = {}
        for pipeline in pipelines:
            rows = self._counted(
                "SELECT CAST((created - ?) / ? AS INTEGER), phase, coalesce(outcome, ''), count(*) FROM "
                "(SELECT created, phase, outcome FROM run WHERE pipeline = ? AND created >= ? AND created < ? "
                "AND parent = '' ORDER BY created DESC LIMIT ?) GROUP BY 1, 2, 3",
                (since, width, pipeline, since, until, most),
            )
            if rows:
                found[pipeline] = [
                    ports.RunTally(place=place, phase=phase, outcome=outcome, count=count)
                    for place, phase, outcome, count in rows
                ]
        return found
