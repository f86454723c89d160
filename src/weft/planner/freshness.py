"""Lateness: what is older than its freshness policy allows, and which sources that asks to be made again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from weft.model import columns as columns_model
from weft.model import graph as graphs
from weft.model import keys
from weft.planner import found as findings
from weft.planner import scope as scopes
from weft.planner import standing as standings

PartitionSet = standings.PartitionSet
EMPTY, ONE = standings.EMPTY, standings.ONE


def seeds(
    evaluation: findings.Evaluation,
    scope: scopes.Scope,
    settled: Mapping[keys.AssetKey, PartitionSet],
) -> dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]]:
    """Which sources are to be made again because something below them is later than its freshness policy allows.

    Only a source can bring news; what lies between follows if its inputs change. The partitions of a partitioned
    source are complete once made: there the news are new partitions, which are missing anyway, so that only the late
    asset itself looks again.
    """
    graph = evaluation.graph
    found: dict[keys.StepKey, dict[keys.AssetKey, PartitionSet]] = {}
    for step_key, (outputs, wanted) in scope.items():
        step = graph.steps[step_key]
        for asset_key in outputs if step.subsettable else step.outputs:
            asset = graph.assets[asset_key]
            if asset.freshness is None or asset.partitions is not None:
                continue
            late = overdue(asset, evaluation.columns(asset_key), evaluation.now) & wanted
            late -= settled.get(asset_key, EMPTY)
            if late:
                sources = [
                    each for each in _sources(evaluation, step_key, scope) if graph.steps[each].partitions is None
                ]
                for source in sources or [step_key]:
                    found.setdefault(source, {})[asset_key] = late
    return found


def _sources(
    evaluation: findings.Evaluation,
    step_key: keys.StepKey,
    scope: scopes.Scope,
) -> list[keys.StepKey]:
    """The steps that read nothing which a step makes, of what this one is made from along the mappings."""
    graph = evaluation.graph
    reached = {step_key: ONE}
    for each in sorted(scopes.steps_above(graph, [step_key]), key=graph.rank.__getitem__, reverse=True):
        step, ordinals = graph.steps[each], reached.get(each, EMPTY)
        for dependency in step.dependencies if ordinals else ():
            producer = graph.assets[dependency.asset].step
            read = evaluation.reads(step, dependency, ordinals)
            if producer is not None and read:
                reached[producer] = reached.get(producer, EMPTY) | read
    return [
        each
        for each in sorted(reached, key=graph.rank.__getitem__)
        if each in scope and not list(graph.producers_of(each))
    ]


def overdue(asset: graphs.Asset, columns: columns_model.Columns, now: datetime) -> PartitionSet:
    """The partitions that are later than the asset's freshness policy allows.

    Lag runs from the partition's end while it has no data, and for what has no partitions from the last success or
    reuse.
    """
    if asset.freshness is None:
        return EMPTY
    lag = timedelta(seconds=asset.freshness.max_lag)
    if asset.partitions is None:
        confirmed = columns.confirmed_at
        late = confirmed and now.timestamp() - confirmed / 1e6 > lag.total_seconds()
        return ONE if late else EMPTY
    missing = asset.partitions.universe(now) - (columns.materialized() if columns.size else EMPTY)
    due = []
    for ordinal in missing:
        window = asset.partitions.window(ordinal)
        if window is None:
            break
        if window.end + lag < now:
            due.append(ordinal)
    return PartitionSet.of(due)
