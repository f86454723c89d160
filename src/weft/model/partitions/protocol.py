"""What every definition of partitions can do, and the errors that say what is wrong with one.

A definition gives each of its partitions a *key*, which users, events and storage see, and an *ordinal*, which only
lives beside the definition's fingerprint and makes sets cheap. It is a frozen value: what exists is always asked for
a `now`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from weft.model import errors, partition_set

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


class PartitionsError(errors.UsageError):
    """A definition of partitions that does not make sense, or is used where it cannot be."""

    code = "partitions"


class UnresolvedPartitionsError(PartitionsError):
    """Dynamic partitions were asked for their keys before these were read from the ledger."""

    code = "unresolved-partitions"


class UnknownPartitionError(errors.UsageError):
    """A key that no partition has; `key` is what was asked for and `close` are keys that may have been meant."""

    code = "unknown-partition"

    def __init__(self, message: str, *, key: str, remedy: str | None = None, close: Sequence[str] = ()) -> None:
        """Keep the `key` that is unknown and the keys that are `close` to it."""
        super().__init__(message, remedy=remedy)
        self.key = key
        self.close = tuple(close)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """The time that a partition covers: from `start` to before `end`, both aware datetimes."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class DynamicKeys:
    """The keys ever added to dynamic partitions, in order of addition, and those of them that were removed."""

    keys: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()


class Partitions(ABC):
    """A definition of partitions: which there are, what they are called, what time they cover."""

    __slots__ = ()

    kind: ClassVar[str]
    """Names the kind in snapshots."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A short hash of what gives partitions their ordinals: with the same one, definitions agree on every ordinal.

        The end of a time range is not part of it, because moving it shifts no ordinal.
        """

    @abstractmethod
    def universe(self, now: datetime) -> partition_set.PartitionSet:
        """Return the ordinals of the partitions that exist at `now` (aware)."""

    @abstractmethod
    def key(self, ordinal: int) -> str:
        """Return the key of the partition with `ordinal`; UnknownPartitionError when there can be none."""

    @abstractmethod
    def find(self, key: str) -> int | None:
        """Return the ordinal of `key`, or None when the definition has no such partition, now or later."""

    @abstractmethod
    def unknown(self, key: str) -> UnknownPartitionError:
        """Return the error that explains why `key` is not the key of a partition."""

    @abstractmethod
    def describe(self) -> str:
        """Return one line for people: what the partitions are, without a full stop."""

    @abstractmethod
    def snapshot(self) -> dict[str, Json]:
        """Return the definition as JSON values; `from_snapshot` of the package reads it back."""

    def ordinal(self, key: str) -> int:
        """Return the ordinal of the partition named `key`; UnknownPartitionError if the definition has none."""
        found = self.find(key)
        if found is None:
            raise self.unknown(key)
        return found

    def keys(self, ordinals: Iterable[int]) -> list[str]:
        """Return the keys of `ordinals`, in the same order; a PartitionSet is quickest."""
        return [self.key(each) for each in ordinals]

    def ordinals(self, keys: Iterable[str]) -> list[int | None]:
        """Return the ordinals of `keys`, in the same order; None for one that the definition lacks (orphaned)."""
        return [self.find(each) for each in keys]

    def window(self, ordinal: int) -> TimeWindow | None:
        """Return the time that a partition covers; None where partitions are not about time."""
        return None

    def size(self) -> int | None:
        """Return how many ordinals there can ever be; None if there is no bound."""
        return None

    def position(self, key: str, *, upper: bool) -> int | None:
        """Return the ordinal at which a range ends that is bounded by `key`, `upper` or lower, both ends inclusive.

        A definition in which a bound need not be a partition (a Sunday among sessions) answers with the nearest one
        inside.
        """
        return self.find(key)

    @property
    def growing(self) -> bool:
        """Whether partitions may be added without an end."""
        return False

    def dynamic_names(self) -> frozenset[str]:
        """Return the names of the dynamic partitions that this definition is made of."""
        return frozenset()

    def resolve(self, dynamic: Mapping[str, DynamicKeys]) -> Partitions:
        """Return the definition with the keys of its dynamic partitions; itself when it has none.

        A name that is not in `dynamic` has no keys yet.
        """
        return self


def fingerprint_of(*parts: Json) -> str:
    """Return 16 hexadecimal digits that identify `parts`."""
    import hashlib
    import json

    canonical = json.dumps(parts, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def quoted(keys: Iterable[str]) -> str:
    """Return keys for a message: quoted, separated by commas."""
    return ", ".join(f"'{each}'" for each in keys)


def no_such_ordinal(partitions: Partitions, ordinal: int) -> UnknownPartitionError:
    """Return the error for an ordinal that no partition has."""
    return UnknownPartitionError(
        f"There is no partition with the ordinal {ordinal} in {partitions.describe()}.",
        key=str(ordinal),
        remedy="Ordinals hold only beside the fingerprint of the definition that made them; look the key up again.",
    )
