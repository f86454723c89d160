"""Hourly partitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

from weft.model.partitions import windows, zones
from weft.model.partitions.grids import GridPartitions
from weft.model.partitions.protocol import Json, UnknownPartitionError, no_such_ordinal


@dataclass(frozen=True, slots=True)
class HourlyPartitions(GridPartitions):
    """One partition for each hour that passes; keys like `2024-01-05T13:00`, in local time.

    When clocks go back, the hour that occurs twice has its UTC offset in the key, both times:
    `2024-10-27T02:00+02:00` and `2024-10-27T02:00+01:00`. When they go forward, the skipped hour has no partition. In
    the rare zones that change by half an hour, the minutes of the keys change with them.

    Example:
        >>> HourlyPartitions("2024-01-01", timezone="Europe/Vienna").key(13)
        '2024-01-01T13:00'
    """

    kind: ClassVar[str] = "hourly"
    minute_offset: int = field(default=0, kw_only=True)
    """The minute at which hours begin, 0 to 59."""

    def __post_init__(self) -> None:
        self._check_range("minute_offset", 0, 59, "15")
        start, end = self._read_dates(timedelta(minutes=self.minute_offset))
        begin = zones.instant(start, self._zone)
        local = begin + zones.offset_at(begin, self._zone)
        object.__setattr__(self, "_base", begin + (self.minute_offset * 60 - local) % zones.HOUR)
        object.__setattr__(
            self, "_limit", None if end is None else max(0, self.ended_by(zones.instant(end, self._zone)))
        )

    @property
    def civil(self) -> bool:
        """False: hours are no whole dates."""
        return False

    def start_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the hour at `position` starts."""
        return self._base + position * zones.HOUR

    def ended_by(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose hour ends after `seconds`."""
        return (seconds - self._base) // zones.HOUR

    def key(self, ordinal: int) -> str:
        """Return the local time at which the hour starts."""
        if ordinal < 0:
            raise no_such_ordinal(self, ordinal)
        seconds = self._base + ordinal * zones.HOUR
        try:
            if self._zone is UTC:
                days, rest = divmod(seconds, zones.DAY)
                day = date.fromordinal(zones.EPOCH_DAY + days).isoformat()
                return f"{day}T{rest // zones.HOUR:02}:{self.minute_offset:02}"
            return zones.minute_text(zones.wall(seconds, self._zone))
        except (ValueError, OverflowError) as error:
            raise no_such_ordinal(self, ordinal) from error

    def position_of(self, key: str) -> int | None:
        """Return the position of the hour that `key` names, written exactly as `key()` does."""
        if len(key) < 16 or key[4] != "-" or key[7] != "-" or key[10] != "T" or key[13] != ":":
            return None
        try:
            parsed = datetime.fromisoformat(key)
        except ValueError:
            return None
        if parsed.tzinfo is None:
            before, after = zones.offsets_of(parsed, self._zone)
            if before != after or len(key) != (19 if parsed.second else 16):
                return None  # skipped, or one of two that need their offset
            seconds = zones.civil_seconds(parsed) - before
        else:
            try:
                seconds = int(parsed.timestamp())
                if zones.minute_text(zones.wall(seconds, self._zone)) != key:
                    return None
            except (OverflowError, ValueError):
                return None
        position, rest = divmod(seconds - self._base, zones.HOUR)
        return None if rest else position

    def ordinals(self, keys: Iterable[str]) -> list[int | None]:
        """Return the ordinals of `keys`, in the same order; None for one that the definition does not have."""
        minute = self.minute_offset
        hours = {f"T{hour:02}:{minute:02}": hour * zones.HOUR + minute * 60 for hour in range(24)}
        days: dict[str, int | None] = {}
        limit = self._limit
        made: list[int | None] = []
        for key in keys:
            day, hour = key[:10], hours.get(key[10:])
            if day not in days:
                days[day] = self._midnight(day)
            begin = days[day]
            if hour is None or begin is None:
                made.append(self.find(key))
                continue
            position, rest = divmod(begin + hour - self._base, zones.HOUR)
            exists = not rest and position >= 0 and (limit is None or position < limit)
            made.append(position if exists else None)
        return made

    def _midnight(self, day: str) -> int | None:
        """Return the instant of a date's local midnight; None near a change of clocks and for what is no date."""
        if len(day) != 10 or day[4] != "-" or day[7] != "-":
            return None
        try:
            civil = (date.fromisoformat(day).toordinal() - zones.EPOCH_DAY) * zones.DAY
        except ValueError:
            return None
        if not zones.FIRST_YEARS < civil < zones.LAST_YEARS:
            return None
        offset = zones.offset_at(civil - zones.DAY, self._zone)
        return civil - offset if zones.offset_at(civil + 2 * zones.DAY, self._zone) == offset else None

    def malformed(self, key: str, head: str) -> UnknownPartitionError:
        """Say so when the hour was skipped or occurs twice."""
        try:
            parsed = datetime.fromisoformat(key)
        except ValueError:
            parsed = None
        if parsed is None or parsed.tzinfo is not None:
            return windows.TimePartitions.malformed(self, key, head)
        local = parsed.replace(tzinfo=self._zone)
        if zones.is_skipped(local):
            after = zones.minute_text(zones.wall(zones.instant(parsed, self._zone), self._zone))
            return UnknownPartitionError(
                f"{head}: clocks skip that hour.", key=key, remedy=f"The next one is '{after}'.", close=[after]
            )
        if zones.is_repeated(local):
            both = [zones.minute_text(local.replace(fold=fold)) for fold in (0, 1)]
            return UnknownPartitionError(
                f"{head}: that hour occurs twice.",
                key=key,
                remedy=f"Say which: '{both[0]}' or '{both[1]}'.",
                close=both,
            )
        return windows.TimePartitions.malformed(self, key, head)

    def _offsets(self) -> dict[str, Json]:
        return {"minute_offset": self.minute_offset}

    def _keys_between(self, start: int, stop: int) -> list[str]:
        made: list[str] = []
        margin = 3 * zones.HOUR  # farther from a change of clocks than this, no hour is repeated
        while start < stop:
            part = min(stop, start + 24 * 7)
            first, last = self.start_of(start), self.start_of(part)
            offset = zones.offset_at(first - margin, self._zone)
            if zones.offset_at(last + margin, self._zone) == offset:
                made += _hours(first + offset, part - start)
            else:
                made += [self.key(each) for each in range(start, part)]
            start = part
        return made


def _hours(local: int, count: int) -> list[str]:
    """Return `count` keys, one hour apart, from local seconds on."""
    day, rest = divmod(local, zones.DAY)
    hour, minute = divmod(rest // 60, 60)
    suffixes = [f"T{each:02}:{minute:02}" for each in range(24)]
    made: list[str] = []
    while count > 0:
        prefix = date.fromordinal(zones.EPOCH_DAY + day).isoformat()
        made += [prefix + suffix for suffix in suffixes[hour : hour + count]]
        count -= 24 - hour
        hour = 0
        day += 1
    return made
