"""Incidents, problems, silences and messages to be sent, on SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from weft.ports import incidents as ports
from weft.stores import connection as connections

if TYPE_CHECKING:
    from weft.model import alerting

_INCIDENT = (
    "SELECT id, key, rule, severity, title, root, subject, detail, run, partition, owners, tags, phase, opened, "
    "acknowledged, acknowledged_by, resolved, resolved_by, occurrences, last FROM incident"
)
_INCIDENT_NAMES = (
    "id", "key", "rule", "severity", "title", "root", "subject", "detail", "run", "partition", "owners", "tags",
    "phase", "opened", "acknowledged", "acknowledged_by", "resolved", "resolved_by", "occurrences", "last",
)  # fmt: skip
_PROBLEM_COLUMNS = "kind, subject, partition, since, at, detail, run, origin, severity, blocking, incident, rule"
_PROBLEM_NAMES = tuple(_PROBLEM_COLUMNS.split(", "))
_STATE = "SELECT position, holder, until FROM alert_state WHERE id = 'alerts'"
_RULES = "SELECT name, body, by_whom, created, position FROM alert_rule WHERE removed IS NULL"
_CHUNK = 500


class IncidentReads:
    """Reads of one ledger file that concern incidents."""

    _connection: sqlite3.Connection
    path: Path | None

    def _selected(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with connections.translated(self.path):
            return self._connection.execute(statement, parameters).fetchall()

    def incidents(
        self,
        *,
        phases: Collection[str] = (),
        key: str | None = None,
        before: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> list[ports.IncidentRow]:
        """Incidents, newest first: in these phases, of a key; those before one that opened at a time and has an id."""
        where, parameters = [], list[object]()
        if phases:
            where.append(f"phase IN ({','.join('?' * len(phases))})")
            parameters.extend(phases)
        if key is not None:
            where.append("key = ?")
            parameters.append(key)
        if before is not None:
            where.append("(opened < ? OR (opened = ? AND id > ?))")
            parameters.extend((before[0], before[0], before[1]))
        clause = f" WHERE {' AND '.join(where)}" if where else ""
        bound = f" LIMIT {int(limit)}" if limit else ""
        return [
            _incident(row) for row in self._selected(f"{_INCIDENT}{clause} ORDER BY opened DESC, id{bound}", parameters)
        ]

    def incidents_with_prefix(self, prefix: str) -> list[ports.IncidentRow]:
        """Incidents whose id begins with `prefix`."""
        escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        rows = self._selected(f"{_INCIDENT} WHERE id LIKE ? ESCAPE '\\' ORDER BY opened DESC", (f"{escaped}%",))
        return [_incident(row) for row in rows]

    def incident_entries(self, incident: str) -> list[ports.IncidentEntryRow]:
        """The timeline of an incident, oldest first."""
        return [
            ports.IncidentEntryRow(
                incident=row[0], position=row[1], at=row[2], kind=row[3], text=row[4], by=row[5], subject=row[6],
                run=row[7],
            )
            for row in self._selected(
                "SELECT incident, position, at, kind, text, by_whom, subject, run FROM incident_entry "
                "WHERE incident = ? ORDER BY position",
                (incident,),
            )
        ]  # fmt: skip

    def unresolved(self, also: Sequence[str] = ()) -> list[alerting.Open]:
        """The incidents that are not resolved (`also` these), oldest first, each with when people were last told."""
        from weft.model import alerting

        chosen, wanted = "phase <> 'resolved'", list[object]()
        if also:
            chosen = "(phase <> 'resolved' OR id IN (SELECT value FROM json_each(?)))"
            wanted.append(json.dumps(list(also)))
        told = dict(
            self._selected(
                "SELECT incident, max(at) FROM incident_entry WHERE kind IN ('notified', 'not notified') "  # noqa: S608
                f"AND incident IN (SELECT id FROM incident WHERE {chosen}) GROUP BY incident",
                wanted,
            )
        )
        for incident, at in self._selected("SELECT incident, max(created) FROM alert_message GROUP BY incident"):
            told[incident] = max(at, told.get(incident, at))
        rows = self._selected(
            "SELECT id, key, rule, severity, title, root, subject, opened, phase = 'acknowledged', owners, tags "  # noqa: S608
            f"FROM incident WHERE {chosen} ORDER BY opened, id",
            wanted,
        )
        return [
            alerting.Open(
                id=row[0], key=row[1], rule=row[2], severity=row[3], title=row[4], root=row[5], subject=row[6],
                opened=row[7], acknowledged=bool(row[8]), owners=_names(row[9]), tags=_names(row[10]),
                told=told.get(row[0]),
            )
            for row in rows
        ]  # fmt: skip

    def opened_since(self, at: int) -> dict[str, int]:
        """How many incidents opened at or after a time, by key."""
        return dict(
            cast(
                "list[tuple[str, int]]",
                self._selected("SELECT key, count(*) FROM incident WHERE opened >= ? GROUP BY key", (at,)),
            )
        )

    def silences(self, *, now: int | None = None) -> list[ports.SilenceRow]:
        """Silences, newest first; with `now`, those that are in force then."""
        where, parameters = ("", ()) if now is None else ("WHERE until > ? AND removed IS NULL ", (now,))
        return [
            ports.SilenceRow(
                id=row[0], matches=json.loads(row[1]), until=row[2], by=row[3], reason=row[4], created=row[5],
                removed=row[6],
            )
            for row in self._selected(
                "SELECT id, matches, until, by_whom, reason, created, removed FROM silence "  # noqa: S608 - ours
                f"{where}ORDER BY created DESC, id",
                parameters,
            )
        ]  # fmt: skip

    def alert_problems(self, incident: str | None = None) -> list[alerting.Problem]:
        """What is wrong now, all of it or what belongs to an incident."""
        from weft.model import alerting

        where, parameters = ("", ()) if incident is None else (" WHERE incident = ? AND incident <> ''", (incident,))
        rows = self._selected(f"SELECT {_PROBLEM_COLUMNS} FROM alert_problem{where}", parameters)  # noqa: S608 - ours
        return [
            alerting.Problem(**{**dict(zip(_PROBLEM_NAMES, row, strict=True)), "blocking": bool(row[9])})
            for row in rows
        ]

    def alert_rules(self) -> list[ports.AlertRuleRow]:
        """The rules that people made, by name."""
        return [
            ports.AlertRuleRow(name=row[0], body=row[1], by=row[2], created=row[3], position=row[4])
            for row in self._selected(f"{_RULES} ORDER BY name")
        ]

    def alert_state(self) -> ports.AlertState | None:
        """How far alerting is; None before it has begun."""
        rows = self._selected(_STATE)
        return _state(rows[0]) if rows else None

    def alert_messages(self, *, due: int | None = None, limit: int | None = None) -> list[ports.MessageRow]:
        """Messages to be sent, oldest first; with `due`, those that are to be tried by then."""
        where, parameters = ("", ()) if due is None else ("WHERE due <= ? ", (due,))
        bound = f" LIMIT {int(limit)}" if limit else ""
        rows = self._selected(
            "SELECT id, incident, channel, about, created, due, attempts, body FROM alert_message "  # noqa: S608 - ours
            f"{where}ORDER BY id{bound}",
            parameters,
        )
        return [
            ports.MessageRow(
                id=row[0], incident=row[1], channel=row[2], about=row[3], created=row[4], due=row[5], attempts=row[6],
                body=row[7],
            )
            for row in rows
        ]  # fmt: skip

    def next_alert_message(self) -> int | None:
        """When the next message is to be tried; None where none waits."""
        found: int | None = self._selected("SELECT min(due) FROM alert_message")[0][0]
        return found

    # --- what is looked at ---

    def failing_checks(self, asset: str, keys: Sequence[str]) -> dict[str, list[tuple[str, bool, str, str, str]]]:
        """The checks that did not pass last: by partition, each as name, blocking, severity, text and run."""
        found: dict[str, list[tuple[str, bool, str, str, str]]] = {}
        for start in range(0, len(keys), _CHUNK):
            part = keys[start : start + _CHUNK]
            for row in self._selected(
                "SELECT key, name, blocking, severity, description, run FROM check_result "  # noqa: S608 - ours
                f"WHERE asset = ? AND passed = 0 AND key IN ({','.join('?' * len(part))}) ORDER BY key, name",
                (asset, *part),
            ):
                found.setdefault(row[0], []).append((row[1], bool(row[2]), row[3], row[4], row[5]))
        return found

    def asset_durations(self, asset: str, *, limit: int) -> list[float]:
        """Seconds that the last attempts took which made versions of an asset, newest first."""
        rows = self._selected(
            "SELECT json_extract(e.body, '$.duration') FROM (SELECT id FROM version WHERE asset = ? "
            "ORDER BY id DESC LIMIT ?) v JOIN event e ON e.position = v.id "
            "WHERE e.type = 'StepSucceeded' ORDER BY e.position DESC",
            (asset, limit),
        )
        return [row[0] / 1e6 for row in rows if row[0]]

    def pipeline_durations(self, pipeline: str, *, limit: int) -> list[float]:
        """Seconds that the last runs of a pipeline took which succeeded, newest first."""
        rows = self._selected(
            # with a plus, outcomes are no way in: a pipeline that never succeeded would be sought in all that did
            "SELECT finished - started FROM run WHERE pipeline = ? AND +outcome = 'succeeded' "
            "AND started IS NOT NULL AND finished IS NOT NULL ORDER BY created DESC LIMIT ?",
            (pipeline, limit),
        )
        return [row[0] / 1e6 for row in rows]

    def waiting_for_workers(self) -> list[ports.WaitingRow]:
        """What waits to be picked up, by pool and location."""
        rows = self._selected(
            "SELECT pool, location, count(*), min(created) FROM run WHERE phase = 'created' AND pool <> '' "
            "GROUP BY pool, location"
        )
        return [ports.WaitingRow(pool=row[0], location=row[1], count=row[2], since=row[3]) for row in rows]


class IncidentWrites:
    """Writes of a transaction that concern alerting."""

    _connection: sqlite3.Connection
    _now: int

    def alert_state(self) -> ports.AlertState | None:
        """How far alerting is; None before it has begun."""
        row = self._connection.execute(_STATE).fetchone()
        return _state(row) if row else None

    def has_alert_rule(self, name: str) -> bool:
        """Whether there is a rule of this name that somebody made."""
        return self._connection.execute(f"{_RULES} AND name = ?", (name,)).fetchone() is not None

    def set_alert_state(self, state: ports.AlertState) -> None:
        """Note how far alerting is, and who does it."""
        self._connection.execute(
            "INSERT INTO alert_state (id, position, holder, until) VALUES ('alerts', ?, ?, ?) ON CONFLICT (id) "
            "DO UPDATE SET position = excluded.position, holder = excluded.holder, until = excluded.until",
            (state.position, state.holder, state.until),
        )

    def are_unresolved(self, incidents: Sequence[str]) -> bool:
        """Whether none of these incidents is resolved."""
        wanted = json.dumps(list(incidents))
        row = self._connection.execute(
            "SELECT 1 FROM incident WHERE phase = 'resolved' AND id IN (SELECT value FROM json_each(?)) LIMIT 1",
            (wanted,),
        ).fetchone()
        return row is None

    def put_problems(self, problems: Sequence[alerting.Problem]) -> None:
        """Keep problems, in place of those with the same key."""
        self._connection.executemany(
            f"INSERT OR REPLACE INTO alert_problem ({_PROBLEM_COLUMNS}) "  # noqa: S608 - ours
            f"VALUES ({','.join('?' * len(_PROBLEM_NAMES))})",
            [tuple(getattr(each, name) for name in _PROBLEM_NAMES) for each in problems],
        )

    def drop_problems(self, keys: Sequence[alerting.ProblemKey]) -> None:
        """Let go of problems that are there no more."""
        self._connection.executemany(
            "DELETE FROM alert_problem WHERE kind = ? AND subject = ? AND partition = ? AND rule = ?", list(keys)
        )

    def add_message(self, *, incident: str, channel: str, about: str, due: int, body: bytes) -> None:
        """Keep a message that is to be sent."""
        self._connection.execute(
            "INSERT INTO alert_message (incident, channel, about, created, due, body) VALUES (?, ?, ?, ?, ?, ?)",
            (incident, channel, about, self._now, due, body),
        )

    def delay_message(self, row: ports.MessageRow, *, due: int) -> None:
        """Note one more attempt that did not succeed, and when to try again."""
        self._connection.execute(
            "UPDATE alert_message SET due = ?, attempts = ? WHERE id = ? AND incident = ? AND channel = ?",
            (due, row.attempts + 1, row.id, row.incident, row.channel),
        )

    def remove_message(self, row: ports.MessageRow) -> None:
        """Let go of a message that was sent, or will not be."""
        self._connection.execute(
            "DELETE FROM alert_message WHERE id = ? AND incident = ? AND channel = ?",
            (row.id, row.incident, row.channel),
        )


def _names(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text else ()


def _state(row: tuple[Any, ...]) -> ports.AlertState:
    return ports.AlertState(position=row[0], holder=row[1], until=row[2])


def _incident(row: tuple[Any, ...]) -> ports.IncidentRow:
    fields = dict(zip(_INCIDENT_NAMES, row, strict=True))
    return ports.IncidentRow(**{**fields, "owners": _names(fields["owners"]), "tags": _names(fields["tags"])})
