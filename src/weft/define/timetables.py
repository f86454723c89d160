"""Timetables: schedules that a line of cron text doesn't say. Modules write `weft.timetables.Sessions("XNYS")`.

They hold what was said; `dags.schedules` makes schedules and intervals of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from weft.define import durations


@dataclass(frozen=True, slots=True)
class CronTrigger:
    """Due at each tick of a cron expression; an interval lasts from one tick to the next."""

    cron: str
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class RRule:
    """Due at each occurrence of a recurrence rule of RFC 5545; an interval lasts from one to the next.

    `RRule("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=18")` is the last Friday of each month at six. Times are those of the wall in
    the schedule's zone. Counted from `start`, else from the `start_date` of what is scheduled.
    """

    rule: str
    timezone: str | None = None
    start: datetime | str | None = None


@dataclass(frozen=True, slots=True)
class DeltaTrigger:
    """Due after equal times, counted from the start date."""

    delta: durations.Duration


@dataclass(frozen=True, slots=True)
class EventsTimetable:
    """Due at given times and at no others."""

    event_dates: Sequence[datetime | str]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Due after each session of an exchange: `Sessions("XNYS", offset="30m")`, half an hour after the close."""

    calendar: str
    offset: durations.Duration = 0


@dataclass(frozen=True, slots=True)
class Blackout:
    """When nothing is to be due: `Blackout("2024-12-24", "2024-12-27")`, or again and again.

    `Blackout(cron="0 22 * * 5", duration="8h")` is each Friday night, `cron` may be a recurrence rule;
    `Blackout(calendar="XNYS")` are the days on which that exchange is closed.
    """

    start: datetime | date | str | None = None
    """A time, or the midnight at which a day begins; None for no bound."""
    end: datetime | date | str | None = None
    """Before which it ends; None for no bound."""
    cron: str | RRule | None = None
    duration: durations.Duration | None = None
    calendar: str | None = None
    timezone: str | None = None
    """That of the schedule unless given."""


@dataclass(frozen=True, slots=True)
class AssetOrTime:
    """Due by time, and also when assets change."""

    timetable: Any
    """Cron text, a preset, a timedelta or a timetable."""
    assets: Any
    """An asset, a list of them (all), or a condition `a & (b | c)`."""


CronTriggerTimetable = CronDataInterval = CronTrigger
DeltaTriggerTimetable = DeltaDataInterval = DeltaTrigger
AssetOrTimeSchedule = AssetOrTime
