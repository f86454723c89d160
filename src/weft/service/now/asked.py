"""What schedules asked for that should have been made by now, and was not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from weft.model import keys, partition_set
from weft.planner import pipelines as planned
from weft.ports import paging
from weft.service import world as worlds
from weft.service.scheduling import entries
from weft.service.server import standings

GRACE = timedelta(minutes=2)
"""So long after an interval is due its run may not be there yet."""
_MOST_LIVE = 1_000


def by_schedules(
    world: worlds.World, known: standings.Standings, now: datetime
) -> Mapping[keys.AssetKey, partition_set.PartitionSet]:
    """The intervals that never ran, by pipeline, though their time has come and a schedule that is not paused asks.

    Those of which a run waits or is under way are left out: what waits is told as waiting.
    """
    scheduled = [each for each in world.graph.pipelines.values() if each.schedule is not None and each.partitions]
    if not scheduled:
        return {}
    statuses = known.all(world, now)
    found: dict[keys.AssetKey, partition_set.PartitionSet] = {}
    for pipeline in scheduled:
        status = statuses.get(pipeline.name)
        missing = status.by_status.get("missing") if status is not None else None
        if missing and pipeline.schedule is not None:
            due = missing & planned.ended_by(pipeline, now - timedelta(seconds=pipeline.schedule.offset) - GRACE)
            if due:
                found[pipeline.name] = due
    if not found:
        return {}
    rows = world.ledger.automations(entries.PREFIX)
    for name in list(found):
        row = rows.get(f"{entries.PREFIX}{name}")
        if row is None or row.activated is None or row.paused:
            del found[name]
    if found:
        for run in world.ledger.run_page(paging.RunFilter(live=True), limit=_MOST_LIVE).rows:
            definition = world.graph.pipelines[run.pipeline].partitions if run.pipeline in found else None
            ordinal = definition.find(run.partition) if definition is not None and run.partition is not None else None
            if run.pipeline is not None and ordinal is not None:
                found[run.pipeline] -= partition_set.PartitionSet.range(ordinal, ordinal + 1)
    return {name: ordinals for name, ordinals in found.items() if ordinals}
