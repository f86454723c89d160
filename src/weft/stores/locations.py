"""Code locations, versions of definitions and processes that are there, on SQLite."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from weft.model import control_events
from weft.ports import locations as ports
from weft.stores import connection as connections

_CHUNK = 500  # parameters of one IN (…)
_problems = msgspec.json.Decoder(tuple[control_events.Problem, ...]).decode


class LocationReads:
    """Reads of one ledger file that concern locations."""

    _connection: sqlite3.Connection
    path: Path | None

    def _found(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def locations(self) -> list[ports.LocationRow]:
        """The code locations by name, removed ones too."""
        return [
            ports.LocationRow(
                name=name, snapshot=snapshot, loaded=loaded, source=source,
                problems=_problems(problems) if problems else (), failed=failed, removed=bool(removed), changed=changed,
            )
            for name, snapshot, loaded, source, problems, failed, removed, changed in self._found(
                "SELECT name, snapshot, loaded, source, problems, failed, removed, changed FROM location ORDER BY name"
            )
        ]  # fmt: skip

    def locations_mark(self) -> tuple[int, int]:
        """Something that is another when a location has changed."""
        ((changed, count),) = self._found("SELECT coalesce(max(changed), 0), count(*) FROM location")
        return changed, count

    def definitions(self) -> dict[str, ports.DefinitionRow]:
        """The version in force of each definition that is not taken away, by name."""
        rows = self._found("SELECT name, max(position), digest, location, at FROM definition GROUP BY name")
        return {row[0]: _definition(row) for row in rows if row[2]}

    def definition_versions(self, name: str) -> list[ports.DefinitionRow]:
        """All versions of a definition, newest first."""
        rows = self._found(
            "SELECT name, position, digest, location, at FROM definition WHERE name = ? ORDER BY position DESC", (name,)
        )
        return [_definition(row) for row in rows]

    def documents(self, digests: list[str]) -> dict[str, bytes]:
        """Documents by their digests, as far as they are kept."""
        found: dict[str, bytes] = {}
        for start in range(0, len(digests), _CHUNK):
            part = digests[start : start + _CHUNK]
            marks = ", ".join("?" * len(part))
            statement = f"SELECT digest, body FROM document WHERE digest IN ({marks})"  # noqa: S608 - question marks
            for digest, body in self._found(statement, part):
                found[digest] = zlib.decompress(body)
        return found

    def workers_seen(self) -> list[ports.WorkerRow]:
        """The processes that were seen, by id."""
        rows = self._found("SELECT id, kind, owner, started, seen, body FROM worker_seen ORDER BY id")
        return [
            ports.WorkerRow(id=row[0], kind=row[1], owner=row[2], started=row[3], seen=row[4], body=row[5])
            for row in rows
        ]

    def put_worker_seen(self, row: ports.WorkerRow) -> None:
        """Note that a process is there; it wakes nobody, and a power failure may lose it."""
        with connections.translated(self.path):
            self._connection.execute(
                "INSERT INTO worker_seen (id, kind, owner, started, seen, body) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, body = excluded.body",
                (row.id, row.kind, row.owner, row.started, row.seen, row.body),
            )

    def remove_worker_seen(self, id: str) -> None:  # noqa: A002 - the word of the row
        """Note that a process has gone."""
        with connections.translated(self.path):
            self._connection.execute("DELETE FROM worker_seen WHERE id = ?", (id,))


def _definition(row: tuple[Any, ...]) -> ports.DefinitionRow:
    return ports.DefinitionRow(name=row[0], position=row[1], digest=row[2], location=row[3], at=row[4])
