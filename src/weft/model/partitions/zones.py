"""Dates as users write them, and wall-clock time to instants and back.

Instants are whole seconds since 1970 in UTC. A wall-clock time that occurs twice (clocks go back) means its first
occurrence; one that is skipped (clocks go forward) means the instant of the change. cron daemons treat fixed times
alike.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from weft.model.partitions.protocol import PartitionsError

DateLike = str | date | datetime

EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY = 86_400
HOUR = 3_600
FIRST_YEARS = -62_000_000_000
"""An instant early in the year 5: nothing is asked about before it."""
LAST_YEARS = 253_300_000_000
"""An instant in the year 9996: nothing is asked about after it."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  wall-clock time, deliberately without a zone


def zone(name: str, *, kind: str) -> tzinfo:
    """Return the time zone called `name`; PartitionsError, naming the definition by `kind`, if there is none."""
    if name == "UTC":
        return UTC
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise PartitionsError(
            f"{kind}: timezone={name!r} is not a known time zone.",
            remedy="Use a name of the IANA database, such as 'UTC', 'Europe/Vienna' or 'America/New_York'.",
        ) from error


def wall_time(value: DateLike, *, field: str, kind: str, zone: tzinfo, offset: timedelta = timedelta()) -> datetime:
    """Return a date as the user gave it as naive wall-clock time in `zone`.

    Args:
        value: An ISO date or date-time, a date, or a datetime (an aware one is converted, a naive one is in `zone`).
        field: The name of the argument, for the error.
        kind: The name of the definition, for the error.
        zone: The time zone of the definition.
        offset: What a mere date is after midnight: the definition's own offset, so that dates mean its boundaries.

    Raises:
        PartitionsError: The value is no date.
    """
    parsed: date | None = None
    if isinstance(value, str):
        try:
            parsed = date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
        except ValueError:
            parsed = None
    elif isinstance(value, date):
        parsed = value
    if parsed is None or not 10 <= parsed.year <= 9990:
        raise PartitionsError(
            f"{kind}: {field}={value!r} is not a date.",
            remedy="Give a date such as '2024-01-05', a time such as '2024-01-05T13:00', or a date or datetime object.",
        )
    if not isinstance(parsed, datetime):
        return datetime.combine(parsed, time()) + offset
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(zone).replace(tzinfo=None)
    return parsed.replace(microsecond=0, fold=0)


def civil_seconds(wall: datetime) -> int:
    """Return wall-clock time in seconds since 1970 as if it were UTC: equal dates of two zones are equal there."""
    return (wall.toordinal() - EPOCH_DAY) * DAY + wall.hour * HOUR + wall.minute * 60 + wall.second


def from_civil_seconds(seconds: int) -> datetime:
    """Return the naive wall-clock time of `civil_seconds`."""
    return _EPOCH + timedelta(seconds=seconds)


def instant(wall: datetime, zone: tzinfo) -> int:
    """Return the instant of naive wall-clock time in `zone`, in seconds since 1970 UTC."""
    seconds = civil_seconds(wall)
    if zone is UTC:
        return seconds
    before, after = offsets_of(wall, zone)
    if before >= after:
        # The usual case, or a repeated time, whose first occurrence has the offset from before the change.
        return seconds - before
    return _change_between(seconds - after, seconds - before, zone)


def offsets_of(wall: datetime, zone: tzinfo) -> tuple[int, int]:
    """Return the offsets from UTC, in seconds, that naive wall-clock time can have; they differ only at a change."""
    if zone is UTC:
        return 0, 0
    local = wall.replace(tzinfo=zone, fold=0)
    return _seconds(local), _seconds(local.replace(fold=1))


def wall(seconds: int, zone: tzinfo) -> datetime:
    """Return the aware local time of an instant."""
    if zone is UTC:
        return datetime.fromtimestamp(seconds, UTC)
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)


def offset_at(seconds: int, zone: tzinfo) -> int:
    """Return the offset of `zone` from UTC at an instant, in seconds."""
    return 0 if zone is UTC else _seconds(wall(seconds, zone))


def is_repeated(local: datetime) -> bool:
    """Tell whether an aware local time occurs twice, because clocks go back over it."""
    return _seconds(local.replace(fold=0)) > _seconds(local.replace(fold=1))


def is_skipped(local: datetime) -> bool:
    """Tell whether an aware local time does not occur, because clocks go forward over it."""
    return _seconds(local.replace(fold=0)) < _seconds(local.replace(fold=1))


def now_seconds(now: datetime) -> int:
    """Return `now` in whole seconds since 1970; PartitionsError if it has no time zone."""
    if now.tzinfo is None:
        raise PartitionsError(
            f"now={now.isoformat()} has no time zone.", remedy="Pass an aware datetime, such as datetime.now(UTC)."
        )
    return int(now.timestamp() // 1)


def minute_text(local: datetime) -> str:
    """Return a local time as a key: to the minute (second if there are any), with the offset where it occurs twice."""
    naive = local.replace(tzinfo=None)
    text = naive.isoformat(timespec="seconds" if naive.second else "minutes")
    if local.tzinfo is not UTC and is_repeated(local):
        text += local.isoformat()[-6:]
    return text


def _seconds(local: datetime) -> int:
    offset = local.utcoffset()
    return 0 if offset is None else offset.days * DAY + offset.seconds


def _change_between(low: int, high: int, zone: tzinfo) -> int:
    """Return the first instant after `low` that has the offset of `high`."""
    target = offset_at(high, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle, zone) == target:
            high = middle
        else:
            low = middle
    return high
