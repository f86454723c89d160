"""From what `schedule=` was given to the model's schedule and the intervals that it makes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec

from weft.define import asset_conditions, durations, timetables
from weft.define.dags import timing as timing_options
from weft.model import cron, errors, pipelines, recurrences
from weft.model import partitions as partitioning

_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EVERY = re.compile(r"every\s+(.+)\Z")
_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 604800
_REMEDY = (
    'Write cron text ("0 6 * * *"), a preset ("@daily"), a timedelta, "every 30m", "RRULE:…", a timetable, '
    "partitions, an asset, a list of assets, or a condition a & (b | c)."
)

KeyOf = Callable[[Any], str | None]
"""Takes what names an asset to its key; None where there is none, which has been told."""


Timing = timing_options.Timing


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The schedule and the partitions of a pipeline."""

    schedule: pipelines.Schedule | None = None
    partitions: partitioning.Partitions | None = None


def read(timing: Timing, key_of: KeyOf) -> Scheduled:
    """Make the schedule and the intervals.

    Raises:
        UsageError: something is wrong; names the argument.
    """
    if timing.partitions is not None and not isinstance(timing.partitions, partitioning.Partitions):
        raise errors.UsageError(
            f"partitions is {timing.partitions!r}, which are no partitions.",
            remedy='Write DailyPartitions("2024-01-01"), say.',
        )
    _check_dates(timing)
    found = _read(timing.schedule, timing, key_of)
    if found.schedule is None:
        timing_options.check_unscheduled(timing)
        timing_options.catchup_of(timing.catchup)
    else:
        found = Scheduled(timing_options.with_options(_bounded(found, timing), timing), found.partitions)
    if timing.partitions is not None:
        return Scheduled(found.schedule, timing.partitions)
    if (
        timing.catchup is True
        and timing.divided
        and found.schedule is not None
        and found.partitions is None
        and is_by_time(found.schedule)
    ):
        raise errors.UsageError(
            "catchup is True, but there is nothing to catch up with: "
            + ("start_date is missing." if timing.start_date is None else "the schedule has no intervals."),
            remedy="Give start_date=, where the first interval begins."
            if timing.start_date is None
            else "Give the intervals: partitions=….",
        )
    return found


def _bounded(found: Scheduled, timing: Timing) -> pipelines.Schedule:
    """The schedule; one without intervals says itself when it begins and ends."""
    schedule = found.schedule
    assert schedule is not None
    if found.partitions is not None or schedule.kind in ("assets", "events", "calendar"):
        return schedule
    from weft.model.partitions import zones

    zone = zones.zone(schedule.timezone, kind="schedule")
    bounds = {}
    for name, value in (("start", timing.start_date), ("end", timing.end_date)):
        if value is not None:
            wall = zones.wall_time(value, field=f"{name}_date", kind="schedule", zone=zone)
            bounds[name] = zones.wall(zones.instant(wall, zone), zone).isoformat()
    return msgspec.structs.replace(schedule, **bounds) if bounds else schedule


def is_by_time(schedule: pipelines.Schedule) -> bool:
    """Whether it has ticks, which make intervals from a `start_date` on."""
    return schedule.kind in ("cron", "every") or (
        schedule.kind == "assets_or_time" and (schedule.cron != "" or schedule.every is not None)
    )


def _check_dates(timing: Timing) -> None:
    for name, value in (("start_date", timing.start_date), ("end_date", timing.end_date)):
        if value is None or isinstance(value, date):
            continue
        try:
            datetime.fromisoformat(value)
        except (TypeError, ValueError) as error:
            raise errors.UsageError(
                f"{name} is {value!r}, which is no date.", remedy='Write datetime(2024, 1, 1) or "2024-01-01".'
            ) from error


def _read(given: Any, timing: Timing, key_of: KeyOf) -> Scheduled:
    match given:
        case None:
            return Scheduled()
        case str():
            return _of_text(given, timing)
        case timedelta():
            return _every(given, timing)
        case timetables.CronTrigger():
            return _cron(given.cron, given.cron, timing, given.timezone)
        case timetables.RRule():
            return _rule(given.rule, timing, given.timezone, given.start)
        case timetables.DeltaTrigger():
            return _every(given.delta, timing)
        case timetables.EventsTimetable():
            return _events(given)
        case timetables.Sessions():
            return _sessions(given, timing)
        case timetables.AssetOrTime():
            return _assets_or_time(given, timing, key_of)
        case partitioning.Partitions():
            schedule = pipelines.Schedule(
                kind="calendar", text=given.describe(), timezone=getattr(given, "timezone", None) or "UTC"
            )
            return Scheduled(schedule, given)
    if isinstance(given, asset_conditions.AssetCondition) or asset_conditions.is_asset(given):
        return _assets(given, key_of)
    if isinstance(given, (list, tuple)) and given:
        return _assets(asset_conditions.AssetCondition("all", tuple(given)), key_of)
    raise errors.UsageError(f"schedule is {given!r}.", remedy=_REMEDY)


