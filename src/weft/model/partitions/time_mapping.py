"""The mapping between two definitions that are about time.

For each downstream window the upstream windows that overlap it are a run of positions, [low, high). Low and high never
decrease as time goes on, so that a range of windows without gaps between them is mapped by its two ends, and the way
back is found by turning the two inequalities around.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from weft.model.partition_set import PartitionSet
from weft.model.partitions.protocol import Json, Partitions, PartitionsError
from weft.model.partitions.relation import PartitionMapping, described, refuse
from weft.model.partitions.windows import TimePartitions

_Positions = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TimeWindowMapping(PartitionMapping):
    """A partition reads the upstream ones whose window overlaps its own; offsets, counted in those, move the ends.

    A month reads its days, a day the month in which it lies; with `start_offset=-1, end_offset=-1` a day reads the
    day before, with `start_offset=-6` the seven days up to its own. Sessions of a calendar are related to days, weeks
    and months that begin at midnight by their date, and to all else by the time from opening to close.
    """

    kind: ClassVar[str] = "time_window"
    start_offset: int = 0
    """How many upstream partitions the first one read is moved; negative is earlier."""
    end_offset: int = 0
    """How many upstream partitions the last one read is moved; negative is earlier."""

    def __post_init__(self) -> None:
        for name in ("start_offset", "end_offset"):
            value: object = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise PartitionsError(
                    f"TimeWindowMapping: {name}={value!r} is not a whole number.",
                    remedy="Offsets count upstream partitions, such as -1 for the one before.",
                )

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the upstream windows that overlap those of `ordinals`, moved by the offsets."""
        if not isinstance(down, TimePartitions) or not isinstance(up, TimePartitions):
            raise refuse(self, down, up)
        universe = up.universe(now)
        if not ordinals or not universe:
            return PartitionSet.empty()
        if down.cadence == up.cadence:
            shift = shift_between(down, up)
            return _spread(ordinals, shift + self.start_offset, shift + self.end_offset) & universe
        ordinals -= _too_early(down, up)
        if not ordinals:
            return ordinals
        exact = down.contiguous and self.start_offset <= self.end_offset
        return _relate(
            ordinals,
            universe,
            exact,
            lambda positions: self._read(positions, down, up),
            lambda at: self._readers(at, down, up),
        )

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the downstream windows that read some of `ordinals`."""
        if not isinstance(down, TimePartitions) or not isinstance(up, TimePartitions):
            raise refuse(self, down, up)
        ordinals &= up.universe(now)
        universe = down.universe(now) - _too_early(down, up)
        if not ordinals or not universe:
            return PartitionSet.empty()
        if down.cadence == up.cadence:
            shift = shift_between(down, up)
            return _spread(ordinals, -shift - self.end_offset, -shift - self.start_offset) & universe
        exact = up.contiguous and self.start_offset <= self.end_offset
        return _relate(
            ordinals,
            universe,
            exact,
            lambda positions: self._readers(positions, down, up),
            lambda at: self._read(at, down, up),
        )

    def is_identity(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether the definitions are the same and nothing is moved."""
        return not self.start_offset and not self.end_offset and isinstance(down, TimePartitions) and down == up

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most, so that a reader gets the value itself."""
        return (
            self.start_offset == self.end_offset
            and isinstance(up, TimePartitions)
            and isinstance(down, TimePartitions)
            and (up.fingerprint == down.fingerprint or _lies_within(down, up))
        )

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return a message unless both are about time."""
        if isinstance(down, TimePartitions) and isinstance(up, TimePartitions):
            return None
        wrong = down if not isinstance(down, TimePartitions) else up
        return (
            f"TimeWindowMapping relates windows of time, but {described(wrong)} has none. "
            "Use DimensionMapping where one of several dimensions is about time, AllMapping or StaticMapping otherwise."
        )

    def snapshot(self) -> dict[str, Json]:
        """Return the offsets."""
        return {"kind": self.kind, "start_offset": self.start_offset, "end_offset": self.end_offset}

    def _read(self, positions: _Positions, down: TimePartitions, up: TimePartitions) -> _Positions:
        """Return the upstream positions read by the downstream windows at [first, stop), if these have no gaps."""
        first, stop = positions
        civil = _by_date(down, up)
        low = up.ended_by(down.start_of(first, civil=civil), civil=civil)
        high = up.started_before(down.end_of(stop - 1, civil=civil), civil=civil)
        return low + self.start_offset, high + self.end_offset

    def _readers(self, positions: _Positions, down: TimePartitions, up: TimePartitions) -> _Positions:
        """Return the downstream positions that read the upstream windows at [first, stop), if these have no gaps.

        d reads u if low(d) + start_offset <= u < high(d) + end_offset. low(d) counts what has ended when d starts, so
        the first means that d starts before the end of u - start_offset; high(d) counts what has started before d
        ends, so the second means that d ends after the start of u - end_offset.
        """
        first, stop = positions
        civil = _by_date(down, up)
        low = down.ended_by(up.start_of(first - self.end_offset, civil=civil), civil=civil)
        high = down.started_before(up.end_of(stop - 1 - self.start_offset, civil=civil), civil=civil)
        return low, high


