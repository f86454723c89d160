"""The verb `rerun` of an execution that has ended: a new one of what was not made in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from weft.model import errors, keys, partition_set
from weft.model.partitions import writing
from weft.service import world as worlds
from weft.service.execution import documents as kept
from weft.service.execution import executions, line_states, progress, turns, views

PartitionSet = partition_set.PartitionSet


def rerun(world: worlds.World, execution: str, *, by: str = "") -> views.ExecutionView:
    """Create an execution of what failed, was left out or cancelled in one that has ended, as it is planned now.

    What was made since, by whomever, is not in it. It has the priority, bound and options of the first one.

    Raises:
        NotFoundError: there is no such execution.
        ConflictError: it has not ended, or nothing of it is left to do.
        UsageError: what it was of is not defined any more, or in another way.
    """
    with progress.look(world, execution) as found:
        row, document = found.row, found.document
        if row.phase != "finished":
            raise errors.ConflictError(
                f"The execution {row.id} has not ended ({row.phase}).",
                remedy=f"`weft executions resume {row.id} --retry-failed` tries once more what failed in it.",
            )
        vain = {step: ordinals for step, ordinals in line_states.in_vain(world, found).items() if ordinals}
    wanted = executions.Wanted(
        kind="backfill" if row.kind == "backfill" else "apply",
        by=by,
        request=row.request,
        priority=row.priority,
        concurrency=row.concurrency,
        pool=row.pool,
        slices=document.slices,
        keep_going=document.keep_going,
    )
    if document.intervals is not None:
        wanted = replace(wanted, intervals=_intervals(world, document.intervals, vain)) if vain else wanted
    elif document.plan is not None:
        wanted = replace(wanted, ask=turns.ask_of(document.plan), only=_outputs(world, vain))
    if not vain or not executions.prepare(world, wanted).total:
        raise errors.ConflictError(
            f"Nothing of the execution {row.id} is left to do: what it was of was made, or is made now.",
            remedy=f"`weft executions show {row.id}` shows how it went.",
        )
    return executions.create(world, wanted)


def _intervals(
    world: worlds.World, own: kept.Intervals, vain: Mapping[keys.StepKey, PartitionSet]
) -> executions.Intervals:
    definition = world.graph.pipelines[own.pipeline].partitions
    assert definition is not None  # a backfill is of intervals
    params = {name: msgspec.json.decode(value) for name, value in (own.params or {}).items()}
    return executions.Intervals(
        pipeline=own.pipeline,
        chosen=writing.write_selection(vain[own.pipeline], definition),
        reprocess="all" if own.anew else "failed",
        newest_first=own.newest_first,
        params=params or None,
    )


def _outputs(world: worlds.World, vain: Mapping[keys.StepKey, PartitionSet]) -> dict[keys.AssetKey, PartitionSet]:
    found: dict[keys.AssetKey, PartitionSet] = {}
    for step, ordinals in vain.items():
        for asset in world.planned.steps[step].outputs:
            found[asset] = found.get(asset, kept.EMPTY) | ordinals
    return found