def _of_text(given: str, timing: Timing) -> Scheduled:
    text = given.strip()
    if text == "@once":
        return Scheduled(pipelines.Schedule(kind="once", text=text))
    if text == "@continuous":
        return Scheduled(pipelines.Schedule(kind="continuous", text=text))
    if text in _PRESETS:
        return _cron(text, _PRESETS[text], timing)
    if recurrences.is_rule(text):
        return _rule(text, timing)
    if match := _EVERY.match(text):
        return _every(match[1], timing)
    if text.startswith("@"):
        from weft.model import spelling

        known = [*_PRESETS, "@once", "@continuous"]
        raise errors.UsageError(
            f"schedule is {given!r}, which is no preset.",
            remedy=spelling.did_you_mean(text, known) or f"There are {', '.join(known)}.",
        )
    return _cron(text, text, timing)


def _zone(timing: Timing) -> str:
    if timing.timezone is not None:
        return timing.timezone
    found = getattr(getattr(timing.start_date, "tzinfo", None), "key", None)
    return found if isinstance(found, str) else "UTC"


def _cron(text: str, expression: str, timing: Timing, zone: str | None = None) -> Scheduled:
    cron.check(expression, field="schedule")
    zone = zone or _zone(timing)
    _check_zone(zone)
    schedule = pipelines.Schedule(kind="cron", text=text, cron=expression, timezone=zone)
    if timing.start_date is None:
        return Scheduled(schedule)
    return Scheduled(schedule, _grid(expression, timing, zone))


def _rule(text: str, timing: Timing, zone: str | None = None, start: Any = None) -> Scheduled:
    from weft.model.partitions import zones

    zone = zone or _zone(timing)
    start = timing.start_date if start is None else start
    found = zones.zone(zone, kind="schedule")
    begin = None if start is None else zones.wall_time(start, field="start_date", kind="schedule", zone=found)
    expression = recurrences.written(text, begin, field="schedule")
    told = " ".join(each for each in expression.split() if not each.startswith("DTSTART"))
    schedule = pipelines.Schedule(kind="cron", text=told, cron=expression, timezone=zone)
    if timing.start_date is None:
        return Scheduled(schedule)
    return Scheduled(schedule, partitioning.CronPartitions(expression, timing.start_date, timing.end_date, zone))


def _check_zone(zone: str) -> None:
    from weft.model.partitions import zones

    zones.zone(zone, kind="schedule")


def _grid(expression: str, timing: Timing, zone: str) -> partitioning.Partitions:
    """Return the windows between the ticks: plain days, hours, weeks and months where they are these."""
    start, end = timing.start_date, timing.end_date
    fields = expression.split()
    if len(fields) == 5 and fields[0].isdigit():
        minute, hour, day, month, weekday = fields
        at = int(minute)
        if fields[1:] == ["*", "*", "*", "*"]:
            return partitioning.HourlyPartitions(start, end, zone, minute_offset=at)
        if hour.isdigit() and month == "*":
            offsets = {"hour_offset": int(hour), "minute_offset": at}
            if (day, weekday) == ("*", "*"):
                return partitioning.DailyPartitions(start, end, zone, **offsets)
            if day == "*" and weekday.isdigit():
                return partitioning.WeeklyPartitions(start, end, zone, week_start=_DAYS[int(weekday)], **offsets)
            if (day, weekday) == ("1", "*"):
                return partitioning.MonthlyPartitions(start, end, zone, **offsets)
    return partitioning.CronPartitions(expression, start, end, zone)


def _every(given: Any, timing: Timing) -> Scheduled:
    seconds = durations.seconds(given, what="schedule", exclusive=True)
    text = f"every {given}" if isinstance(given, str) else f"every {_plainly(seconds)}"
    zone = _zone(timing)
    schedule = pipelines.Schedule(kind="every", text=text, every=seconds, timezone=zone)
    if timing.start_date is None:
        return Scheduled(schedule)
    expression = _ticks_of(seconds, timing.start_date)
    if expression is not None:
        return Scheduled(schedule, _grid(expression, timing, zone))
    if seconds != int(seconds):
        return Scheduled(schedule)
    return Scheduled(
        schedule, partitioning.IntervalPartitions(timing.start_date, timing.end_date, zone, every=int(seconds))
    )


