"""From the inputs that a body names to the graph's dependencies: duplicates joined and mappings of partitions found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from weft.define import parameters, problems
from weft.model import diagnostics, errors, graph, keys
from weft.model import partitions as partitioning

_Pair: TypeAlias = "tuple[int, int]"


class Linker:
    """Makes dependencies; remembers the default mapping between two definitions, as there are few of them."""

    def __init__(self, assets: Mapping[keys.AssetKey, graph.Asset], found: problems.Problems) -> None:
        self._assets = assets
        self._found = found
        self._defaults: dict[_Pair, partitioning.PartitionMapping | errors.UsageError] = {}

    def dependencies(
        self,
        reads: Iterable[parameters.Read],
        *,
        down: partitioning.Partitions | None,
        subject: str,
        location: diagnostics.SourceLocation | None,
    ) -> tuple[graph.Dependency, ...]:
        """Return the dependencies for what a body reads; what is wrong is added and left out."""
        made: list[graph.Dependency] = []
        for read in _joined(reads):
            asset = self._assets.get(read.asset)
            if asset is None:
                self._found.add(
                    "missing-dependency",
                    f"{subject} depends on {read.asset!r}, which is not defined.",
                    remedy="Its definition has a problem of its own, or another asset has its key.",
                    location=location,
                )
                continue
            mapping = self._mapping(read, down, asset.partitions)
            if isinstance(mapping, errors.UsageError):
                self._found.add(
                    "partition-mismatch",
                    f"{subject} can't read {read.asset!r} by partition: {mapping.message}",
                    remedy=mapping.remedy or "Say which partitions it needs: Dep(asset, mapping=…).",
                    location=location,
                )
                continue
            again = any(each.asset == read.asset for each in made)
            made.append(graph.Dependency(asset=read.asset, mapping=mapping, parameter=read.parameter, again=again))
        return tuple(made)

    def _mapping(
        self,
        read: parameters.Read,
        down: partitioning.Partitions | None,
        up: partitioning.Partitions | None,
    ) -> partitioning.PartitionMapping | errors.UsageError:
        if read.mapping is not None:
            given: object = read.mapping
            if not isinstance(given, partitioning.PartitionMapping):
                return errors.UsageError(f"{given!r} is no mapping of partitions.")
            return _validated(given, down, up)
        pair = (id(down), id(up))
        known = self._defaults.get(pair)
        if known is None:
            known = self._defaults[pair] = _default(down, up)
        return known


def _joined(reads: Iterable[parameters.Read]) -> Iterable[parameters.Read]:
    """Join what `deps=` says of an asset with the parameters that read it, so that it is one dependency each."""
    reads = tuple(reads)
    by_parameter = [each for each in reads if each.parameter is not None]
    waited = [each for each in reads if each.parameter is None]
    if not waited:
        return by_parameter
    given = {each.asset: each.mapping for each in waited if each.mapping is not None}
    joined = [
        parameters.Read(each.asset, each.parameter, each.mapping or given.get(each.asset)) for each in by_parameter
    ]
    read_by_parameter = {each.asset for each in by_parameter}
    seen: set[tuple[str, int]] = set()
    for each in waited:
        identity = (each.asset, id(each.mapping))
        if each.asset not in read_by_parameter and identity not in seen:
            seen.add(identity)
            joined.append(each)
    return joined


def _validated(
    mapping: partitioning.PartitionMapping, down: partitioning.Partitions | None, up: partitioning.Partitions | None
) -> partitioning.PartitionMapping | errors.UsageError:
    problem = mapping.validate(down, up)
    return mapping if problem is None else errors.UsageError(problem)


def _default(
    down: partitioning.Partitions | None, up: partitioning.Partitions | None
) -> partitioning.PartitionMapping | errors.UsageError:
    found = partitioning.default_mapping(down, up)
    if found is None:
        return errors.UsageError(
            f"nothing relates {_described(down)} to {_described(up)}.",
            remedy="Say which partitions it needs: Dep(asset, mapping=…), with AllMapping(), LastMapping() or another.",
        )
    return _validated(found, down, up)


def _described(partitions: partitioning.Partitions | None) -> str:
    return "what has no partitions" if partitions is None else partitions.describe()
