"""What each step run reads: which partitions, of which version, with which digest; and where those values lie.

The digest is taken when a step run is claimed, from the columns that the driver keeps up with its own run; what
another run publishes meanwhile is not read, and will be seen as newer by the next plan.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from weft.engine import network as networks
from weft.model import columns as columns_model
from weft.model import events, keys, partition_set, partitions, stored
from weft.model import graph as graphs
from weft.planner import found as findings
from weft.ports import executor as executors
from weft.ports import ledger as ledgers

PartitionSet = partition_set.PartitionSet
_CACHED_BYTES = 64 * 1024 * 1024
_ENTRY = 600  # rough size of a kept reference besides its inline bytes


@dataclass(frozen=True, slots=True)
class Read:
    """What one step run reads of one asset: ordinals in order, and the digest over their data versions."""

    dependency: graphs.Dependency
    ordinals: Sequence[int]
    digest: int
    single: bool


class _Values:
    """References to values, by asset and version: the latest that were made or looked up, up to a bound."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], stored.StoredValue] = OrderedDict()
        self._size = 0

    def put(self, asset: str, version: int, value: stored.StoredValue) -> None:
        self._kept[asset, version] = value
        self._size += _ENTRY + len(value.inline or b"")
        while self._size > _CACHED_BYTES:
            _, dropped = self._kept.popitem(last=False)
            self._size -= _ENTRY + len(dropped.inline or b"")

    def get(self, asset: str, version: int) -> stored.StoredValue | None:
        return self._kept.get((asset, version))