def _ticks_of(seconds: float, start: Any) -> str | None:
    """Return the cron expression that ticks after equal times from a start on; None where there is none."""
    begin = datetime.fromisoformat(start) if isinstance(start, str) else start
    hour, minute = getattr(begin, "hour", 0), getattr(begin, "minute", 0)
    if getattr(begin, "second", 0) or seconds % _MINUTE:
        return None
    if seconds == _WEEK:
        return f"{minute} {hour} * * {begin.isoweekday() % 7}"
    if seconds == _DAY:
        return f"{minute} {hour} * * *"
    if seconds == _HOUR:
        return f"{minute} * * * *"
    if seconds < _HOUR and _HOUR % seconds == 0:
        step = int(seconds // _MINUTE)
        return f"{minute % step}-59/{step} * * * *" if minute % step else f"*/{step} * * * *"
    if seconds % _HOUR == 0 and _DAY % seconds == 0:
        step = int(seconds // _HOUR)
        return f"{minute} {hour % step}-23/{step} * * *" if hour % step else f"{minute} */{step} * * *"
    return None


def _plainly(seconds: float) -> str:
    for size, word in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds % size == 0:
            return f"{seconds // size:g} {word}"
    return f"{seconds:g} s"


def _events(given: timetables.EventsTimetable) -> Scheduled:
    times: list[str] = []
    for each in given.event_dates:
        try:
            moment = datetime.fromisoformat(each) if isinstance(each, str) else each
            times.append(moment.isoformat())
        except (ValueError, AttributeError) as error:
            raise errors.UsageError(
                f"EventsTimetable has {each!r}, which is no time.", remedy='Write "2024-01-15T06:00" or a datetime.'
            ) from error
    if not times:
        raise errors.UsageError("EventsTimetable has no times.", remedy="Give at least one.")
    times = sorted(dict.fromkeys(times))
    schedule = pipelines.Schedule(kind="events", text=given.description or f"at {len(times)} times", times=tuple(times))
    return Scheduled(schedule, partitioning.StaticPartitions(times))


def _sessions(given: timetables.Sessions, timing: Timing) -> Scheduled:
    if timing.start_date is None:
        raise errors.UsageError(
            f"The schedule by sessions of {given.calendar!r} has no start_date.", remedy="Give start_date=."
        )
    offset = durations.seconds(given.offset, what="Sessions.offset")
    text = f"{given.calendar} sessions" + (f" + {_plainly(offset)}" if offset else "")
    divided = partitioning.CalendarPartitions(given.calendar, timing.start_date, timing.end_date)
    return Scheduled(pipelines.Schedule(kind="calendar", text=text, offset=offset), divided)


def _assets(given: Any, key_of: KeyOf, kind: Literal["assets", "assets_or_time"] = "assets") -> Scheduled:
    condition = condition_of(given, key_of)
    return Scheduled(
        pipelines.Schedule(kind=kind, text=told(condition), assets=msgspec.json.encode(condition).decode())
    )


def _assets_or_time(given: timetables.AssetOrTime, timing: Timing, key_of: KeyOf) -> Scheduled:
    by_time = _read(given.timetable, timing, key_of)
    timed = by_time.schedule
    if timed is None or timed.kind not in ("cron", "every", "calendar"):
        raise errors.UsageError(
            f"AssetOrTime has the timetable {given.timetable!r}, which is no time.",
            remedy="Give cron text, a preset, a timedelta or Sessions.",
        )
    assets = given.assets
    if isinstance(assets, (list, tuple)):
        assets = asset_conditions.AssetCondition("all", tuple(assets))
    condition = condition_of(assets, key_of)
    schedule = msgspec.structs.replace(
        timed,
        kind="assets_or_time",
        text=f"{timed.text}, or {told(condition)}",
        assets=msgspec.json.encode(condition).decode(),
    )
    return Scheduled(schedule, by_time.partitions)


def condition_of(given: Any, key_of: KeyOf) -> Any:
    """Return a condition as nested lists of keys.

    Raises:
        UsageError: something in it is no asset.
    """
    if isinstance(given, asset_conditions.AssetCondition):
        if not given.parts:
            raise errors.UsageError("schedule has a condition over no assets.", remedy="Name at least one asset.")
        if len(given.parts) == 1:
            return condition_of(given.parts[0], key_of)
        return [given.kind, *(condition_of(each, key_of) for each in given.parts)]
    if not asset_conditions.is_asset(given):
        raise errors.UsageError(f"schedule has {given!r}, which is no asset.", remedy=_REMEDY)
    key = key_of(given)
    return "" if key is None else key


def told(condition: Any, *, within: bool = False) -> str:
    """Return a condition as people write it."""
    if isinstance(condition, str):
        return condition
    kind, *parts = condition
    text = (" & " if kind == "all" else " | ").join(told(each, within=True) for each in parts)
    return f"({text})" if within else text
