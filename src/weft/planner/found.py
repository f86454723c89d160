"""What an evaluation found, and how steps and what they read relate: digests and signatures as things stand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partitions
from weft.planner import standing as standings

PartitionSet = standings.PartitionSet
Standing = standings.Standing
EMPTY, ONE = standings.EMPTY, standings.ONE


@dataclass(kw_only=True)
class Evaluation:
    """The standings of all steps in scope, with what they were made from."""

    graph: graphs.Graph
    observed: columns_model.Observed
    now: datetime
    selected: frozenset[keys.AssetKey]
    standings: dict[keys.StepKey, Standing]
    _signatures: dict[tuple[keys.AssetKey, int], str] = field(default_factory=dict)
    _uniform: dict[tuple[keys.StepKey, keys.AssetKey], int] = field(default_factory=dict)

    def columns(self, asset: keys.AssetKey) -> columns_model.Columns:
        """What the ledger knows of an asset."""
        return self.observed.columns.get(asset) or _NOTHING

    def reads(self, step: graphs.Step, dependency: graphs.Dependency, ordinals: PartitionSet) -> PartitionSet:
        """The partitions of `dependency.asset` that these partitions of `step` are made from."""
        up = self.graph.assets[dependency.asset].partitions
        if up is None and step.partitions is None:  # as nearly always; there is one of each, whatever the mapping
            return ordinals & ONE
        return dependency.mapping.upstream(ordinals, step.partitions, up, self.now)

    def read_by(self, step: graphs.Step, dependency: graphs.Dependency, ordinals: PartitionSet) -> PartitionSet:
        """The partitions of `step` that are made from these partitions of `dependency.asset`."""
        up = self.graph.assets[dependency.asset].partitions
        if up is None and step.partitions is None:
            return ordinals & ONE
        return dependency.mapping.downstream(ordinals, step.partitions, up, self.now)

    def digest(self, step: graphs.Step, dependency: graphs.Dependency, ordinal: int) -> int:
        """The digest of what a partition of `step` would read of an asset as things stand."""
        columns = self.columns(dependency.asset)
        if is_identity(self.graph, step, dependency):
            return columns.token_of(ordinal)
        if not is_uniform(step, dependency):
            up = self.graph.assets[dependency.asset].partitions
            read = dependency.mapping.upstream_of(ordinal, step.partitions, up, self.now)
            return columns_model.digest_of(columns, read)
        where = (step.key, dependency.slot)
        if where not in self._uniform:
            self._uniform[where] = columns_model.digest_of(columns, self.reads(step, dependency, ONE))
        return self._uniform[where]

    def signature(self, asset: keys.AssetKey, ordinal: int) -> str:
        """The identity of the causes that stand against a partition, as `own.above`.

        `own` is over its version, today's code and the digests of its inputs; `above` over lateness and the names and
        signatures of what is due or held among its inputs. Acceptance binds to both: any later change gives another
        signature.
        """
        where = (asset, ordinal)
        if where in self._signatures:
            return self._signatures[where]
        step_key = self.graph.assets[asset].step
        assert step_key is not None
        standing = self.standings[step_key]
        step = standing.step
        above: list[object] = []
        above += sorted(subject for subject, late in standing.overdue_for.items() if ordinal in late)
        for dependency in step.dependencies:
            producer = self.graph.assets[dependency.asset].step
            other = self.standings.get(producer) if producer else None
            if other is not None:
                due = self.reads(step, dependency, PartitionSet.range(ordinal, ordinal + 1)) & (other.due | other.held)
                definition = self.graph.assets[dependency.asset].partitions
                for each in due:
                    # named too: of what was never made, one partition is otherwise as good as the next
                    key = definition.key(each) if definition is not None else ""
                    above += [dependency.asset, key, self.signature(dependency.asset, each)]
        found = f"{self.own_signature(asset, ordinal)}.{_hash(above) if above else ''}"
        self._signatures[where] = found
        return found

    def own_signature(self, asset: keys.AssetKey, ordinal: int) -> str:
        """The first part of a signature: over version, code and input digests."""
        step_key = self.graph.assets[asset].step
        assert step_key is not None
        step, columns = self.graph.steps[step_key], self.columns(asset)
        parts: list[object] = [step.code, columns.versions[ordinal] if ordinal < columns.size else 0]
        for dependency in step.dependencies:
            parts += [dependency.slot, self.digest(step, dependency, ordinal)]
        return _hash(parts)

    def accepted(self) -> dict[keys.AssetKey, PartitionSet]:
        """What is fine as it is, for the causes that stand against it; only assets that have some."""
        return {
            asset: own.accepted
            for standing in self.standings.values()
            for asset, own in standing.own.items()
            if own.accepted
        }


_NOTHING = columns_model.Columns(0)


def _hash(parts: Iterable[object]) -> str:
    return hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=12).hexdigest()


def is_identity(graph: graphs.Graph, step: graphs.Step, dependency: graphs.Dependency) -> bool:
    """Whether each partition of `step` reads the partition with its own ordinal."""
    up = graph.assets[dependency.asset].partitions
    if step.partitions is None and up is None:
        return True
    return dependency.mapping.is_identity(step.partitions, up)


def is_uniform(step: graphs.Step, dependency: graphs.Dependency) -> bool:
    """Whether every partition of `step` reads the same partitions, so that one digest serves all."""
    return step.partitions is not None and isinstance(
        dependency.mapping, partitions.AllMapping | partitions.LastMapping | partitions.SpecificMapping
    )


def universe(definition: partitions.Partitions | None, now: datetime) -> PartitionSet:
    """The ordinals that exist at `now`; one for what has no partitions."""
    return ONE if definition is None else definition.universe(now)
