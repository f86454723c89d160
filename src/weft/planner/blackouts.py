"""Blackout windows of schedules: whether a moment lies in one, and when that ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from weft.model import cron, partitions, pipelines
from weft.model.partitions import zones

_MOST_JOINED = 400


@dataclass(frozen=True, slots=True)
class Held:
    """A moment lies in a blackout: which one, as people read it, and when it is over (UTC; None for never)."""

    by: str
    until: datetime | None


def held(blackouts: Sequence[pipelines.Blackout], moment: datetime) -> Held | None:
    """The blackout that a moment lies in; where several join, its end is that of the last one."""
    by, until, now = "", None, moment
    for _ in range(_MOST_JOINED):
        found = _first(blackouts, now)
        if found is None:
            return None if not by else Held(by, until)
        by = by or found.by
        if found.until is None:
            return Held(by, None)
        until = now = found.until
    return Held(by, None)


def _first(blackouts: Sequence[pipelines.Blackout], moment: datetime) -> Held | None:
    found = [each for each in (_of(blackout, moment) for blackout in blackouts) if each is not None]
    return max(found, key=lambda each: (each.until is None, each.until or moment)) if found else None


def _of(blackout: pipelines.Blackout, moment: datetime) -> Held | None:
    zone = zones.zone(blackout.timezone, kind="Blackout")
    if blackout.cron:
        length, last = timedelta(seconds=blackout.duration), None
        for tick in cron.ticks_after(blackout.cron, moment - length, zone):
            if tick > moment:
                break
            last = tick
        return None if last is None else Held(blackout.text, last.astimezone(UTC) + length)
    if blackout.calendar:
        return _closed(blackout, moment.astimezone(zone).date(), blackout.timezone)
    start, end = (
        None if not each else zones.wall(zones.instant(datetime.fromisoformat(each), zone), UTC)
        for each in (blackout.start, blackout.end)
    )
    inside = (start is None or start <= moment) and (end is None or moment < end)
    return Held(blackout.text, end) if inside else None


@lru_cache(maxsize=1024)
def _closed(blackout: pipelines.Blackout, day: date, timezone: str) -> Held | None:
    sessions = partitions.CalendarPartitions(blackout.calendar, date(day.year, 1, 1), date(day.year + 2, 1, 1))
    for ahead in range(366):
        each = day + timedelta(days=ahead)
        if sessions.find(each.isoformat()) is None:
            continue
        if not ahead:
            return None
        zone = zones.zone(timezone, kind="Blackout")
        midnight = datetime(each.year, each.month, each.day)  # noqa: DTZ001  wall-clock time
        return Held(blackout.text, zones.wall(zones.instant(midnight, zone), UTC))
    return Held(blackout.text, None)
