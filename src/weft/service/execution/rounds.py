"""What of an execution may run next: a plan made anew, cut down to what was agreed to and not tried yet.

Lines fall into groups: those of a pipeline, and those of assets of one code location (and, where runs are cut into
slices, of one definition of partitions). A line may run once nothing that it is made from is left to another group or
is being made by a run. What lies below a failure is left out: it would be made from what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from weft.model import keys, partition_set, plan
from weft.planner import holding
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.pipeline import waits

PartitionSet = partition_set.PartitionSet
EMPTY = kept.EMPTY
_Sets = dict[keys.StepKey, PartitionSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPart:
    """Lines of assets that make one run."""

    group: str
    location: str
    lines: tuple[plan.PlanStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What may run now. `left_out` says, by step, why something that was agreed to does not run any more."""

    intervals: tuple[plan.PlanStep, ...] = ()
    assets: tuple[AssetPart, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    waits_for: tuple[str, ...] = ()
    """Runs of others that are making what was agreed to."""
    held: int = 0
    """How many step runs and intervals are left out for good, because what they are made from failed."""


def next_round(
    world: worlds.World, document: kept.Document, state: kept.State, made: plan.Plan, *, busy: Sequence[str] = ()
) -> Round:
    """Find what of a plan made anew may run now; `busy` are the pipelines that have intervals under way."""
    left_out: dict[str, str] = {}
    missing = _in_vain(world, state, made)
    holders, being_made = _held_by_others(world, document, state, made)
    lines = _remaining(document, state, made, left_out, missing, being_made)
    due = kept.lines_by_step(lines)
    passing = {step: due.get(step, EMPTY) | state.tried_of(step) for step in {*due, *state.tried}}
    spoilt, later = _below(world, made, missing, passing), _below(world, made, being_made, passing)
    held = sum(len(ordinals & due.get(step, EMPTY)) for step, ordinals in spoilt.items())
    usable = []
    for line in lines:
        rest = line.ordinals - spoilt.get(line.step, EMPTY) - later.get(line.step, EMPTY)
        if rest:
            usable.append(replace(line, ordinals=rest))
    groups = {line.step: _group(world, document, line) for line in usable}
    above = _groups_above(world, groups, state, busy)
    ready = [line for line in usable if above(line) <= {groups[line.step]}]
    if not ready and usable and not state.flights and not busy:
        first = groups[usable[0].step]  # they wait for each other: as written, the first has the first turn
        ready = [line for line in usable if groups[line.step] == first]
    pipelines = world.graph.pipelines
    found: dict[str, list[plan.PlanStep]] = {}
    for line in ready:
        if line.step not in pipelines:
            found.setdefault(groups[line.step], []).append(line)
    parts: list[AssetPart] = []
    for group, own in found.items():
        location = location_of(world, own[0])
        cut = _sliced(world, document, state, made, own, group) if document.slices else [own]
        parts += [AssetPart(group=group, location=location, lines=tuple(each)) for each in cut]
    return Round(
        intervals=tuple(line for line in ready if line.step in pipelines),
        assets=tuple(parts),
        left_out=left_out,
        waits_for=holders,
        held=held,
    )


def location_of(world: worlds.World, line: plan.PlanStep) -> str:
    """The code location that a line belongs to; "" where there is but one."""
    if line.step in world.graph.pipelines:
        return world.locations.get(f"pipeline:{line.step}", "")
    return world.locations.get(f"asset:{line.outputs[0]}", "") if line.outputs else ""


def _remaining(
    document: kept.Document,
    state: kept.State,
    made: plan.Plan,
    left_out: dict[str, str],
    missing: _Sets,
    being_made: _Sets,
) -> list[plan.PlanStep]:
    """What was agreed to and nobody makes yet; what may not run any more is added to what is missing."""
    allowed = {each.step: each for each in document.lines}
    found = []
    for line in made.steps:
        own = allowed.get(line.step)
        if own is None:
            continue
        if own.fingerprint != line.fingerprint:
            left_out[line.step] = f"the partitions of {line.step} are defined in another way"
            missing[line.step] = missing.get(line.step, EMPTY) | line.ordinals
            continue
        ordinals = (line.ordinals & PartitionSet.decode(own.ordinals)) - state.tried_of(line.step)
        ordinals -= being_made.get(line.step, EMPTY)
        if not ordinals:
            continue
        if document.same_code and own.code != line.code:
            left_out[line.step] = f"the code of {line.step} has changed since the plan was made"
            missing[line.step] = missing.get(line.step, EMPTY) | ordinals
            continue
        found.append(replace(line, ordinals=ordinals))
    return found


def _held_by_others(
    world: worlds.World, document: kept.Document, state: kept.State, made: plan.Plan
) -> tuple[tuple[str, ...], _Sets]:
    """The runs that are making what was agreed to, and what that is."""
    allowed = {each.step: PartitionSet.decode(each.ordinals) for each in document.lines}
    runs: dict[str, None] = {}
    found: _Sets = {}
    for held in made.running:
        step = world.planned.assets[held.asset].step or ""
        own = held.ordinals & (allowed.get(step, EMPTY) - state.tried_of(step))
        if own:
            found[step] = found.get(step, EMPTY) | own
            runs.update(dict.fromkeys(cause.run for cause in held.causes if cause.run))
    return tuple(each for each in runs if each not in state.flights), found


def _group(world: worlds.World, document: kept.Document, line: plan.PlanStep) -> str:
    if line.step in world.graph.pipelines:
        return f"pipeline {line.step}"
    return f"{location_of(world, line)} {line.fingerprint if document.slices else ''}"


class _groups_above:  # noqa: N801 - a function that remembers
    """The groups that a line has to wait for, its own among them where something of it lies above."""

    def __init__(self, world: worlds.World, groups: Mapping[str, str], state: kept.State, busy: Sequence[str]) -> None:
        self._world = world
        self._graph = world.planned
        self._own: dict[str, set[str]] = {step: {group} for step, group in groups.items()}
        for run, flight in state.flights.items():
            for step in flight.lines:
                sliced = flight.group in groups.values() and not flight.group.endswith(" ")
                self._own.setdefault(step, set()).add(flight.group if sliced else f"run {run}")
        for name in busy:
            self._own.setdefault(name, set()).add(f"under way {name}")
        self._known: dict[keys.AssetKey, frozenset[str]] = {}
        self._named = bool(world.definitions.tasks)

    def __call__(self, line: plan.PlanStep) -> set[str]:
        found: set[str] = set()
        waiting = [line.step]
        for asset in self._direct(line.step):
            found |= self._at(asset)
        if self._named and line.step in self._world.graph.pipelines:
            seen: set[str] = set()
            while waiting:
                for name in waits.named(self._world, waiting.pop()) - seen:
                    seen.add(name)
                    found |= self._at(name)
                    if name in self._world.graph.pipelines:
                        waiting.append(name)
        return found

    def _direct(self, step: keys.StepKey) -> Iterable[keys.AssetKey]:
        return (each.asset for each in self._graph.steps[step].dependencies)

    def _at(self, asset: keys.AssetKey) -> frozenset[str]:
        """The groups of what makes an asset and of all above it."""
        stack = [asset]
        while stack:
            current = stack[-1]
            if current in self._known:
                stack.pop()
                continue
            defined = self._graph.assets.get(current)
            step = defined.step if defined is not None else None
            above = list(self._direct(step)) if step is not None else []
            if step is None and defined is not None and defined.made_by in self._graph.assets:
                above.append(str(defined.made_by))
            missing = [each for each in above if each not in self._known and each not in stack]
            if missing:
                stack += missing
                continue
            found = frozenset(self._own.get(step, ())) if step is not None else frozenset()
            self._known[current] = found.union(*(self._known.get(each, frozenset()) for each in above))
            stack.pop()
        return self._known[asset]


def _in_vain(world: worlds.World, state: kept.State, made: plan.Plan) -> _Sets:
    """What of each step this execution tried and is not there."""
    graph = world.planned
    intervals = any(each in world.graph.pipelines for each in state.tried)
    if not (state.failed or state.held or state.cancelled or intervals):
        return {}
    planned = kept.lines_by_step(made.steps) if (state.held or state.cancelled) and not made.request.exact else {}
    steps = [step for step in state.tried if step in graph.steps]
    outputs = {each: graph.assets[each].partitions for step in steps for each in graph.steps[step].outputs}
    known = world.ledger.columns(outputs)
    found: _Sets = {}
    for step in steps:
        failed = planned.get(step, EMPTY)  # what was held back left no failure, but is still to be made
        for output in graph.steps[step].outputs:
            failed |= PartitionSet.of(sorted(known[output].failed))
        found[step] = failed & state.tried_of(step)
    return found


def _below(world: worlds.World, made: plan.Plan, missing: _Sets, lines: Mapping[str, PartitionSet]) -> _Sets:
    """What of these lines is made, also by way of others of them, from what is missing."""
    if not any(missing.values()):
        return {}
    graph = world.planned
    touched = [step for step in graph.order if step in missing or step in lines]
    bad: dict[keys.AssetKey, PartitionSet] = {
        output: ordinals for step, ordinals in missing.items() for output in graph.steps[step].outputs
    }
    found: _Sets = {}
    grows = True
    while grows:  # once for most graphs: only what pipelines make may stand before its maker in their order
        grows = False
        for step in touched:
            defined = graph.steps[step]
            spoilt = found.get(step, EMPTY)
            for dependency in defined.dependencies:
                above = holding.reached(graph, bad, dependency.asset)
                if above:
                    partitions = graph.assets[dependency.asset].partitions
                    spoilt |= dependency.mapping.downstream(above, defined.partitions, partitions, made.now)
            spoilt &= lines.get(step, EMPTY)
            if spoilt == found.get(step, EMPTY):
                continue
            grows = True
            found[step] = spoilt
            for output in defined.outputs:
                bad[output] = bad.get(output, EMPTY) | spoilt
    return found


def _sliced(
    world: worlds.World,
    document: kept.Document,
    state: kept.State,
    made: plan.Plan,
    lines: Sequence[plan.PlanStep],
    group: str,
) -> list[list[plan.PlanStep]]:
    """The lines of a group cut into runs of so many partitions, in order; none that reads what another has to make."""
    size = document.slices
    if not size or not lines[0].fingerprint:
        return [list(lines)]
    left = kept.lines_by_step(lines)
    under_way: _Sets = {}
    for flight in state.flights.values():
        for step, encoded in flight.lines.items():
            under_way[step] = under_way.get(step, EMPTY) | PartitionSet.decode(encoded)
    found: list[list[plan.PlanStep]] = []
    while any(left.values()):
        union = EMPTY
        for ordinals in left.values():
            union |= ordinals
        window = union.take(size)
        cut = {step: ordinals & window for step, ordinals in left.items()}
        others = {step: (ordinals - cut[step]) | under_way.get(step, EMPTY) for step, ordinals in left.items()}
        for step, ordinals in under_way.items():
            others.setdefault(step, ordinals)
        if _reads(world, made, cut, others):
            if not found and not under_way:
                return [list(lines)]  # each reads what comes later: all in one run
            break
        found.append([replace(line, ordinals=own) for line in lines if (own := line.ordinals & cut[line.step])])
        for step, ordinals in cut.items():
            left[step] -= ordinals
            under_way[step] = under_way.get(step, EMPTY) | ordinals
    return found


def _reads(
    world: worlds.World, made: plan.Plan, cut: Mapping[str, PartitionSet], others: Mapping[str, PartitionSet]
) -> bool:
    """Whether a slice reads what is left to others."""
    graph = world.planned
    for step, ordinals in cut.items():
        defined = graph.steps[step]
        for dependency in defined.dependencies if ordinals else ():
            above = graph.assets[dependency.asset]
            made_by_others = others.get(above.step or "", EMPTY)
            if made_by_others:
                read = dependency.mapping.upstream(ordinals, defined.partitions, above.partitions, made.now)
                if not read.isdisjoint(made_by_others):
                    return True
    return False
