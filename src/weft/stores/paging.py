"""Pages of runs and of the log on SQLite.

A page of runs goes along one index, newest first, from where the page before ended: that of the condition that leaves
the fewest runs. What else is asked for is looked at in each row, in at most so many rows a page, so that no filter over
millions of runs costs more than any other; a page that found little in them says where to go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weft.ports import ledger as ledgers
from weft.ports import paging as ports
from weft.stores import reading, run_reading

_MOST_LOOKED_AT = 5000
_LOG_PIECE = 5000
"""Positions of the log that one look reads at most, where it is not along an index."""

_DRIVING = (
    ("execution", "execution = ? AND execution <> ''"),
    ("parent", "parent = ? AND parent <> ''"),
    ("automation", "automation = ? AND automation <> ''"),
    ("pipeline", "pipeline = ?"),
    ("live", "phase <> 'finished'"),
    ("outcome", "outcome = ?"),
    ("pool", "pool = ? AND pool <> ''"),
    ("location", "location = ? AND location <> ''"),
)
"""What a page may go along, the most telling first."""

_COLUMNS = ("pipeline", "partition", "phase", "outcome", "automation", "location", "execution", "parent", "pool")


class PagingReader(run_reading.RunReader):
    """Reads of pages. Each sees everything that was committed before it began."""

    def run_page(self, wanted: ports.RunFilter, *, limit: int, after: ports.Place | None = None) -> ports.RunPage:
        """Runs, newest first, from where the page before ended."""
        driving = next((name for name, _ in _DRIVING if _value(wanted, name)), "")
        walked, parameters = _walk(wanted, driving, after)
        conditions, more = _conditions(wanted, driving)
        walk = f"SELECT id, created FROM run {walked} ORDER BY created DESC, id DESC LIMIT"  # noqa: S608
        if conditions:
            # a join in this order, of a walk that ends itself: each row is looked at as it comes
            rows = self._rows(
                f"SELECT w.id, w.created FROM ({walk} {_MOST_LOOKED_AT}) w CROSS JOIN run r ON r.id = w.id "  # noqa: S608
                f"{_where(conditions)} LIMIT {int(limit) + 1}",
                [*parameters, *more],
            )
        else:
            rows = self._rows(f"{walk} {int(limit) + 1}", parameters)
        after = ports.Place(at=rows[limit - 1][1], id=rows[limit - 1][0]) if len(rows) > limit else None
        if conditions and after is None:
            end = self._rows(f"{walk} 1 OFFSET {_MOST_LOOKED_AT - 1}", parameters)
            after = ports.Place(at=end[0][1], id=end[0][0]) if end else None
        found = self.runs_of([row[0] for row in rows[:limit]])
        return ports.RunPage(rows=[found[row[0]] for row in rows[:limit]], after=after)

    def run(self, id: str) -> ledgers.RunRow | None:  # noqa: A002 - the word of the row
        """The run of exactly this id."""
        return self.runs_of([id]).get(id)

    def runs_of(self, ids: Sequence[str]) -> Mapping[str, ledgers.RunRow]:
        """The runs of these ids, as far as they are there."""
        found: dict[str, ledgers.RunRow] = {}
        for start in range(0, len(ids), 500):
            piece = ids[start : start + 500]
            marks = ", ".join("?" * len(piece))
            for row in self._rows(f"{run_reading.RUN_SELECT} WHERE id IN ({marks})", piece):
                made = run_reading.run_row(row)
                found[made.id] = made
        return found

    def logged(
        self, *, after: int, limit: int, run: str | None = None, types: Sequence[str] = ()
    ) -> tuple[list[ports.LoggedEvent], int]:
        """Events after a position, in order, and the position up to which the log was looked at."""
        end: int = self._rows("SELECT coalesce(max(position), 0) FROM event")[0][0]
        where: list[str] = ["position > ?"]
        given: list[Any] = []
        if run is not None:
            where.append("run = ?")
            given.append(run)
        elif types:
            end = min(end, after + _LOG_PIECE)
        where.append("position <= ?")
        parameters = [after, *given, end]
        if types:
            where.append(f"type IN ({', '.join('?' * len(types))})")
            parameters += types
        rows = self._rows(
            f"SELECT position, at, run, type, body FROM event {_where(where)} ORDER BY position LIMIT {int(limit)}",  # noqa: S608
            parameters,
        )
        found = [_logged(row) for row in rows]
        return found, found[-1].position if len(found) == limit else max(end, after)

    def logged_before(
        self, *, before: int, limit: int, run: str | None = None, types: Sequence[str] = (), text: str = ""
    ) -> tuple[list[ports.LoggedEvent], int]:
        """Events before a position, newest first, and the position down to which was looked; 0 at the log's end."""
        where, given, floor = ["position < ?"], [before], 0
        parameters: list[Any] = list(given)
        if run is not None:
            where.append("run = ?")
            parameters.append(run)
        elif types or text:
            top: int = self._rows("SELECT coalesce(max(position), 0) FROM event WHERE position < ?", given)[0][0]
            floor = max(0, top - _LOG_PIECE)
            where.append("position > ?")
            parameters.append(floor)
        if types:
            where.append(f"type IN ({', '.join('?' * len(types))})")
            parameters += types
        if text:
            where.append("instr(lower(body), lower(?)) > 0")
            parameters.append(text)
        rows = self._rows(
            f"SELECT position, at, run, type, body FROM event {_where(where)} "  # noqa: S608
            f"ORDER BY position DESC LIMIT {int(limit)}",
            parameters,
        )
        found = [_logged(row) for row in rows]
        return found, found[-1].position if len(found) == limit else floor

    def live_counts(self) -> Mapping[tuple[str, str], int]:
        """How many runs there are that have not finished, by phase and pool."""
        rows = self._rows("SELECT phase, pool, count(*) FROM run WHERE phase <> 'finished' GROUP BY phase, pool")
        return {(phase, pool): count for phase, pool, count in rows}

    def child_count(self, run: str) -> int:
        """How many runs the steps of a run called."""
        found: int = self._rows("SELECT count(*) FROM run WHERE parent = ? AND parent <> ''", (run,))[0][0]
        return found

    def last_event(self, run: str, type: str) -> ports.LoggedEvent | None:  # noqa: A002 - the word of the row
        """The last event of a type of a run."""
        rows = self._rows(
            "SELECT position, at, run, type, body FROM event WHERE run = ? AND type = ? ORDER BY position DESC LIMIT 1",
            (run, type),
        )
        return _logged(rows[0]) if rows else None

    def version_page(
        self, asset: str, keys: Sequence[str] | None, *, limit: int, before: int | None = None
    ) -> list[ledgers.VersionRow]:
        """The versions of an asset (of these partitions), newest first, from before a version on."""
        pieces: list[Sequence[str] | None] = [None]
        if keys is not None:
            pieces = [keys[start : start + 500] for start in range(0, len(keys), 500)]
        rows: list[tuple[Any, ...]] = []
        for piece in pieces:
            of = f"AND v.key IN ({', '.join('?' * len(piece))}) " if piece is not None else ""
            rows += self._rows(
                "SELECT v.asset, v.key, v.id, v.at, v.run, v.data_version, v.code, v.state, "  # noqa: S608
                "coalesce(p.version = v.id, 0) "
                "FROM version v LEFT JOIN partition p ON p.asset = v.asset AND p.key = v.key "
                f"WHERE v.asset = ? {of}AND v.state <> 'removed' AND v.id < ? ORDER BY v.id DESC LIMIT {int(limit)}",
                [asset, *(piece or ()), before if before is not None else 1 << 62],
            )
        rows.sort(key=lambda row: -row[2])
        return [
            ledgers.VersionRow(
                asset=row[0], key=row[1], id=row[2], at=row[3], run=row[4], data_version=row[5], code=row[6],
                state=row[7], current=bool(row[8]),
            )
            for row in rows[:limit]
        ]  # fmt: skip

    def check_page(
        self,
        asset: str,
        keys: Sequence[str] | None,
        *,
        limit: int,
        after: tuple[str, str] | None = None,
        failed: bool = False,
        name: str | None = None,
    ) -> list[ledgers.CheckRow]:
        """The latest result of each check of an asset (of these partitions), by partition and name, from after one on.

        With `failed` only those that did, with `name` only those of this check.
        """
        pieces: list[Sequence[str] | None] = [None]
        if keys is not None:
            listed = sorted(keys)
            pieces = [listed[start : start + 500] for start in range(0, len(listed), 500)]
        found: list[ledgers.CheckRow] = []
        for piece in pieces:
            if len(found) >= limit:
                break
            if piece is not None and after is not None and piece[-1] < after[0]:
                continue
            where, given = ["asset = ?"], [asset]
            if piece is not None:
                where.append(f"key IN ({', '.join('?' * len(piece))})")
                given += piece
            if after is not None:
                where.append("(key, name) > (?, ?)")
                given += after
            if failed:
                where.append("passed = 0")
            if name is not None:
                where.append("name = ?")
                given.append(name)
            rows = self._rows(
                f"SELECT {reading.CHECK_COLUMNS} FROM check_result {_where(where)} "  # noqa: S608
                f"ORDER BY key, name LIMIT {int(limit) - len(found)}",
                given,
            )
            found += [reading.check_row(row) for row in rows]
        return found

    def failing_check_counts(self) -> Mapping[tuple[str, str], int]:
        """On how many partitions each check fails, by asset and name; those that fail on none are absent."""
        # along an index that has nothing but failures
        rows = self._rows("SELECT asset, name, count(*) FROM check_result WHERE passed = 0 GROUP BY asset, name")
        return {(asset, name): count for asset, name, count in rows}

    def check_tallies(self, asset: str) -> Mapping[str, ports.CheckTally]:
        """The checks of an asset that have results, by name."""
        # beside max(), SQLite takes the other columns from the row that has it
        rows = self._rows(
            f"SELECT {reading.CHECK_COLUMNS}, count(*), sum(passed = 0), max(at) FROM check_result "  # noqa: S608
            "WHERE asset = ? GROUP BY name",
            (asset,),
        )
        return {row[2]: ports.CheckTally(results=row[-3], failed=row[-2], last=reading.check_row(row)) for row in rows}

    def step_tallies(self, run: str) -> list[tuple[str, str, int, int, int]]:
        """Of each step of a pipeline's run: its outcome or phase, how many, most attempts, microseconds in all."""
        return [
            (row[0], row[1], row[2], row[3], row[4])
            for row in self._rows(
                "SELECT step, coalesce(outcome, phase), count(*), max(attempt), sum(duration) FROM step_run "
                "WHERE run = ? AND phase <> 'mapped' GROUP BY step, coalesce(outcome, phase) ORDER BY min(first)",
                (run,),
            )
        ]

    def step_words(self, run: str, step: str) -> list[tuple[str, str]]:
        """Of each item of a step that has begun or ended in a run: its name, and its outcome or phase; in no order."""
        return [
            (row[0], row[1])
            for row in self._rows(
                "SELECT item, coalesce(outcome, phase) FROM step_run WHERE run = ? AND step = ? AND phase <> 'mapped'",
                (run, step),
            )
        ]

    def step_run_page(
        self,
        run: str,
        *,
        limit: int,
        after: tuple[str, str] | None = None,
        step: str | None = None,
        item: str | None = None,
        word: str = "",
    ) -> list[ledgers.StepRunRow]:
        """Step runs of a pipeline's run by step and item (as text), after one; of a step, item, outcome or phase."""
        where, parameters = ["run = ?", "phase <> 'mapped'"], [run]
        for column, value in (("step", step), ("item", item)):
            if value is not None:
                where.append(f"{column} = ?")
                parameters.append(value)
        if word:
            where.append("coalesce(outcome, phase) = ?")
            parameters.append(word)
        if after is not None:
            where.append("(step, item) > (?, ?)")
            parameters += after
        rows = self._rows(
            "SELECT run, step, item, phase, outcome, reason, attempt, at, started, duration, source_run, position, "  # noqa: S608
            f"until FROM step_run {_where(where)} ORDER BY step, item LIMIT {int(limit)}",
            parameters,
        )
        return [
            ledgers.StepRunRow(
                run=row[0], step=row[1], item=row[2], phase=row[3], outcome=row[4], reason=row[5], attempt=row[6],
                at=row[7], started=row[8], duration=row[9], source_run=row[10], position=row[11], until=row[12],
            )
            for row in rows
        ]  # fmt: skip

    def artifact_page(
        self,
        *,
        run: str | None = None,
        key: str | None = None,
        asset: str | None = None,
        kind: str | None = None,
        text: str = "",
        latest: bool = False,
        before: int | None = None,
        limit: int,
    ) -> list[ledgers.ArtifactRow]:
        """Artifacts, newest first, from before one on; with `latest`, the newest version of each key alone.

        With `text` those that have it in their key or description.
        """
        newest = "a.position = (SELECT max(position) FROM artifact b WHERE b.key = a.key)"
        asked = {"run": run, "key": key, "asset": asset, "kind": kind}
        where = [f"a.{name} = ?" for name, value in asked.items() if value is not None]
        where += ["instr(lower(a.key || ' ' || a.description), lower(?)) > 0"] if text else []
        where += [*(["a.asset <> ''"] if asset else []), *([newest] if latest else []), "a.position < ?"]
        rows = self._rows(
            f"SELECT a.position, a.key, a.kind, a.run, a.step, a.item, a.asset, a.partition, a.description, a.at, "  # noqa: S608
            f"{newest} FROM artifact a {_where(where)} ORDER BY a.position DESC LIMIT {int(limit)}",
            [
                *(value for value in asked.values() if value is not None),
                *([text] if text else []),
                before if before is not None else 1 << 62,
            ],
        )
        return [
            ledgers.ArtifactRow(
                id=row[0], key=row[1], kind=row[2], run=row[3], step=row[4], item=row[5], asset=row[6],
                partition=row[7] or None, description=row[8], at=row[9], latest=bool(row[10]),
            )
            for row in rows
        ]  # fmt: skip


