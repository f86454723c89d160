"""Which interval of a pipeline a run is about, by key or date, and the ones before it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weft.model import columns as columns_model
from weft.model import errors, partition_set, partitions, pipelines, plan
from weft.planner import pipelines as planned
from weft.ports import clock as clocks
from weft.service import world as worlds

if TYPE_CHECKING:
    from weft.service.server import standings

PartitionSet = partition_set.PartitionSet
_NEAR = 50
"""So many intervals before one are looked at before all that ever succeeded are."""
DATES = ("date", "logical_date", "ds", "partition")
"""Names under which a parameter gives the interval, where the pipeline has none of that name itself."""


def ended(pipeline: pipelines.Pipeline, now: datetime) -> PartitionSet:
    """The intervals that have ended by now."""
    return planned.ended_by(pipeline, now)


def resolve(pipeline: pipelines.Pipeline, chosen: str | None, now: datetime) -> str | None:
    """The key of the interval that a run is about: the one of this key or date, else the latest that has ended.

    None for a pipeline without intervals.

    Raises:
        UsageError: it has no intervals but one is asked for, there is no such one, or none has ended yet.
    """
    definition = pipeline.partitions
    if definition is None:
        if chosen is not None:
            raise errors.UsageError(
                f"The pipeline {pipeline.name} has no intervals, but the partition is {chosen!r}.",
                remedy="Leave it out, or give the pipeline a schedule with a start_date, or partitions=…",
            )
        return None
    if chosen is None:
        universe = ended(pipeline, now)
        if not universe:
            raise errors.UsageError(
                f"No interval of {pipeline.name} has ended yet: it has {definition.describe()}.",
                remedy="Wait for the first one to end, or give an earlier start_date.",
            )
        return definition.key(universe.last)
    ordinal = definition.find(chosen)
    if ordinal is None and ".." in chosen:
        raise errors.UsageError(
            f"A run is of one interval, but the partition is the range {chosen!r}.",
            remedy=f"`weft backfill {pipeline.name} {chosen}` runs each of them.",
        )
    if ordinal is None:
        ordinal = _at(definition, chosen, now)
    if ordinal is None:
        raise definition.unknown(chosen)
    return definition.key(ordinal)


def _at(definition: partitions.Partitions, text: str, now: datetime) -> int | None:
    """The interval that begins at or last before a moment that is written as a date or time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    universe = definition.universe(now)
    low, high = 0, len(universe)
    ranges = universe.ranges()
    flat: Sequence[int] = range(*ranges[0]) if len(ranges) == 1 else list(universe)
    while low < high:
        middle = (low + high) // 2
        window = definition.window(flat[middle])
        if window is None:
            return None
        if window.start <= moment:
            low = middle + 1
        else:
            high = middle
    if not low:
        return None
    window = definition.window(flat[low - 1])
    return flat[low - 1] if window is not None and moment in window else None


def bounds(pipeline: pipelines.Pipeline, key: str | None) -> tuple[int, int] | None:
    """The time that an interval covers, in microseconds; None where it is not about time."""
    if pipeline.partitions is None or key is None:
        return None
    window = pipeline.partitions.window(pipeline.partitions.ordinal(key))
    return (clocks.microseconds(window.start), clocks.microseconds(window.end)) if window is not None else None


def before(pipeline: pipelines.Pipeline, key: str | None, now: datetime) -> str | None:
    """The key of the interval before this one; None for the first."""
    if pipeline.partitions is None or key is None:
        return None
    ordinal = pipeline.partitions.ordinal(key)
    earlier = ended(pipeline, now) & PartitionSet.range(0, ordinal)
    return pipeline.partitions.key(earlier.last) if earlier else None


def columns(world: worlds.World, pipeline: pipelines.Pipeline) -> columns_model.Columns:
    """What the ledger knows of the pipeline's intervals."""
    return world.ledger.columns({pipeline.name: pipeline.partitions})[pipeline.name]


def standing(
    world: worlds.World, known: standings.Standings, pipeline: pipelines.Pipeline, now: datetime
) -> plan.AssetStatus:
    """Where the intervals of a pipeline stand; those that nothing asks for, as their last run ended.

    A pipeline without a schedule asks for none, and one without catchup not for old ones: what was run of these by hand
    is shown all the same.
    """
    status = known.of(world, pipeline.name, now)
    if pipeline.partitions is None:
        return status
    told = columns(world, pipeline)
    failed = PartitionSet.of(sorted(told.failed))
    others = told.materialized() | failed
    for ordinals in status.by_status.values():
        others -= ordinals
    found = dict(status.by_status)
    more: tuple[tuple[plan.Status, PartitionSet], ...] = (("failed", others & failed), ("fresh", others - failed))
    for word, ordinals in more:
        if ordinals:
            found[word] = found.get(word, PartitionSet.empty()) | ordinals
    return dataclasses.replace(status, by_status=found)


def last_success(world: worlds.World, pipeline: pipelines.Pipeline, key: str | None) -> tuple[int, int] | None:
    """The bounds of the latest interval before this one whose run succeeded; None where they are not about time.

    It is asked for at each run, so it is looked up: columns are as long as the schedule is old.
    """
    definition = pipeline.partitions
    if definition is None or bounds(pipeline, key) is None:
        return None
    ordinal, ledger = definition.ordinal(key or ""), world.ledger
    near = definition.keys(PartitionSet.range(max(0, ordinal - _NEAR), ordinal))
    found = (ledger.sound_keys(pipeline.name, near) if near else []) or ledger.sound_keys(pipeline.name)
    last = max((each for each in definition.ordinals(found) if each is not None and each < ordinal), default=None)
    return bounds(pipeline, definition.key(last)) if last is not None else None
