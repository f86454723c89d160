"""Partitions of equal length, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from weft.model.partitions import windows, zones
from weft.model.partitions.grids import GridPartitions
from weft.model.partitions.protocol import Json, PartitionsError, no_such_ordinal


@dataclass(frozen=True, slots=True)
class IntervalPartitions(GridPartitions):
    """One partition after the other, each of the same length; keys like `2024-01-05T05:00`, when it begins.

    Lengths are of time that passes, so that where clocks change, the wall-clock times of what follows move. The key is
    local time, with the UTC offset where that time occurs twice, as with hourly partitions.

    Example:
        >>> IntervalPartitions("2024-01-01", every=timedelta(hours=5)).key(5)
        '2024-01-02T01:00'
    """

    kind: ClassVar[str] = "interval"
    every: int | timedelta = field(kw_only=True)
    """The length: a timedelta, or seconds; kept as whole seconds."""

    def __post_init__(self) -> None:
        length: object = self.every
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 1 or seconds != int(seconds):
            raise PartitionsError(
                f"IntervalPartitions: every={length!r} is not a length of whole seconds.",
                remedy="For example every=timedelta(hours=5).",
            )
        object.__setattr__(self, "every", int(seconds))
        start, end = self._read_dates(timedelta())
        object.__setattr__(self, "_base", zones.instant(start, self._zone))
        object.__setattr__(
            self, "_limit", None if end is None else max(0, self.ended_by(zones.instant(end, self._zone)))
        )

    @property
    def length(self) -> int:
        """The length in seconds."""
        assert isinstance(self.every, int)
        return self.every

    @property
    def civil(self) -> bool:
        """False: lengths are of time that passes."""
        return False

    @property
    def cadence(self) -> str:
        """Length, time zone, and where within the length windows begin."""
        return f"{self.kind} {self.length} {self.timezone} {self._base % self.length}"

    def start_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` starts."""
        return self._base + position * self.length

    def ended_by(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window ends after `seconds`."""
        return (seconds - self._base) // self.length

    def key(self, ordinal: int) -> str:
        """Return the local time at which the window starts."""
        if ordinal < 0:
            raise no_such_ordinal(self, ordinal)
        try:
            return zones.minute_text(zones.wall(self.start_of(ordinal), self._zone))
        except (ValueError, OverflowError) as error:
            raise no_such_ordinal(self, ordinal) from error

    def position_of(self, key: str) -> int | None:
        """Return the position of the window that begins at the time `key`, written exactly as `key()` does."""
        try:
            parsed = datetime.fromisoformat(key)
            seconds = zones.instant(parsed, self._zone) if parsed.tzinfo is None else int(parsed.timestamp())
            if zones.minute_text(zones.wall(seconds, self._zone)) != key:
                return None
        except (ValueError, OverflowError):
            return None
        position, rest = divmod(seconds - self._base, self.length)
        return None if rest else position

    def describe(self) -> str:
        """Return one line: length, start, end and time zone."""
        end = None if self.end_date is None else str(self.end_date)
        bounds = windows.bounds_text(str(self.start_date), end, self.timezone)
        return f"partitions of {timedelta(seconds=self.length)} {bounds}"

    def _offsets(self) -> dict[str, Json]:
        return {"every": self.length}

    def _keys_between(self, start: int, stop: int) -> list[str]:
        return [self.key(each) for each in range(start, stop)]
