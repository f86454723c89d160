"""Immutable sets of partition ordinals, cheap both when they are ranges and when they are fragmented.

A set is held in one of two forms, and turned from one to the other when an operation is better off there:

- *bounds*: a flat, strictly increasing tuple `(start, stop, start, stop, …)`; what nearly every set is: all days of ten
  years are two numbers. Operations cost the number of ranges.
- *bits*: one Python integer whose bit `n` says whether ordinal `n` is in the set. Operations cost the extent divided
  by 64, in C: a million ordinals are 125 kB, and half a million separate ranges combine in microseconds.

The way between them is a property of prefix sums: `bits ^ (bits << 1)` has a bit exactly where a range starts or
stops, and the exclusive-or of all lower bits of *that* gives `bits` back, which doubling shifts compute in a
logarithmic number of steps.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, compress, count, repeat

Bounds = tuple[int, ...]

# From this many bounds on, two sets of ranges are combined as bits, if they are dense enough for it.
_FRAGMENTED = 512
# At most this many bits are spent for each bound; sparser sets stay ranges.
_BITS_PER_BOUND = 1024
_ZERO_ONE = bytes.maketrans(b"01", b"\x00\x01")


class PartitionSet:
    """An immutable, hashable set of ordinals (integers from 0 on).

    Example:
        >>> days = PartitionSet.range(0, 365) - PartitionSet.of([3, 4])
        >>> days.encode()
        [[0, 3], [5, 365]]
    """

    __slots__ = ("_bits", "_bounds", "_length")

    _bounds: Bounds | None
    _bits: int | None
    _length: int

    def __init__(self, ordinals: Iterable[int] = ()) -> None:
        """Hold `ordinals`, in any order; ValueError for a negative one."""
        made = PartitionSet.of(ordinals)
        self._bounds, self._bits, self._length = made._bounds, made._bits, made._length

    @classmethod
    def empty(cls) -> PartitionSet:
        """Return the set without ordinals."""
        return _EMPTY

    @classmethod
    def range(cls, start: int, stop: int) -> PartitionSet:
        """Return the ordinals from `start` to before `stop`, none if `stop <= start`; ValueError if negative."""
        if stop <= start:
            return _EMPTY
        if start < 0:
            raise ValueError(f"ordinals begin at 0, but the range starts at {start}")
        return _of_bounds((start, stop))

    @classmethod
    def of(cls, ordinals: Iterable[int]) -> PartitionSet:
        """Return the set of `ordinals`, in any order, repeated or not; quickest when sorted. ValueError if negative."""
        if isinstance(ordinals, PartitionSet):
            return ordinals
        if isinstance(ordinals, range) and ordinals.step == 1:
            return cls.range(ordinals.start, ordinals.stop)
        listed = ordinals if isinstance(ordinals, (list, tuple, range)) else list(ordinals)
        if not listed:
            return _EMPTY
        if listed[-1] - listed[0] + 1 == len(listed) and list(listed) == list(range(listed[0], listed[-1] + 1)):
            return cls.range(listed[0], listed[-1] + 1)
        lowest, highest = min(listed), max(listed)
        if lowest < 0:
            raise ValueError(f"ordinals begin at 0, but {lowest} was given")
        if len(listed) > _FRAGMENTED and highest < len(listed) * _BITS_PER_BOUND // 4:
            return _of_bits(_bits_of_positions(listed, highest + 1))
        return _of_bounds(_coalesce((each, each + 1) for each in sorted(listed)))

    @classmethod
    def from_ranges(cls, pairs: Iterable[Sequence[int]]) -> PartitionSet:
        """Return the union of half-open `[start, stop)` pairs, in any order; ValueError if negative or reversed."""
        ranges: list[tuple[int, int]] = []
        for start, stop in pairs:
            if not 0 <= start <= stop:
                raise ValueError(f"a range must have 0 <= start <= stop, but [{start}, {stop}) was given")
            if start < stop:
                ranges.append((start, stop))
        ranges.sort()
        return _of_bounds(_coalesce(ranges))

    @classmethod
    def from_bits(cls, bits: int) -> PartitionSet:
        """Return the ordinals whose bits are set in `bits`, a non-negative integer."""
        if bits < 0:
            raise ValueError("bits must not be negative")
        return _of_bits(bits)

    @classmethod
    def decode(cls, encoded: Iterable[Sequence[int]]) -> PartitionSet:
        """Return the set that `encode` wrote."""
        return cls.from_ranges(encoded)

    def encode(self) -> list[list[int]]:
        """Return the set as a list of `[start, stop]` pairs, half-open and in order, fit for JSON."""
        bounds = self._as_bounds()
        return [[start, stop] for start, stop in zip(bounds[::2], bounds[1::2], strict=True)]

    def ranges(self) -> list[tuple[int, int]]:
        """Return the maximal half-open ranges `(start, stop)`, in order."""
        bounds = self._as_bounds()
        return list(zip(bounds[::2], bounds[1::2], strict=True))

    def bits(self) -> int:
        """Return the integer whose bit `n` tells whether ordinal `n` is in the set; extent / 8 bytes large."""
        bits = self._bits
        if bits is None:
            bits = self._bits = _bits_of_bounds(self._as_bounds())
        return bits

    @property
    def is_range(self) -> bool:
        """Whether the ordinals follow each other without a gap (also when there are none)."""
        return not self or self.last - self.first + 1 == self._length

    @property
    def first(self) -> int:
        """The lowest ordinal; ValueError when there is none."""
        if self._bounds:
            return self._bounds[0]
        if self._bits:
            return (self._bits & -self._bits).bit_length() - 1
        raise ValueError("an empty set of partitions has no first ordinal")

    @property
    def last(self) -> int:
        """The highest ordinal; ValueError when there is none."""
        if not self._length:
            raise ValueError("an empty set of partitions has no last ordinal")
        return self._extent() - 1

    def take(self, limit: int) -> PartitionSet:
        """Return the first `limit` ordinals, or all if there are fewer."""
        if limit >= self._length:
            return self
        kept: list[int] = []
        for start, stop in self.ranges():
            if limit <= 0:
                break
            stop = min(stop, start + limit)
            kept += (start, stop)
            limit -= stop - start
        return _of_bounds(tuple(kept))

    def shift(self, offset: int) -> PartitionSet:
        """Return each ordinal plus `offset`; what would become negative is left out."""
        if not offset or not self._length:
            return self
        bounds = self._bounds
        if bounds is None or (self._bits is not None and len(bounds) > _FRAGMENTED):
            bits = self.bits()
            return _of_bits(bits << offset if offset > 0 else bits >> -offset)
        kept = _clip(bounds, -offset, bounds[-1]) if offset < 0 else bounds
        return _of_bounds(tuple([bound + offset for bound in kept]))

    def isdisjoint(self, other: PartitionSet) -> bool:
        """Tell whether no ordinal is in both."""
        return not (self & other)

    def __and__(self, other: PartitionSet) -> PartitionSet:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        if not self._length or not other._length:
            return _EMPTY
        if self is other or (self._bounds is not None and self._bounds == other._bounds):
            return self
        if _better_as_bits(self, other):
            return _of_bits(self.bits() & other.bits())
        mine, others = self._as_bounds(), other._as_bounds()
        if len(others) == 2:
            if others[0] <= mine[0] and mine[-1] <= others[1]:
                return self
            return _of_bounds(_clip(mine, others[0], others[1]))
        if len(mine) == 2:
            return _of_bounds(_clip(others, mine[0], mine[1]))
        return _of_bounds(_intersect(mine, others))

    def __or__(self, other: PartitionSet) -> PartitionSet:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        if not self._length:
            return other
        if not other._length or self is other or (self._bounds is not None and self._bounds == other._bounds):
            return self
        if _better_as_bits(self, other):
            return _of_bits(self.bits() | other.bits())
        mine, others = self._as_bounds(), other._as_bounds()
        if len(others) == 2:
            return _of_bounds(_insert(mine, others[0], others[1]))
        if len(mine) == 2:
            return _of_bounds(_insert(others, mine[0], mine[1]))
        return _of_bounds(_coalesce(sorted(self.ranges() + other.ranges())))

    def __sub__(self, other: PartitionSet) -> PartitionSet:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        if not self._length or not other._length:
            return self
        if self is other or (self._bounds is not None and self._bounds == other._bounds):
            return _EMPTY
        if _better_as_bits(self, other):
            mine = self.bits()
            return _of_bits(mine ^ (mine & other.bits()))
        bounds, others = self._as_bounds(), other._as_bounds()
        if others[0] >= bounds[-1] or others[-1] <= bounds[0]:
            return self
        if len(others) == 2:
            return _of_bounds(_clip(bounds, 0, others[0]) + _clip(bounds, others[1], bounds[-1]))
        outside = others[1:] if others[0] == 0 else (0, *others)
        outside = (*outside, max(bounds[-1], others[-1] + 1))
        return _of_bounds(_intersect(bounds, outside))

    def __le__(self, other: PartitionSet) -> bool:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        return self._length <= other._length and len(self & other) == self._length

    def __lt__(self, other: PartitionSet) -> bool:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        return self._length < other._length and self <= other

    def __ge__(self, other: PartitionSet) -> bool:
        return other.__le__(self)

    def __gt__(self, other: PartitionSet) -> bool:
        return other.__lt__(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PartitionSet):
            return NotImplemented
        if self is other:
            return True
        if self._length != other._length:
            return False
        if self._bounds is not None and other._bounds is not None:
            return self._bounds == other._bounds
        return self._extent() == other._extent() and self.bits() == other.bits()

    def __hash__(self) -> int:
        # Equal sets in different forms must hash alike, so only what both forms know at once counts.
        return hash((self._length, self.first, self.last)) if self._length else 0

    def __contains__(self, ordinal: object) -> bool:
        return isinstance(ordinal, int) and bisect_right(self._as_bounds(), ordinal) & 1 == 1

    def __len__(self) -> int:
        return self._length

    def __bool__(self) -> bool:
        return self._length > 0

    def __iter__(self) -> Iterator[int]:
        bounds = self._bounds
        if bounds is None or (len(bounds) > _FRAGMENTED and bounds[-1] < 16 * len(bounds)):
            return iter(_positions_of_bits(self.bits()))
        if len(bounds) == 2:
            return iter(range(bounds[0], bounds[1]))
        return chain.from_iterable(map(range, bounds[::2], bounds[1::2]))

    def __repr__(self) -> str:
        ranges = self.ranges()
        shown = [str(start) if stop == start + 1 else f"{start}..{stop - 1}" for start, stop in ranges[:8]]
        more = f", … {len(ranges) - 8} more ranges" if len(ranges) > 8 else ""
        return f"PartitionSet({', '.join(shown)}{more})"

    def _as_bounds(self) -> Bounds:
        bounds = self._bounds
        if bounds is None:
            bits = self.bits()
            bounds = self._bounds = tuple(_positions_of_bits(bits ^ (bits << 1)))
        return bounds

    def _extent(self) -> int:
        """The highest ordinal plus one; 0 for the empty set."""
        if self._bounds is not None:
            return self._bounds[-1] if self._bounds else 0
        return self.bits().bit_length()


def _of_bounds(bounds: Bounds) -> PartitionSet:
    made = PartitionSet.__new__(PartitionSet)
    made._bounds = bounds
    made._bits = None
    made._length = bounds[1] - bounds[0] if len(bounds) == 2 else sum(bounds[1::2]) - sum(bounds[::2])
    return made


def _of_bits(bits: int) -> PartitionSet:
    made = PartitionSet.__new__(PartitionSet)
    made._bounds = None if bits else ()
    made._bits = bits
    made._length = bits.bit_count()
    return made


def _better_as_bits(one: PartitionSet, two: PartitionSet) -> bool:
    mine, others = one._bounds, two._bounds
    if mine is not None and others is not None:
        total = len(mine) + len(others)
        if total <= _FRAGMENTED or len(mine) == 2 or len(others) == 2:
            return False
        return max(mine[-1], others[-1]) < total * _BITS_PER_BOUND
    # One of them is bits already; only a far larger partner makes it worth while to take its ranges instead.
    smallest = min(each._extent() for each in (one, two) if each._bounds is None)
    return max(one._extent(), two._extent()) <= 64 * smallest + (1 << 20)


def _coalesce(ranges: Iterable[tuple[int, int]]) -> Bounds:
    """Join touching and overlapping ranges, given in order of their starts."""
    bounds: list[int] = []
    end = -1
    for start, stop in ranges:
        if start > end:
            bounds += (start, stop)
            end = stop
        elif stop > end:
            bounds[-1] = end = stop
    return tuple(bounds)


def _clip(bounds: Bounds, start: int, stop: int) -> Bounds:
    """Return what of `bounds` lies in [start, stop)."""
    if stop <= start:
        return ()
    low, high = bisect_right(bounds, start), bisect_left(bounds, stop)
    head = (start,) if low & 1 else ()
    tail = (stop,) if high & 1 else ()
    return head + bounds[low:high] + tail


def _insert(bounds: Bounds, start: int, stop: int) -> Bounds:
    """Return the union of `bounds` and [start, stop)."""
    low, high = bisect_left(bounds, start), bisect_right(bounds, stop)
    head = () if low & 1 else (start,)
    tail = () if high & 1 else (stop,)
    return bounds[:low] + head + tail + bounds[high:]


def _intersect(mine: Bounds, others: Bounds) -> Bounds:
    if len(mine) > len(others):
        mine, others = others, mine
    if len(others) > 8 * len(mine):
        # A few ranges in many: look each one up rather than walk over all.
        pairs = zip(mine[::2], mine[1::2], strict=True)
        return tuple(chain.from_iterable([_clip(others, start, stop) for start, stop in pairs]))
    bounds: list[int] = []
    one = two = 0
    while one < len(mine) and two < len(others):
        start = max(mine[one], others[two])
        end_one, end_two = mine[one + 1], others[two + 1]
        stop = min(end_one, end_two)
        if start < stop:
            bounds += (start, stop)
        if end_one <= end_two:
            one += 2
        if end_two <= end_one:
            two += 2
    return tuple(bounds)


def _bits_of_bounds(bounds: Bounds) -> int:
    if len(bounds) <= 2:
        return (1 << bounds[1]) - (1 << bounds[0]) if bounds else 0
    extent = bounds[-1]
    bits = _bits_of_positions(bounds, extent + 1)
    distance = 1
    while distance <= extent:
        bits ^= bits << distance
        distance *= 2
    return bits & ((1 << extent) - 1)


def _bits_of_positions(positions: Sequence[int], extent: int) -> int:
    """Return the integer with the bits at `positions` set, all of them below `extent`."""
    if len(positions) * 32 < extent:
        packed = bytearray((extent >> 3) + 1)
        for position in positions:
            packed[position >> 3] |= 1 << (position & 7)
        return int.from_bytes(packed, "little")
    # A digit per ordinal, highest first; int() of a power of two base is linear.
    digits = bytearray(b"0") * extent
    deque(map(digits.__setitem__, map((extent - 1).__sub__, positions), repeat(49)), maxlen=0)
    return int(digits, 2)


def _positions_of_bits(bits: int) -> Sequence[int]:
    digits = bin(bits)[:1:-1]
    if bits.bit_count() * 16 < len(digits):
        positions: list[int] = []
        found = digits.find("1")
        while found >= 0:
            positions.append(found)
            found = digits.find("1", found + 1)
        return positions
    return list(compress(count(), digits.encode().translate(_ZERO_ONE)))


_EMPTY = _of_bounds(())
