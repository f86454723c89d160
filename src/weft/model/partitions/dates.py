"""Daily, weekly and monthly partitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from weft.model.partitions import windows
from weft.model.partitions.grids import CivilGridPartitions
from weft.model.partitions.protocol import Json, PartitionsError, UnknownPartitionError, no_such_ordinal

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _date_of(key: str) -> int | None:
    """Return the proleptic Gregorian ordinal of a key like `2024-01-05`; None for any other text."""
    if len(key) != 10 or key[4] != "-" or key[7] != "-":
        return None
    try:
        return date.fromisoformat(key).toordinal()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class DailyPartitions(CivilGridPartitions):
    """One partition for each day; keys like `2024-01-05`, the date on which the day begins.

    Example:
        >>> DailyPartitions(start_date="2024-01-01", end_date="2025-01-01").key(4)
        '2024-01-05'
    """

    kind: ClassVar[str] = "daily"

    def key(self, ordinal: int) -> str:
        """Return the date on which the day begins."""
        if ordinal < 0:
            raise no_such_ordinal(self, ordinal)
        try:
            return date.fromordinal(self._base + ordinal).isoformat()
        except (ValueError, OverflowError) as error:
            raise no_such_ordinal(self, ordinal) from error

    def position_of(self, key: str) -> int | None:
        """Return the position of the day that `key` names."""
        day = _date_of(key)
        return None if day is None else day - self._base

    def _keys_between(self, start: int, stop: int) -> list[str]:
        return list(map(date.isoformat, map(date.fromordinal, range(self._base + start, self._base + stop))))

    def ordinals(self, keys: Iterable[str]) -> list[int | None]:
        """Return the ordinals of `keys`, in the same order; None for one that the definition does not have."""
        listed = keys if isinstance(keys, (list, tuple)) else list(keys)
        base, limit = self._base, self._limit
        try:
            if any(len(key) != 10 or key[4] != "-" or key[7] != "-" for key in listed):
                return [self.find(each) for each in listed]
            found = [date.toordinal(day) - base for day in map(date.fromisoformat, listed)]
        except ValueError:
            return [self.find(each) for each in listed]
        if found and (min(found) < 0 or (limit is not None and max(found) >= limit)):
            return [each if each >= 0 and (limit is None or each < limit) else None for each in found]
        return list(found)

    def _index_of_date(self, day: int) -> int:
        return day

    def _first_date(self, index: int) -> int:
        return index


@dataclass(frozen=True, slots=True)
class WeeklyPartitions(CivilGridPartitions):
    """One partition for each week; keys like `2024-01-01`, the date on which the week begins.

    Example:
        >>> WeeklyPartitions("2024-01-01", week_start="sunday").key(0)
        '2024-01-07'
    """

    kind: ClassVar[str] = "weekly"
    week_start: str = field(default="monday", kw_only=True)
    """The day on which weeks begin, in English."""

    def key(self, ordinal: int) -> str:
        """Return the date on which the week begins."""
        if ordinal < 0:
            raise no_such_ordinal(self, ordinal)
        try:
            return date.fromordinal(self._first_date(self._base + ordinal)).isoformat()
        except (ValueError, OverflowError) as error:
            raise no_such_ordinal(self, ordinal) from error

    def position_of(self, key: str) -> int | None:
        """Return the position of the week that begins on the date `key`."""
        day = _date_of(key)
        if day is None:
            return None
        index = self._index_of_date(day)
        return index - self._base if self._first_date(index) == day else None

    def malformed(self, key: str, head: str) -> UnknownPartitionError:
        """Name the week that contains the date, when it is one."""
        day = _date_of(key)
        if day is None or (position := self._index_of_date(day) - self._base) < 0:
            return windows.TimePartitions.malformed(self, key, head)
        week = self.key(position)
        return UnknownPartitionError(
            f"{head}: a week's key is its first day, a {self.week_start}.",
            key=key,
            remedy=f"That day lies in the week '{week}'.",
            close=[week],
        )

    def _check(self) -> None:
        name = self.week_start.lower() if isinstance(self.week_start, str) else self.week_start
        if name not in WEEKDAYS:
            raise PartitionsError(
                f"WeeklyPartitions: week_start={self.week_start!r} is not a day of the week.",
                remedy=f"Use one of {', '.join(WEEKDAYS)}.",
            )
        object.__setattr__(self, "week_start", name)

    def _offsets(self) -> dict[str, Json]:
        return {"hour_offset": self.hour_offset, "minute_offset": self.minute_offset, "week_start": self.week_start}

    def _keys_between(self, start: int, stop: int) -> list[str]:
        first, last = self._first_date(self._base + start), self._first_date(self._base + stop)
        return list(map(date.isoformat, map(date.fromordinal, range(first, last, 7))))

    def _index_of_date(self, day: int) -> int:
        return (day - 1 - WEEKDAYS.index(self.week_start)) // 7  # day 1, 0001-01-01, is a Monday

    def _first_date(self, index: int) -> int:
        return index * 7 + 1 + WEEKDAYS.index(self.week_start)


@dataclass(frozen=True, slots=True)
class MonthlyPartitions(CivilGridPartitions):
    """One partition for each month; keys like `2024-01`, the month in which the window begins.

    Example:
        >>> MonthlyPartitions("2024-01-01").key(12)
        '2025-01'
    """

    kind: ClassVar[str] = "monthly"
    day_of_month: int = field(default=1, kw_only=True)
    """The day on which months begin, 1 to 28."""

    def key(self, ordinal: int) -> str:
        """Return year and month in which the window begins."""
        year, month = divmod(self._base + ordinal, 12)
        if ordinal < 0 or year > 9999:
            raise no_such_ordinal(self, ordinal)
        return f"{year:04}-{month + 1:02}"

    def position_of(self, key: str) -> int | None:
        """Return the position of the month that `key` names."""
        if len(key) != 7 or key[4] != "-" or not key.isascii() or not (key[:4] + key[5:]).isdigit():
            return None
        year, month = int(key[:4]), int(key[5:])
        return year * 12 + month - 1 - self._base if 1 <= month <= 12 and year else None

    def _check(self) -> None:
        self._check_range("day_of_month", 1, 28, "15")

    def _offsets(self) -> dict[str, Json]:
        return {"hour_offset": self.hour_offset, "minute_offset": self.minute_offset, "day_of_month": self.day_of_month}

    def _keys_between(self, start: int, stop: int) -> list[str]:
        return [self.key(each) for each in range(start, stop)]

    def _index_of_date(self, day: int) -> int:
        found = date.fromordinal(day)
        return found.year * 12 + found.month - 1 - (found.day < self.day_of_month)

    def _first_date(self, index: int) -> int:
        year, month = divmod(index, 12)
        return date(year, month + 1, self.day_of_month).toordinal()
