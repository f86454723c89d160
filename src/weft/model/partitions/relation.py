"""What every mapping can do, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar

from weft.model.partition_set import PartitionSet
from weft.model.partitions.protocol import Json, Partitions, PartitionsError


class PartitionMapping(ABC):
    """Which upstream partitions a downstream one reads."""

    __slots__ = ()

    kind: ClassVar[str]
    """Names the kind in snapshots."""

    @abstractmethod
    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the partitions of `up`, of those that exist at `now`, that some of the `ordinals` of `down` read."""

    @abstractmethod
    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the partitions of `down`, of those that exist at `now`, that read some of the `ordinals` of `up`.

        Upstream partitions that don't exist at `now` are read by none.
        """

    def upstream_of(self, ordinal: int, down: Partitions | None, up: Partitions | None, now: datetime) -> PartitionSet:
        """Return the partitions of `up`, of those that exist at `now`, that one partition of `down` reads."""
        return self.upstream(PartitionSet.range(ordinal, ordinal + 1), down, up, now)

    def is_identity(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads the one with its own ordinal, and both have the same ones at any time."""
        return False

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most, so that a reader gets the value itself."""
        return up is None

    @abstractmethod
    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return why the mapping cannot relate the two definitions and what to do; None if it can."""

    @abstractmethod
    def snapshot(self) -> dict[str, Json]:
        """Return the mapping as JSON values."""


_ALONE = PartitionSet.range(0, 1)


def existing(partitions: Partitions | None, now: datetime) -> PartitionSet:
    """Return what exists at `now`; {0} for what has no partitions."""
    return _ALONE if partitions is None else partitions.universe(now)


def described(partitions: Partitions | None) -> str:
    """Return a definition for a message."""
    return "no partitions" if partitions is None else partitions.describe()


def refuse(mapping: PartitionMapping, down: Partitions | None, up: Partitions | None) -> PartitionsError:
    """Return the error for a mapping that was used on definitions that it cannot relate."""
    reason = mapping.validate(down, up)
    return PartitionsError(reason or f"{mapping} cannot relate {described(down)} to {described(up)}.")


def key_of(partitions: Partitions | None, ordinal: int) -> str | None:
    """Return the key of a partition; None for what has no partitions."""
    return None if partitions is None else partitions.key(ordinal)


def ordinals_of(partitions: Partitions | None, keys: list[str]) -> PartitionSet:
    """Return the ordinals of those `keys` that the definition has."""
    if partitions is None:
        return PartitionSet.empty()
    return PartitionSet.of([each for each in partitions.ordinals(keys) if each is not None])
