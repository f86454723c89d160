"""Recurrence rules of RFC 5545 (RRULE): written as one line, checked once, then asked for their ticks.

The text holds wall-clock times without a zone: `DTSTART:20240101T060000 RRULE:FREQ=MONTHLY;BYDAY=-1FR`. The zone is
given where ticks are asked for. Where clocks change, a time that is skipped means the instant of the change and one
that occurs twice its first occurrence, as everywhere in weft; rules by the hour or minute follow the wall clock too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any

from weft.model import errors

DEFAULT_START = datetime(2024, 1, 1)  # noqa: DTZ001  wall-clock time
"""From where a rule is counted that says nothing of it: midnight of a Monday that begins a month and a year."""
_MARK = "RRULE:"
_REMEDY = "Write a rule of RFC 5545, such as 'FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=6;BYMINUTE=0'."
_ZONED = re.compile(r"(?:UNTIL=|DTSTART:)\d{8}T\d{6}Z", re.IGNORECASE)
_LONGEST_WAIT = timedelta(days=366 * 100)
_STRIDES = {4: timedelta(hours=1), 5: timedelta(minutes=1), 6: timedelta(seconds=1)}
_DAYS = {2: timedelta(weeks=1), 3: timedelta(days=1)}


class RecurrenceError(errors.UsageError):
    """A recurrence rule that cannot be read or that never occurs."""

    code = "rrule"


def is_rule(text: str) -> bool:
    """Whether text is a recurrence rule and not a cron expression."""
    return isinstance(text, str) and _MARK in text.upper()


def written(text: str, start: datetime | None, *, field: str = "schedule") -> str:
    """Return a rule as one line that says from where it counts; `start` is naive wall-clock time.

    Raises:
        RecurrenceError: it cannot be read, or it never occurs.
    """
    pieces = [each.strip() for each in text.replace("\\n", "\n").split() if each.strip()]
    if not any(_MARK in each.upper() for each in pieces):
        pieces = [f"RRULE:{pieces[0]}", *pieces[1:]] if pieces else []
    if not any(each.upper().startswith("DTSTART") for each in pieces):
        begin = (start or DEFAULT_START).replace(microsecond=0, tzinfo=None)
        pieces = [f"DTSTART:{begin:%Y%m%dT%H%M%S}", *pieces]
    found = " ".join(pieces)
    check(found, field=field, given=text)
    return found


def check(text: str, *, field: str = "schedule", given: str | None = None) -> None:
    """Raise RecurrenceError, naming `field`, unless `text` is a rule that occurs at some time."""
    told = text if given is None else given
    if _ZONED.search(text):
        raise _zoned(field, told)
    try:
        rule = _parsed(text)
        first = _first(rule)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise RecurrenceError(f"{field}={told!r} is not a recurrence rule: {error}.", remedy=_REMEDY) from error
    if first is None:
        raise RecurrenceError(f"{field}={told!r} never occurs.", remedy=_REMEDY)
    if first.tzinfo is not None:
        raise _zoned(field, told)


def _zoned(field: str, told: str) -> RecurrenceError:
    return RecurrenceError(
        f"{field}={told!r} has a time zone in it.",
        remedy="Write times without Z or TZID, and give the zone as timezone=.",
    )


def _first(rule: Any) -> datetime | None:
    """The first occurrence, None where there is none in a hundred years; soon found out whatever the rule says.

    Raises:
        ValueError: the rule would never come to a next time.
    """
    from dateutil import rrule

    if not isinstance(rule, rrule.rruleset):
        return _first_of(rule)
    found = [_first_of(part) for part in rule._rrule]
    return next(iter(rule), None) if rule._rdate or any(each is not None for each in found) else None


def _first_of(rule: Any) -> datetime | None:
    from dateutil import rrule

    if rule._interval < 1:
        raise ValueError(f"INTERVAL is {rule._interval}, and has to be 1 or more")
    ends = rule._dtstart + _LONGEST_WAIT
    if rule._count != 0 and (rule._until is None or rule._until > ends):
        rule = rule.replace(count=None, until=ends)
    if rule._freq >= rrule.DAILY:  # which look at each day, or second: first whether there is a day at all
        found = dict.fromkeys(("byhour", "byminute", "bysecond", "bysetpos"))
        days = rule.replace(freq=rrule.YEARLY, interval=1, byweekday=rule._byweekday or range(7), **found)
        if next(iter(days), None) is None:
            return None
    return next(iter(rule), None)


def ticks_after(text: str, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the times at which a rule occurs in `zone`, strictly after `moment`, as aware datetimes in `zone`."""
    from weft.model.partitions import zones

    low = int(moment.timestamp() // 1)
    wall = moment.astimezone(zone).replace(tzinfo=None)
    rule = _shifted(_parsed(text), wall - timedelta(days=2))
    last = None
    for found in rule.xafter(wall - timedelta(days=1), inc=True):
        seconds = zones.instant(found, zone)
        if seconds <= low or seconds == last:
            continue
        last = seconds
        yield zones.wall(seconds, zone)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Any:
    from dateutil import rrule

    return rrule.rrulestr("\n".join(text.split()), cache=False)


def _shifted(rule: Any, wall: datetime) -> Any:
    """The rule with its start moved to shortly before a time, by whole intervals, so that finding its next is quick."""
    from dateutil import rrule

    if not isinstance(rule, rrule.rrule) or rule._count is not None:
        return rule
    stride = _STRIDES.get(rule._freq) or _DAYS.get(rule._freq)
    passed = wall - rule._dtstart
    if stride is None or passed <= timedelta():
        return rule
    whole = stride * rule._interval
    return rule.replace(dtstart=rule._dtstart + whole * math.floor(passed / whole))
