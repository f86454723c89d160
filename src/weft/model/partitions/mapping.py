"""Mappings: which upstream partitions a downstream one reads, and the way back.

A mapping is a relation between the ordinals of two definitions, restricted to what exists at `now`. None in place of
a definition means not partitioned, with the one ordinal 0. For existing partitions, `u in upstream({d})` exactly if
`d in downstream({u})`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from weft.model.partition_set import PartitionSet
from weft.model.partitions import snapshots
from weft.model.partitions.dimension_mapping import DimensionMapping, DimensionPair
from weft.model.partitions.keyed import DynamicPartitions, StaticPartitions
from weft.model.partitions.multi import MultiPartitions
from weft.model.partitions.protocol import Json, Partitions, PartitionsError
from weft.model.partitions.relation import PartitionMapping, described, existing, ordinals_of
from weft.model.partitions.time_mapping import TimeWindowMapping, shift_between
from weft.model.partitions.windows import TimePartitions


@dataclass(frozen=True, slots=True)
class IdentityMapping(PartitionMapping):
    """A partition reads the one with the same key; `2024-01-05` reads `2024-01-05`."""

    kind: ClassVar[str] = "identity"

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the upstream partitions with the same keys."""
        return _same_keys(ordinals, down, up) & existing(up, now)

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the downstream partitions with the same keys."""
        return _same_keys(ordinals & existing(up, now), up, down) & existing(down, now)

    def is_identity(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether the definitions are the same."""
        return down == up

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most, so that a reader gets the value itself."""
        return True

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return a message when the definitions have no keys in common by their nature."""
        keyed = (StaticPartitions, DynamicPartitions)
        if down is None or up is None:
            fits = down is up
        elif isinstance(down, TimePartitions) and isinstance(up, TimePartitions):
            fits = down.cadence == up.cadence
        elif isinstance(down, MultiPartitions) and isinstance(up, MultiPartitions):
            fits = down.names == up.names
        else:
            fits = isinstance(down, keyed) and isinstance(up, keyed)
        if fits:
            return None
        return (
            f"IdentityMapping relates equal keys, but {described(down)} and {described(up)} have none in common. "
            "Use TimeWindowMapping between grains of time, AllMapping, StaticMapping or DimensionMapping."
        )

    def snapshot(self) -> dict[str, Json]:
        """Return the kind."""
        return {"kind": self.kind}


