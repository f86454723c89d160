"""What hourly, daily, weekly and monthly partitions share: windows that follow each other, found by arithmetic.

Days, weeks and months are bounded by wall-clock time in the time zone of the definition, so a day is 23, 24 or 25
hours long. A boundary that clocks skip falls on the instant of the change, one that they repeat on its first
occurrence. Hours are real hours: a day in which clocks change has 23 or 25 of them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

from weft.model import partition_set
from weft.model.partitions import windows, zones
from weft.model.partitions.protocol import (
    Json,
    PartitionsError,
    fingerprint_of,
)
from weft.model.partitions.zones import DateLike


@dataclass(frozen=True, slots=True)
class GridPartitions(windows.TimePartitions):
    """What the plain time grids share: start, end, time zone and windows without gaps."""

    start_date: DateLike
    """The first partition is the first whole window from here on; kept as ISO text."""
    end_date: DateLike | None = None
    """The last partition is the last whole window before this; None for partitions that go on. Kept as ISO text."""
    timezone: str = "UTC"
    """An IANA name."""
    _zone: tzinfo = field(init=False, repr=False, compare=False)
    _base: int = field(init=False, repr=False, compare=False)
    _limit: int | None = field(init=False, repr=False, compare=False)
    _fingerprint: str | None = field(init=False, repr=False, compare=False)

    @property
    def zone(self) -> tzinfo:
        """The time zone in which keys and windows are told."""
        return self._zone

    @property
    def contiguous(self) -> bool:
        """True: each window begins where the last one ends."""
        return True

    @property
    def unbounded(self) -> bool:
        """True: arithmetic knows no first window."""
        return True

    @property
    def limit(self) -> int | None:
        """How many partitions lie before `end_date`; None without one."""
        return self._limit

    @property
    def fingerprint(self) -> str:
        """A short hash of kind, start, time zone and offsets; not of the end."""
        if self._fingerprint is None:
            made = fingerprint_of({key: value for key, value in self.snapshot().items() if key != "end_date"})
            object.__setattr__(self, "_fingerprint", made)
            return made
        return self._fingerprint

    def end_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` ends, which is when the next one starts."""
        return self.start_of(position + 1, civil=civil)

    def started_before(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window starts at `seconds` or later."""
        return self.ended_by(seconds - 1, civil=civil) + 1

    def describe(self) -> str:
        """Return one line: kind, start, end and time zone."""
        end = None if self.end_date is None else str(self.end_date)
        return f"{self.kind} partitions {windows.bounds_text(str(self.start_date), end, self.timezone)}"

    def snapshot(self) -> dict[str, Json]:
        """Return kind, bounds, time zone and offsets."""
        end = None if self.end_date is None else str(self.end_date)
        return {
            "kind": self.kind,
            "start_date": str(self.start_date),
            "end_date": end,
            "timezone": self.timezone,
            **self._offsets(),
        }

    @property
    def growing(self) -> bool:
        """Whether there is no end_date."""
        return self.end_date is None

    @property
    def cadence(self) -> str:
        """Kind, time zone and offsets."""
        return f"{self.kind} {self.timezone} {self._offsets()}"

    def keys(self, ordinals: Iterable[int]) -> list[str]:
        """Return the keys of `ordinals`, in the same order."""
        if not isinstance(ordinals, partition_set.PartitionSet):
            return [self.key(each) for each in ordinals]
        made: list[str] = []
        for start, stop in ordinals.ranges():
            if stop == start + 1:
                made.append(self.key(start))
            else:
                made += self._keys_between(start, stop)
        return made

    def example_key(self) -> str:
        """Return the first key."""
        return self.key(0)

    @abstractmethod
    def _offsets(self) -> dict[str, Json]:
        """The fields that move the boundaries, for snapshot and fingerprint."""

    @abstractmethod
    def _keys_between(self, start: int, stop: int) -> list[str]: ...

    def _read_dates(self, offset: timedelta) -> tuple[datetime, datetime | None]:
        kind = type(self).__name__
        zone = zones.zone(self.timezone, kind=kind)
        start = zones.wall_time(self.start_date, field="start_date", kind=kind, zone=zone, offset=offset)
        end = None
        if self.end_date is not None:
            end = zones.wall_time(self.end_date, field="end_date", kind=kind, zone=zone, offset=offset)
        windows.check_order(start, end, kind=kind)
        seconds = int(offset.total_seconds())
        object.__setattr__(self, "_zone", zone)
        object.__setattr__(self, "_fingerprint", None)
        object.__setattr__(self, "start_date", windows.date_text(start, seconds))
        if end is not None:
            object.__setattr__(self, "end_date", windows.date_text(end, seconds))
        return start, end

    def _check_range(self, name: str, low: int, high: int, example: str) -> None:
        value: object = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise PartitionsError(
                f"{type(self).__name__}: {name}={value!r} is not a whole number from {low} to {high}.",
                remedy=f"For example {name}={example}.",
            )


@dataclass(frozen=True, slots=True)
class CivilGridPartitions(GridPartitions):
    """Windows bounded by dates, at one wall-clock time: days, weeks, months; an index counts them from year 1 on."""

    hour_offset: int = field(default=0, kw_only=True)
    """The hour at which windows begin, 0 to 23, in local time."""
    minute_offset: int = field(default=0, kw_only=True)
    """The minute at which windows begin, 0 to 59."""

    def __post_init__(self) -> None:
        self._check_range("hour_offset", 0, 23, "6")
        self._check_range("minute_offset", 0, 59, "30")
        self._check()
        start, end = self._read_dates(self._offset())
        base = self._index_at(start)
        if self._boundary(base) < start:
            base += 1
        object.__setattr__(self, "_base", base)
        object.__setattr__(self, "_limit", None if end is None else max(0, self._index_at(end) - base))

    @property
    def civil(self) -> bool:
        """Whether windows begin at midnight."""
        return not self.hour_offset and not self.minute_offset

    def start_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` starts."""
        try:
            boundary = self._boundary(self._base + position)
        except (ValueError, OverflowError):
            return windows.NEVER if position > 0 else -windows.NEVER  # beyond the years 1 to 9999
        return zones.civil_seconds(boundary) if civil else zones.instant(boundary, self._zone)

    def ended_by(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window ends after `seconds`."""
        seconds = min(max(seconds, zones.FIRST_YEARS), zones.LAST_YEARS)
        if civil or self._zone is UTC:
            return self._index_at(zones.from_civil_seconds(seconds)) - self._base
        index = self._index_at(zones.wall(seconds, self._zone).replace(tzinfo=None))
        # Near a change of clocks the wall can be on the other side of a boundary than the instant.
        while zones.instant(self._boundary(index), self._zone) > seconds:
            index -= 1
        while zones.instant(self._boundary(index + 1), self._zone) <= seconds:
            index += 1
        return index - self._base

    def _offset(self) -> timedelta:
        return timedelta(hours=self.hour_offset, minutes=self.minute_offset)

    def _offsets(self) -> dict[str, Json]:
        return {"hour_offset": self.hour_offset, "minute_offset": self.minute_offset}

    def _index_at(self, wall: datetime) -> int:
        """Return the index of the window that contains a wall-clock time."""
        return self._index_of_date((wall - self._offset()).toordinal())

    def _boundary(self, index: int) -> datetime:
        day = date.fromordinal(self._first_date(index))
        return datetime(day.year, day.month, day.day, self.hour_offset, self.minute_offset)  # noqa: DTZ001

    def _check(self) -> None:
        """Check the fields that only one of the kinds has."""

    @abstractmethod
    def _index_of_date(self, day: int) -> int:
        """Return the index of the window that contains a date, given as its proleptic Gregorian ordinal."""

    @abstractmethod
    def _first_date(self, index: int) -> int:
        """Return the first date of a window, as its proleptic Gregorian ordinal."""
