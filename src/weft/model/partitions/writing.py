"""Sets of partitions as users write them: the text that `parse_selection` reads back."""

from __future__ import annotations

import itertools

from weft.model.partition_set import PartitionSet
from weft.model.partitions import quoting
from weft.model.partitions.multi import SEPARATOR, MultiPartitions
from weft.model.partitions.protocol import Partitions


def write_selection(ordinals: PartitionSet, partitions: Partitions) -> str:
    """Return keys and ranges for `ordinals`, such as `2024-01-02..2024-01-05,2024-01-09`; "" for none.

    Of several dimensions a range stands for each: `2024-01-02..2024-01-05|AAPL`. Keys with a comma and
    the like are quoted.
    """
    if not isinstance(partitions, MultiPartitions):
        return ",".join(_ranges(ordinals, partitions))
    written: list[str] = []
    for rectangle in partitions.rectangles(ordinals):
        parts = [_ranges(rectangle[name], each) for name, each in partitions.dimensions]
        written += map(SEPARATOR.join, itertools.product(*parts))
    return ",".join(written)


def _ranges(ordinals: PartitionSet, partitions: Partitions) -> list[str]:
    def key(ordinal: int) -> str:
        return quoting.quoted(partitions.key(ordinal))

    return [key(start) if stop == start + 1 else f"{key(start)}..{key(stop - 1)}" for start, stop in ordinals.ranges()]
