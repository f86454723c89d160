"""What may be said of a schedule besides when it is due: catch-up, jitter, an offset, and blackout windows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypedDict

import msgspec

from weft.define import durations, timetables
from weft.model import cron, errors, pipelines, recurrences
from weft.model.partitions import zones

POLICIES = ("skip", "defer")
NAMES = ("offset", "jitter", "blackout", "blackout_policy")


class TimingOptions(TypedDict, total=False):
    """What a DAG, a flow's deployment and a job may say of their schedule alike."""

    offset: durations.Duration
    """How long after the end of an interval, or after a tick, a run is due."""
    jitter: durations.Duration
    """Within which time a run begins after it is due, so that not all begin at once; the same for a tick always."""
    blackout: Any
    """When nothing is due: `weft.timetables.Blackout`s, or (start, end) of dates."""
    blackout_policy: str
    """What becomes of what is due within a blackout: "skip" (unless given), or "defer" to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What was said about when a pipeline is due, and what it is divided by."""

    schedule: Any = None
    start_date: Any = None
    end_date: Any = None
    timezone: str | None = None
    partitions: Any = None
    catchup: Any = False
    offset: Any = None
    jitter: Any = None
    blackout: Any = None
    blackout_policy: Any = None
    divided: bool = True
    """Whether its ticks bound intervals: not those of a job of assets."""


def with_options(schedule: pipelines.Schedule, timing: Timing) -> pipelines.Schedule:
    """The schedule with all that was said of it.

    Raises:
        UsageError: something is wrong; names the argument.
    """
    changed = catchup_of(timing.catchup)
    if timing.catchup is True and not timing.divided:
        changed["catchup"] = True
    by_time = schedule.kind not in ("assets", "once", "continuous")
    for name in ("offset", "jitter"):
        value = getattr(timing, name)
        if value is None:
            continue
        if not by_time:
            raise errors.UsageError(
                f"{name} is given, but the schedule {schedule.text!r} has no ticks.",
                remedy=f"Leave {name}= out, or give a schedule by time.",
            )
        found = durations.seconds(value, what=name)
        changed[name] = schedule.offset + found if name == "offset" else found
    policy = "skip" if timing.blackout_policy is None else timing.blackout_policy
    if policy not in POLICIES:
        raise errors.UsageError(f"blackout_policy is {policy!r}.", remedy='Write "skip" or "defer".')
    if timing.blackout is not None:
        changed["blackout"] = tuple(_blackout(each, schedule.timezone) for each in _several(timing.blackout))
        changed["defer"] = policy == "defer"
    return msgspec.structs.replace(schedule, **changed) if changed else schedule


def check_unscheduled(timing: Timing) -> None:
    """Raise UsageError where something is said of a schedule and there is none."""
    for name in NAMES:
        if getattr(timing, name) is not None:
            raise errors.UsageError(
                f"{name} is given, but there is no schedule.", remedy=f"Give schedule=, or leave {name}= out."
            )


def catchup_of(given: Any) -> dict[str, Any]:
    """What a schedule says of catching up, besides all or nothing.

    Raises:
        UsageError: it is none of the forms.
    """
    remedy = (
        'Write True (all ticks), False (the last one since it was first used), "latest", a number of ticks, or '
        'a duration such as "7d".'
    )
    if given is None or isinstance(given, bool):
        return {}
    if given == "latest":
        return {"catchup_last": 1}
    if isinstance(given, int):
        if given < 1:
            raise errors.UsageError(f"catchup is {given!r}, which is no number of ticks.", remedy=remedy)
        return {"catchup_last": given}
    if isinstance(given, (str, timedelta)) and not (isinstance(given, str) and given.strip().isdigit()):
        try:
            return {"catchup_within": durations.seconds(given, what="catchup", exclusive=True)}
        except errors.UsageError as error:
            raise errors.UsageError(f"catchup is {given!r}.", remedy=remedy) from error
    raise errors.UsageError(f"catchup is {given!r}.", remedy=remedy)


def _several(given: Any) -> tuple[Any, ...]:
    pair = isinstance(given, tuple) and len(given) == 2 and all(_is_bound(each) for each in given)
    if isinstance(given, timetables.Blackout) or pair:
        return (given,)
    if not isinstance(given, (list, tuple)):
        raise errors.UsageError(f"blackout is {given!r}.", remedy=_REMEDY)
    return tuple(given)


_REMEDY = (
    'Write a list of Blackout("2024-12-24", "2024-12-27"), Blackout(cron="0 22 * * 5", duration="8h") or '
    'Blackout(calendar="XNYS") of weft.timetables.'
)


def _is_bound(given: Any) -> bool:
    return given is None or isinstance(given, (str, date))


def _blackout(given: Any, timezone: str) -> pipelines.Blackout:
    if isinstance(given, tuple) and len(given) == 2:
        given = timetables.Blackout(*given)
    if not isinstance(given, timetables.Blackout):
        raise errors.UsageError(f"blackout has {given!r}.", remedy=_REMEDY)
    forms = [given.cron is not None, given.calendar is not None, given.start is not None or given.end is not None]
    if sum(forms) != 1:
        raise errors.UsageError(f"blackout has {given!r}, which says no one thing.", remedy=_REMEDY)
    name = given.timezone or timezone
    zone = zones.zone(name, kind="Blackout")
    if given.cron is not None:
        expression = given.cron.rule if isinstance(given.cron, timetables.RRule) else given.cron
        if isinstance(given.cron, timetables.RRule) or recurrences.is_rule(expression):
            expression = recurrences.written(expression, None, field="Blackout.cron")
        cron.check(expression, field="Blackout.cron")
        if given.duration is None:
            raise errors.UsageError(f"blackout has {given!r} without a duration.", remedy=_REMEDY)
        seconds = durations.seconds(given.duration, what="Blackout.duration", exclusive=True)
        text = f"{expression} for {seconds:g} s"
        return pipelines.Blackout(cron=expression, duration=seconds, timezone=name, text=text)
    if given.duration is not None:
        raise errors.UsageError(f"blackout has {given!r}: a duration is for cron=.", remedy=_REMEDY)
    if given.calendar is not None:
        from weft.model import partitions as partitioning

        partitioning.CalendarPartitions(given.calendar, "2024-01-01", "2024-02-01").universe(
            datetime(2024, 3, 1, tzinfo=zone)
        )  # tells of a calendar that is not known
        return pipelines.Blackout(
            calendar=given.calendar, timezone=name, text=f"days without a session of {given.calendar}"
        )
    start, end = (
        None if each is None else zones.wall_time(each, field=f"Blackout.{field}", kind="schedule", zone=zone)
        for field, each in (("start", given.start), ("end", given.end))
    )
    if start is not None and end is not None and end <= start:
        raise errors.UsageError(f"blackout has {given!r}, which ends before it starts.", remedy="Swap the two.")
    words = [f"from {given.start}"] if start is not None else []
    words += [f"to before {given.end}"] if end is not None else []
    return pipelines.Blackout(
        start="" if start is None else start.isoformat(),
        end="" if end is None else end.isoformat(),
        timezone=name,
        text=" ".join(words),
    )
