"""The schedules of the definitions in force, each with where it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from weft.model import graph as graphs
from weft.model import pipelines
from weft.planner import catching_up, conditions, ticks
from weft.ports import automating as ports
from weft.ports import clock as clocks
from weft.ports import ledger as ledgers

PREFIX = "schedule:"
BY_ASSETS = "assets@"
"""How the names of ticks begin that assets made due; those of time are the time."""
_AHEAD = timedelta(minutes=1)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a scheduler keeps of a schedule beside its ticks: which one it was, and since when (microseconds).

    `once` is when one is due that is due once, 0 for others.
    """

    schedule: str
    since: int
    once: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A schedule as it is declared."""

    id: str
    name: str
    kind: Literal["pipeline", "job"]
    schedule: pipelines.Schedule
    fingerprint: str
    timed: ticks.Timed | None
    """Its ticks; None for one that is due by assets or continuously alone."""

    @property
    def assets(self) -> tuple[str, ...]:
        """The assets that make it due."""
        return conditions.assets_of(self.schedule)

    @property
    def continuous(self) -> bool:
        """Whether it is due whenever none of its runs is under way."""
        return self.schedule.kind == "continuous"


@dataclass(slots=True, kw_only=True)
class Entry:
    """A schedule and where it stands.

    `expected` is the tick that was decided last, and when it was due, as the ledger had it when this was read: a
    decision counts only while that is so. `since` is after which time ticks count.
    """

    declared: Declared
    activated: datetime | None = None
    paused: bool = False
    since: datetime = ticks.BEGINNING
    expected: tuple[str, int | None] = ("", None)
    next_at: datetime | None = None
    resting: datetime | None = None
    """Until when it is left alone because it could not be decided."""
    seen: int = -1
    """The position up to which news of its assets were looked at."""
    left: list[str] = field(default_factory=list)
    """Keys of partitions that were news by then and are still to be looked at: too many for one turn."""


def declared_by(graph: graphs.Graph) -> Iterator[Declared]:
    """The schedules of a graph: those of pipelines, then those of jobs of assets."""
    for pipeline in graph.pipelines.values():
        if (found := of_pipeline(pipeline)) is not None:
            yield found
    for job in graph.jobs.values():
        if (found := of_job(job)) is not None:
            yield found


def of_pipeline(pipeline: pipelines.Pipeline) -> Declared | None:
    """The schedule of a pipeline; None where it has none."""
    if pipeline.schedule is None:
        return None
    divided = pipeline.partitions
    mark = _fingerprint(pipeline.schedule, None if divided is None else divided.snapshot(), pipeline.catchup)
    return Declared(
        id=f"{PREFIX}{pipeline.name}",
        name=pipeline.name,
        kind="pipeline",
        schedule=pipeline.schedule,
        fingerprint=mark,
        timed=ticks.of_pipeline(pipeline),
    )


def of_job(job: graphs.Job) -> Declared | None:
    """The schedule of a job of assets; None where it has none."""
    if job.schedule is None:
        return None
    return Declared(
        id=f"{PREFIX}{job.name}",
        name=job.name,
        kind="job",
        schedule=job.schedule,
        fingerprint=_fingerprint(job.schedule, None, False),
        timed=ticks.of_job(job),
    )


def _fingerprint(schedule: pipelines.Schedule, divided: object, catchup: bool) -> str:
    return hashlib.sha256(msgspec.json.encode([schedule, divided, catchup])).hexdigest()[:16]


def moment(microseconds: int) -> datetime:
    """A time of the ledger."""
    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def note_of(look: ports.LookRow | None) -> Note | None:
    """What was noted of a schedule; None where nothing was."""
    return msgspec.json.decode(look.body, type=Note) if look is not None and look.body else None


def place(entry: Entry, row: ports.AutomationRow, note: Note | None, ledger: ledgers.Ledger, now: datetime) -> None:
    """Bring an entry to what the ledger says of it."""
    entry.activated = None if row.activated is None else moment(row.activated)
    entry.paused = row.paused
    entry.expected = (row.last_tick, row.last_due)
    timed = entry.declared.timed
    if timed is None or entry.activated is None:
        return
    last = row.last_due
    ahead = clocks.microseconds(now + _AHEAD)
    if last is not None and (row.last_tick.startswith(BY_ASSETS) or last > ahead):
        # by assets says nothing of times; and where the clock was ahead, what it did then is not to silence it now
        last = ledger.tick_before(row.id, min(max(last, 0), ahead), prefix=BY_ASSETS)
    since = catching_up.beginning(timed, entry.activated) if last is None else moment(last)
    if timed.schedule.kind == "once":  # it is owed, whether it was paused when it came to be or was another before
        entry.activated = moment(note.once) if note is not None and note.once else entry.activated
    elif not catching_up.catches_up(timed):
        if not row.paused and row.paused_at is not None:
            since = max(since, moment(row.paused_at))
        if note is not None and note.schedule == entry.declared.fingerprint and note.since:
            since = max(since, moment(note.since))
    entry.since = since


def aim(entry: Entry) -> datetime | None:
    """When an entry acts next by time; also kept in it."""
    timed = entry.declared.timed
    entry.next_at = None
    if timed is not None and not entry.paused and entry.activated is not None:
        first = next(ticks.upcoming(timed, entry.since, activated=entry.activated), None)
        entry.next_at = None if first is None else first.at
    return entry.next_at
