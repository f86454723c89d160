"""Equal pieces of time beside each other, and which partitions fall into which of them."""

from __future__ import annotations

import bisect
import itertools
from dataclasses import dataclass
from datetime import UTC, datetime

from weft.model import partition_set, partitions
from weft.model.partitions import windows

PartitionSet = partition_set.PartitionSet

_LONGER = 1.2
"""A window that is so many times as long as a column is drawn by its own times."""
_MONTH = 27 * 86400
_ALMOST = 0.8
"""Months are of different lengths: in columns of about a month they are drawn by their own times too."""
_MANY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """`columns` equal pieces of the time from `since` to before `until`, both in seconds since the epoch."""

    since: int
    until: int
    columns: int

    @property
    def width(self) -> float:
        """Seconds in a column."""
        return (self.until - self.since) / self.columns

    def column(self, seconds: float) -> int | None:
        """The column of a time, None where it lies outside."""
        if not self.since <= seconds < self.until:
            return None
        return min(self.columns - 1, int((seconds - self.since) / self.width))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """How the partitions of a definition lie on a grid.

    `edges` has for each column the first position (ordinal of the dimension of time) that falls into it, and one more.
    `stride` is how many ordinals one position stands for, where time counts slowest; 0 where it does not.
    `filled` are the columns into which any position falls.
    """

    time: windows.TimePartitions
    edges: tuple[int, ...]
    stride: int
    dimension: str | None
    filled: PartitionSet
    is_long: bool

    @property
    def first(self) -> int:
        """The first position on the grid."""
        return self.edges[0]

    @property
    def last(self) -> int:
        """The position after the last one on the grid."""
        return self.edges[-1]


def time_of(definition: partitions.Partitions | None) -> tuple[windows.TimePartitions, str | None] | None:
    """The partitions of time in a definition, and the dimension where there are several; None where there are none."""
    if isinstance(definition, windows.TimePartitions):
        return definition, None
    if isinstance(definition, partitions.MultiPartitions):
        for name in definition.order:
            each = definition.dimension(name)
            if isinstance(each, windows.TimePartitions):
                return each, name
    return None


def length_of(time: windows.TimePartitions, near: int) -> tuple[float, float]:
    """About how many seconds a window takes, and how many there are from one to the next, by those around a time."""
    position = max(0, time.started_before(near) - 1)
    if time.limit is not None:
        position = min(position, max(0, time.limit - 1))
    bounds = [(time.start_of(each), time.end_of(each)) for each in range(max(0, position - 2), position + 4)]
    bounds = [each for each in bounds if each[1] < windows.NEVER]
    lengths = sorted(end - start for start, end in bounds) or [86400]
    steps = sorted(after[0] - before[0] for before, after in itertools.pairwise(bounds)) or lengths
    return float(lengths[len(lengths) // 2]), float(steps[(len(steps) - 1) // 2])


def axis_of(definition: partitions.Partitions, grid: Grid) -> Axis | None:
    """How a definition lies on a grid, None where it has nothing to do with time."""
    found = time_of(definition)
    if found is None:
        return None
    time, dimension = found
    length, _ = length_of(time, grid.until)
    stride = 1
    if isinstance(definition, partitions.MultiPartitions):
        stride = 0
        if definition.order[0] == dimension:
            stride = 1
            for each in definition.widths:
                stride *= each
    is_long = length > _LONGER * grid.width or (length >= _MONTH and length > _ALMOST * grid.width)
    if is_long:
        low, high = time.ended_by(grid.since), time.started_before(grid.until)
        edges: tuple[int, ...] = (max(0, low), max(0, low, high))
        filled = PartitionSet.empty()
    else:
        # by the middle of each window, so that no zone puts a day beside its column
        shift = length / 2
        edges = tuple(
            max(0, time.started_before(int(grid.since + place * grid.width - shift)))
            for place in range(grid.columns + 1)
        )
        filled = PartitionSet.of(place for place in range(grid.columns) if edges[place] < edges[place + 1])
    return Axis(time=time, edges=edges, stride=stride, dimension=dimension, filled=filled, is_long=is_long)


def positions(definition: partitions.Partitions, axis: Axis, ordinals: PartitionSet) -> PartitionSet:
    """The positions on the grid of which some ordinal is among these."""
    if axis.dimension is None or not ordinals:
        return ordinals & PartitionSet.range(axis.first, max(axis.first, axis.last))
    if axis.stride:
        inside = ordinals & PartitionSet.range(axis.first * axis.stride, axis.last * axis.stride)
        return PartitionSet.from_ranges(
            (start // axis.stride, (stop - 1) // axis.stride + 1) for start, stop in inside.ranges()
        )
    assert isinstance(definition, partitions.MultiPartitions)
    return definition.project(ordinals, axis.dimension) & PartitionSet.range(axis.first, max(axis.first, axis.last))


def counted(axis: Axis, ordinals: PartitionSet, found: PartitionSet, first: int, last: int) -> int:
    """How many of these ordinals lie at the positions from `first` to before `last`; `found` are their positions."""
    if axis.stride:
        return len(ordinals & PartitionSet.range(first * axis.stride, last * axis.stride))
    return len(found & PartitionSet.range(first, last))


def columns_of(axis: Axis, found: PartitionSet) -> PartitionSet:
    """The columns into which positions fall."""
    edges = axis.edges
    ranges = found.ranges()
    if len(ranges) > _MANY * len(edges):
        return PartitionSet.of(
            place for place in axis.filled if not found.isdisjoint(PartitionSet.range(edges[place], edges[place + 1]))
        )
    spans = [(bisect.bisect_right(edges, start) - 1, bisect.bisect_right(edges, stop - 1)) for start, stop in ranges]
    return PartitionSet.from_ranges(spans) & axis.filled


def moment(seconds: float) -> datetime:
    """A time in seconds since the epoch."""
    return datetime.fromtimestamp(seconds, UTC)
