"""Sets over several dimensions: ordinals as numbers whose first digit is the major dimension.

The ordinal of (major, minor) is `major * width + minor`. A set is taken apart into *rectangles* (a set of majors
times a set of minors), mapped dimension by dimension, and put together again; neither walks over single ordinals in
Python when there are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from weft.model.partition_set import PartitionSet

_FEW = 256
_DIGITS_PER_RANGE = 4096


def outer(major: PartitionSet, minor: PartitionSet, width: int) -> PartitionSet:
    """Return `{a * width + b}` for all a of `major` and b of `minor` (all below `width`)."""
    if not major or not minor:
        return PartitionSet.empty()
    if len(minor) == width:
        return PartitionSet.from_ranges([(start * width, stop * width) for start, stop in major.ranges()])
    parts = minor.ranges()
    pieces, extent = len(major) * len(parts), (major.last + 1) * width
    if pieces <= _FEW or extent > pieces * _DIGITS_PER_RANGE:
        return PartitionSet.from_ranges(
            [(each * width + start, each * width + stop) for each in major for start, stop in parts]
        )
    digits = bytearray(b"0") * extent
    column = bin(major.bits())[:1:-1].encode()
    for each in minor:
        digits[each::width] = column
    digits.reverse()
    return PartitionSet.from_bits(int(digits, 2))


def compose(sets: Sequence[PartitionSet], widths: Sequence[int]) -> PartitionSet:
    """Return the product of `sets`, the major one first; `widths` are the sizes of all but the first."""
    made = sets[-1]
    for place in range(len(sets) - 2, -1, -1):
        made = outer(sets[place], made, prod(widths[place:]))
    return made


def rectangles(ordinals: PartitionSet, widths: Sequence[int]) -> list[tuple[PartitionSet, ...]]:
    """Return products of sets, one set for each dimension, that together are `ordinals` and don't overlap."""
    if not widths:
        return [(ordinals,)]
    return [(major, *rest) for major, minor in _split(ordinals, prod(widths)) for rest in rectangles(minor, widths[1:])]


def project(ordinals: PartitionSet, widths: Sequence[int], place: int) -> PartitionSet:
    """Return what occurs in the dimension at `place` (0 is the major one)."""
    if place == 0 and widths:
        width = prod(widths)
        return PartitionSet.from_ranges(
            [(start // width, (stop - 1) // width + 1) for start, stop in ordinals.ranges()]
        )
    found = PartitionSet.empty()
    for rectangle in rectangles(ordinals, widths):
        found |= rectangle[place]
    return found


def _split(ordinals: PartitionSet, width: int) -> list[tuple[PartitionSet, PartitionSet]]:
    ranges = ordinals.ranges()
    if len(ranges) <= _FEW or ordinals.last > len(ranges) * _DIGITS_PER_RANGE:
        return _split_ranges(ranges, width)
    digits = bin(ordinals.bits())[:1:-1]
    minors: dict[str, list[int]] = {}
    for minor in range(width):
        minors.setdefault(digits[minor::width].rstrip("0"), []).append(minor)
    minors.pop("", None)
    return [
        (PartitionSet.from_bits(int(column[::-1], 2)), PartitionSet.of(listed)) for column, listed in minors.items()
    ]


def _split_ranges(ranges: Sequence[tuple[int, int]], width: int) -> list[tuple[PartitionSet, PartitionSet]]:
    majors: dict[PartitionSet, list[tuple[int, int]]] = {}
    whole = PartitionSet.range(0, width)
    partial: dict[int, list[tuple[int, int]]] = {}
    for start, stop in ranges:
        first, head = divmod(start, width)
        last, tail = divmod(stop, width)
        if first == last:
            partial.setdefault(first, []).append((head, tail))
            continue
        if head:
            partial.setdefault(first, []).append((head, width))
            first += 1
        if first < last:
            majors.setdefault(whole, []).append((first, last))
        if tail:
            partial.setdefault(last, []).append((0, tail))
    for major, parts in partial.items():
        majors.setdefault(PartitionSet.from_ranges(parts), []).append((major, major + 1))
    return [(PartitionSet.from_ranges(listed), minor) for minor, listed in majors.items()]
