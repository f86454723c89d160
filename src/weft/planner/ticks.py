"""The ticks of schedules by time: when each is due, and which partitions its run or runs are about.

With intervals of time a tick starts those that ended since the tick before it, each in a run of its own: with the
intervals that the schedule's own ticks bound, that is one. Of several dimensions it starts all keys of the others.
Partitions that are not about time are all started by each tick. Without partitions it is one run about none.

A tick is known by the time that it was due. Jitter and blackouts change when it acts, and never which tick it is; so
ticks are decided in their order, and the last one that was decided says where to go on.
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from weft.model import cron, graph, partition_set, partitions, pipelines
from weft.model.partitions import windows, zones
from weft.planner import blackouts

BEGINNING = datetime(1971, 1, 1, tzinfo=UTC)
"""Before all ticks: the watermark of a schedule that wants all there ever were."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIFTY_YEARS = timedelta(days=366 * 50)
_Due = tuple[datetime, tuple[str | None, ...]]
_BY_TICKS = ("cron", "every", "assets_or_time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What is due by time."""

    name: str
    schedule: pipelines.Schedule
    partitions: partitions.Partitions | None = None
    catchup: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One tick: when it is due and when it acts (UTC), and the partitions that it starts (None for a run of none).

    `held` names the blackout by which it starts nothing, `deferred` the one that it waits for the end of.
    """

    due: datetime
    at: datetime
    keys: tuple[str | None, ...]
    held: str = ""
    deferred: str = ""

    @property
    def id(self) -> str:
        """What tells it from the other ticks of its schedule."""
        return f"{self.due.replace(tzinfo=None).isoformat()}Z"


def of_pipeline(pipeline: pipelines.Pipeline) -> Timed | None:
    """A pipeline's schedule by time; None for one that has none, or is due by assets or continuously."""
    schedule = pipeline.schedule
    if schedule is None or schedule.kind in ("assets", "continuous"):
        return None
    catchup = pipeline.catchup or schedule.catchup
    return Timed(name=pipeline.name, schedule=schedule, partitions=pipeline.partitions, catchup=catchup)


def of_job(job: graph.Job) -> Timed | None:
    """The schedule by time of a job of assets."""
    schedule = job.schedule
    if schedule is None or schedule.kind in ("assets", "continuous"):
        return None
    return Timed(name=job.name, schedule=schedule, catchup=schedule.catchup)


def upcoming(timed: Timed, since: datetime, *, activated: datetime | None = None) -> Iterator[Tick]:
    """The ticks due after a time, in order, without an end where the schedule has none.

    `activated` is when a scheduler first saw it, which is when a schedule that is due once is due.
    """
    for due, keys in _raw(timed, since, activated):
        yield _tick(timed, due, keys)


def moments(timed: Timed, since: datetime, *, activated: datetime | None = None) -> Iterator[datetime]:
    """When the ticks after a time are due, without what they start."""
    return (due for due, _ in _raw(timed, since, activated))


def tick_at(timed: Timed, due: datetime, *, activated: datetime | None = None) -> Tick | None:
    """The tick that is due at a time; None where none is."""
    for each in upcoming(timed, due - timedelta(microseconds=1), activated=activated):
        return each if each.due == due else None
    return None


def count(timed: Timed, since: datetime, until: datetime, *, most: int) -> int:
    """How many ticks are due after `since` and by `until`; counted up to `most`."""
    if _by_windows(timed):
        divided, offset = _windowed(timed), timed.schedule.offset
        low, high = (divided.ended_by(math.floor(each.timestamp() - offset)) for each in (since, until))
        limit = divided.limit
        return max(0, (high if limit is None else min(high, limit)) - max(low, 0))
    found = 0
    for each in moments(timed, since):
        if each > until or found == most:
            break
        found += 1
    return found


# --- when ticks are due ---


def _raw(timed: Timed, since: datetime, activated: datetime | None) -> Iterator[_Due]:
    definition = timed.partitions
    if timed.schedule.kind == "events" and definition is not None:
        for due in _plain(timed, since, activated):
            named = [each for each in timed.schedule.times if _moment(each) == due]
            yield due, tuple(each for each in named if definition.find(each) is not None)
        return
    if _by_windows(timed):
        for due, position in _window_ends(timed, since):
            keys = _keys(timed, partition_set.PartitionSet.range(position, position + 1), due)
            if keys:
                yield due, keys
        return
    if definition is None:
        for due in _plain(timed, since, activated):
            yield due, (None,)
        return
    divided = _divided(definition)
    if divided is None:
        for due in _plain(timed, since, activated):
            if keys := tuple(definition.keys(definition.universe(due))):
                yield due, keys
        return
    yield from _ended_since(timed, divided, since, activated)


def _ended_since(
    timed: Timed, divided: windows.TimePartitions, since: datetime, activated: datetime | None
) -> Iterator[_Due]:
    """Each tick with the windows that ended after the tick before it."""
    offset = timed.schedule.offset
    first = zones.wall(divided.start_of(0), UTC) + timedelta(seconds=offset) - timedelta(seconds=1)
    since = max(since, first)
    before = _before(timed, since)
    limit = divided.limit
    low = 0 if before is None else max(0, divided.ended_by(math.floor(before.timestamp() - offset)))
    for due in _plain(timed, since, activated):
        high = divided.ended_by(math.floor(due.timestamp() - offset))
        high = high if limit is None else min(high, limit)
        if high > low:
            keys = _keys(timed, partition_set.PartitionSet.range(low, high), due)
            if keys:
                yield due, keys
        low = max(low, high)
        if limit is not None and low >= limit:
            return


def _before(timed: Timed, moment: datetime) -> datetime | None:
    """The last tick at or before a moment; None where there is none in the fifty years before it."""
    following = _plain(timed, moment - timedelta(microseconds=1), None)
    one, two = next(following, None), next(following, None)
    if one == moment:
        return moment
    span = timedelta(hours=1) if one is None or two is None else 2 * (two - one)
    while span < _FIFTY_YEARS:
        last = None
        for each in _plain(timed, moment - span, None):
            if each > moment:
                break
            last = each
        if last is not None:
            return last
        span *= 4
    return None


def _plain(timed: Timed, since: datetime, activated: datetime | None) -> Iterator[datetime]:
    """The times of the schedule itself, in UTC, with its offset."""
    schedule = timed.schedule
    shift = timedelta(seconds=schedule.offset)
    start = _moment(schedule.start) if schedule.start else None
    end = _moment(schedule.end) if schedule.end else None
    low = since - shift
    for each in _unbounded(schedule, low, start, activated):
        if end is not None and each > end:
            return
        if start is None or each >= start:
            yield each + shift


def _unbounded(
    schedule: pipelines.Schedule, since: datetime, start: datetime | None, activated: datetime | None
) -> Iterator[datetime]:
    if schedule.kind == "events":
        times = sorted({_moment(each) for each in schedule.times})
        yield from times[bisect.bisect_right(times, since) :]
    elif schedule.kind == "once":
        due = start or activated
        if due is not None and due > since:
            yield due
    elif schedule.cron and schedule.kind in _BY_TICKS:
        zone = zones.zone(schedule.timezone, kind="schedule")
        after = since if start is None else max(since, start - timedelta(seconds=1))
        for each in cron.ticks_after(schedule.cron, after, zone):
            found = each.astimezone(UTC)
            if found > since:
                yield found
    elif schedule.every is not None and schedule.kind in _BY_TICKS:
        anchor = start or _EPOCH
        step = round(schedule.every * 1_000_000)  # in whole microseconds, so that no error grows
        passed = (since - anchor) // timedelta(microseconds=1)
        number = max(0, passed // step + 1)
        while True:
            yield anchor + timedelta(microseconds=number * step)
            number += 1


def _moment(text: str) -> datetime:
    """A time that was written down; one without a zone is in UTC."""
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


# --- what ticks start ---


def _by_windows(timed: Timed) -> bool:
    """Whether ticks are the ends of windows: of partitions as a schedule, and of equal times that bound intervals."""
    schedule = timed.schedule
    if timed.partitions is None or _divided(timed.partitions) is None:
        return False
    return schedule.kind == "calendar" or (schedule.kind in _BY_TICKS and not schedule.cron)


def _divided(definition: partitions.Partitions) -> windows.TimePartitions | None:
    """The windows of time of partitions, of several dimensions those of the one that is about time."""
    if isinstance(definition, windows.TimePartitions):
        return definition
    if isinstance(definition, partitions.MultiPartitions):
        return next((each for _, each in definition.dimensions if isinstance(each, windows.TimePartitions)), None)
    return None


def _windowed(timed: Timed) -> windows.TimePartitions:
    found = None if timed.partitions is None else _divided(timed.partitions)
    assert found is not None
    return found


def _window_ends(timed: Timed, since: datetime) -> Iterator[tuple[datetime, int]]:
    divided, offset = _windowed(timed), timed.schedule.offset
    position, limit = divided.ended_by(math.floor(since.timestamp() - offset)), divided.limit
    position = max(position, 0)
    while limit is None or position < limit:
        end = divided.end_of(position)
        if end >= min(windows.NEVER, zones.LAST_YEARS):
            return
        yield zones.wall(end, UTC) + timedelta(seconds=offset), position
        position += 1


def _keys(timed: Timed, positions: partition_set.PartitionSet, due: datetime) -> tuple[str, ...]:
    definition = timed.partitions
    assert definition is not None
    if not isinstance(definition, partitions.MultiPartitions):
        return tuple(definition.keys(positions))
    sets = {
        name: positions if isinstance(each, windows.TimePartitions) else each.universe(due)
        for name, each in definition.dimensions
    }
    return tuple(definition.keys(definition.product(sets)))


# --- when ticks act ---


def _tick(timed: Timed, due: datetime, keys: tuple[str | None, ...]) -> Tick:
    schedule = timed.schedule
    at = due + jitter_of(timed.name, schedule.jitter, due)
    if not schedule.blackout:
        return Tick(due=due, at=at, keys=keys)
    blackout = blackouts.held(schedule.blackout, at)
    if blackout is None:
        return Tick(due=due, at=at, keys=keys)
    if not schedule.defer or blackout.until is None:
        return Tick(due=due, at=at, keys=keys, held=blackout.by)
    return Tick(due=due, at=blackout.until, keys=keys, deferred=blackout.by)


def jitter_of(name: str, most: float, due: datetime) -> timedelta:
    """By how much a tick is put off: always the same for it, spread evenly from none to before `most` seconds."""
    if not most:
        return timedelta()
    digest = hashlib.sha256(f"{name}\0{due.isoformat()}".encode()).digest()
    return timedelta(milliseconds=math.floor(int.from_bytes(digest[:8], "big") / 2**64 * most * 1000))