def shift_between(down: TimePartitions, up: TimePartitions) -> int:
    """Return what is added to an ordinal of `down` to get that of the same window in `up`; both have one cadence."""
    begin, other = down.start_of(0), up.start_of(0)
    return up.started_before(begin) if begin >= other else -down.started_before(other)


def _too_early(down: TimePartitions, up: TimePartitions) -> PartitionSet:
    """Return what of `down` lies before the first upstream window, if no positions are there: it reads nothing."""
    if up.unbounded or down.cadence == up.cadence:
        return PartitionSet.empty()
    civil = _by_date(down, up)
    return _positions(0, down.ended_by(up.start_of(0, civil=civil), civil=civil))


def _by_date(down: TimePartitions, up: TimePartitions) -> bool:
    """Tell whether two definitions are related by dates: whole dates both, and one of them sessions."""
    return down.civil and up.civil and not (down.contiguous and up.contiguous)


def _spread(ordinals: PartitionSet, low: int, high: int) -> PartitionSet:
    """Return each ordinal plus each of low..high (inclusive)."""
    if low > high:
        return PartitionSet.empty()
    if high - low > 32:
        ranges = [(max(0, start + low), max(0, stop + high)) for start, stop in ordinals.ranges()]
        return PartitionSet.from_ranges(ranges)
    found = ordinals.shift(low)
    for offset in range(low + 1, high + 1):
        found |= ordinals.shift(offset)
    return found


def _relate(
    ordinals: PartitionSet,
    universe: PartitionSet,
    exact: bool,
    forward: Callable[[_Positions], _Positions],
    back: Callable[[_Positions], _Positions],
) -> PartitionSet:
    """Map `ordinals` into `universe`, from whichever side has less to look at.

    `exact` tells that `forward` is right for whole ranges; for a single position both ways always are.
    """
    begin, end = forward((ordinals.first, ordinals.last + 1)) if exact else (universe.first, universe.last + 1)
    within = _positions(begin, end) & universe
    pieces = ordinals.ranges() if exact else [(each, each + 1) for each in ordinals]
    if len(pieces) == 1 and exact:
        return within
    if len(pieces) <= 2 * len(within):
        found = [forward(each) for each in pieces]
        return PartitionSet.from_ranges([(max(0, low), high) for low, high in found if high > max(0, low)]) & universe
    return PartitionSet.of([each for each in within if ordinals & _positions(*back((each, each + 1)))])


def _positions(low: int, high: int) -> PartitionSet:
    return PartitionSet.range(max(0, low), high)


_RANKS = {"hourly": 0, "daily": 1, "calendar": 1, "weekly": 2, "monthly": 3}
_OFFSETS = ("minute_offset", "hour_offset")


def _lies_within(down: TimePartitions, up: TimePartitions) -> bool:
    """Tell whether each window of `down` lies in one of `up`, as an hour in its day; a week may lie in two months."""
    fine, coarse = _RANKS.get(down.kind), _RANKS.get(up.kind)
    if fine is None or coarse is None or fine >= coarse or (down.kind, up.kind) == ("weekly", "monthly"):
        return False
    if any(getattr(each, offset, 0) for each in (down, up) for offset in _OFFSETS):
        return False
    return "calendar" in (down.kind, up.kind) or getattr(down, "timezone", None) == getattr(up, "timezone", None)
