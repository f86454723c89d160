"""The mapping between definitions of which at least one has several dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from weft.model.partition_set import PartitionSet
from weft.model.partitions.multi import MultiPartitions
from weft.model.partitions.protocol import Json, Partitions, PartitionsError
from weft.model.partitions.relation import PartitionMapping, described, refuse

_ONLY = ""
"""Names the one dimension of a definition that has no names for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DimensionPair:
    """A dimension of the downstream definition, the upstream one that it reads, and how.

    A definition with only one dimension has no name for it: None. Without a mapping the default one is used.
    """

    down: str | None = None
    up: str | None = None
    mapping: PartitionMapping | None = None


@dataclass(frozen=True, slots=True)
class _Resolved:
    """A pair with the definitions of its two dimensions and a mapping."""

    down_name: str
    up_name: str
    down: Partitions
    up: Partitions
    mapping: PartitionMapping


@dataclass(frozen=True, slots=True)
class DimensionMapping(PartitionMapping):
    """Dimensions are related one by one, by name; of upstream dimensions that are not named, all partitions are read.

    The dimensions are given as names that both sides share (`DimensionMapping(["date", "symbol"])`), as names with a
    mapping (`DimensionMapping({"date": TimeWindowMapping(start_offset=-1, end_offset=-1)})`), or as `DimensionPair`s
    where names differ. Where one side has a single dimension, the name is that of the other side's: with
    `DimensionMapping("date")`, `2024-01-05` reads `2024-01-05|AAPL` and `2024-01-05|IBM`.
    """

    kind: ClassVar[str] = "dimension"
    pairs: tuple[DimensionPair, ...]

    def __init__(
        self, dimensions: str | Mapping[str, PartitionMapping | str | None] | Iterable[str | DimensionPair]
    ) -> None:
        """Keep the pairs of dimensions; PartitionsError when there is none."""
        pairs: list[DimensionPair] = []
        if isinstance(dimensions, str):
            pairs.append(DimensionPair(down=dimensions, up=dimensions))
        elif isinstance(dimensions, Mapping):
            for name, how in dimensions.items():
                other = how if isinstance(how, str) else name
                pairs.append(DimensionPair(down=name, up=other, mapping=None if isinstance(how, str) else how))
        else:
            pairs += [DimensionPair(down=each, up=each) if isinstance(each, str) else each for each in dimensions]
        if not pairs:
            raise PartitionsError("DimensionMapping: dimensions is empty.", remedy="Name one, or use AllMapping().")
        object.__setattr__(self, "pairs", tuple(pairs))

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the products of what each dimension reads."""
        resolved = self._resolve(down, up)
        if isinstance(resolved, str) or down is None or up is None:
            raise refuse(self, down, up)
        every = {name: each.universe(now) for name, each in _dimensions(up).items()}
        found = PartitionSet.empty()
        for rectangle in _rectangles(down, ordinals):
            read = dict(every)
            for pair in resolved:
                mapped = pair.mapping.upstream(rectangle[pair.down_name], pair.down, pair.up, now)
                read[pair.up_name] = read[pair.up_name] & mapped
            found |= _product(up, read)
        return found

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the products of what reads each dimension."""
        resolved = self._resolve(down, up)
        if isinstance(resolved, str) or down is None or up is None:
            raise refuse(self, down, up)
        every = {name: each.universe(now) for name, each in _dimensions(down).items()}
        found = PartitionSet.empty()
        for rectangle in _rectangles(up, ordinals & up.universe(now)):
            readers = dict(every)
            for pair in resolved:
                mapped = pair.mapping.downstream(rectangle[pair.up_name], pair.down, pair.up, now)
                readers[pair.down_name] = readers[pair.down_name] & mapped
            found |= _product(down, readers)
        return found

    def is_identity(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether the definitions are the same and each dimension is related to itself by an identity."""
        if down is None or down != up:
            return False
        resolved = self._resolve(down, up)
        if isinstance(resolved, str) or {each.down_name for each in resolved} != set(_dimensions(down)):
            return False
        return all(each.down_name == each.up_name and each.mapping.is_identity(each.down, each.up) for each in resolved)

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most: every dimension of what is read is settled by a pair."""
        resolved = self._resolve(down, up)
        if isinstance(resolved, str) or up is None or {each.up_name for each in resolved} != set(_dimensions(up)):
            return False
        return all(each.mapping.reads_one(each.down, each.up) for each in resolved)

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return a message when a dimension is missing or cannot be related."""
        resolved = self._resolve(down, up)
        if isinstance(resolved, str):
            return resolved
        for each in resolved:
            message = each.mapping.validate(each.down, each.up)
            if message is not None:
                return f"DimensionMapping, {each.down_name or 'downstream'} to {each.up_name or 'upstream'}: {message}"
        return None

    def snapshot(self) -> dict[str, Json]:
        """Return the pairs."""
        pairs: list[Json] = [
            {"down": each.down, "up": each.up, "mapping": None if each.mapping is None else each.mapping.snapshot()}
            for each in self.pairs
        ]
        return {"kind": self.kind, "pairs": pairs}

    def _resolve(self, down: Partitions | None, up: Partitions | None) -> list[_Resolved] | str:
        """Return the pairs with their definitions, or what is wrong with them."""
        from weft.model.partitions import mapping as mappings

        if down is None or up is None:
            return "DimensionMapping relates dimensions, but one side has no partitions. Use AllMapping."
        downs, ups = _dimensions(down), _dimensions(up)
        resolved: list[_Resolved] = []
        for pair in self.pairs:
            down_name = _ONLY if _ONLY in downs else pair.down or ""
            up_name = _ONLY if _ONLY in ups else pair.up or ""
            for name, known, whole in ((down_name, downs, down), (up_name, ups, up)):
                if name not in known:
                    names = ", ".join(known)
                    return f"DimensionMapping: {described(whole)} has no dimension {name!r}. Use one of {names}."
            how = pair.mapping or mappings.dimension_default(downs[down_name], ups[up_name])
            if how is None:
                return (
                    f"DimensionMapping: there is no default mapping from {described(downs[down_name])} to "
                    f"{described(ups[up_name])}. Name one, such as StaticMapping or AllMapping."
                )
            resolved.append(_Resolved(down_name, up_name, downs[down_name], ups[up_name], how))
        return resolved


def _dimensions(partitions: Partitions) -> dict[str, Partitions]:
    return dict(partitions.dimensions) if isinstance(partitions, MultiPartitions) else {_ONLY: partitions}


def _rectangles(partitions: Partitions, ordinals: PartitionSet) -> list[dict[str, PartitionSet]]:
    if not ordinals:
        return []
    return partitions.rectangles(ordinals) if isinstance(partitions, MultiPartitions) else [{_ONLY: ordinals}]


def _product(partitions: Partitions, sets: Mapping[str, PartitionSet]) -> PartitionSet:
    return partitions.product(sets) if isinstance(partitions, MultiPartitions) else sets[_ONLY]
