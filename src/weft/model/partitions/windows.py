"""Partitions that are windows of time, and the questions by which two such definitions are related.

Positions are ordinals that may lie outside of what exists (below 0, after the end), so that relating two grids needs no
special cases at their edges. Times are whole seconds on one of two axes: instants (UTC), and *civil* time, on which
dates of any time zone meet: 2024-01-05 in New York and 2024-01-05 in UTC are the same day there.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, tzinfo

from weft.model import partition_set
from weft.model.partitions import zones
from weft.model.partitions.protocol import (
    Partitions,
    PartitionsError,
    TimeWindow,
    UnknownPartitionError,
    no_such_ordinal,
)

NEVER = 1 << 62
"""The time of a window that does not exist because the definition has no more of them."""


class TimePartitions(Partitions):
    """Partitions each of which covers a window of time, in order and without overlap."""

    __slots__ = ()

    @property
    @abstractmethod
    def zone(self) -> tzinfo:
        """The time zone in which keys and windows are told."""

    @property
    @abstractmethod
    def cadence(self) -> str:
        """What gives the windows their bounds, without start and end: equal cadences differ by a shift of ordinals."""

    @property
    @abstractmethod
    def contiguous(self) -> bool:
        """Whether each window begins where the last one ends."""

    @property
    @abstractmethod
    def unbounded(self) -> bool:
        """Whether windows before the first have (negative) positions too; else what lies before it has none."""

    @property
    @abstractmethod
    def civil(self) -> bool:
        """Whether the windows are whole dates, so that they have bounds on the civil axis."""

    @property
    @abstractmethod
    def limit(self) -> int | None:
        """How many partitions lie before the end; None if there is no end."""

    @abstractmethod
    def start_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` starts."""

    @abstractmethod
    def end_of(self, position: int, *, civil: bool = False) -> int:
        """Return when the window at `position` ends (exclusive)."""

    @abstractmethod
    def ended_by(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window ends after `seconds`: how many, counted from 0, have ended by then."""

    @abstractmethod
    def started_before(self, seconds: int, *, civil: bool = False) -> int:
        """Return the first position whose window starts at `seconds` or later."""

    @abstractmethod
    def position_of(self, key: str) -> int | None:
        """Return the position that `key` names, which may lie outside of start and end; None if it is no key at all."""

    @abstractmethod
    def example_key(self) -> str:
        """Return a key, to show what keys look like."""

    def universe(self, now: datetime) -> partition_set.PartitionSet:
        """Return the partitions whose window has ended by `now`."""
        ended, limit = self.ended_by(zones.now_seconds(now)), self.limit
        return partition_set.PartitionSet.range(0, ended if limit is None else min(ended, limit))

    def find(self, key: str) -> int | None:
        """Return the ordinal of `key`, or None when it is outside of start and end or no key."""
        position = self.position_of(key)
        if position is None or position < 0:
            return None
        limit = self.limit
        return position if limit is None or position < limit else None

    def window(self, ordinal: int) -> TimeWindow:
        """Return the window of a partition, as aware datetimes in the definition's time zone."""
        if ordinal < 0:
            raise no_such_ordinal(self, ordinal)
        start, end = self.start_of(ordinal), self.end_of(ordinal)
        if end >= NEVER:
            raise no_such_ordinal(self, ordinal)
        return TimeWindow(zones.wall(start, self.zone), zones.wall(end, self.zone))

    def size(self) -> int | None:
        """Return how many partitions there are up to the end; None without an end."""
        return self.limit

    def unknown(self, key: str) -> UnknownPartitionError:
        """Return the error that says why there is no partition `key`: before the start, after the end, or no key."""
        position, limit = self.position_of(key), self.limit
        head = f"There is no partition '{key}' in {self.describe()}"
        if limit == 0:
            return UnknownPartitionError(
                f"{head}, which has none before its end_date.", key=key, remedy="Move end_date."
            )
        if position is None:
            return self.malformed(key, head)
        first = self.key(0)
        if position < 0:
            return UnknownPartitionError(
                f"{head}: the first one is '{first}'.",
                key=key,
                remedy=f"Use '{first}' or a later key, or move start_date.",
                close=[first],
            )
        last = self.key(0 if limit is None else limit - 1)
        return UnknownPartitionError(
            f"{head}: the last one is '{last}'.",
            key=key,
            remedy=f"Use '{last}' or an earlier key, or move end_date.",
            close=[last],
        )

    def malformed(self, key: str, head: str) -> UnknownPartitionError:
        """Return the error for a `key` that is none of this definition, at any time."""
        example = self.example_key()
        return UnknownPartitionError(f"{head}.", key=key, remedy=f"Its keys look like '{example}'.", close=[example])


def check_order(start: datetime, end: datetime | None, *, kind: str) -> None:
    """Raise PartitionsError unless `end` is after `start`."""
    if end is not None and end <= start:
        raise PartitionsError(
            f"{kind}: end_date={end.isoformat(' ', 'minutes')} is not after "
            f"start_date={start.isoformat(' ', 'minutes')}.",
            remedy="The end is exclusive: give the day after the last one, or none for partitions that go on.",
        )


def bounds_text(start: str, end: str | None, timezone: str) -> str:
    """Return 'from … to before … (zone)' for descriptions."""
    until = f" to before {end}" if end else ""
    return f"from {start}{until} ({timezone})"


def date_text(wall: datetime, offset_seconds: int = 0) -> str:
    """Return wall-clock time in the shortest form that `wall_time` reads back: a date where that means the same."""
    if wall.hour * zones.HOUR + wall.minute * 60 + wall.second == offset_seconds:
        return wall.date().isoformat()
    return wall.isoformat(timespec="seconds" if wall.second else "minutes")
