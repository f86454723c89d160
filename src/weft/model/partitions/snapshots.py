"""Definitions of partitions and mappings from their snapshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from weft.model.partitions import crons, dates, equal, hours, keyed, multi, sessions
from weft.model.partitions.protocol import Json, Partitions, PartitionsError


def from_snapshot(data: Mapping[str, Json]) -> Partitions:
    """Return the definition that `Partitions.snapshot` wrote; PartitionsError for any other value."""
    kind = data.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise PartitionsError(
            f"kind={kind!r} is not a kind of partitions.",
            remedy=f"This version knows {', '.join(_READERS)}; a newer one may have written it.",
        )
    return reader(data)


def text(data: Mapping[str, Json], name: str) -> str:
    """Return a field that must be text."""
    value = data.get(name)
    if not isinstance(value, str):
        raise PartitionsError(f"{name}={value!r} is not text.", remedy="The snapshot is damaged; make it anew.")
    return value


def optional_text(data: Mapping[str, Json], name: str) -> str | None:
    """Return a field that is text or null."""
    return None if data.get(name) is None else text(data, name)


def number(data: Mapping[str, Json], name: str, default: int = 0) -> int:
    """Return a field that must be a whole number."""
    value = data.get(name, default)
    if not isinstance(value, int):
        raise PartitionsError(f"{name}={value!r} is not a number.", remedy="The snapshot is damaged; make it anew.")
    return value


def texts(value: Json) -> list[str]:
    """Return a value that must be a list of texts."""
    return [each for each in sequence(value) if isinstance(each, str)]


def sequence(value: Json) -> Sequence[Json]:
    """Return a value that must be a list."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise PartitionsError(f"{value!r} is not a list.", remedy="The snapshot is damaged; make it anew.")
    return value


def _hourly(data: Mapping[str, Json]) -> Partitions:
    return hours.HourlyPartitions(
        text(data, "start_date"),
        optional_text(data, "end_date"),
        text(data, "timezone"),
        minute_offset=number(data, "minute_offset"),
    )


def _daily(data: Mapping[str, Json]) -> Partitions:
    return dates.DailyPartitions(
        text(data, "start_date"),
        optional_text(data, "end_date"),
        text(data, "timezone"),
        hour_offset=number(data, "hour_offset"),
        minute_offset=number(data, "minute_offset"),
    )


def _weekly(data: Mapping[str, Json]) -> Partitions:
    return dates.WeeklyPartitions(
        text(data, "start_date"),
        optional_text(data, "end_date"),
        text(data, "timezone"),
        hour_offset=number(data, "hour_offset"),
        minute_offset=number(data, "minute_offset"),
        week_start=text(data, "week_start"),
    )


def _monthly(data: Mapping[str, Json]) -> Partitions:
    return dates.MonthlyPartitions(
        text(data, "start_date"),
        optional_text(data, "end_date"),
        text(data, "timezone"),
        hour_offset=number(data, "hour_offset"),
        minute_offset=number(data, "minute_offset"),
        day_of_month=number(data, "day_of_month", 1),
    )


def _cron(data: Mapping[str, Json]) -> Partitions:
    return crons.CronPartitions(
        text(data, "cron"),
        text(data, "start_date"),
        optional_text(data, "end_date"),
        text(data, "timezone"),
        optional_text(data, "key_format"),
    )


def _interval(data: Mapping[str, Json]) -> Partitions:
    return equal.IntervalPartitions(
        text(data, "start_date"),
        optional_text(data, "end_date"),
        text(data, "timezone"),
        every=number(data, "every"),
    )


def _calendar(data: Mapping[str, Json]) -> Partitions:
    return sessions.CalendarPartitions(
        text(data, "calendar"), text(data, "start_date"), optional_text(data, "end_date")
    )


def _static(data: Mapping[str, Json]) -> Partitions:
    return keyed.StaticPartitions(texts(data.get("keys")))


def _dynamic(data: Mapping[str, Json]) -> Partitions:
    return keyed.DynamicPartitions(text(data, "name"))


def _multi(data: Mapping[str, Json]) -> Partitions:
    dimensions: list[tuple[str, Partitions]] = []
    for each in sequence(data.get("dimensions")):
        name, inner = sequence(each)
        if not isinstance(name, str) or not isinstance(inner, Mapping):
            raise PartitionsError(f"{each!r} is not a dimension.", remedy="The snapshot is damaged; make it anew.")
        dimensions.append((name, from_snapshot(inner)))
    return multi.MultiPartitions(dimensions)


_READERS: dict[str, Callable[[Mapping[str, Json]], Partitions]] = {
    "hourly": _hourly,
    "daily": _daily,
    "weekly": _weekly,
    "monthly": _monthly,
    "cron": _cron,
    "interval": _interval,
    "calendar": _calendar,
    "static": _static,
    "dynamic": _dynamic,
    "multi": _multi,
}
