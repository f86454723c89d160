"""The ticks of a cron expression as instants, quickly: a few per day are looked for one by one, many are not.

On a day of 24 hours without a change of clocks the ticks are those of any other such day, moved. So only the days on
which clocks change are left to `cronsim`, which takes some 20 microseconds for a tick: five minutes' ticks of three
years are 300,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache

from weft.model import cron as cron_expressions
from weft.model.partitions import zones

_SECOND = timedelta(seconds=1)


def seconds_after(expression: str, begin: int, zone: tzinfo) -> Iterator[int]:
    """Yield the instants at which an expression fires, strictly after `begin`, in seconds since 1970."""
    times = _times(expression)
    if times is None:
        for tick in cron_expressions.ticks_after(expression, zones.wall(begin, zone), zone):
            yield int(tick.timestamp())
        return
    day = zones.wall(begin, zone).date() - timedelta(days=1)
    dates = _dates(expression, day)
    wanted = next(dates, None)
    start = _midnight(day, zone)
    while wanted is not None and day.year < date.max.year:
        following = day + timedelta(days=1)
        end = _midnight(following, zone)
        if end - start != zones.DAY or zones.offset_at(start, zone) != zones.offset_at(end - 1, zone):
            for tick in cron_expressions.ticks_after(expression, zones.wall(start - 1, zone), zone):
                seconds = int(tick.timestamp())
                if seconds >= end:
                    break
                if seconds > begin:
                    yield seconds
        elif day == wanted:
            for each in times:
                if start + each > begin:
                    yield start + each
        if day == wanted:
            wanted = next(dates, None)
        day, start = following, end


def _midnight(day: date, zone: tzinfo) -> int:
    return zones.instant(datetime(day.year, day.month, day.day), zone)  # noqa: DTZ001  wall-clock time


@lru_cache(maxsize=1024)
def _times(expression: str) -> tuple[int, ...] | None:
    """The seconds after midnight at which it fires on a day; None for what has no such times."""
    import cronsim

    fields = expression.split()
    if len(fields) not in (5, 6) or "=" in expression:
        return None
    day = datetime(2024, 1, 1)  # noqa: DTZ001  any day
    found = []
    for tick in cronsim.CronSim(" ".join([*fields[:-3], "*", "*", "*"]), day - _SECOND):
        if tick.date() != day.date():
            break
        found.append(int((tick - day).total_seconds()))
    return tuple(found)


def _dates(expression: str, first: date) -> Iterator[date]:
    """The days on which it fires, from `first` on."""
    import cronsim

    begin = datetime(first.year, first.month, first.day) - _SECOND  # noqa: DTZ001  wall-clock time
    try:
        for tick in cronsim.CronSim(" ".join(["0", "0", *expression.split()[-3:]]), begin):
            yield tick.date()
    except OverflowError:
        return
