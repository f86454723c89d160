"""Pipelines as the planner sees them: an asset of the pipeline's name, made by one step, a partition for each interval.

So that missing, failed and stale intervals are found, explained and estimated as those of any asset are. The stand-ins
exist in a graph that is made for planning and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys, partition_set, partitions, pipelines
from weft.planner import conditions
from weft.planner import found as findings

PartitionSet = partition_set.PartitionSet
EMPTY = PartitionSet.empty()

KIND = "pipeline"
"""The kind of the stand-ins' steps, and the kind by which selections find them."""


def included(graph: graphs.Graph, names: Collection[str] | None = None) -> graphs.Graph:
    """The graph with a stand-in for each of its pipelines (of these `names`); the graph itself where there are none."""
    chosen = [each for each in graph.pipelines.values() if names is None or each.name in names]
    if not chosen:
        return graph
    assets, steps = dict(graph.assets), dict(graph.steps)
    for pipeline in chosen:
        assets[pipeline.name] = graphs.Asset(
            key=pipeline.name,
            step=pipeline.name,
            partitions=pipeline.partitions,
            group="",
            description=pipeline.description,
            owners=pipeline.owners,
            tags=dict.fromkeys(pipeline.tags, ""),
            kinds=(KIND,),
            code_changes="forward_only",
            location=pipeline.location,
        )
        steps[pipeline.name] = graphs.Step(
            key=pipeline.name,
            kind="pipeline",
            outputs=(pipeline.name,),
            dependencies=dependencies(graph, pipeline),
            partitions=pipeline.partitions,
            code=pipeline.code,
            location=pipeline.location,
        )
    return replace(graph, assets=assets, steps=steps)


def dependencies(graph: graphs.Graph, pipeline: pipelines.Pipeline) -> tuple[graphs.Dependency, ...]:
    """What an interval consumes of each inlet, and of what its schedule waits for: the related partitions, else all.

    An asset that the pipeline makes itself is left out: it would make each of its own intervals stale.
    """
    found = []
    for inlet in dict.fromkeys((*pipeline.inlets, *conditions.assets_of(pipeline.schedule))):
        asset = graph.assets.get(inlet)
        if asset is None or inlet in pipeline.outlets:
            continue
        mapping = partitions.default_mapping(pipeline.partitions, asset.partitions) or partitions.AllMapping()
        found.append(graphs.Dependency(asset=inlet, mapping=mapping))
    return tuple(found)


def is_pipeline(graph: graphs.Graph, asset: str) -> bool:
    """Whether an asset of a graph is the stand-in of a pipeline."""
    step = graph.assets[asset].step
    return step is not None and graph.steps[step].kind == "pipeline"


def is_by_assets(pipeline: pipelines.Pipeline) -> bool:
    """Whether a pipeline without intervals runs when assets change; its last run is then its only partition."""
    waits = pipeline.schedule is not None and bool(pipeline.schedule.assets)
    return waits and pipeline.partitions is None and pipeline.kind != "flow"


def ended_by(pipeline: pipelines.Pipeline, now: datetime) -> PartitionSet:
    """The intervals of a pipeline that have ended by now; of one with times of its own, those that have come."""
    definition, schedule = pipeline.partitions, pipeline.schedule
    if definition is None:
        return EMPTY
    ended = findings.universe(definition, now)
    if schedule is None or schedule.kind != "events":
        return ended
    come = [each for each in schedule.times if datetime.fromisoformat(each) <= now]
    return ended & PartitionSet.of([ordinal for each in come if (ordinal := definition.find(each)) is not None])


def desired(
    pipeline: pipelines.Pipeline,
    columns: columns_model.Columns | None,
    now: datetime,
    has_data: Callable[[keys.AssetKey], bool] = lambda asset: False,
    *,
    activated: int | None = None,
) -> PartitionSet:
    """The intervals that should have run by now.

    All that have ended, with `catchup`; those of a time or the last ones where it says so. Without it the latest,
    and those that were run before: so a run of an old interval by hand asks for none of those between. Where a
    scheduler has seen it (`activated`, in microseconds) the latest counts only if it has ended since then. One run
    of a pipeline that waits for assets, once what it waits for has data; from then on it is stale whenever one of
    them changed. Nothing for a pipeline without a schedule.
    """
    definition, schedule = pipeline.partitions, pipeline.schedule
    if schedule is not None and is_by_assets(pipeline):
        return PartitionSet.range(0, 1) if conditions.holds(schedule, has_data) else EMPTY
    if definition is None or schedule is None or schedule.kind == "assets":
        return EMPTY
    now -= timedelta(seconds=schedule.offset)
    ended = ended_by(pipeline, now)
    if pipeline.catchup or not ended:
        return ended
    tried = EMPTY if columns is None else columns.materialized() | PartitionSet.of(sorted(columns.failed))
    return ended & (tried | _caught_up(definition, schedule, ended, now, activated))


def _caught_up(
    definition: partitions.Partitions,
    schedule: pipelines.Schedule,
    ended: PartitionSet,
    now: datetime,
    activated: int | None,
) -> PartitionSet:
    """The intervals that a schedule which doesn't catch up with all of them asks for all the same."""
    if schedule.catchup_within is not None:
        before = findings.universe(definition, now - timedelta(seconds=schedule.catchup_within))
        return ended - before
    count = 1 if schedule.catchup_last is None else schedule.catchup_last
    last = PartitionSet.range(max(0, ended.last + 1 - count), ended.last + 1)
    if schedule.catchup_last is None and activated is not None:
        window = definition.window(ended.last)
        if window is not None and window.end.timestamp() * 1e6 < activated:
            return EMPTY
    return last
