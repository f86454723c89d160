"""The partitions of an execution by how they stand in it: what a screen draws as a strip for each of its lines.

It is how they stand in this execution, not how the data stands today: what failed in it and was made by another one
later has failed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from weft.model import partition_set, partitions
from weft.service import views
from weft.service import world as worlds
from weft.service.asset import observing
from weft.service.execution import documents as kept
from weft.service.execution import progress

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()
State: TypeAlias = Literal["failed", "left_out", "cancelled", "running", "left", "unchanged", "succeeded"]
STATES: tuple[State, ...] = ("failed", "running", "left_out", "cancelled", "left", "unchanged", "succeeded")
"""The worst first: of partitions that share a segment it shows this one."""
_ENDED: Mapping[str | None, State] = {None: "left", "succeeded": "unchanged", "cancelled": "cancelled"}
_MOST_SEGMENTS = 1000
_Ranges: TypeAlias = list[tuple[int, int, State]]


class ExecutionSegmentView(views.View, frozen=True, kw_only=True):
    """Neighbours in one state: the places from `start` to before `stop` among the partitions of the line."""

    start: int
    stop: int
    state: State
    first_key: str | None
    last_key: str | None


class ExecutionLineView(views.View, frozen=True, kw_only=True):
    """A step, or a pipeline, of an execution with the partitions that were agreed to, in order.

    Where there are more than a thousand segments they are gathered, the worst state in each being shown. `segments` is
    empty where partitions are defined in another way by now.
    """

    name: str
    kind: Literal["asset", "pipeline", "step"]
    total: int
    counts: dict[State, int]
    segments: list[ExecutionSegmentView]


class ExecutionPartitionsView(views.View, frozen=True, kw_only=True):
    """An execution by the partitions of its lines, makers before readers."""

    execution: str
    rows: list[ExecutionLineView]


def get(world: worlds.World, execution: str) -> ExecutionPartitionsView:
    """How the partitions of an execution stand, line by line.

    Raises:
        NotFoundError: there is none.
    """
    with progress.look(world, execution) as found:
        rows = [_line(world, found, each) for each in found.agreed]
    return ExecutionPartitionsView(execution=found.row.id, rows=rows)


def in_vain(world: worlds.World, found: progress.Look) -> dict[str, PartitionSet]:
    """What of each step or pipeline was agreed to and not made: it failed, was left out or cancelled."""
    vain: dict[str, PartitionSet] = {}
    for each in found.agreed:
        states = _states(world, found, each)
        if states is not None:
            vain[each.step] = states["failed"] | states["left_out"] | states["cancelled"]
    return vain


def _line(world: worlds.World, found: progress.Look, agreed: kept.Agreed) -> ExecutionLineView:
    ordinals = PartitionSet.decode(agreed.ordinals)
    pipeline = agreed.step in world.graph.pipelines
    step = world.planned.steps.get(agreed.step)
    alone = step is not None and len(step.outputs) == 1
    states = _states(world, found, agreed)
    definition = step.partitions if step is not None else None
    counts: dict[State, int] = {}
    if states is not None:
        counts = {word: len(states[word]) for word in STATES if states[word]}
    return ExecutionLineView(
        name=progress.name_of(world, agreed.step),
        kind="pipeline" if pipeline else "asset" if alone else "step",
        total=len(ordinals),
        counts=counts,
        segments=_segments(ordinals, states, definition) if states is not None else [],
    )


def _states(world: worlds.World, found: progress.Look, agreed: kept.Agreed) -> dict[State, PartitionSet] | None:
    """The partitions of a line by state, each in one; None where they are defined in another way by now."""
    step = world.planned.steps.get(agreed.step)
    definition = step.partitions if step is not None else None
    if step is None or agreed.fingerprint != (definition.fingerprint if definition is not None else ""):
        return None
    whole = PartitionSet.decode(agreed.ordinals)
    if agreed.step in world.graph.pipelines:
        known = _of_pipeline(found, agreed.step, definition)
        # what others made when its turn came has no run; nor what depends on a past that failed
        held = found.state.held and not found.state.passed
        known.append(("left_out" if held else "unchanged", found.state.tried_of(agreed.step)))
    else:
        known = _of_step(world, found, agreed.step, definition)
    rest = whole
    states: dict[State, PartitionSet] = dict.fromkeys(STATES, EMPTY)
    for word, ordinals in known:  # of those that several would have the first has it
        own = ordinals & rest
        states[word] |= own
        rest -= own
    ended = _ENDED.get(found.row.outcome, "left_out")
    states[ended] |= rest
    return states


def _of_step(
    world: worlds.World, found: progress.Look, step: str, definition: partitions.Partitions | None
) -> list[tuple[State, PartitionSet]]:
    line = found.fold.lines.get(step)
    known: list[tuple[State, PartitionSet]] = []
    if line is not None:
        known.append(("running", _ordinals(definition, line.running)))
        known.append(("failed", _ordinals(definition, line.failed)))
        # before what has been made since: another execution may have made it
        known.append(("left_out", _ordinals(definition, line.left_out - line.unchanged)))
        known.append(("cancelled", _ordinals(definition, line.cancelled - line.unchanged)))
    known.append(("succeeded", _made_since(world, found, step)))
    if line is not None:
        known.append(("unchanged", _ordinals(definition, line.unchanged)))
    return known


def _made_since(world: worlds.World, found: progress.Look, step: str) -> PartitionSet:
    """What of a step has got a version since the execution was agreed to."""
    document = found.document.plan
    asset = next(iter(world.planned.steps[step].outputs), None)
    if document is None or asset is None:
        return EMPTY
    columns = observing.look(world, frozenset({asset})).columns.get(asset)
    if columns is None:
        return EMPTY
    position, versions = document.position, columns.versions
    return PartitionSet.of(place for place, version in enumerate(versions) if version > position)


def _of_pipeline(
    found: progress.Look, name: str, definition: partitions.Partitions | None
) -> list[tuple[State, PartitionSet]]:
    by_word: dict[State, list[str | None]] = {}
    seen: set[str | None] = set()
    for run in found.runs:  # newest first: of those that were repeated the last one counts
        if run.pipeline != name or run.partition in seen:
            continue
        seen.add(run.partition)
        match progress.stands(run):
            case "created":
                word: State = "left"
            case "running":
                word = "running"
            case "succeeded":
                word = "succeeded"
            case "cancelled":
                word = "cancelled"
            case _:
                word = "failed"
        by_word.setdefault(word, []).append(run.partition)
    return [(word, _ordinals(definition, names)) for word, names in by_word.items()]


def _ordinals(definition: partitions.Partitions | None, names: Iterable[str | None]) -> PartitionSet:
    listed = list(names)
    if definition is None:
        return PartitionSet.range(0, 1) if listed else EMPTY
    places = definition.ordinals([each for each in listed if each is not None])
    return PartitionSet.of(sorted(each for each in places if each is not None))


def _segments(
    whole: PartitionSet, states: Mapping[State, PartitionSet], definition: partitions.Partitions | None
) -> list[ExecutionSegmentView]:
    ranges: _Ranges = sorted(
        (start, stop, word) for word, ordinals in states.items() for start, stop in ordinals.ranges()
    )
    dense: _Ranges = []
    place = 0
    for start, stop, word in ranges:
        length = stop - start
        if dense and dense[-1][2] == word:
            dense[-1] = (dense[-1][0], place + length, word)
        else:
            dense.append((place, place + length, word))
        place += length
    if len(dense) > _MOST_SEGMENTS:
        dense = _gathered(dense, place)
    keys = _Keys(whole, definition)
    return [
        ExecutionSegmentView(start=start, stop=stop, state=word, first_key=keys.at(start), last_key=keys.at(stop - 1))
        for start, stop, word in dense
    ]


def _gathered(dense: _Ranges, total: int) -> _Ranges:
    """Segments of equal length, each with the worst state in it."""
    rank = {word: place for place, word in enumerate(STATES)}
    worst: dict[int, State] = {}
    for start, stop, word in dense:
        for cell in range(start * _MOST_SEGMENTS // total, (stop - 1) * _MOST_SEGMENTS // total + 1):
            if cell not in worst or rank[word] < rank[worst[cell]]:
                worst[cell] = word
    edges = [-(-cell * total // _MOST_SEGMENTS) for cell in range(_MOST_SEGMENTS + 1)]
    return [
        (edges[cell], edges[cell + 1], word) for cell, word in sorted(worst.items()) if edges[cell] < edges[cell + 1]
    ]


class _Keys:
    """The key at each place among some partitions; asked for from the first on."""

    def __init__(self, whole: PartitionSet, definition: partitions.Partitions | None) -> None:
        self._definition = definition
        self._ranges: Sequence[tuple[int, int]] = whole.ranges()
        self._number = 0
        self._before = 0
        """How many partitions lie before the range that is looked at."""

    def at(self, place: int) -> str | None:
        if self._definition is None:
            return None
        start, stop = self._ranges[self._number]
        while place - self._before >= stop - start:
            self._before += stop - start
            self._number += 1
            start, stop = self._ranges[self._number]
        return self._definition.key(start + place - self._before)
