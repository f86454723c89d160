"""Partitions of two and more dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import prod
from typing import ClassVar

from weft.model import partition_set
from weft.model.partitions import radix
from weft.model.partitions.protocol import (
    DynamicKeys,
    Json,
    Partitions,
    PartitionsError,
    TimeWindow,
    UnknownPartitionError,
    fingerprint_of,
    no_such_ordinal,
)
from weft.model.partitions.windows import TimePartitions

SEPARATOR = "|"


@dataclass(frozen=True, slots=True)
class MultiPartitions(Partitions):
    """One partition for each combination of keys; keys like `2024-01-05|AAPL`, the parts in the order of declaration.

    At most one dimension may grow without an end (time without an end_date, dynamic): it counts slowest in the
    ordinals, so that what comes later never shifts what is there.

    Example:
        >>> dates = DailyPartitions("2024-01-01")
        >>> MultiPartitions({"date": dates, "symbol": StaticPartitions(["AAPL", "IBM"])}).key(3)
        '2024-01-02|IBM'
    """

    kind: ClassVar[str] = "multi"
    dimensions: tuple[tuple[str, Partitions], ...]
    """The dimensions by name, in the order of declaration, which is the order of the parts of a key."""
    _major: int = field(init=False, repr=False, compare=False)
    _widths: tuple[int, ...] | None = field(init=False, repr=False, compare=False)
    _fingerprint: str | None = field(init=False, repr=False, compare=False)

    def __init__(self, dimensions: Mapping[str, Partitions] | Iterable[tuple[str, Partitions]]) -> None:
        """Keep the dimensions; PartitionsError when they are fewer than two, nested, or more than one can grow."""
        listed = tuple(dimensions.items()) if isinstance(dimensions, Mapping) else tuple(dimensions)
        _check(listed)
        growing = [place for place, (_, each) in enumerate(listed) if each.growing]
        timed = [place for place, (_, each) in enumerate(listed) if isinstance(each, TimePartitions)]
        object.__setattr__(self, "dimensions", listed)
        object.__setattr__(self, "_major", (growing or timed or [0])[0])
        object.__setattr__(self, "_widths", None)
        object.__setattr__(self, "_fingerprint", None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the dimensions, in the order of declaration."""
        return tuple(name for name, _ in self.dimensions)

    def dimension(self, name: str) -> Partitions:
        """Return the partitions of one dimension; PartitionsError when there is none of that name."""
        for each, partitions in self.dimensions:
            if each == name:
                return partitions
        raise PartitionsError(
            f"There is no dimension '{name}' in {self.describe()}.", remedy=f"Use one of {', '.join(self.names)}."
        )

    @property
    def order(self) -> tuple[str, ...]:
        """The names of the dimensions in the order in which ordinals count them, the slowest first."""
        names = self.names
        return (names[self._major], *names[: self._major], *names[self._major + 1 :])

    @property
    def widths(self) -> tuple[int, ...]:
        """The sizes of all dimensions but the slowest, in the order of `order`."""
        if self._widths is None:
            sizes = [self.dimension(name).size() for name in self.order[1:]]
            made = tuple(size for size in sizes if size is not None)
            object.__setattr__(self, "_widths", made)
            return made
        return self._widths

    def parts(self, key: str) -> dict[str, str]:
        """Return a key's part for each dimension, by name; UnknownPartitionError if it has another number of them."""
        split = key.split(SEPARATOR)
        if len(split) != len(self.dimensions):
            raise self.unknown(key)
        return dict(zip(self.names, split, strict=True))

    @property
    def fingerprint(self) -> str:
        """A short hash of names, order and fingerprints of the dimensions, and the sizes of all but the slowest."""
        if self._fingerprint is None:
            parts: list[Json] = [[name, each.fingerprint] for name, each in self.dimensions]
            made = fingerprint_of(self.kind, self._major, list(self.widths), *parts)
            object.__setattr__(self, "_fingerprint", made)
            return made
        return self._fingerprint

    @property
    def growing(self) -> bool:
        """Whether one of the dimensions has no end."""
        return any(each.growing for _, each in self.dimensions)

    def universe(self, now: datetime) -> partition_set.PartitionSet:
        """Return all combinations of what exists in each dimension at `now`."""
        return self.product({name: each.universe(now) for name, each in self.dimensions})

    def product(self, sets: Mapping[str, partition_set.PartitionSet]) -> partition_set.PartitionSet:
        """Return all combinations of one set for each dimension, by name."""
        return radix.compose([sets[name] for name in self.order], self.widths)

    def rectangles(self, ordinals: partition_set.PartitionSet) -> list[dict[str, partition_set.PartitionSet]]:
        """Return `ordinals` as products of one set for each dimension, by name, that don't overlap."""
        order = self.order
        return [dict(zip(order, sets, strict=True)) for sets in radix.rectangles(ordinals, self.widths)]

    def project(self, ordinals: partition_set.PartitionSet, name: str) -> partition_set.PartitionSet:
        """Return which partitions of the dimension `name` occur in `ordinals`."""
        return radix.project(ordinals, self.widths, self.order.index(name))

    def size(self) -> int | None:
        """Return the product of the sizes; None when a dimension grows without an end."""
        size = self.dimensions[self._major][1].size()
        return None if size is None else size * prod(self.widths)

    def digits(self, ordinal: int) -> dict[str, int]:
        """Return the ordinal in each dimension, by name."""
        found: dict[str, int] = {}
        order, widths = self.order, self.widths
        for name, width in zip(order[:0:-1], widths[::-1], strict=True):
            ordinal, found[name] = divmod(ordinal, width)
        found[order[0]] = ordinal
        return found

    def key(self, ordinal: int) -> str:
        """Return the parts' keys, joined by `|`."""
        if ordinal < 0 or 0 in self.widths:
            raise no_such_ordinal(self, ordinal)
        digits = self.digits(ordinal)
        return SEPARATOR.join([each.key(digits[name]) for name, each in self.dimensions])

    def keys(self, ordinals: Iterable[int]) -> list[str]:
        """Return the keys of `ordinals`, in the same order."""
        width = prod(self.widths)
        if (
            not isinstance(ordinals, partition_set.PartitionSet)
            or len(ordinals) < max(width // 4, 16)
            or width > 100_000
        ):
            return [self.key(each) for each in ordinals]
        around = [self._around(minor) for minor in range(width)]
        major = self.dimensions[self._major][1]
        majors = radix.project(ordinals, self.widths, 0)
        major_keys = dict(zip(majors, major.keys(majors), strict=True))
        made: list[str] = []
        for start, stop in ordinals.ranges():
            while start < stop:
                place, low = divmod(start, width)
                high = min(width, low + stop - start)
                middle = major_keys[place]
                made += [before + middle + after for before, after in around[low:high]]
                start += high - low
        return made

    def find(self, key: str) -> int | None:
        """Return the ordinal of a key; None when it has another number of parts or one is unknown."""
        split = key.split(SEPARATOR)
        if len(split) != len(self.dimensions):
            return None
        digits: dict[str, int] = {}
        for part, (name, each) in zip(split, self.dimensions, strict=True):
            found = each.find(part)
            if found is None:
                return None
            digits[name] = found
        return self._number(digits)

    def ordinals(self, keys: Iterable[str]) -> list[int | None]:
        """Return the ordinals of `keys`, in the same order; None for one that the definition does not have."""
        split = [key.split(SEPARATOR) for key in keys]
        known: list[dict[str, int | None]] = []
        for place, (_, each) in enumerate(self.dimensions):
            column = list(dict.fromkeys([parts[place] for parts in split if len(parts) == len(self.dimensions)]))
            known.append(dict(zip(column, each.ordinals(column), strict=True)))
        weights = self._weights()
        made: list[int | None] = []
        for parts in split:
            total: int | None = 0 if len(parts) == len(known) else None
            for part, found, weight in zip(parts, known, weights, strict=False):
                digit = found[part] if total is not None else None
                total = None if digit is None or total is None else total + digit * weight
            made.append(total)
        return made

    def window(self, ordinal: int) -> TimeWindow | None:
        """Return the window of the one dimension that is about time; None when there is none, or several."""
        timed = [(name, each) for name, each in self.dimensions if isinstance(each, TimePartitions)]
        if len(timed) != 1:
            return None
        return timed[0][1].window(self.digits(ordinal)[timed[0][0]])

    def unknown(self, key: str) -> UnknownPartitionError:
        """Return the error that says which part of the key is unknown, or that it has another number of parts."""
        split = key.split(SEPARATOR)
        if len(split) != len(self.dimensions):
            return UnknownPartitionError(
                f"There is no partition '{key}' in {self.describe()}.",
                key=key,
                remedy=f"A key has {len(self.dimensions)} parts, joined by '|': {SEPARATOR.join(self.names)}.",
            )
        for part, (name, each) in zip(split, self.dimensions, strict=True):
            if each.find(part) is None:
                error = each.unknown(part)
                close = [SEPARATOR.join(_replaced(split, self.names.index(name), other)) for other in error.close]
                return UnknownPartitionError(
                    f"There is no partition '{key}', because of its {name}: {error.message}",
                    key=key,
                    remedy=error.remedy,
                    close=close,
                )
        return no_such_ordinal(self, -1)

    def dynamic_names(self) -> frozenset[str]:
        """Return the names of the dynamic dimensions' definitions."""
        return frozenset().union(*[each.dynamic_names() for _, each in self.dimensions])

    def resolve(self, dynamic: Mapping[str, DynamicKeys]) -> MultiPartitions:
        """Return the definition with the keys of its dynamic dimension; itself without one."""
        if not self.dynamic_names():
            return self
        for name in self.dynamic_names():
            for key in dynamic.get(name, DynamicKeys()).keys:
                if SEPARATOR in key:
                    raise _separator_error(key, f"of the dynamic partitions '{name}'")
        return MultiPartitions([(name, each.resolve(dynamic)) for name, each in self.dimensions])

    def describe(self) -> str:
        """Return one line: each dimension."""
        return " by ".join(f"{name}: {each.describe()}" for name, each in self.dimensions)

    def snapshot(self) -> dict[str, Json]:
        """Return the dimensions in their order."""
        return {"kind": self.kind, "dimensions": [[name, each.snapshot()] for name, each in self.dimensions]}

    def _weights(self) -> list[int]:
        """What one step in each dimension counts, in the order of declaration."""
        order, widths = self.order, self.widths
        weights = {name: prod(widths[place:]) for place, name in enumerate(order)}
        return [weights[name] for name in self.names]

    def _number(self, digits: Mapping[str, int]) -> int:
        return sum(digits[name] * weight for name, weight in zip(self.names, self._weights(), strict=True))

    def _around(self, minor: int) -> tuple[str, str]:
        """Return what stands before and after the slowest dimension's part in a key."""
        digits = self.digits(minor)
        parts = [
            each.key(digits[name]) if place != self._major else "" for place, (name, each) in enumerate(self.dimensions)
        ]
        before = "".join(part + SEPARATOR for part in parts[: self._major])
        after = "".join(SEPARATOR + part for part in parts[self._major + 1 :])
        return before, after


def _check(listed: tuple[tuple[str, Partitions], ...]) -> None:
    kind = "MultiPartitions"
    if len(listed) < 2:
        raise PartitionsError(
            f"{kind}: dimensions has {len(listed)} of them.",
            remedy="Give two or more, or use the one definition alone.",
        )
    for name, each in listed:
        if not isinstance(name, str) or not name.isidentifier():
            raise PartitionsError(
                f"{kind}: the dimension {name!r} has no usable name.", remedy="Use an identifier, such as 'date'."
            )
        if not isinstance(each, Partitions) or isinstance(each, MultiPartitions):
            raise PartitionsError(
                f"{kind}: the dimension '{name}' is {type(each).__name__}.",
                remedy="Each dimension must be a definition of partitions that has itself one dimension.",
            )
        for key in _fixed_keys(each):
            if SEPARATOR in key:
                raise _separator_error(key, f"of the dimension '{name}'")
    names = [name for name, _ in listed]
    if len(set(names)) < len(names):
        raise PartitionsError(f"{kind}: two dimensions have the same name in {names}.", remedy="Name each once.")
    growing = [name for name, each in listed if each.growing]
    if len(growing) > 1:
        raise PartitionsError(
            f"{kind}: the dimensions {' and '.join(growing)} both grow without an end.",
            remedy="Only one may: give the others an end_date, or fixed keys.",
        )


def _fixed_keys(partitions: Partitions) -> tuple[str, ...]:
    from weft.model.partitions import keyed

    if isinstance(partitions, keyed.StaticPartitions):
        return partitions.partition_keys
    if isinstance(partitions, keyed.DynamicPartitions) and partitions.added is not None:
        return partitions.added.keys
    return ()


def _separator_error(key: str, where: str) -> PartitionsError:
    return PartitionsError(
        f"The key '{key}' {where} contains '|', which separates the dimensions of a key.",
        remedy="Use another character.",
    )


def _replaced(parts: list[str], place: int, part: str) -> list[str]:
    return [*parts[:place], part, *parts[place + 1 :]]