@dataclass(frozen=True, slots=True)
class AllMapping(PartitionMapping):
    """Each partition reads all upstream ones that exist."""

    kind: ClassVar[str] = "all"

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return all that exist upstream, unless `ordinals` is empty."""
        return existing(up, now) if ordinals else ordinals

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return all that exist downstream, unless none of `ordinals` exists."""
        return PartitionSet.empty() if ordinals.isdisjoint(existing(up, now)) else existing(down, now)

    def is_identity(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether neither side has partitions."""
        return down is None and up is None

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return None: any two definitions can be related so."""
        return None

    def snapshot(self) -> dict[str, Json]:
        """Return the kind."""
        return {"kind": self.kind}


@dataclass(frozen=True, slots=True)
class LastMapping(PartitionMapping):
    """Each partition reads the last upstream one that exists: the latest day, the key added last."""

    kind: ClassVar[str] = "last"

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the last that exists upstream, unless `ordinals` is empty."""
        return _last(existing(up, now)) if ordinals else ordinals

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return all that exist downstream if the last upstream one is among `ordinals`."""
        return PartitionSet.empty() if ordinals.isdisjoint(_last(existing(up, now))) else existing(down, now)

    def is_identity(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether neither side has partitions."""
        return down is None and up is None

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most, so that a reader gets the value itself."""
        return True

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return None: any two definitions can be related so."""
        return None

    def snapshot(self) -> dict[str, Json]:
        """Return the kind."""
        return {"kind": self.kind}


@dataclass(frozen=True, slots=True)
class SpecificMapping(PartitionMapping):
    """Each partition reads the same upstream ones, named by key: `SpecificMapping(["2024-01-05"])`."""

    kind: ClassVar[str] = "specific"
    keys: tuple[str, ...]

    def __init__(self, keys: Iterable[str]) -> None:
        """Keep the keys; PartitionsError when there is none."""
        listed = (keys,) if isinstance(keys, str) else tuple(keys)
        if not listed:
            raise PartitionsError("SpecificMapping: keys is empty.", remedy="Name at least one upstream partition.")
        object.__setattr__(self, "keys", listed)

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the named ones, unless `ordinals` is empty."""
        return ordinals_of(up, list(self.keys)) & existing(up, now) if ordinals else ordinals

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return all that exist downstream if one of the named ones is among `ordinals`."""
        named = ordinals_of(up, list(self.keys)) & existing(up, now)
        return PartitionSet.empty() if ordinals.isdisjoint(named) else existing(down, now)

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most, so that a reader gets the value itself."""
        return len(self.keys) == 1

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return a message when the upstream side has no keys, or not these."""
        if up is None:
            return "SpecificMapping names upstream partitions, but upstream has none. Leave the mapping out."
        if up.dynamic_names():
            return None  # their keys may come later
        unknown = [key for key in self.keys if up.find(key) is None]
        return f"SpecificMapping: {up.unknown(unknown[0])}" if unknown else None

    def snapshot(self) -> dict[str, Json]:
        """Return the keys."""
        return {"kind": self.kind, "keys": list(self.keys)}


@dataclass(frozen=True, slots=True)
class StaticMapping(PartitionMapping):
    """A partition reads the upstream ones that a table names: `StaticMapping({"europe": ["at", "de"], "asia": "jp"})`.

    A downstream key that is not in the table reads nothing.
    """

    kind: ClassVar[str] = "static"
    table: tuple[tuple[str, tuple[str, ...]], ...]
    _rows: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __init__(self, table: Mapping[str, str | Iterable[str]]) -> None:
        """Keep, for each downstream key, the upstream keys that it reads."""
        rows = {down: (ups,) if isinstance(ups, str) else tuple(ups) for down, ups in table.items()}
        object.__setattr__(self, "table", tuple(rows.items()))
        object.__setattr__(self, "_rows", rows)

    def upstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return what the rows of the table name for the keys of `ordinals`."""
        if down is None:
            return PartitionSet.empty()
        if len(ordinals) <= len(self._rows):
            keys = down.keys(ordinals)
        else:
            found = zip(self._rows, down.ordinals(self._rows), strict=True)
            keys = [key for key, ordinal in found if ordinal is not None and ordinal in ordinals]
        return ordinals_of(up, [each for key in keys for each in self._rows.get(key, ())]) & existing(up, now)

    def downstream(
        self, ordinals: PartitionSet, down: Partitions | None, up: Partitions | None, now: datetime
    ) -> PartitionSet:
        """Return the partitions whose row of the table names some of `ordinals`."""
        if up is None:
            return PartitionSet.empty()
        ordinals &= up.universe(now)
        named = list(dict.fromkeys(key for _, ups in self.table for key in ups))
        read = {
            key for key, each in zip(named, up.ordinals(named), strict=True) if each is not None and each in ordinals
        }
        return ordinals_of(down, [key for key, ups in self.table if not read.isdisjoint(ups)]) & existing(down, now)

    def reads_one(self, down: Partitions | None, up: Partitions | None) -> bool:
        """Tell whether each partition reads one at the most, so that a reader gets the value itself."""
        return all(len(each) == 1 for _, each in self.table)

    def validate(self, down: Partitions | None, up: Partitions | None) -> str | None:
        """Return a message when a side has no keys, or not those of the table."""
        if down is None or up is None:
            return "StaticMapping relates keys, but one side has no partitions. Use AllMapping or SpecificMapping."
        named = [key for _, ups in self.table for key in ups]
        for side, keys in ((down, list(self._rows)), (up, named)):
            if side.dynamic_names():
                continue
            unknown = [key for key, ordinal in zip(keys, side.ordinals(keys), strict=True) if ordinal is None]
            if unknown:
                return f"StaticMapping: {side.unknown(unknown[0])}"
        return None

    def snapshot(self) -> dict[str, Json]:
        """Return the table."""
        return {"kind": self.kind, "table": {down: list(ups) for down, ups in self.table}}


def default_mapping(down: Partitions | None, up: Partitions | None) -> PartitionMapping | None:
    """Return how two definitions are related when nothing is said; None when nobody can tell (a mismatch).

    The same definition: by identity. One side without partitions: all. Two of time: by windows. Several dimensions:
    by those that have the same name or the same definition, or the only one about time.
    """
    if down is None or up is None:
        return IdentityMapping() if down is up else AllMapping()
    if type(down) is type(up) and down.fingerprint == up.fingerprint:
        return IdentityMapping()
    if isinstance(down, TimePartitions) and isinstance(up, TimePartitions):
        return TimeWindowMapping()
    if isinstance(down, MultiPartitions) and isinstance(up, MultiPartitions):
        return _between_dimensions(down, up)
    if isinstance(down, MultiPartitions):
        name = _dimension_like(down, up)
        return None if name is None else DimensionMapping([DimensionPair(down=name)])
    if isinstance(up, MultiPartitions):
        name = _dimension_like(up, down)
        return None if name is None else DimensionMapping([DimensionPair(up=name)])
    return None


def dimension_default(down: Partitions, up: Partitions) -> PartitionMapping | None:
    """Return how two dimensions that were named as a pair are related: as by default, else by equal keys."""
    found = default_mapping(down, up)
    if found is None and IdentityMapping().validate(down, up) is None:
        return IdentityMapping()
    return found


def mapping_from_snapshot(data: Mapping[str, Json]) -> PartitionMapping:
    """Return the mapping that `PartitionMapping.snapshot` wrote; PartitionsError for any other value."""
    match data.get("kind"):
        case "identity":
            return IdentityMapping()
        case "all":
            return AllMapping()
        case "last":
            return LastMapping()
        case "time_window":
            return TimeWindowMapping(snapshots.number(data, "start_offset"), snapshots.number(data, "end_offset"))
        case "specific":
            return SpecificMapping(snapshots.texts(data.get("keys")))
        case "static":
            table = data.get("table")
            if isinstance(table, Mapping):
                return StaticMapping({key: snapshots.texts(ups) for key, ups in table.items()})
        case "dimension":
            return DimensionMapping([_pair(each) for each in snapshots.sequence(data.get("pairs"))])
    raise PartitionsError(
        f"kind={data.get('kind')!r} is not a kind of mapping.", remedy="A newer version may have written it."
    )


def _pair(data: Json) -> DimensionPair:
    if not isinstance(data, Mapping):
        raise PartitionsError(f"{data!r} is not a pair of dimensions.", remedy="The snapshot is damaged; make it anew.")
    inner = data.get("mapping")
    return DimensionPair(
        down=snapshots.optional_text(data, "down"),
        up=snapshots.optional_text(data, "up"),
        mapping=mapping_from_snapshot(inner) if isinstance(inner, Mapping) else None,
    )


def _last(universe: PartitionSet) -> PartitionSet:
    return PartitionSet.range(universe.last, universe.last + 1) if universe else universe


def _same_keys(ordinals: PartitionSet, source: Partitions | None, target: Partitions | None) -> PartitionSet:
    """Return the ordinals in `target` of the keys that `ordinals` have in `source`."""
    if source is None or target is None:
        return ordinals if source is target else PartitionSet.empty()
    if type(source) is type(target) and source.fingerprint == target.fingerprint:
        return ordinals
    if isinstance(source, TimePartitions) and isinstance(target, TimePartitions) and source.cadence == target.cadence:
        return ordinals.shift(shift_between(source, target))
    return ordinals_of(target, source.keys(ordinals))


def _between_dimensions(down: MultiPartitions, up: MultiPartitions) -> PartitionMapping | None:
    pairs: list[DimensionPair] = []
    for name in down.names:
        if name in up.names:
            if dimension_default(down.dimension(name), up.dimension(name)) is None:
                return None
            pairs.append(DimensionPair(down=name, up=name))
    left = [name for name in up.names if name not in down.names]
    for name in down.names:
        if name in up.names:
            continue
        same = [other for other in left if up.dimension(other).fingerprint == down.dimension(name).fingerprint]
        if same:
            pairs.append(DimensionPair(down=name, up=same[0]))
            left.remove(same[0])
    return DimensionMapping(pairs) if pairs else None


def _dimension_like(several: MultiPartitions, single: Partitions) -> str | None:
    """Return the name of the dimension to which `single` is related."""
    for name, each in several.dimensions:
        if type(each) is type(single) and each.fingerprint == single.fingerprint:
            return name
    timed = [name for name, each in several.dimensions if isinstance(each, TimePartitions)]
    return timed[0] if len(timed) == 1 and isinstance(single, TimePartitions) else None
