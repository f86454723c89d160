"""What of a plan that was agreed to earlier still holds, by the plan that would be made now. Pure.

A partition of a line holds if it would run now as well, by the same code, for the same reasons, and if what it reads
and what it replaces are what they were. It does not hold either where it would be made from something that is not made
as agreed: a line above it that is left out, or one that would run now and was not in the plan.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from weft.model import graph as graphs
from weft.model import keys, partition_set, plan

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()

Why = Literal[
    "undefined",  # the step is not defined any more
    "redefined",  # its partitions are defined in another way
    "code",  # its code is another one
    "policies",  # its policies are others, or it reads by other mappings
    "done",  # it would not run any more
    "reason",  # it would run, but for other reasons
    "output",  # what it replaces is another version
    "input",  # `subject`, which it reads, is another version
    "grown",  # `subject`, which it reads, would run too and was not in the plan
    "above",  # `subject`, which it reads, is left out
]

_SUBJECTS = ("data_changed", "dependency_changed", "upstream")
"""The causes of which it matters what they are about; others are about the line itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a line runs and under which condition, without what differs from run to run."""

    run_if: str
    baseline: str
    outputs: tuple[str, ...]
    causes: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A line that was agreed to. `reason` None: nothing is known of it but that it was to run."""

    step: keys.StepKey
    outputs: tuple[keys.AssetKey, ...]
    ordinals: PartitionSet
    fingerprint: str
    code: str
    reason: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What has changed since, by asset: what is read, what is replaced; and the steps of other policies or mappings."""

    inputs: Mapping[keys.AssetKey, PartitionSet]
    outputs: Mapping[keys.AssetKey, PartitionSet]
    redefined: Collection[keys.AssetKey] = ()
    """Assets whose partitions are defined in another way: all that reads them is made from something else."""
    policies: Collection[keys.StepKey] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Partitions of a line that do not hold; each is left out for the first reason that was found."""

    step: keys.StepKey
    ordinals: PartitionSet
    why: Why
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The lines that hold, as the plan of now has them, and what of the agreed ones does not."""

    steps: tuple[plan.PlanStep, ...]
    left_out: tuple[LeftOut, ...]


def reason_of(run_if: str, baseline: str, outputs: Sequence[str], causes: Iterable[tuple[str, str]]) -> Reason:
    """The reason of a line whose causes have these kinds and subjects."""
    told = frozenset((kind, subject if kind in _SUBJECTS else "") for kind, subject in causes)
    return Reason(run_if=run_if, baseline=baseline, outputs=tuple(outputs), causes=told)


def still(graph: graphs.Graph, agreed: Sequence[Agreed], made: plan.Plan, since: Since) -> Holding:
    """Find what of the agreed lines still holds by the plan that is made of the same request now."""
    return _Search(graph, agreed, made, since).found()


class _Search:
    """One search: what is left out of each step, and what of each asset is not made as agreed."""

    def __init__(self, graph: graphs.Graph, agreed: Sequence[Agreed], made: plan.Plan, since: Since) -> None:
        self._graph = graph
        self._agreed = agreed
        self._made = made
        self._since = since
        self._allowed = _by_step((each.step, each.ordinals) for each in agreed)
        self._due = _by_step((line.step, line.ordinals) for line in made.steps)
        self._rest: dict[keys.StepKey, PartitionSet] = {}
        self._left: list[LeftOut] = []
        self._spoilt: dict[keys.AssetKey, PartitionSet] = {}
        self._gone: set[keys.AssetKey] = set(since.redefined)

    def found(self) -> Holding:
        for step in dict.fromkeys(each.step for each in self._agreed):
            self._rest[step] = self._of_itself(step, [each for each in self._agreed if each.step == step])
        self._what_has_grown()
        self._what_lies_below()
        rank = self._graph.rank
        self._left.sort(key=lambda each: rank.get(each.step, -1))
        steps = []
        for line in self._made.steps:
            kept = line.ordinals & self._rest.get(line.step, EMPTY)
            if kept:
                seconds = line.estimate_seconds / line.count * len(kept)
                steps.append(replace(line, ordinals=kept, estimate_seconds=seconds))
        return Holding(steps=tuple(steps), left_out=tuple(self._left))

    def _leave(self, step: keys.StepKey, ordinals: PartitionSet, why: Why, subject: str = "") -> None:
        if not ordinals:
            return
        self._left.append(LeftOut(step=step, ordinals=ordinals, why=why, subject=subject))

    def _of_itself(self, step: keys.StepKey, lines: Sequence[Agreed]) -> PartitionSet:
        """What of a step holds as far as it goes by itself; what is left out of it is noted."""
        defined = self._graph.steps.get(step)
        whole = self._allowed[step]
        if defined is None:
            self._leave(step, whole, "undefined")
            self._gone.update(output for line in lines for output in line.outputs)
            return EMPTY
        fingerprint = defined.partitions.fingerprint if defined.partitions is not None else ""
        if any(line.fingerprint != fingerprint for line in lines):
            self._leave(step, whole, "redefined")
            self._gone.update(defined.outputs)
            return EMPTY
        rest = whole
        if any(line.code != defined.code for line in lines):
            rest = self._without(step, rest, whole, "code")
        if step in self._since.policies:
            rest = self._without(step, rest, whole, "policies")
        rest = self._without(step, rest, whole - self._due.get(step, EMPTY), "done")
        for output in defined.outputs:
            rest = self._without(step, rest, self._since.outputs.get(output, EMPTY), "output")
        for dependency in defined.dependencies:
            asset = dependency.asset
            changed = whole if asset in self._since.redefined else self._read_of(step, asset, self._since.inputs)
            rest = self._without(step, rest, changed, "input", asset)
        rest = self._without(step, rest, rest - self._of_same_reason(step, lines), "reason")
        for output in defined.outputs:
            self._spoilt[output] = self._spoilt.get(output, EMPTY) | (whole - rest)
        return rest

    def _without(
        self, step: keys.StepKey, rest: PartitionSet, ordinals: PartitionSet, why: Why, subject: str = ""
    ) -> PartitionSet:
        self._leave(step, rest & ordinals, why, subject)
        return rest - ordinals

    def _of_same_reason(self, step: keys.StepKey, lines: Sequence[Agreed]) -> PartitionSet:
        found = EMPTY
        for now in (each for each in self._made.steps if each.step == step):
            reason = reason_of(
                now.run_if, now.baseline, now.outputs, ((each.kind, each.subject) for each in now.causes)
            )
            for before in lines:
                if before.reason is None or before.reason == reason:
                    found |= before.ordinals & now.ordinals
        return found

    def _read_of(
        self, step: keys.StepKey, asset: keys.AssetKey, parts: Mapping[keys.AssetKey, PartitionSet]
    ) -> PartitionSet:
        """What of a step reads these partitions of an asset."""
        above = reached(self._graph, parts, asset)
        found = EMPTY
        defined = self._graph.steps[step]
        for dependency in defined.dependencies if above else ():
            if dependency.asset == asset:
                partitions = self._graph.assets[asset].partitions
                found |= dependency.mapping.downstream(above, defined.partitions, partitions, self._made.now)
        return found & self._allowed[step]

    def _what_has_grown(self) -> None:
        """Leave out what reads something that would run now and was not agreed to."""
        grown: dict[keys.AssetKey, PartitionSet] = {}
        for step, ordinals in self._due.items():
            more = ordinals - self._allowed.get(step, EMPTY)
            for output in self._graph.steps[step].outputs if more else ():
                grown[output] = grown.get(output, EMPTY) | more
        for step in self._rest:
            self._leave_readers(step, grown, "grown")

    def _what_lies_below(self) -> None:
        """Leave out what is made from what is left out, until no more comes of it."""
        before = -1
        while before != len(self._left):
            before = len(self._left)
            for step in self._rest:
                for dependency in self._graph.steps[step].dependencies if step in self._graph.steps else ():
                    if dependency.asset in self._gone:
                        self._drop(step, self._rest[step], "above", dependency.asset)
                self._leave_readers(step, self._spoilt, "above")

    def _leave_readers(
        self, step: keys.StepKey, parts: Mapping[keys.AssetKey, PartitionSet], why: Literal["grown", "above"]
    ) -> None:
        defined = self._graph.steps.get(step)
        for asset in dict.fromkeys(each.asset for each in defined.dependencies) if defined is not None else ():
            self._drop(step, self._read_of(step, asset, parts), why, asset)

    def _drop(self, step: keys.StepKey, ordinals: PartitionSet, why: Why, subject: str) -> None:
        dropped = self._rest[step] & ordinals
        if not dropped:
            return
        self._rest[step] = self._without(step, self._rest[step], dropped, why, subject)
        for output in self._graph.steps[step].outputs:
            self._spoilt[output] = self._spoilt.get(output, EMPTY) | dropped


def reached(graph: graphs.Graph, parts: Mapping[keys.AssetKey, PartitionSet], asset: keys.AssetKey) -> PartitionSet:
    """Which of these partitions are of an asset; of what a pipeline makes, those of the pipeline's intervals."""
    defined = graph.assets[asset]
    maker = defined.made_by
    if defined.step is not None or maker is None or not parts.get(maker):
        return parts.get(asset, EMPTY)
    of_maker = graph.assets[maker].partitions if maker in graph.assets else None
    if defined.partitions is None:
        return PartitionSet.range(0, 1)
    if of_maker is None:
        return EMPTY
    found = (defined.partitions.find(of_maker.key(ordinal)) for ordinal in parts[maker])
    return PartitionSet.of(sorted(each for each in found if each is not None))


def _by_step(parts: Iterable[tuple[keys.StepKey, PartitionSet]]) -> dict[keys.StepKey, PartitionSet]:
    found: dict[keys.StepKey, PartitionSet] = {}
    for step, ordinals in parts:
        found[step] = found.get(step, EMPTY) | ordinals
    return found