class Binder:
    """Binds the inputs of a run's step runs."""

    def __init__(
        self,
        *,
        ledger: ledgers.Reader,
        graph: graphs.Graph,
        network: networks.Network,
        known: Mapping[keys.AssetKey, columns_model.Columns],
        now: datetime,
    ) -> None:
        """Bind for `network`, reading and keeping up `known`, the columns of every asset that the run touches."""
        self._ledger = ledger
        self._graph = graph
        self._network = network
        self._now = now
        self.known = known
        self._values = _Values()
        self._revisions: dict[keys.AssetKey, int] = {}
        self._uniform: dict[tuple[keys.StepKey, keys.AssetKey], tuple[int, Sequence[int], int]] = {}
        self._identity: dict[tuple[keys.StepKey, keys.AssetKey], bool] = {}
        self._one: dict[tuple[keys.StepKey, keys.AssetKey], bool] = {}
        self._initial = {
            dependency.asset: columns_model.tokens_of(known[dependency.asset])
            for line in network.lines
            if line.conditional and not line.recorded
            for dependency in graph.steps[line.step].dependencies
            if graph.assets[dependency.asset].step in network.by_step
        }
        self._read_in_run = {
            dependency.asset
            for line in network.lines
            for dependency in graph.steps[line.step].dependencies
            if dependency.parameter is not None
        }

    def reads(self, step: graphs.Step, ordinal: int) -> list[Read]:
        """What a partition of `step` reads as things stand now."""
        return [self._read(step, dependency, ordinal) for dependency in step.dependencies]

    def _read(self, step: graphs.Step, dependency: graphs.Dependency, ordinal: int) -> Read:
        asset = dependency.asset
        columns = self.known[asset]
        where = (step.key, dependency.slot)
        identity = self._identity.get(where)
        if identity is None:
            identity = self._identity[where] = findings.is_identity(self._graph, step, dependency)
        if identity:
            return Read(dependency, (ordinal,), columns.token_of(ordinal), True)
        definition = self._graph.assets[asset].partitions
        if step.partitions is None or findings.is_uniform(step, dependency):
            revision = self._revisions.get(asset, 0)
            kept = self._uniform.get(where)
            if kept is None or kept[0] != revision:
                found = dependency.mapping.upstream_of(ordinal, step.partitions, definition, self._now)
                kept = self._uniform[where] = (revision, list(found), columns_model.digest_of(columns, found))
            return Read(dependency, kept[1], kept[2], self._single(where, step, dependency))
        found = dependency.mapping.upstream_of(ordinal, step.partitions, definition, self._now)
        digest = columns_model.digest_of(columns, found)
        return Read(dependency, list(found), digest, self._single(where, step, dependency))

    def _single(self, where: tuple[str, str], step: graphs.Step, dependency: graphs.Dependency) -> bool:
        """Whether the body gets the one value itself, and not values by partition."""
        kept = self._one.get(where)
        if kept is None:
            up = self._graph.assets[dependency.asset].partitions
            kept = self._one[where] = up is None or dependency.mapping.reads_one(step.partitions, up)
        return kept

    def verdict(self, line: networks.Line, ordinal: int, reads: Sequence[Read]) -> str:
        """Tell what becomes of a conditional step run: "run", "same" as what is there, or "rejected" as before."""
        for asset in line.outputs:
            columns = self.known[asset]
            rejection = columns.rejected.get(ordinal)
            if (
                rejection is not None
                and rejection.code in ("", line.code)
                and all(rejection.inputs.get(read.dependency.slot, 0) == read.digest for read in reads)
            ):
                return "rejected"
            if not columns.token_of(ordinal):
                return "run"
            if any(self._baseline(line, columns, ordinal, read) != read.digest for read in reads):
                return "run"
        return "same"

    def _baseline(self, line: networks.Line, columns: columns_model.Columns, ordinal: int, read: Read) -> int:
        """The digest from which an input has to differ for a conditional step run to be needed."""
        asset = read.dependency.asset
        if line.recorded:
            return columns.input_of(ordinal, read.dependency.slot)
        before = self._initial.get(asset)
        if before is None:  # the run doesn't make it: it stands as it stood
            return read.digest
        if read.single and len(read.ordinals) == 1:
            return before.token_of(read.ordinals[0])
        return columns_model.digest_of(before, PartitionSet.of(read.ordinals))

    def missing(self, reads: Sequence[Read]) -> str | None:
        """Name an input that has no data although the body needs it, or None."""
        for read in reads:
            asset = self._graph.assets[read.dependency.asset]
            if not _is_made_here(asset) or read.dependency.parameter is None:
                continue
            columns = self.known[asset.key]
            if not read.ordinals:
                continue  # such as yesterday of the first day: there is nothing that could be missing
            if not any(columns.token_of(each) for each in read.ordinals):
                if asset.partitions is not None and len(read.ordinals) == 1:
                    return f"{asset.key}[{asset.partitions.key(read.ordinals[0])}]"
                return asset.key
        return None

    def bind(self, all_reads: Mapping[int, Sequence[Read]]) -> dict[int, tuple[executors.InputBinding, ...]]:
        """Look up the values of what several nodes read, in as few queries as there are assets."""
        wanted: dict[keys.AssetKey, set[int]] = {}
        for reads in all_reads.values():
            for read in reads:
                asset = read.dependency.asset
                if read.dependency.parameter is None or not _is_made_here(self._graph.assets[asset]):
                    continue
                columns = self.known[asset]
                for ordinal in read.ordinals:
                    version = columns.versions[ordinal] if ordinal < columns.size else 0
                    if version and self._values.get(asset, version) is None:
                        wanted.setdefault(asset, set()).add(version)
        looked_up: dict[tuple[keys.AssetKey, int], stored.StoredValue] = {}
        for asset, versions in wanted.items():
            for version, (_, made) in self._ledger.materializations(asset, sorted(versions)).items():
                looked_up[asset, version] = made.value
                self._values.put(asset, version, made.value)
        return {node: tuple(self._binding(read, looked_up) for read in reads) for node, reads in all_reads.items()}

    def _binding(
        self, read: Read, looked_up: Mapping[tuple[keys.AssetKey, int], stored.StoredValue]
    ) -> executors.InputBinding:
        asset = read.dependency.asset
        definition = self._graph.assets[asset].partitions
        columns = self.known[asset]
        present = [each for each in read.ordinals if columns.token_of(each)]
        versions = tuple(columns.versions[each] for each in present)
        values: list[stored.StoredValue] = []
        if read.dependency.parameter is not None and _is_made_here(self._graph.assets[asset]):
            for version in versions:
                value = looked_up.get((asset, version)) or self._values.get(asset, version)
                if value is not None:
                    values.append(value)
        return executors.InputBinding(
            asset=asset,
            parameter=read.dependency.parameter,
            single=read.single,
            partitions=_keys(definition, present),
            values=tuple(values),
            versions=versions,
        )

    def record(self, reads: Sequence[Read]) -> dict[str, events.InputRecord]:
        """What a step run read, as its materialization records it."""
        found: dict[str, events.InputRecord] = {}
        for read in reads:
            asset = read.dependency.asset
            columns = self.known[asset]
            present = [each for each in read.ordinals if columns.token_of(each)]
            found[read.dependency.slot] = events.InputRecord(
                digest=read.digest,
                partitions=_keys(self._graph.assets[asset].partitions, present),
                versions=tuple(columns.versions[each] for each in present),
            )
        return found

    def published(
        self, asset: keys.AssetKey, ordinal: int, *, token: int, code: str, inputs: Mapping[str, int], at: int, run: str
    ) -> None:
        """Note a version that is about to be committed, so that what waits for it binds to it; its number follows."""
        self.known[asset].published(ordinal, token=token, version=0, code=code, inputs=inputs, at=at, run=run)
        self._revisions[asset] = self._revisions.get(asset, 0) + 1

    def numbered(self, asset: keys.AssetKey, ordinal: int, version: int, value: stored.StoredValue) -> None:
        """Note the number that the commit gave to a version."""
        self.known[asset].versions[ordinal] = version
        if asset in self._read_in_run:
            self._values.put(asset, version, value)


def _is_made_here(asset: graphs.Asset) -> bool:
    """Whether its values are weft's to read: a step or a pipeline makes it."""
    return asset.step is not None or asset.made_by is not None


def _keys(definition: partitions.Partitions | None, ordinals: Sequence[int]) -> tuple[str | None, ...]:
    if definition is None:
        return (None,) * len(ordinals)
    return tuple(definition.keys(ordinals))