def _logged(row: tuple[Any, ...]) -> ports.LoggedEvent:
    return ports.LoggedEvent(position=row[0], at=row[1], run=row[2], type=row[3], body=row[4])


def _value(wanted: ports.RunFilter, name: str) -> object:
    if name == "live":
        return wanted.live or wanted.phase not in (None, "finished")
    return getattr(wanted, name)


def _walk(wanted: ports.RunFilter, driving: str, after: ports.Place | None) -> tuple[str, list[Any]]:
    """The condition by which a page goes along an index, and its parameters."""
    where: list[str] = []
    parameters: list[Any] = []
    if driving:
        where.append(dict(_DRIVING)[driving])
        parameters += [_value(wanted, driving)] if driving != "live" else []
    if wanted.since is not None:
        where.append("created >= ?")
        parameters.append(wanted.since)
    if wanted.until is not None:
        where.append("created < ?")
        parameters.append(wanted.until)
    if after is not None:
        where.append("(created, id) < (?, ?)")
        parameters += [after.at, after.id]
    return _where(where), parameters


def _conditions(wanted: ports.RunFilter, driving: str) -> tuple[list[str], list[Any]]:
    """What each row is asked beside what the index says, and the parameters."""
    asked = {name: value for name in _COLUMNS if name != driving and (value := getattr(wanted, name)) is not None}
    where = [f"r.{name} = ?" for name in asked]
    parameters: list[Any] = list(asked.values())
    if wanted.trigger is not None:
        where.append("r.trigger_by = ?")
        parameters.append(wanted.trigger)
    if wanted.live and driving != "live":
        where.append("r.phase <> 'finished'")
    if wanted.text:
        pattern = "%" + wanted.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("r.pipeline", "r.partition", "r.request")
        looked = [r"r.id LIKE ? ESCAPE '\'", *(rf"{name} LIKE ? ESCAPE '\'" for name in columns)]
        where.append(f"({' OR '.join(looked)})")
        parameters += [pattern[1:], pattern, pattern, pattern]
    return where, parameters


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""
