"""Looking through whole columns at once: which places are filled, at which do two differ.

Columns are bytes here, so that the search is one of C; the cost follows what is found, beside one walk over memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weft.model import partition_set

PartitionSet = partition_set.PartitionSet

_ZERO = bytes(8)
_NOT_ZERO = re.compile(rb"[^\0]")
_MANY_RANGES = 2_000
_AS_ONE = bytes(1) + b"\1" * 255
_AS_DIGIT = bytes.maketrans(b"\0\1", b"01")

# elements compared at once: most of a large column is settled by the first, the rest by the second
_BLOCKS = (4096, 64)


def filled(content: bytes) -> PartitionSet:
    """The places of 8 bytes that are not all zero: found range by range, all at once where there are many."""
    ranges: list[tuple[int, int]] = []
    start, end = 0, len(content) // 8
    while start < end:
        if len(ranges) == _MANY_RANGES:
            return _bits_of_filled(content)
        found = content.find(_ZERO, start * 8)
        while found >= 0 and found % 8:  # zeros that belong to two places, or a place that begins among them
            aligned = (found + 7) // 8 * 8
            found = aligned if content.startswith(_ZERO, aligned) else content.find(_ZERO, found + 1)
        stop = end if found < 0 else found // 8
        if stop > start:
            ranges.append((start, stop))
        byte = _NOT_ZERO.search(content, stop * 8)
        start = end if byte is None else byte.start() // 8
    return PartitionSet.from_ranges(ranges)


def _bits_of_filled(content: bytes) -> PartitionSet:
    number = int.from_bytes(content.translate(_AS_ONE), "little")
    for shift in (32, 16, 8):  # the lowest byte of each place gathers all eight
        number |= number >> shift
    digits = number.to_bytes(len(content), "little")[::8].translate(_AS_DIGIT)
    return PartitionSet.from_bits(int(digits[::-1], 2))


def differing(left: bytes, right: bytes, width: int) -> Iterator[int]:
    """The places at which two columns of `width` bytes an element differ.

    A place beyond the end of one counts as zero there.
    """
    if len(left) != len(right):
        size = max(len(left), len(right))
        left, right = left.ljust(size, b"\0"), right.ljust(size, b"\0")
    yield from _differing(left, right, width, 0, len(left) // width, 0)


def _differing(left: bytes, right: bytes, width: int, start: int, stop: int, level: int) -> Iterator[int]:
    if level == len(_BLOCKS):
        for place in range(start, stop):
            if left[place * width : (place + 1) * width] != right[place * width : (place + 1) * width]:
                yield place
        return
    block = _BLOCKS[level]
    for begin in range(start, stop, block):
        end = min(begin + block, stop)
        if left[begin * width : end * width] != right[begin * width : end * width]:
            yield from _differing(left, right, width, begin, end, level + 1)
