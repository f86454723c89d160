"""Timetables: schedules that a line of cron text doesn't say. Modules write `weft.timetables.Sessions("XNYS")`.

They hold what was said; `dags.schedules` makes schedules and intervals of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from weft.define import durations


@dataclass(frozen=True, slots=True)
class CronTrigger:
    """Due at each tick of a cron expression; an interval lasts from one tick to the next."""

    cron: str
    timezone: str | None = None


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
class AssetOrTime:
    """Due by time, and also when assets change."""

    timetable: Any
    """Cron text, a preset, a timedelta or a timetable."""
    assets: Any
    """An asset, a list of them (all), or a condition `a & (b | c)`."""


CronTriggerTimetable = CronDataInterval = CronTrigger
DeltaTriggerTimetable = DeltaDataInterval = DeltaTrigger
AssetOrTimeSchedule = AssetOrTime
